"""Plain WebSocket at ``/ws`` (RFC 6455): each frame is an envelope as JSON, for clients that know no Socket.IO.

Control frames have a ``type`` that begins with ``ns:``. A refused connection is accepted and closed at once with a
code and a reason: a browser shows a page nothing of a refused handshake.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Final

import orjson
from aiohttp import WSMsgType, web

from sio_server.auth import Authenticator
from sio_server.auth_claims import STATED
from sio_server.client_events import ClientEvents
from sio_server.engine.addresses import TrustedProxies
from sio_server.engine.backlog import Backlog
from sio_server.engine.frames import TEXT, frame
from sio_server.errors import KINDS, Refused
from sio_server.hub import Broadcaster, Connection, Link
from sio_server.limits import EventRate
from sio_server.locales import preferred_locale
from sio_server.logs import logger
from sio_server.node import Node
from sio_server.notification import Publication

log = logger("ws")

# Seconds between pings; a peer that answers none within half of it is gone.
HEARTBEAT: Final = 25.0

# What a client may send in one frame. Clients have nothing long to say.
MAX_INCOMING: Final = 64 * 1024

# Seconds between two looks at whether a peer that was behind has read.
_FIRST_PAUSE: Final = 0.002
_LONGEST_PAUSE: Final = 0.1

# Seconds for the peer to answer a Close frame.
_CLOSE_PATIENCE: Final = 2.0


class _Client:
    """One connection and its rooms; the core's `Link` to it.

    Frames go to the transport as they come: server frames are not masked (RFC 6455 §5.1), so one serves all, and
    several leave in one write. aiohttp reads, and writes its own pings and close frames between ours.
    """

    __slots__ = ("_backlog", "_cap", "_endpoint", "_pause", "_socket", "_timer", "_transport", "reason", "rooms")

    def __init__(
        self, endpoint: WsEndpoint, socket: web.WebSocketResponse, transport: asyncio.Transport | None, cap: int
    ) -> None:
        self.rooms: tuple[str, ...] = ()
        self.reason: str | None = None
        """Why it was ended from here, once it was."""
        self._endpoint = endpoint
        self._socket = socket
        self._transport = transport
        self._cap = cap
        self._backlog = Backlog()
        self._timer: asyncio.TimerHandle | None = None
        self._pause = _FIRST_PAUSE

    def write(self, frames: Sequence[bytes]) -> None:
        """Send frames; past the cap the connection is given up instead."""
        transport = self._transport
        if transport is None or self.reason is not None:
            return
        if self.pending():
            for piece in frames:
                self._backlog.put(piece)
            if self._timer is None:
                self._pause = _FIRST_PAUSE
                self._timer = asyncio.get_running_loop().call_later(self._pause, self._drain)
        else:
            # to a peer that reads, much goes out at once, however long it is
            transport.write(frames[0] if len(frames) == 1 else b"".join(frames))
        if self.pending() > self._cap:
            self.reason = "slow"
            self._let_go()
            transport.abort()  # closing would wait for a peer that does not read

    def _drain(self) -> None:
        """Give the transport what waits as it empties. It is aiohttp's, which alone is told when that happens."""
        self._timer, transport = None, self._transport
        if transport is None or transport.is_closing():
            self._let_go()
            return
        before = self._backlog.size
        while self._backlog and not transport.get_write_buffer_size():
            transport.write(self._backlog.take())
        if self._backlog:
            self._pause = _FIRST_PAUSE if self._backlog.size < before else min(2 * self._pause, _LONGEST_PAUSE)
            self._timer = asyncio.get_running_loop().call_later(self._pause, self._drain)

    def _let_go(self) -> None:
        self._backlog.clear()
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    # -- Link -----------------------------------------------------------------------------------------------------

    def join(self, rooms: Sequence[str]) -> None:
        """See `Link.join`."""
        self._endpoint.move(self, rooms)

    def replay(self, publications: Sequence[Publication], *, replayed: bool = True) -> None:
        """See `Link.replay`."""
        if publications:
            self.write([frame(TEXT, publication.encode(replayed=replayed)) for publication in publications])

    def control(self, event: str, payload: Mapping[str, Any]) -> None:
        """See `Link.control`."""
        self.write([frame(TEXT, orjson.dumps({"type": event, **payload}))])

    def pending(self) -> int:
        """See `Link.pending`."""
        return self._backlog.size + (0 if self._transport is None else self._transport.get_write_buffer_size())

    def close(self, reason: str) -> None:
        """See `Link.close`."""
        if self.reason is None:
            self.reason = reason
            while self._backlog and self._transport is not None:
                self._transport.write(self._backlog.take())  # before the Close frame, which aiohttp writes
            self._let_go()
            self._endpoint.end(self._socket, self._transport, reason)

    def transport(self) -> str:
        """See `Link.transport`."""
        return "websocket"


class WsEndpoint:
    """Connections over plain WebSocket, and the `Broadcaster` for them.

    ``send_cap``: bytes that may wait for one. ``events_per_second``: what one may send, 0 is no limit.
    ``trusted_proxies``: networks whose X-Forwarded-For is believed.
    """

    def __init__(
        self,
        node: Node,
        events: ClientEvents,
        auth: Authenticator,
        *,
        send_cap: int,
        events_per_second: int = 0,
        trusted_proxies: Sequence[str] = (),
    ) -> None:
        self._events_per_second = events_per_second
        self._proxies = TrustedProxies(trusted_proxies)
        self._node = node
        self._events = events
        self._auth = auth
        self._send_cap = send_cap
        self._rooms: dict[str, dict[_Client, None]] = {}
        self._clients: set[_Client] = set()
        self._closing: set[asyncio.Task[bool]] = set()

    async def close(self) -> None:
        """Close every connection that is left; clients may come back."""
        for client in tuple(self._clients):
            client.close("draining")

    def end(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None, reason: str) -> None:
        """Close one connection with a code and a reason, without waiting for it here."""
        kind = KINDS[reason]
        task = asyncio.create_task(socket.close(code=kind.ws_close, message=kind.code.encode()))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)
        if transport is not None:  # a peer that never answers the Close frame, nor reads what is before it
            asyncio.get_running_loop().call_later(_CLOSE_PATIENCE, transport.abort)

    def move(self, client: _Client, rooms: Sequence[str]) -> None:
        """Put a client into just these rooms."""
        for room in client.rooms:
            members = self._rooms[room]
            del members[client]
            if not members:
                del self._rooms[room]
        client.rooms = tuple(rooms)
        for room in rooms:
            self._rooms.setdefault(room, {})[client] = None

    def broadcast(self, batch: Sequence[Publication]) -> Sequence[int]:
        """See `Broadcaster.broadcast`."""
        if not self._clients:
            return [0] * len(batch)
        counts = []
        frames: dict[_Client, list[bytes]] = {}
        for publication in batch:
            members = self._members(publication.audience.rooms()) - self._members(publication.audience.except_rooms())
            if members:
                encoded = frame(TEXT, publication.encode())
                for client in members:
                    frames.setdefault(client, []).append(encoded)
            counts.append(len(members))
        for client, own in frames.items():
            client.write(own)
        return counts

    def _members(self, rooms: Sequence[str]) -> set[_Client]:
        return set().union(*(self._rooms.get(room, ()) for room in rooms))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """``GET /ws?token=…&cursor=…``."""
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=MAX_INCOMING, compress=False)
        if not socket.can_prepare(request).ok:
            raise web.HTTPUpgradeRequired(headers={"Upgrade": "websocket"})
        locale = preferred_locale(request.query.get("locale"), preferred_locale(request.headers.get("Accept-Language")))
        await socket.prepare(request)
        client = _Client(self, socket, request.transport, self._send_cap)
        connection: Connection | None = None
        try:
            connection = await self._open(request, client)
            await self._receive(socket, client, connection, locale)
        except Refused as refused:
            await self._refuse(client, refused, locale, self._address(request))
        finally:
            self.move(client, ())
            self._clients.discard(client)
            if connection is not None:
                self._node.connections.left(connection, client.reason or "transport close")
        return socket

    async def _open(self, request: web.Request, client: _Client) -> Connection:
        stated = {name: request.query[name] for name in STATED if name in request.query}
        scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
        token = credential.strip() if scheme.lower() == "bearer" else request.query.get("token")
        identity = await self._auth.identity(token, stated)
        connection = Connection(
            identity,
            client,
            protocol="ws",
            address=self._address(request),
            client=request.headers.get("User-Agent", ""),
            trusted=self._auth.development,
        )
        self._clients.add(client)
        await self._node.connections.open(connection, request.query.get("cursor"))
        return connection

    def _address(self, request: web.Request) -> str:
        return self._proxies.client(request.remote or "", request.headers.get("X-Forwarded-For"))

    async def _refuse(self, client: _Client, refused: Refused, locale: str, address: str) -> None:
        kind = refused.kind
        self._node.refusals.note(refused, method="CONNECT", path="/ws", address=address)
        closing = {"code": kind.code, "reconnect": kind.reconnect, "error": refused.as_dict(locale)}
        client.control("ns:closing", closing)
        client.close(kind.code)
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _receive(
        self, socket: web.WebSocketResponse, client: _Client, connection: Connection, locale: str
    ) -> None:
        """Read until the peer leaves. What it says is answered: nothing is silently ignored."""
        rate = EventRate(self._events_per_second)
        async for message in socket:
            if not rate.take():
                self._node.connections.close(connection, "rate_limited")
                await asyncio.gather(*self._closing, return_exceptions=True)
                return
            if message.type is WSMsgType.TEXT:
                client.control("ns:reply", await self._answer(message.data, connection, locale))
            elif message.type is WSMsgType.BINARY:
                await socket.close(code=1003)  # RFC 6455 §7.4.1: a kind of data it cannot accept

    async def _answer(self, text: str, connection: Connection, locale: str) -> dict[str, Any]:
        """``{"type":"ns:read","ids":[…],"id":…}`` to ``{"type":"ns:reply","to":"ns:read","id":…,"ok":…}``."""
        try:
            frame = orjson.loads(text)
        except orjson.JSONDecodeError:
            return self._events.refusal(Refused("invalid_json"), locale, connection)
        name = frame.get("type") if isinstance(frame, dict) else None
        handler = self._events.handlers.get(name) if isinstance(name, str) else None
        if handler is None:
            asked = frame.get("id") if isinstance(frame, dict) else None
            return {"to": name, "id": asked, **self._events.refusal(Refused("not_supported"), locale, connection)}
        return {"to": name, "id": frame.get("id"), **await self._events.answer(handler, connection, frame, locale)}


_: type[Broadcaster] = WsEndpoint
_link: type[Link] = _Client
