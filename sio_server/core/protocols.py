"""Which protocols a connection can speak: the only list of them, for schemas, metrics, refusals and routes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SOCKETIO: Final = "socketio"
WS: Final = "ws"
SSE: Final = "sse"

# The name of a protocol, as metrics and operators are told it, and the path at which it is served.
PROTOCOLS: Final[Mapping[str, str]] = {SOCKETIO: "/socket.io/", WS: "/ws", SSE: "/v1/stream"}

# What operators are told that a connection runs over.
TRANSPORTS: Final = ("polling", "websocket", "http")
