"""What clients may say on a live connection, whatever it runs over: acknowledge, renew the token, change the inbox."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from sio_server.audience import Identity
from sio_server.auth import Authenticator
from sio_server.broker import Action
from sio_server.core.arrivals import topics_of
from sio_server.core.attendance import Attendance
from sio_server.core.connections import Connections
from sio_server.core.hub import Connection
from sio_server.core.inboxes import Inboxes, acted_dict, marked_dict
from sio_server.core.protocols import SOCKETIO
from sio_server.core.refusals import Refusals
from sio_server.core.topics import Topics
from sio_server.errors import Refused, Text
from sio_server.intake import admitted
from sio_server.logs import get_logger
from sio_server.schemas.events import load_ack, load_act, load_locale, load_mark, load_observe, load_token, load_topic
from sio_server.schemas.presence import load_watch

Handler = Callable[[Connection, object], Awaitable[Mapping[str, Any]]]

_MARKS: Final[Mapping[str, Action]] = {
    "ns:seen": "seen",
    "ns:read": "read",
    "ns:unread": "unread",
    "ns:archive": "archive",
    "ns:unarchive": "unarchive",
}

NO_BYTES: Final = Text(
    "Bytes are not taken: send JSON, with bytes as text in base64.",
    "No se admiten bytes: envía JSON, con los bytes como texto en base64.",
)

logger = get_logger("events")


def renewed_dict(connection: Connection, identity: Identity) -> dict[str, Any]:
    """What a client is told whose token was taken: until when, what it is in now, and in which language."""
    return {
        "expires_at": identity.expires_at,
        "roles": list(identity.roles),
        "topics": topics_of(identity, connection.view),
        "locale": connection.locale,
    }


class ClientEvents:
    """Handlers of what clients say, by the event's name.

    Each takes a connection and a body and returns the acknowledgement.
    """

    def __init__(
        self,
        connections: Connections,
        inboxes: Inboxes,
        topics: Topics,
        attendance: Attendance,
        *,
        auth: Authenticator,
        refusals: Refusals,
    ) -> None:
        self._connections = connections
        self._inboxes = inboxes
        self._topics = topics
        self._attendance = attendance
        self._auth = auth
        self._refusals = refusals
        self.handlers: dict[str, Handler] = {
            "ns:ack": self._ack,
            "ns:act": self._act,
            "ns:auth": self._renew,
            "ns:locale": self._locale,
            "ns:observe": self._observe,
            "ns:follow": self._follow,
            "ns:unfollow": self._unfollow,
            "ns:presence": self._watch,
        }
        for event, action in _MARKS.items():
            self.handlers[event] = self._marking(action)

    def handler_of(self, name: str | None) -> Handler:
        """Who answers an event of this name; raises `Refused` (``not_supported``)."""
        handler = self.handlers.get(name or "")
        if handler is None:
            raise Refused("not_supported")
        return handler

    async def answer(self, handler: Handler, connection: Connection, body: object) -> dict[str, Any]:
        """The acknowledgement: ``ok`` and the result, or the error in the language that the connection speaks now."""
        try:
            return {"ok": True, **await handler(connection, admitted(body, noting=False))}
        except Refused as refused:
            return self.refusal(refused, connection)
        except Exception:
            # a client that waits for an answer would wait for ever
            logger.exception("event failed", protocol=connection.protocol)
            return self.refusal(Refused("internal"), connection)

    def refusal(self, refused: Refused, connection: Connection | None) -> dict[str, Any]:
        """The acknowledgement of what is refused, which is noted; ``connection``: whose event it was, if known."""
        protocol, address, language = SOCKETIO, "", "en"
        if connection is not None:
            protocol, address, language = connection.protocol, connection.address, connection.language.errors
        self._refusals.note_of(protocol, refused, method="EVENT", address=address)
        return {"ok": False, "status": "error", "error": refused.as_dict(language)}

    async def _ack(self, connection: Connection, body: object) -> Mapping[str, Any]:
        self._connections.acknowledge(connection, load_ack(body))
        return {}

    async def _renew(self, connection: Connection, body: object) -> Mapping[str, Any]:
        identity = await self._auth.identity(load_token(body))
        await self._connections.renew(connection, identity)
        return renewed_dict(connection, identity)

    async def _locale(self, connection: Connection, body: object) -> Mapping[str, Any]:
        return {"locale": self._connections.speak(connection, load_locale(body))}

    async def _observe(self, connection: Connection, body: object) -> Mapping[str, Any]:
        position = self._connections.observe(connection, wanted=load_observe(body))
        return {"seq": position.seq, "cursor": position.cursor()}

    async def _watch(self, connection: Connection, body: object) -> Mapping[str, Any]:
        wanted, room = load_watch(body)
        return await self._attendance.watch(connection, room, wanted=wanted)

    async def _follow(self, connection: Connection, body: object) -> Mapping[str, Any]:
        return await self._topics.follow(connection.identity, load_topic(body))

    async def _unfollow(self, connection: Connection, body: object) -> Mapping[str, Any]:
        return await self._topics.unfollow(connection.identity, load_topic(body))

    async def _act(self, connection: Connection, body: object) -> Mapping[str, Any]:
        notification_id, action = load_act(body)
        return acted_dict(notification_id, await self._inboxes.act(connection.identity, notification_id, action))

    def _marking(self, action: Action) -> Handler:
        async def mark(connection: Connection, body: object) -> Mapping[str, Any]:
            ids, up_to, group = load_mark(body)
            return marked_dict(await self._inboxes.mark(connection.identity, action, ids, up_to=up_to, group=group))

        return mark
