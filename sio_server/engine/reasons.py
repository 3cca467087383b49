"""Why a connection ended, as the disconnect handler is told."""

from __future__ import annotations

from engineio.base_server import BaseServer


class Reason(BaseServer.reason):  # type: ignore[misc]  # the library is untyped
    """The library's reasons and the engine's own."""

    #: The peer sent something that is no Engine.IO or Socket.IO packet (the name Node uses).
    PARSE_ERROR = "parse error"
    #: The peer did not read and reached the send cap.
    SLOW = "slow"
    #: The peer sent more events a second than it may.
    FLOOD = "flood"
    #: No namespace was joined in time.
    CONNECT_TIMEOUT = "connect timeout"
    #: It was the oldest session in no namespace when there was no place for another one.
    GAVE_WAY = "gave way"
    #: The engine itself failed at what the peer sent.
    INTERNAL = "internal error"
    #: The server goes away; a client comes back by itself.
    SHUTDOWN = "server shutting down"
    #: The same session was recovered on a newer connection.
    REPLACED = "replaced"
