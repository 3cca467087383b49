"""One websocket and its bytes: what is read, what waits, and when it is written."""
