"""What the handshake of a plain WebSocket says: whether it is one, and the token that a browser can send in a header.

A page's ``new WebSocket(url, ["bearer", token])`` becomes ``Sec-WebSocket-Protocol: bearer, <token>``: the one header
that a page may fill (RFC 6455 §4.1). It is answered with the protocol, ``bearer``, and never with the token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from aiohttp import hdrs, web
from multidict import CIMultiDict

from sio_server.auth.bearer import bearer_of
from sio_server.auth.claims import stated_in
from sio_server.engine import is_websocket_key

PROTOCOL: Final = "bearer"

# The versions that aiohttp speaks; all of them are RFC 6455's own wire format.
_VERSIONS: Final = ("13", "8", "7")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a handshake brings: ``token`` and ``ticket`` are None where it has none; ``protocol`` is what to answer."""

    token: str | None
    protocol: str | None
    stated: dict[str, str]
    ticket: str | None = None


def credentials_of(request: web.Request) -> Credentials:
    """The token of a handshake: of the header ``Authorization``, of the subprotocol, or ``token`` in the query.

    And ``ticket`` in the query.
    """
    protocol, offered = _offered(request)
    token = bearer_of(request.headers.get(hdrs.AUTHORIZATION))
    if token is None:
        token = request.query.get("token") if offered is None else offered
    return Credentials(token, protocol, stated_in(request.query), request.query.get("ticket"))


def _offered(request: web.Request) -> tuple[str | None, str | None]:
    """The protocol ``bearer`` as the peer spelt it, and the word after it."""
    words = [word.strip() for word in ",".join(request.headers.getall(hdrs.SEC_WEBSOCKET_PROTOCOL, ())).split(",")]
    for at, word in enumerate(words):
        if word.lower() == PROTOCOL:
            token = words[at + 1] if at + 1 < len(words) else ""
            return word, token or None
    return None, None


def is_handshake(request: web.Request) -> bool:
    """Whether this is a WebSocket handshake (RFC 6455 §4.2.1); asked before aiohttp is, which fails on odd bytes."""
    headers = request.headers
    return (
        is_websocket_key(headers.get(hdrs.SEC_WEBSOCKET_KEY))
        and headers.get(hdrs.SEC_WEBSOCKET_VERSION) in _VERSIONS
        and headers.get(hdrs.UPGRADE, "").isascii()
        and headers.get(hdrs.CONNECTION, "").isascii()
    )


def accepting(request: web.Request) -> web.Request:
    """A request as aiohttp is to see it: without the header that may hold a token.

    aiohttp logs that header where it knows none of its words, and looks at its first line only. It can copy no header
    whose bytes are no text; none of those concerns a handshake.
    """
    if hdrs.SEC_WEBSOCKET_PROTOCOL not in request.headers:
        return request
    kept = [(name, value) for name, value in request.headers.items() if value.isascii()]
    headers = CIMultiDict(kept)
    headers.popall(hdrs.SEC_WEBSOCKET_PROTOCOL, None)
    return request.clone(headers=headers)
