"""Which protocols a connection can speak: the only list of them, for schemas, metrics and refusals."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

# The name of a protocol, as metrics and operators are told it, and the path at which it is served.
PROTOCOLS: Final[Mapping[str, str]] = {"socketio": "/socket.io/", "ws": "/ws"}
