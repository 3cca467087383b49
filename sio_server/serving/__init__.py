"""A server as a process: it listens, heeds signals and its supervisor, reads its settings anew, and drains."""

from sio_server.serving.running import Started, serve

__all__ = ["Started", "serve"]
