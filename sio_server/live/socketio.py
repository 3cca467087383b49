"""Socket.IO: a handshake becomes a connection in its rooms; an entry becomes an event there."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from sio_server import intake
from sio_server.audience import Identity
from sio_server.auth import Authenticator, Publisher
from sio_server.auth.bearer import bearer_of
from sio_server.core.hub import Broadcaster, Connection, Link
from sio_server.core.node import Node
from sio_server.engine import AsyncServer, ConnectionRefused, Why, Wire, event_wire, with_offset
from sio_server.errors import Refused, Text
from sio_server.live.client_events import ClientEvents, Handler
from sio_server.live.socketio_recovery import DurableRecovery
from sio_server.locales import preferred_locale
from sio_server.logs import get_logger
from sio_server.notification import Entry
from sio_server.schemas.events import check_handshake
from sio_server.schemas.publish import load_publish

logger = get_logger("socketio")

# Packets that are kept for replays, and the largest of them: 16 MiB at most, and a quarter of that as a rule.
_KEPT_WIRES: Final = 2000
_KEPT_BYTES: Final = 4096


class _Wires:
    """Replayed entries as packets, kept a while: in a storm of reconnects everybody gets the same ones."""

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, bool], tuple[Wire, Wire]] = OrderedDict()

    def of(self, entry: Entry, *, replayed: bool) -> tuple[Wire, Wire]:
        """The packet without and with a recovery offset."""
        key = (entry.seq, replayed)
        found = self._kept.get(key) if entry.persist else None
        if found is None:
            wire = event_wire(entry.event, entry.encode(replayed=replayed))
            found = wire, with_offset(wire, entry.position.cursor())
            if entry.persist and len(entry.body) <= _KEPT_BYTES:
                self._kept[key] = found
                if len(self._kept) > _KEPT_WIRES:
                    self._kept.popitem(last=False)
        return found


class _Link:
    """The core's way to one Socket.IO connection."""

    __slots__ = ("_server", "_sid", "_wires")

    def __init__(self, server: AsyncServer, sid: str, wires: _Wires) -> None:
        self._server = server
        self._wires = wires
        self._sid = sid

    def join(self, rooms: Sequence[str]) -> None:
        """See `Link.join`."""
        self._server.rooms_nowait(self._sid, rooms)

    def replay(self, entries: Sequence[Entry], *, replayed: bool = True) -> None:
        """See `Link.replay`."""
        for entry in entries:
            self._server.deliver(self._sid, *self._wires.of(entry, replayed=replayed))

    def control(self, event: str, payload: Mapping[str, Any]) -> None:
        """See `Link.control`."""
        self._server.deliver(self._sid, event_wire(event, orjson.dumps(payload)))

    def pending(self) -> int:
        """See `Link.pending`."""
        return self._server.pending(self._sid)

    def close(self, reason: str) -> None:
        """See `Link.close`."""
        self._server.close(self._sid, reason)

    def transport(self) -> str:
        """See `Link.transport`."""
        return str(self._server.transport(self._sid))


@dataclass(frozen=True, slots=True)
class _Client:
    """What is kept for one connection. ``publisher`` is whose key it holds, if any."""

    connection: Connection
    publisher: Publisher | None
    locale: str


class SocketIoEndpoint:
    """Connections over Socket.IO, and the `Broadcaster` for them. ``max_body`` is in bytes."""

    def __init__(
        self,
        server: AsyncServer,
        node: Node,
        events: ClientEvents,
        auth: Authenticator,
        recovery: DurableRecovery,
        *,
        max_body: int,
    ) -> None:
        self._server = server
        self._node = node
        self._events = events
        self._auth = auth
        self._recovery = recovery
        self.max_body = max_body
        """In bytes; may be set while it runs."""
        self._clients: dict[str, _Client] = {}
        self._wires = _Wires()
        # what is refused by the name of its field has to be there: the engine's own reader changes some numbers
        server.loads = loads
        server.on("connect", self._on_connect)
        server.on("disconnect", self._on_disconnect)
        server.on("notify", self._on_notify)
        for event, handler in events.handlers.items():
            server.on(event, self._answering(handler))
        server.on("*", self._on_unknown)

    def failed_ack(self, sid: str, why: Why | None) -> dict[str, Any]:
        """What is acknowledged for an event whose handler failed, or that the engine did not hand on.

        Nobody who awaits an answer waits for ever.
        """
        return self._refusal(sid, Refused("internal") if why is None else Refused("invalid_data", _NO_BYTES))

    def leave_withdrawn(self) -> None:
        """Close what was let in by a publisher key that is none any more."""
        for client in tuple(self._clients.values()):
            if client.publisher is not None and not self._auth.still_publishes(client.publisher):
                self._node.connections.close(client.connection, "unauthorized")

    async def close(self) -> None:
        """Close every connection so that clients come back by themselves: the transport ends, nothing else is said."""
        await self._server.shutdown()

    def broadcast(self, batch: Sequence[Entry]) -> Sequence[int]:
        """See `Broadcaster.broadcast`."""
        send = self._server.broadcast
        return [
            send(
                entry.event,
                entry.encode(),
                rooms=entry.rooms,
                skip_rooms=entry.skip_rooms,
                offset=entry.position.cursor(),
            )
            for entry in batch
        ]

    # -- connections ----------------------------------------------------------------------------------------------

    async def identify(self, environ: Mapping[str, Any], auth: object) -> str | None:
        """Whom a client that wants to be recovered is taken for; what it missed is read meanwhile.

        Who may not connect is nobody here, and is refused by the connect handler.
        """
        pid = auth.get("pid") if isinstance(auth, dict) else None
        try:
            handshake = check_handshake(auth)
            identity = await self._auth.identity(_token(environ, handshake), handshake)
            if isinstance(pid, str) and isinstance(auth, dict):
                await self._recovery.prepare(pid, auth.get("offset"), identity)
        except Refused:
            return None
        return identity.user

    async def _on_connect(self, sid: str, environ: Mapping[str, Any], auth: object = None) -> None:
        locale = preferred_locale(environ.get("HTTP_ACCEPT_LANGUAGE"))
        try:
            handshake = check_handshake(auth)
            locale = preferred_locale(handshake.get("locale"), locale)
            client = await self._authenticate(sid, environ, handshake, locale)
            self._clients[sid] = client
            restored = self._recovery.prepared(sid)
            cursor = handshake.get("cursor")
            if restored is None and cursor is None and isinstance(auth, dict):
                cursor = self._recovery.cursor_of(auth.get("pid"), auth.get("offset"), client.connection.identity)
            await self._node.connections.open(
                client.connection,
                cursor,
                recovered_from=None if restored is None else restored.after,
                locale=locale,
            )
        except Refused as refused:
            self._clients.pop(sid, None)
            address = str(environ.get("REMOTE_ADDR", ""))
            self._node.refusals.note(refused, method="CONNECT", path="/socket.io/", address=address)
            raise ConnectionRefused(str(refused.detail.within(locale)), refused.as_dict(locale)) from None

    async def _authenticate(
        self, sid: str, environ: Mapping[str, Any], handshake: Mapping[str, Any], locale: str
    ) -> _Client:
        key, token = handshake.get("key"), _token(environ, handshake)
        publisher = self._auth.publisher(key) if key or self._auth.development else None
        if publisher is not None and token is None and not self._auth.development:
            identity = Identity(None, receives=False)  # a backend that only publishes
        else:
            if token is None and not self._auth.development and "token=" in str(environ.get("QUERY_STRING", "")):
                raise Refused("unauthorized", _NOT_IN_QUERY)  # as Socket.IO 2 clients had it
            identity = await self._auth.identity(token, handshake)
        link = _Link(self._server, sid, self._wires)
        address = str(environ.get("REMOTE_ADDR", ""))
        connection = Connection(
            identity,
            link,
            protocol="socketio",
            address=address,
            client=str(environ.get("HTTP_USER_AGENT", "")),
            trusted=publisher is not None,
        )
        return _Client(connection, publisher, locale)

    async def _on_disconnect(self, sid: str, reason: str) -> None:
        client = self._clients.pop(sid, None)
        if self._server.is_recovering(sid):
            self._recovery.gone(sid)
        if client is not None:
            self._node.connections.left(client.connection, reason)

    # -- events from clients --------------------------------------------------------------------------------------

    def _answering(self, handler: Handler) -> Callable[..., Awaitable[dict[str, Any]]]:
        async def answer(sid: str, *arguments: object) -> dict[str, Any]:
            client = self._clients.get(sid)
            if client is None:
                return self._refusal(sid, Refused("forbidden"))
            body = arguments[0] if arguments else None
            return await self._events.answer(handler, client.connection, body, client.locale)

        return answer

    async def _on_unknown(self, _event: str, sid: str, *_: object) -> dict[str, Any]:
        """An event that no version of this server knows, or not this one."""
        return self._refusal(sid, Refused("not_supported"))

    def _refusal(self, sid: str, refused: Refused) -> dict[str, Any]:
        client = self._clients.get(sid)
        return self._events.refusal(refused, client.locale if client else "en", client.connection if client else None)

    async def _on_notify(self, sid: str, *arguments: object) -> dict[str, Any]:
        """``notify`` with the body of ``POST /notify``; the acknowledgement is the same reply."""
        client = self._clients.get(sid)
        try:
            publisher = _publisher_of(client)
            body = self._checked(arguments[0] if arguments else None)
            receipt = await self._node.publish(load_publish(body), publisher.name)
        except Refused as refused:
            return self._refusal(sid, refused)
        except Exception:
            logger.exception("event failed", protocol="socketio")
            return self._refusal(sid, Refused("internal"))
        return {"ok": True, **receipt.as_dict(client.locale if client else "en")}

    def _checked(self, body: object) -> object:
        """The argument as if it had come over HTTP, within the size limit."""
        body, size = intake.measured(body)
        if size > self.max_body:
            raise Refused("payload_too_large", _TOO_LARGE.format(self.max_body))
        return body


def loads(text: str) -> object:
    """The value of a packet's JSON, nothing of it lost; raises ValueError for what is none."""
    try:
        return intake.exact(text.encode("utf-8", "surrogatepass"))
    except Refused as refused:
        raise ValueError(str(refused)) from refused


def _publisher_of(client: _Client | None) -> Publisher:
    if client is None or client.publisher is None:
        raise Refused("forbidden", _NEEDS_KEY)
    return client.publisher


def _token(environ: Mapping[str, Any], handshake: Mapping[str, Any]) -> str | None:
    token: str | None = handshake.get("token")
    if token is None:
        token = bearer_of(environ.get("HTTP_AUTHORIZATION"))
    return token


_NEEDS_KEY = Text(
    "Publishing needs a connection that was made with auth.key.",
    "Para publicar hace falta una conexión hecha con auth.key.",
)
_NOT_IN_QUERY = Text(
    "A token in the address ends up in logs, and is not taken: send it in 'auth', io(url, { auth: { token } }).",
    "Un token en la dirección acaba en los logs y no se admite: envíalo en 'auth', io(url, { auth: { token } }).",
)
_NO_BYTES = Text(
    "Bytes are not taken: send JSON, with bytes as text in base64.",
    "No se admiten bytes: envía JSON, con los bytes como texto en base64.",
)
_TOO_LARGE = Text("It may have at most {0} bytes.", "Puede tener como mucho {0} bytes.")

_: type[Broadcaster] = SocketIoEndpoint
_link: type[Link] = _Link
