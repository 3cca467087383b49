"""Plain WebSocket at ``/ws`` (RFC 6455): each frame is an envelope as JSON, for clients that know no Socket.IO.

Control frames have a ``type`` that begins with ``ns:``. A refused connection is accepted and closed at once with a
code and a reason: a browser shows a page nothing of a refused handshake.

Who brings no token with the handshake says it first: ``{"type":"ns:auth","token":…,"cursor":…}``. Until then the
connection is in no room, in no list, and gets nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, Final

import orjson
from aiohttp import WSMsgType, web

from sio_server.core.connections import Connections
from sio_server.core.hub import Connection
from sio_server.core.limits import EventRate
from sio_server.core.protocols import WS
from sio_server.engine import FairSocket, TrustedProxies, narrow, text_frame
from sio_server.errors import KINDS, Refused
from sio_server.intake import exact
from sio_server.live.admission import Admission
from sio_server.live.client_events import NO_BYTES, ClientEvents, renewed_dict
from sio_server.live.streams import CLOSE_PATIENCE, HEARTBEAT, Framing, Stream, Streams
from sio_server.live.ws_handshake import Credentials, accepting, credentials_of, is_handshake
from sio_server.locales import preferred_locale
from sio_server.logs import get_logger
from sio_server.notification import Entry
from sio_server.schemas.events import FIRST, Asked, First, asked_in, check_reply_id, load_first

logger = get_logger("ws")

# What a client may send in one frame. Clients have nothing long to say.
MAX_INCOMING: Final = 64 * 1024

# Seconds in which a client has to say who it is, and bytes it may send until then: a token has at most 8,192.
FIRST_WITHIN: Final = 5.0
MAX_FIRST: Final = 16 * 1024

# Closes who sends bytes. RFC 6455 §7.4.1: a kind of data that cannot be accepted.
_WS_UNSUPPORTED: Final = 1003


class _Frames:
    """Text frames: those of a server are not masked (RFC 6455 §5.1), so one serves all."""

    @staticmethod
    def entry(entry: Entry, *, replayed: bool = False) -> bytes:
        """See `Framing.entry`."""
        return text_frame(entry.frame(replayed=replayed))

    @staticmethod
    def control(event: str, payload: Mapping[str, Any]) -> bytes:
        """See `Framing.control`."""
        return text_frame(orjson.dumps({"type": event, **payload}))


class _Visit:
    """What is kept of one request for as long as its connection lasts."""

    __slots__ = ("client", "connection", "credentials", "locale", "request", "socket")

    def __init__(
        self,
        request: web.Request,
        socket: web.WebSocketResponse,
        client: Stream,
        credentials: Credentials,
        locale: str,
    ) -> None:
        self.request = request
        self.socket = socket
        self.client = client
        self.credentials = credentials
        self.locale = locale
        self.connection: Connection | None = None
        """Once it is let in."""

    def is_nobody(self) -> bool:
        """Whether neither the handshake nor anything since has said who this is."""
        credentials, connection = self.credentials, self.connection
        nameless = connection is None or connection.identity.user is None
        return nameless and credentials.token is None and not credentials.stated


class WsEndpoint:
    """Connections over plain WebSocket.

    ``send_cap``: bytes that may wait for one. ``events_per_second``: what one may send, 0 is no limit.
    ``trusted_proxies``: networks whose X-Forwarded-For is believed. ``most_arriving``: how
    many may have said nothing yet; then the oldest of them gives way to the newest.
    """

    def __init__(
        self,
        connections: Connections,
        events: ClientEvents,
        admission: Admission,
        *,
        send_cap: int,
        events_per_second: int = 0,
        trusted_proxies: Sequence[str] = (),
        most_arriving: int = 1000,
    ) -> None:
        self.streams = Streams(_Frames(), transport="websocket", cap=send_cap)
        """The `Broadcaster` for these connections."""
        self.most_arriving = most_arriving
        self._arriving: dict[Stream, None] = {}
        self.events_per_second = events_per_second
        self.proxies = TrustedProxies(trusted_proxies)
        self._connections = connections
        self._events = events
        self._admission = admission
        self._auth = admission.auth
        self._closing: set[asyncio.Task[bool]] = set()

    async def close(self) -> None:
        """Close every connection that is left; clients may come back."""
        self.streams.close("draining")

    def _end(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None, reason: str) -> None:
        """Close one connection with a code and a reason, without waiting for it here."""
        kind = KINDS[reason]
        task = asyncio.create_task(socket.close(code=kind.ws_close, message=kind.code.encode()))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        if transport is not None:  # a peer that never answers the Close frame, nor reads what is before it
            asyncio.get_running_loop().call_later(CLOSE_PATIENCE, transport.abort)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """``GET /ws``."""
        # a peer that answers no ping within half of that time is gone
        socket = FairSocket(heartbeat=HEARTBEAT, max_msg_size=MAX_INCOMING, compress=False, autoping=False)
        handshake = accepting(request)
        if not is_handshake(request) or not socket.can_prepare(handshake).ok:
            raise web.HTTPUpgradeRequired(headers={"Upgrade": "websocket"})
        locale = preferred_locale(request.query.get("locale"), preferred_locale(request.headers.get("Accept-Language")))
        credentials = credentials_of(request)
        if credentials.protocol is not None:
            socket.headers["Sec-WebSocket-Protocol"] = credentials.protocol
        await socket.prepare(handshake)
        client = Stream(self.streams, request.transport, partial(self._end, socket, request.transport))
        visit = _Visit(request, socket, client, credentials, locale)
        try:
            await self._serve(visit)
        except Refused as refused:
            await self._refuse(visit, refused)
        except ConnectionError:
            logger.debug("peer left", protocol=WS)
        except Exception:
            # from here on the peer speaks WebSocket: an answer in HTTP would be a broken frame to it
            logger.exception("connection failed", protocol=WS)
            client.close("internal")
            await self._closed()
        finally:
            self._forget(visit)
        return socket

    async def _serve(self, visit: _Visit) -> None:
        """Let in, and read until the peer leaves."""
        credentials, request = visit.credentials, visit.request
        token = self._admission.token(credentials.token, credentials.ticket, request.headers)
        if token is None and credentials.ticket is None and self._auth.needs_token:
            first = await self._first(visit)
            if first is None:
                return
            visit.client.control("ns:reply", await self._begin(visit, first))
        else:
            await self._open(visit, token, request.query.get("cursor"), ticket=credentials.ticket)
        await self._receive(visit)

    async def _begin(self, visit: _Visit, first: First) -> dict[str, Any]:
        """Let in whom the first message names; returns the reply to that message. Raises `Refused`."""
        connection = await self._open(visit, first.token, first.cursor)
        return {"to": "ns:auth", "id": first.id, "ok": True, **renewed_dict(connection, connection.identity)}

    def _forget(self, visit: _Visit) -> None:
        client, connection = visit.client, visit.connection
        self.streams.discard(client)
        if connection is not None:
            self._connections.left(connection, client.reason or "transport close")

    async def _first(self, visit: _Visit) -> First | None:
        """The first message of a client whose handshake brought no token; None when it has left.

        Raises `Refused` for anything but ``ns:auth``, and when nothing comes in time.
        """
        client = visit.client
        self._connections.check_room(0, 1)
        if len(self._arriving) >= self.most_arriving:
            oldest = next(iter(self._arriving))
            del self._arriving[oldest]
            oldest.close("rate_limited")
        widen = narrow(visit.request, MAX_FIRST, lambda: client.close("payload_too_large"))
        self._arriving[client] = None
        self.streams.add(client)
        try:
            async with asyncio.timeout(FIRST_WITHIN):
                message = await visit.socket.receive()
        except TimeoutError:
            raise Refused("unauthorized", FIRST) from None
        finally:
            self._arriving.pop(client, None)
        if message.type is WSMsgType.TEXT:
            widen()
            return load_first(message.data)
        if message.type is WSMsgType.BINARY:
            raise Refused("unauthorized", FIRST)
        if client.reason in ("payload_too_large", "rate_limited"):
            self._note(visit, Refused(client.reason))
        return None

    async def _open(
        self, visit: _Visit, token: str | None, cursor: str | None, *, ticket: str | None = None
    ) -> Connection:
        request, client = visit.request, visit.client
        identity = await self._admission.identity(token, ticket, visit.credentials.stated)
        connection = Connection(
            identity,
            client,
            protocol=WS,
            address=self._address(request),
            client=request.headers.get("User-Agent", ""),
            trusted=self._auth.development,
            language=self._connections.languages.spoken(
                request.query.get("locale"), identity, request.headers.get("Accept-Language")
            ),
        )
        visit.locale = connection.language.errors
        self.streams.add(client)
        await self._connections.open(connection, cursor)
        visit.connection = connection
        return connection

    def _address(self, request: web.Request) -> str:
        return self.proxies.client(request.remote or "", request.headers.get("X-Forwarded-For"))

    async def _refuse(self, visit: _Visit, refused: Refused) -> None:
        client, kind = visit.client, refused.kind
        self._note(visit, refused)
        closing = {"code": kind.code, "reconnect": kind.reconnect, "error": refused.as_dict(visit.locale)}
        client.control("ns:closing", closing)
        client.close(kind.code)
        await self._closed()

    def _note(self, visit: _Visit, refused: Refused) -> None:
        self._connections.refused(refused, WS, self._address(visit.request))

    async def _closed(self) -> None:
        """Wait for Close frames that are on their way out."""
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _receive(self, visit: _Visit) -> None:
        """Read until the peer leaves. What it says is answered: nothing is silently ignored."""
        rate = EventRate(self.events_per_second)
        async for message in visit.socket:
            connection = visit.connection
            if connection is None:
                return
            if not rate.spend():
                connection.close("rate_limited")
                await self._closed()
                return
            if message.type is WSMsgType.TEXT:
                visit.client.control("ns:reply", await self._answer(message.data, visit, connection))
            elif message.type is WSMsgType.BINARY:
                await self._refuse_bytes(visit, connection)

    async def _refuse_bytes(self, visit: _Visit, connection: Connection) -> None:
        refused = Refused("invalid_data", NO_BYTES)
        error = self._events.refusal(refused, connection)["error"]
        visit.client.control("ns:closing", {"code": refused.kind.code, "reconnect": False, "error": error})
        await visit.socket.close(code=_WS_UNSUPPORTED, message=refused.kind.code.encode())

    async def _answer(self, text: str, visit: _Visit, connection: Connection) -> dict[str, Any]:
        """``{"type":"ns:read","ids":[…],"id":…}`` to ``{"type":"ns:reply","to":"ns:read","id":…,"ok":…}``."""
        asked = Asked(None, None)
        try:
            body = exact(text.encode())
            asked = asked_in(body)
            handler = self._events.handler_of(asked.name)
            check_reply_id(body)
        except Refused as refused:
            return {"to": asked.name, "id": asked.id, **self._events.refusal(refused, connection)}
        if asked.name == "ns:auth" and self._auth.development and visit.is_nobody():
            # in development nobody has to say who they are; who does, begins as where a token is needed
            self._connections.left(connection, "transport close")
            self.streams.move(visit.client, ())
            visit.connection = None
            return await self._begin(visit, load_first(text))
        return {
            "to": asked.name,
            "id": asked.id,
            **await self._events.answer(handler, connection, body),
        }


_: type[Framing] = _Frames
