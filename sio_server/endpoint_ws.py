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

from sio_server.audience import Identity
from sio_server.auth import Authenticator
from sio_server.auth_claims import STATED
from sio_server.errors import KINDS, Refused
from sio_server.hub import Broadcaster, Connection
from sio_server.locales import preferred_locale
from sio_server.logs import logger
from sio_server.node import Node
from sio_server.notification import Publication

log = logger("ws")

# Seconds between pings; a peer that answers none within half of it is gone.
HEARTBEAT: Final = 25.0

# What a client may send in one frame. Clients have nothing long to say.
MAX_INCOMING: Final = 16 * 1024

# Bytes that wait for one client. A peer that stops reading must not fill the memory; it is cut and comes back.
SEND_CAP: Final = 1024 * 1024


class _Client:
    """One connection and what waits for it."""

    __slots__ = ("connection", "queue", "rooms", "socket", "transport", "waiting")

    def __init__(
        self, connection: Connection, socket: web.WebSocketResponse, transport: asyncio.Transport | None
    ) -> None:
        self.connection = connection
        self.socket = socket
        self.transport = transport
        self.rooms = frozenset(connection.identity.rooms())
        self.queue: asyncio.Queue[str | None] = asyncio.Queue()
        self.waiting = 0

    def put(self, frame: str) -> None:
        """Queue a frame; past the cap the connection is given up instead."""
        if self.waiting > SEND_CAP:
            return
        self.waiting += len(frame)
        self.queue.put_nowait(None if self.waiting > SEND_CAP else frame)


class WsEndpoint:
    """Connections over plain WebSocket, and the `Broadcaster` for them."""

    def __init__(self, node: Node, auth: Authenticator) -> None:
        self._node = node
        self._auth = auth
        self._rooms: dict[str, set[_Client]] = {}
        self._clients: set[_Client] = set()

    async def close(self) -> None:
        """Close every connection; clients may come back."""
        kind = KINDS["draining"]
        closing = [client.socket.close(code=kind.ws_close, message=kind.code.encode()) for client in self._clients]
        await asyncio.gather(*closing, return_exceptions=True)

    def broadcast(self, batch: Sequence[Publication]) -> Sequence[int]:
        """See `Broadcaster.broadcast`."""
        counts = []
        for publication in batch:
            members = self._members(publication.audience.rooms()) - self._members(publication.audience.except_rooms())
            if members:
                frame = publication.encode().decode()
                for client in members:
                    client.put(frame)
            counts.append(len(members))
        return counts

    def _members(self, rooms: Sequence[str]) -> set[_Client]:
        return set().union(*(self._rooms.get(room, ()) for room in rooms))

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """``GET /ws?token=…``."""
        socket = web.WebSocketResponse(heartbeat=HEARTBEAT, max_msg_size=MAX_INCOMING, compress=False)
        if not socket.can_prepare(request).ok:
            raise web.HTTPUpgradeRequired(headers={"Upgrade": "websocket"})
        locale = preferred_locale(request.query.get("locale"), preferred_locale(request.headers.get("Accept-Language")))
        await socket.prepare(request)
        try:
            client = await self._connect(request, socket)
        except Refused as refused:
            log.info("connection refused", code=refused.kind.code, protocol="ws")
            self._node.metrics.refused(refused.kind.code)
            await _refuse(socket, refused, locale)
            return socket
        reason = "transport close"
        sender = asyncio.create_task(self._send(client))
        try:
            await self._receive(client, locale)
        finally:
            if client.waiting > SEND_CAP:
                reason = "slow"
            self._leave(client)
            sender.cancel()
            self._node.disconnect(client.connection, reason)
        return socket

    async def _connect(self, request: web.Request, socket: web.WebSocketResponse) -> _Client:
        identity = await self._identity(request)
        client = _Client(Connection(identity, "ws", lambda: "websocket"), socket, request.transport)
        hello = self._node.connect(client.connection)
        client.put(_control("ns:hello", hello))
        self._clients.add(client)
        for room in client.rooms:
            self._rooms.setdefault(room, set()).add(client)
        return client

    async def _identity(self, request: web.Request) -> Identity:
        stated = {name: request.query[name] for name in STATED if name in request.query}
        scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
        token = credential.strip() if scheme.lower() == "bearer" else request.query.get("token")
        return await self._auth.identity(token, stated)

    def _leave(self, client: _Client) -> None:
        self._clients.discard(client)
        for room in client.rooms:
            members = self._rooms.get(room)
            if members is not None:
                members.discard(client)
                if not members:
                    del self._rooms[room]

    @staticmethod
    async def _send(client: _Client) -> None:
        """Write what is queued, in order, as fast as this client reads."""
        while True:
            frame = await client.queue.get()
            if frame is None:
                # Nothing more can be said to a peer that does not read; closing would wait for it as well.
                if client.transport is not None:
                    client.transport.abort()
                return
            try:
                await client.socket.send_str(frame)
            except ConnectionError:
                return
            client.waiting -= len(frame)

    @staticmethod
    async def _receive(client: _Client, locale: str) -> None:
        """Read until the peer leaves. What it says is answered: nothing is silently ignored."""
        async for message in client.socket:
            if message.type is WSMsgType.TEXT:
                refused = Refused("not_supported")
                client.put(_control("ns:error", {"error": refused.as_dict(locale)}))
            elif message.type is WSMsgType.BINARY:
                await client.socket.close(code=1003)  # RFC 6455 §7.4.1: a kind of data it cannot accept


def _control(name: str, members: Mapping[str, Any]) -> str:
    return orjson.dumps({"type": name, **members}).decode()


async def _refuse(socket: web.WebSocketResponse, refused: Refused, locale: str) -> None:
    closing = {"code": refused.kind.code, "reconnect": refused.kind.reconnect, "error": refused.as_dict(locale)}
    await socket.send_str(_control("ns:closing", closing))
    await socket.close(code=refused.kind.ws_close, message=refused.kind.code.encode())


_: type[Broadcaster] = WsEndpoint
