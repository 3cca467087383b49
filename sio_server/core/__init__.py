"""The use cases of a server, free of any protocol: publish, connections, catching up, inboxes, what operators do."""
