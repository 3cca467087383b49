"""Socket.IO: a handshake becomes a connection in its rooms; an entry becomes an event there."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sio_server import intake
from sio_server.audience import Identity
from sio_server.auth import Authenticator, Publisher
from sio_server.auth.bearer import bearer_of
from sio_server.broker import Broker
from sio_server.config import Config
from sio_server.core.connections import Connections
from sio_server.core.hub import Broadcaster, Connection
from sio_server.core.languages import Language
from sio_server.core.node import Node
from sio_server.core.pages import Pages
from sio_server.core.protocols import SOCKETIO
from sio_server.engine import AsyncServer, ConnectionRefused, Limits, Reason, Why
from sio_server.errors import Refused, Text
from sio_server.gate import TokenCookie
from sio_server.live.client_events import NO_BYTES, ClientEvents, Handler
from sio_server.live.socketio_link import SocketIoLink, Wires
from sio_server.live.socketio_recovery import DurableRecovery
from sio_server.live.socketio_refusals import EngineRefusals, headers_of
from sio_server.locales import preferred_locale
from sio_server.logs import get_logger
from sio_server.notification import Entry
from sio_server.schemas.events import check_handshake
from sio_server.schemas.publish import load_publish
from sio_server.texts import Texts

logger = get_logger("socketio")

# The largest Engine.IO payload, in bytes. The largest thing a client says is a notification.
_LEAST_PAYLOAD: Final = 1_000_000
_PAYLOAD_FACTOR: Final = 2

# Seconds that a Socket.IO session is kept after its CONNECT was refused or it left its namespace. The stock clients
# close theirs at once and come back with a new one; until it ends, it belongs to nobody.
LEFT_TIMEOUT: Final = 5.0


@dataclass(frozen=True, slots=True)
class _Client:
    """What is kept for one connection. ``publisher`` is whose key it holds, if any."""

    connection: Connection
    publisher: Publisher | None


class SocketIoEndpoint:
    """Connections over Socket.IO, and the `Broadcaster` for them. It makes its own `AsyncServer`: ``server``."""

    def __init__(
        self,
        config: Config,
        node: Node,
        connections: Connections,
        events: ClientEvents,
        *,
        auth: Authenticator,
        cookie: TokenCookie,
        refusals: EngineRefusals,
        broker: Broker,
        pages: Pages,
    ) -> None:
        self._node = node
        self._connections = connections
        self._events = events
        self._auth = auth
        self._cookie = cookie
        self._clients: dict[str, _Client] = {}
        self._wires = Wires()
        self.recovery = DurableRecovery(
            connections,
            broker,
            pages,
            self._wires,
            key=lambda: broker.secret("socketio-recovery"),
            end=lambda sid: self.server.close(sid, Reason.REPLACED),
        )
        self._max_body = config.max_body
        self.server = self._serve(config, refusals, broker)

    def _serve(self, config: Config, refusals: EngineRefusals, broker: Broker) -> AsyncServer:
        server = AsyncServer(
            async_mode="aiohttp",
            # given by name, or each library would add a handler of its own, whose lines are no JSON
            logger=logging.getLogger("socketio.server"),
            engineio_logger=logging.getLogger("engineio.server"),
            cors_allowed_origins=[],  # CORS belongs to `origins` alone: an empty list keeps the library's hands off
            max_http_buffer_size=_largest_payload(config.max_body),
            limits=Limits(
                send_cap=config.send_cap,
                events_per_second=config.events_per_second or None,
                binary=False,  # no event takes bytes
                max_arriving=config.handshakes,
                left_timeout=LEFT_TIMEOUT,
            ),
            trusted_proxies=config.trusted_proxies,
            check_handshake=refusals.check,
            on_refused=refusals,
            failed_ack=self.failed_ack,
            ipv6_prefix=config.ipv6_prefix,
            expecting=broker.writing,
            connection_state_recovery={
                "log": self.recovery,
                "clients": "all" if config.recovery == "always" else "asking",
                "identity": self.identify,
            },
        )
        # what is refused by the name of its field has to be there: the engine's own reader changes some numbers
        server.loads = loads
        server.on("connect", self._on_connect)
        server.on("disconnect", self._on_disconnect)
        server.on("notify", self._on_notify)
        for event, handler in self._events.handlers.items():
            server.on(event, self._answering(handler))
        server.on("*", self._on_unknown)
        return server

    @property
    def max_body(self) -> int:
        """The largest body of one notification, in bytes; may be set while it runs.

        A session that is there keeps the largest payload it was told.
        """
        return self._max_body

    @max_body.setter
    def max_body(self, value: int) -> None:
        self._max_body = value
        self.server.allow_messages(_largest_payload(value))

    def failed_ack(self, sid: str, why: Why | None) -> dict[str, Any]:
        """What is acknowledged for an event whose handler failed, or that the engine did not hand on.

        Nobody who awaits an answer waits for ever.
        """
        return self._refusal(sid, Refused("internal") if why is None else Refused("invalid_data", NO_BYTES))

    def leave_withdrawn(self) -> None:
        """Close what was let in by a publisher key that is none any more, or allows something else now."""
        for client in tuple(self._clients.values()):
            reason = None if client.publisher is None else self._auth.withdrawn(client.publisher)
            if reason is not None:
                client.connection.close(reason)

    async def close(self) -> None:
        """Close every connection so that clients come back by themselves: the transport ends, nothing else is said."""
        await self.server.shutdown()

    def broadcast(self, batch: Sequence[Entry]) -> Sequence[int]:
        """See `Broadcaster.broadcast`."""
        send = self.server.broadcast
        return [
            send(
                entry.event,
                entry.encode() if entry.texts is None else _spoken(entry, entry.texts),
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
            identity = await self._auth.identity(self._token(environ, handshake), handshake)
            if isinstance(pid, str) and isinstance(auth, dict):
                locale = self._language(environ, handshake, identity).tag
                await self.recovery.prepare(pid, auth.get("offset"), identity, locale=locale)
        except Refused:
            return None
        return identity.user

    async def _on_connect(self, sid: str, environ: Mapping[str, Any], auth: object = None) -> None:
        locale = preferred_locale(environ.get("HTTP_ACCEPT_LANGUAGE"))
        try:
            handshake = check_handshake(auth)
            locale = preferred_locale(handshake.get("locale"), locale)
            client = await self._authenticate(sid, environ, handshake)
            locale = client.connection.language.errors
            self._clients[sid] = client
            restored = self.recovery.prepared(sid)
            cursor = handshake.get("cursor")
            if restored is None and cursor is None and isinstance(auth, dict):
                cursor = self.recovery.cursor_of(auth.get("pid"), auth.get("offset"), client.connection.identity)
            await self._connections.open(
                client.connection,
                cursor,
                recovered_from=None if restored is None else restored.after,
            )
        except Refused as refused:
            self._clients.pop(sid, None)
            address = str(environ.get("REMOTE_ADDR", ""))
            self._connections.refused(refused, SOCKETIO, address)
            raise ConnectionRefused(str(refused.detail.within(locale)), refused.as_dict(locale)) from None

    async def _authenticate(self, sid: str, environ: Mapping[str, Any], handshake: Mapping[str, Any]) -> _Client:
        key, token = handshake.get("key"), self._token(environ, handshake)
        publisher = self._auth.publisher(key) if key or self._auth.development else None
        if publisher is not None and token is None and not self._auth.development:
            identity = Identity(None, receives=False)  # a backend that only publishes
        else:
            if token is None and not self._auth.development and "token=" in str(environ.get("QUERY_STRING", "")):
                raise Refused("unauthorized", _NOT_IN_QUERY)  # as Socket.IO 2 clients had it
            identity = await self._auth.identity(token, handshake)
        link = SocketIoLink(self.server, sid, self._wires)
        address = str(environ.get("REMOTE_ADDR", ""))
        connection = Connection(
            identity,
            link,
            protocol=SOCKETIO,
            address=address,
            client=str(environ.get("HTTP_USER_AGENT", "")),
            trusted=publisher is not None and publisher.scope.observe,
            language=self._language(environ, handshake, identity),
        )
        return _Client(connection, publisher)

    def _token(self, environ: Mapping[str, Any], handshake: Mapping[str, Any]) -> str | None:
        """The token of ``auth``, of the header ``Authorization``, or of a client that shows no key either a cookie's.

        Raises `Refused` (``origin_not_allowed``) for a cookie of which the page that asks may make no use.
        """
        token: str | None = handshake.get("token")
        if token is None:
            token = bearer_of(environ.get("HTTP_AUTHORIZATION"))
        if token is None and "HTTP_COOKIE" in environ and handshake.get("key") is None:
            token = self._cookie.token_of(headers_of(environ))
        return token

    def _language(self, environ: Mapping[str, Any], handshake: Mapping[str, Any], identity: Identity) -> Language:
        """What a client speaks."""
        accepted = environ.get("HTTP_ACCEPT_LANGUAGE")
        return self._connections.languages.spoken(handshake.get("locale"), identity, accepted)

    async def _on_disconnect(self, sid: str, reason: str) -> None:
        client = self._clients.pop(sid, None)
        if self.server.is_recovering(sid):
            self.recovery.gone(sid)
        if client is not None:
            self._connections.left(client.connection, reason)

    # -- events from clients --------------------------------------------------------------------------------------

    def _answering(self, handler: Handler) -> Callable[..., Awaitable[dict[str, Any]]]:
        async def answer(sid: str, *arguments: object) -> dict[str, Any]:
            client = self._clients.get(sid)
            if client is None:
                return self._refusal(sid, Refused("forbidden"))
            body = arguments[0] if arguments else None
            return await self._events.answer(handler, client.connection, body)

        return answer

    async def _on_unknown(self, _event: str, sid: str, *_: object) -> dict[str, Any]:
        """An event that no version of this server knows, or not this one."""
        return self._refusal(sid, Refused("not_supported"))

    def _refusal(self, sid: str, refused: Refused) -> dict[str, Any]:
        client = self._clients.get(sid)
        return self._events.refusal(refused, client.connection if client else None)

    async def _on_notify(self, sid: str, *arguments: object) -> dict[str, Any]:
        """``notify`` with the body of ``POST /notify``; the acknowledgement is the same reply."""
        client = self._clients.get(sid)
        try:
            publisher = _publisher_of(client)
            body = self._checked(arguments[0] if arguments else None)
            publisher.scope.check_publishes()
            accepted = await self._node.publish(load_publish(body), publisher)
        except Refused as refused:
            return self._refusal(sid, refused)
        except Exception:
            logger.exception("event failed", protocol=SOCKETIO)
            return self._refusal(sid, Refused("internal"))
        return {"ok": True, **accepted.as_dict(client.connection.language.errors if client else "en")}

    def _checked(self, body: object) -> object:
        """The argument as if it had come over HTTP, within the size limit."""
        body, size = intake.measured(body)
        if size > self._max_body:
            raise Refused("payload_too_large", _TOO_LARGE.format(self._max_body))
        return body


def _spoken(entry: Entry, texts: Texts) -> Callable[[str], bytes]:
    """An entry's JSON by the language of who gets it, made once for those that get the same."""
    made: dict[str | None, bytes] = {}

    def encoded(locale: str) -> bytes:
        variant = texts.variant(locale) if locale else None
        found = made.get(variant)
        if found is None:
            found = made[variant] = entry.within(variant).encode()
        return found

    return encoded


def loads(text: str) -> object:
    """The value of a packet's JSON, nothing of it lost; raises ValueError for what is none."""
    try:
        return intake.exact(text.encode("utf-8", "surrogatepass"))
    except Refused as refused:
        raise ValueError(str(refused)) from refused


def _largest_payload(max_body: int) -> int:
    return max(_LEAST_PAYLOAD, max_body * _PAYLOAD_FACTOR)


def _publisher_of(client: _Client | None) -> Publisher:
    if client is None or client.publisher is None:
        raise Refused("forbidden", _NEEDS_KEY)
    return client.publisher


_NEEDS_KEY = Text(
    "Publishing needs a connection that was made with auth.key.",
    "Para publicar hace falta una conexión hecha con auth.key.",
)
_NOT_IN_QUERY = Text(
    "A token in the address ends up in logs, and is not taken: send it in 'auth', io(url, { auth: { token } }).",
    "Un token en la dirección acaba en los logs y no se admite: envíalo en 'auth', io(url, { auth: { token } }).",
)
_TOO_LARGE = Text("It may have at most {0} bytes.", "Puede tener como mucho {0} bytes.")

_: type[Broadcaster] = SocketIoEndpoint
