"""Socket.IO v5: namespaces, rooms, events, acknowledgements, recovery."""
