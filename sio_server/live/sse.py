"""Server-Sent Events at ``/v1/stream`` (HTML Standard §9.2): the stream of ``/ws`` over plain HTTP, one way.

Each event is named by its type, so that a page's `addEventListener` finds it; its data are the envelope, as a frame of
``/ws`` has it, and its id is the cursor, which browsers send back as ``Last-Event-ID`` when they come again.

A browser comes again by itself after a stream that ended, and never after an answer that is none. So who may come later
is answered with a stream that says so and ends, and who may not with an error.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson
from aiohttp import HttpVersion11, hdrs, web

from sio_server.auth.bearer import bearer_of
from sio_server.auth.claims import stated_in
from sio_server.core.connections import Connections
from sio_server.core.hub import Connection
from sio_server.core.protocols import SSE
from sio_server.engine import give_up_on, watch
from sio_server.errors import Refused, Text
from sio_server.gate import Gate
from sio_server.live.admission import Admission
from sio_server.live.streams import CLOSE_PATIENCE, HEARTBEAT, Framing, Stream, Streams
from sio_server.locales import preferred_locale
from sio_server.logs import get_logger
from sio_server.notification import Entry

logger = get_logger("sse")

MEDIA_TYPE: Final = "text/event-stream"

_LAST_EVENT_ID: Final = "Last-Event-ID"

# Milliseconds until a browser comes again after its stream has ended, drawn for each: after a crash all come.
_RETRY: Final = (1000, 3000)

# The system's own: nothing that draws from the generator of `random` meets these numbers, nor is met by them.
_DRAWS: Final = random.SystemRandom()

# A line that says nothing: what is between keeps a stream open that is silent for as long.
_BEAT: Final = b":\n\n"

# Seconds in which a peer that has gone without a word is noticed, from the first byte that it does not take.
_GONE_AFTER: Final = 40.0

_HEADERS: Final[Mapping[str, str]] = {
    "Content-Type": MEDIA_TYPE,
    # A stream that something on the way keeps, or packs, comes when it is too late.
    "Cache-Control": "no-store, no-transform",
    "X-Accel-Buffering": "no",
}


class _Events:
    """Events as chunks of a reply (RFC 9112 §7.1): the same bytes for every connection."""

    @staticmethod
    def entry(entry: Entry, *, replayed: bool = False) -> bytes:
        """See `Framing.entry`."""
        return _chunk(_event(entry.event, entry.frame(replayed=replayed), entry.position.cursor()))

    @staticmethod
    def control(event: str, payload: Mapping[str, Any]) -> bytes:
        """See `Framing.control`."""
        return _chunk(_control(event, payload))


def _control(event: str, payload: Mapping[str, Any]) -> bytes:
    """A control event; one that says where the client stands has that as its id."""
    return _event(event, orjson.dumps({"type": event, **payload}), payload.get("cursor"))


def _event(name: str, data: bytes, cursor: str | None) -> bytes:
    # a name is a plain word, and JSON as it is written here has no line ends
    head = f"event: {name}\ndata: " if cursor is None else f"id: {cursor}\nevent: {name}\ndata: "
    return b"%b%b\n\n" % (head.encode(), data)


def _retry(seconds: int | None = None) -> bytes:
    """After how long to come again: so many seconds and a little, or as after any end."""
    drawn = _DRAWS.randint(*_RETRY)
    return b"retry: %d\n\n" % (drawn if seconds is None else 1000 * seconds + drawn)


def _chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body)


@dataclass(frozen=True, slots=True)
class _Asked:
    """What a request brings: ``cursor`` is where its stream begins."""

    token: str | None
    ticket: str | None
    stated: Mapping[str, str]
    cursor: str | None
    locale: str
    language: tuple[str | None, str | None]
    """``locale`` of the query, and the header ``Accept-Language``."""
    address: str
    client: str

    @classmethod
    def in_(cls, request: web.Request, address: str) -> _Asked:
        """The token of the header ``Authorization``, or ``token`` in the query: an `EventSource` can set no header.

        The cursor that a client sends as it comes again counts before that of its address, which stays what it was.
        """
        query, headers = request.query, request.headers
        token = bearer_of(headers.get(hdrs.AUTHORIZATION))
        return cls(
            query.get("token") if token is None else token,
            query.get("ticket"),
            stated_in(query),
            headers.get(_LAST_EVENT_ID) or query.get("cursor"),
            preferred_locale(query.get("locale"), preferred_locale(headers.get(hdrs.ACCEPT_LANGUAGE))),
            (query.get("locale"), headers.get(hdrs.ACCEPT_LANGUAGE)),
            address,
            headers.get(hdrs.USER_AGENT, ""),
        )


class SseEndpoint:
    """Connections over Server-Sent Events. ``send_cap``: bytes that may wait for one."""

    def __init__(self, connections: Connections, admission: Admission, gate: Gate, *, send_cap: int) -> None:
        self.streams = Streams(_Events(), transport="http", cap=send_cap)
        """The `Broadcaster` for these connections."""
        self._connections = connections
        self._admission = admission
        self._gate = gate

    async def close(self) -> None:
        """End every stream that is left; clients come back by themselves."""
        self.streams.close("draining")

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """``GET /v1/stream``: raises `Refused` for who need not come again, and for who asked for no events."""
        _check(request)
        asked = _Asked.in_(request, self._gate.address(request.remote, request.headers))
        errors = asked.locale
        try:
            token = self._admission.token(asked.token, asked.ticket, request.headers)
            identity = await self._admission.identity(token, asked.ticket, asked.stated)
            language = self._connections.languages.spoken(asked.language[0], identity, asked.language[1])
            errors = language.errors
            self._connections.admit(identity, asked.address)
        except Refused as refused:
            if not refused.kind.reconnect or MEDIA_TYPE not in request.headers.get(hdrs.ACCEPT, ""):
                raise
            self._connections.refused(refused, SSE, asked.address)
            return web.Response(body=_retry(refused.retry_after) + _closing(refused, errors), headers=_HEADERS)
        response = web.StreamResponse(headers=_HEADERS)
        response.enable_chunked_encoding()
        response.force_close()
        await response.prepare(request)
        ended = asyncio.Event()
        link = Stream(self.streams, request.transport, lambda _: _end(request.transport, ended))
        connection = Connection(
            identity,
            link,
            protocol=SSE,
            address=asked.address,
            client=asked.client,
            trusted=self._admission.auth.development,
            language=language,
        )
        watch(request, ended.set)
        if request.transport is not None:
            give_up_on(request.transport, _GONE_AFTER)
        await self._serve(connection, link, asked, ended)
        watch(request, None)
        return response

    async def _serve(self, connection: Connection, link: Stream, asked: _Asked, ended: asyncio.Event) -> None:
        """Bring a client up to date, and serve it until it leaves or is closed."""
        is_open = False
        self.streams.add(link)
        try:
            link.write([_chunk(_retry())])
            await self._connections.open(connection, asked.cursor)
            is_open = True
            await _beat(link, ended)
        except Refused as refused:
            self._connections.refused(refused, SSE, asked.address)
            _give_up(link, refused, connection.language.errors)
        except Exception:
            # from here on an answer in HTTP would be a broken event
            logger.exception("connection failed", protocol=SSE)
            _give_up(link, Refused("internal"), connection.language.errors)
        finally:
            self.streams.discard(link)
            if is_open:
                self._connections.left(connection, link.reason or "transport close")


def _check(request: web.Request) -> None:
    if request.method == hdrs.METH_HEAD:
        raise Refused("method_not_allowed", _HEAD, headers={hdrs.ALLOW: hdrs.METH_GET})
    if request.version < HttpVersion11:
        raise Refused("invalid_request", _OLD_HTTP)


def _closing(refused: Refused, locale: str) -> bytes:
    kind = refused.kind
    return _control("ns:closing", {"code": kind.code, "reconnect": kind.reconnect, "error": refused.as_dict(locale)})


def _give_up(link: Stream, refused: Refused, locale: str) -> None:
    """Say why, and when to come again, and end the stream."""
    link.write([_chunk(_retry(refused.retry_after)), _chunk(_closing(refused, locale))])
    link.close(refused.kind.code)


def _end(transport: asyncio.Transport | None, ended: asyncio.Event) -> None:
    """Let the reply end, without waiting for a peer that does not read."""
    ended.set()
    if transport is not None:
        asyncio.get_running_loop().call_later(CLOSE_PATIENCE, transport.abort)


async def _beat(link: Stream, ended: asyncio.Event) -> None:
    """Say nothing now and then, where there is nothing to say, until the stream has ended."""
    while not ended.is_set():
        try:
            async with asyncio.timeout(HEARTBEAT):
                await ended.wait()
        except TimeoutError:
            if not link.pending():
                link.write([_chunk(_BEAT)])


_HEAD: Final = Text(
    "A stream has no end, and so no head alone: use GET.",
    "Un flujo no tiene fin, y por tanto tampoco cabecera sola: usa GET.",
)
_OLD_HTTP: Final = Text(
    "A stream needs HTTP/1.1, and this came as HTTP/1.0: have the proxy speak 1.1 (in nginx, proxy_http_version 1.1).",
    "Un flujo necesita HTTP/1.1 y esto llegó como HTTP/1.0: haz que el proxy hable 1.1 (en nginx, "
    "proxy_http_version 1.1).",
)

_: type[Framing] = _Events
