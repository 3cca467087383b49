"""Socket.IO: a handshake becomes a connection in its rooms; a publication becomes an event there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from sio_server.audience import Identity
from sio_server.auth import Authenticator, Publisher
from sio_server.engine import AsyncServer, ConnectionRefused
from sio_server.errors import Problem, Refused, Text
from sio_server.hub import Broadcaster, Connection
from sio_server.locales import preferred_locale
from sio_server.logs import logger
from sio_server.node import Node
from sio_server.notification import Publication
from sio_server.schemas import check_handshake, load_publish

log = logger("socketio")


@dataclass(frozen=True, slots=True)
class _Client:
    """What is kept for one connection. ``publisher`` is whose key it holds, if any."""

    connection: Connection
    publisher: Publisher | None
    locale: str


class SocketIoEndpoint:
    """Connections over Socket.IO, and the `Broadcaster` for them. ``max_body`` is in bytes."""

    def __init__(self, server: AsyncServer, node: Node, auth: Authenticator, *, max_body: int) -> None:
        self._server = server
        self._node = node
        self._auth = auth
        self._max_body = max_body
        self._clients: dict[str, _Client] = {}
        server.on("connect", self._on_connect)
        server.on("disconnect", self._on_disconnect)
        server.on("notify", self._on_notify)

    async def close(self) -> None:
        """Close every connection so that clients come back by themselves: the transport ends, nothing else is said."""
        await self._server.shutdown()

    # -- fan-out --------------------------------------------------------------------------------------------------

    def broadcast(self, batch: Sequence[Publication]) -> Sequence[int]:
        """See `Broadcaster.broadcast`."""
        send = self._server.broadcast
        return [
            send(
                publication.type,
                publication.encode(),
                rooms=publication.audience.rooms(),
                skip_rooms=publication.audience.except_rooms(),
            )
            for publication in batch
        ]

    # -- connections ----------------------------------------------------------------------------------------------

    async def _on_connect(self, sid: str, environ: Mapping[str, Any], auth: object = None) -> None:
        locale = preferred_locale(environ.get("HTTP_ACCEPT_LANGUAGE"))
        try:
            handshake = check_handshake(auth)
            locale = preferred_locale(handshake.get("locale"), locale)
            client = await self._authenticate(sid, environ, handshake, locale)
            hello = self._node.connect(client.connection)
        except Refused as refused:
            log.info("connection refused", code=refused.kind.code, protocol="socketio")
            self._node.metrics.refused(refused.kind.code)
            raise ConnectionRefused(str(refused.detail.within(locale)), refused.as_dict(locale)) from None
        self._clients[sid] = client
        # Nothing from here on suspends: whatever is published above the cursor in this greeting reaches the client.
        self._server.broadcast("ns:hello", hello, rooms=(sid,))
        for room in client.connection.identity.rooms():
            self._server.enter_room_nowait(sid, room)

    async def _authenticate(
        self, sid: str, environ: Mapping[str, Any], handshake: Mapping[str, Any], locale: str
    ) -> _Client:
        key, token = handshake.get("key"), handshake.get("token")
        if token is None:
            scheme, _, credential = str(environ.get("HTTP_AUTHORIZATION", "")).partition(" ")
            token = credential.strip() if scheme.lower() == "bearer" else None
        publisher = self._auth.publisher(key) if key or self._auth.development else None
        if publisher is not None and token is None and not self._auth.development:
            identity = Identity(None)  # a backend that only publishes
        else:
            identity = await self._auth.identity(token, handshake)
        connection = Connection(identity, "socketio", lambda: str(self._server.transport(sid)))
        return _Client(connection, publisher, locale)

    async def _on_disconnect(self, sid: str, reason: str) -> None:
        client = self._clients.pop(sid, None)
        if client is not None:
            self._node.disconnect(client.connection, reason)

    # -- events from clients --------------------------------------------------------------------------------------

    async def _on_notify(self, sid: str, *arguments: object) -> dict[str, Any]:
        """``notify`` with the body of ``POST /notify``; the acknowledgement is the same reply."""
        client = self._clients.get(sid)
        locale = client.locale if client else "en"
        try:
            publisher = _publisher_of(client)
            body = self._checked(arguments[0] if arguments else None)
            receipt = await self._node.publish(load_publish(body), publisher.name)
        except Refused as refused:
            self._node.metrics.refused(refused.kind.code)
            return {"ok": False, "status": "error", "error": refused.as_dict(locale)}
        return {"ok": True, **receipt.as_dict(locale)}

    def _checked(self, body: object) -> object:
        """The argument as strict JSON within the size limit, as if it had come over HTTP."""
        try:
            encoded = orjson.dumps(body)
        except orjson.JSONEncodeError as error:
            problem = Problem(
                "", Text("Not JSON, or nested too deeply.", "No es JSON, o está anidado demasiado hondo.")
            )
            raise Refused.of_problems("invalid_data", (problem,)) from error
        if len(encoded) > self._max_body:
            raise Refused(
                "payload_too_large",
                Text("It may have at most {0} bytes.", "Puede tener como mucho {0} bytes.").format(self._max_body),
            )
        return body


def _publisher_of(client: _Client | None) -> Publisher:
    if client is None or client.publisher is None:
        raise Refused("forbidden", _NEEDS_KEY)
    return client.publisher


_NEEDS_KEY = Text(
    "Publishing needs a connection that was made with auth.key.",
    "Para publicar hace falta una conexión hecha con auth.key.",
)

_: type[Broadcaster] = SocketIoEndpoint
