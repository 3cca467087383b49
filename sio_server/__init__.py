"""sio-server: notifications published over HTTP, delivered as Socket.IO events, kept until they are read."""

__version__ = "0.1.0"
