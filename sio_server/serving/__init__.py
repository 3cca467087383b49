"""A server as a process: it listens, heeds signals and its supervisor, reads its settings anew, and drains."""

from sio_server.serving.running import Started, serve
from sio_server.serving.workers import become_worker, run_worker

__all__ = ["Started", "become_worker", "run_worker", "serve"]
