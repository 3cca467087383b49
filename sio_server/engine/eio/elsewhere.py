"""Sessions of other servers: what asks for one of theirs can be passed on, and what was passed on says from whom."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Final, NamedTuple

from aiohttp import web

if TYPE_CHECKING:
    from aiohttp.web import Request, StreamResponse

#: Answers a request for a session that this server does not have, by the session's id; None: nobody has it.
PassOn = Callable[["Request", str], Awaitable["StreamResponse | None"]]


class PassedOn(NamedTuple):
    """A request that another server passed on: the other end of the connection it came by there, and its body."""

    #: address and port, as `peer_of` gives them
    peer: tuple[str, str]
    #: whether that connection was TLS
    secure: bool
    #: all of it, that was read already
    body: bytes


#: Is on a request that was passed on, put there by the handler that found out that another server did so.
PASSED_ON: Final = web.RequestKey("sio_server.passed_on", PassedOn)
