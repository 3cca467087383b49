"""What nodes ask of one another over HTTP: requests for sessions of another node are passed on to it."""

from sio_server.between.joining import Between, join
from sio_server.between.known import KnownNodes
from sio_server.between.listener import METRICS

__all__ = ["METRICS", "Between", "KnownNodes", "join"]
