"""Websocket handshakes as the front reads them: those that are plain and good. Others are aiohttp's to refuse."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from sio_server.engine.eio.addresses import peer_of
from sio_server.engine.eio.environ import Environ, build
from sio_server.engine.wire import handshake
from sio_server.engine.wire.http_head import parse_head

if TYPE_CHECKING:
    from sio_server.engine.eio.server import EngineServer

#: Headers of a handshake that make it unusual: it has no body.
_BODY_HEADERS = ("transfer-encoding", "content-length")


class PlainHandshake(NamedTuple):
    """A handshake that can be accepted as far as its head says."""

    target: str
    ask: handshake.Ask
    environ: Environ
    key: str


def read_handshake(data: bytes, transport: asyncio.Transport, eio: EngineServer) -> PlainHandshake | None:
    """The handshake in a request's head, without the blank line; None where it is no plain or no good one."""
    head = parse_head(data)
    if head is None or any(name in head.fields for name in _BODY_HEADERS):
        return None
    path, _, query = head.target.partition("?")
    secure = transport.get_extra_info("sslcontext") is not None
    peer = peer_of(transport)
    environ = build(head.method, path, query, head.headers, peer=peer, proxies=eio.proxies, secure=secure)
    key = head.fields.get("sec-websocket-key")
    try:
        ask = handshake.parse_query(query)
    except ValueError:
        return None
    if key is None or not handshake.is_websocket_key(key) or ask.transport != "websocket":
        return None
    if handshake.check(ask, head.method, environ, eio.transports, eio.sockets) is not None:
        return None
    return PlainHandshake(head.target, ask, environ, key)
