"""What the engine refuses by itself, as the application is told of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sio_server.engine.wire.handshake import Refusal


class Why(StrEnum):
    """For what a peer was refused. The words are for ever: an application may count by them."""

    #: the peer speaks an Engine.IO before 4: a client of Socket.IO 1 or 2
    VERSION = "version"
    TRANSPORT = "transport"
    #: no session has this id, most often since the server was started anew
    SESSION = "session"
    METHOD = "method"
    #: a request that is none of Engine.IO's for another reason
    REQUEST = "request"
    #: every place for sessions without a namespace is taken
    FULL = "full"
    NAMESPACE = "namespace"
    #: what is no packet of Engine.IO or Socket.IO, or one that its sender may not send now
    PACKET = "packet"
    #: a binary packet that is more than the limits allow, or that was never finished
    BINARY = "binary"
    #: a frame that breaks RFC 6455
    FRAME = "frame"
    TOO_LARGE = "too_large"
    #: a body that took too long
    SLOW = "slow"
    #: more packets a second than the limits allow
    FLOOD = "flood"
    #: the oldest session in no namespace, where there was no place for another one
    GAVE_WAY = "gave_way"


@dataclass(frozen=True, slots=True)
class RefusedPeer:
    """One refusal.

    `status` is the HTTP status, or 101 where it was a websocket that was closed; `path` has no query, which may hold a
    token; `subject` is what the peer asked for: a version, a transport, a namespace; `detail` is English for a log.
    """

    why: Why
    status: int
    subject: str
    detail: str
    environ: Mapping[str, Any]
    #: whether the peer is in a namespace: then its disconnect handler will be told, too
    joined: bool = False

    @property
    def address(self) -> str:
        """The peer's real address, as `REMOTE_ADDR` has it."""
        return str(self.environ.get("REMOTE_ADDR", ""))

    @property
    def method(self) -> str:
        """The HTTP method of the request, or of the one that began the session."""
        return str(self.environ.get("REQUEST_METHOD", ""))

    @property
    def path(self) -> str:
        """The path of the request, or of the one that began the session, without its query."""
        return str(self.environ.get("PATH_INFO", ""))


#: Told of each refusal. What it returns is answered in place of the engine's own words: a `Refusal` to a request, a
#: mapping with `message` and perhaps `data` to the CONNECT of a namespace, also to one that is too large to be read,
#: and to a client of another version; None leaves the engine's.
OnRefused = Callable[[RefusedPeer], Refusal | Mapping[str, Any] | None]
