"""What operators see and do: stored notifications, who is connected, whom a publish reaches, numbers."""

from __future__ import annotations

import platform
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from sio_server import __version__
from sio_server.audience import Audience
from sio_server.auth import Scope
from sio_server.broker import Broker, Close, LogSize, Receipt, Revoked, Stored, Words, fold
from sio_server.core.connections import Connections
from sio_server.core.door import Door
from sio_server.core.drafts import Drafts
from sio_server.core.fates import plan_of
from sio_server.core.hub import Connection, Hub
from sio_server.core.refusals import Refusals
from sio_server.core.shown import answers_dict, nameless_dict, receipt_dict, user_dict
from sio_server.core.traffic import Traffic
from sio_server.errors import Refused, Text
from sio_server.notification import PublishRequest
from sio_server.texts import Texts

# Users that a preview names: as many as somebody reads before sending. Their number is told in any case.
FIRST_REACHED: Final = 50


@dataclass(frozen=True, slots=True)
class Preview:
    """What is known of a notification before it is published: whom it reaches, and what it says.

    ``users`` are all that the log knows of, ``first`` of them the first by name with whether each is online, on
    whichever node; ``online_users`` and ``online_sockets`` are those of this node. ``missing`` names fields of ``data``
    without which a part of the catalogue's audience stays empty. ``title`` and ``message`` are the texts it would be
    published with, in the server's language; ``texts`` what it says otherwise in others.
    """

    audience: Audience
    users: int
    first: tuple[tuple[str, bool], ...]
    online_users: int
    online_sockets: int
    missing: tuple[str, ...]
    warnings: tuple[Text, ...]
    title: str | None
    message: str
    priority: str
    texts: Texts | None = None

    def as_dict(self, locale: str) -> dict[str, Any]:
        """The preview as ``POST /v1/audience/preview`` answers, with warnings in ``locale``."""
        return {
            "audience": self.audience.as_dict(),
            "users": self.users,
            "first": [{"user": user, "online": online} for user, online in self.first],
            "online": {"users": self.online_users, "sockets": self.online_sockets},
            "missing": list(self.missing),
            "warnings": [warning.within(locale) for warning in self.warnings],
            "title": self.title,
            "message": self.message,
            "priority": self.priority,
            **({} if self.texts is None else {"texts": self.texts.shown()}),
        }


@dataclass(frozen=True, slots=True)
class Gauges:
    """How things stand on this node, for ``GET /metrics``.

    ``connections`` is by protocol and transport, ``queued_bytes`` by protocol; who has two roles counts under both.
    ``head`` is the ``seq`` that was announced to this node last, ``floor`` the one up to which retention may have cut
    something out, as this node heard last.
    """

    connections: Mapping[tuple[str, str], int]
    roles: Mapping[str, int]
    users: int
    queued_bytes: Mapping[str, int]
    head: int
    floor: int
    draining: bool


class Operators:
    """The use cases of those who look after a server. Connections are this node's, the log is everybody's."""

    def __init__(
        self,
        broker: Broker,
        hub: Hub,
        connections: Connections,
        *,
        door: Door,
        drafts: Drafts,
        traffic: Traffic,
        refusals: Refusals,
    ) -> None:
        self._broker = broker
        self._hub = hub
        self._connections = connections
        self._door = door
        self._drafts = drafts
        self._traffic = traffic
        self._refusals = refusals
        # Revocations that were asked for here and are under way: how many connections they have closed.
        self._revoking: dict[Revoked, int] = {}

    # -- notifications --------------------------------------------------------------------------------------------

    async def search(
        self,
        *,
        types: Sequence[str] = (),
        user: str | None = None,
        role: str | None = None,
        priority: str | None = None,
        text: str | None = None,
        since: int | None = None,
        until: int | None = None,
        limit: int,
        before: int | None = None,
        after: int | None = None,
    ) -> dict[str, Any]:
        """Stored notifications, newest first, or oldest first with ``after``, as ``GET /v1/notifications`` answers.

        ``since`` and ``until`` are milliseconds of Unix time.
        """
        ask = partial(
            self._broker.search, types=types, user=user, role=role, priority=priority, since=since, until=until
        )
        page = await ask(text=text, limit=limit, before=before, after=after)
        exact: tuple[Stored, ...] = ()
        if text is not None and before is None and after is None:
            words = Words.of(text)
            if words.id is not None:
                exact = page.items if page.items and page.items[0].entry.id == words.id else ()
            elif words.seq is not None:
                exact = (await ask(limit=1, before=words.seq + 1, after=words.seq - 1)).items
        return {
            "items": [stored.entry.record() for stored in page.items],
            "exact": exact[0].entry.record() if exact else None,
            "next_before": page.next_before,
            "next_after": page.next_after,
        }

    async def find(self, notification_id: str, *, limit: int, after: str | None) -> dict[str, Any]:
        """One notification with its receipts, as it was when it left the log, or as it is scheduled.

        Raises `Refused` (``not_found``).
        """
        found = await self._in_log(notification_id, limit=limit, after=after)
        if found is None:
            found = await plan_of(self._broker, notification_id)
        if found is None:  # or was it delivered between the two?
            found = await self._in_log(notification_id, limit=limit, after=after)
        if found is None:
            raise Refused("not_found")
        return found

    async def _in_log(self, notification_id: str, *, limit: int, after: str | None) -> dict[str, Any] | None:
        stored = await self._broker.find(notification_id)
        receipt = await self.receipt(notification_id, limit=limit, after=after)
        answers = await self._broker.answers(notification_id, limit=1)
        if stored is not None and receipt is not None and answers is not None:
            told = {"status": "stored", "answers": dict(answers.counts), "receipts": receipt_dict(receipt)}
            return {**stored.entry.record(), **told}
        past = await self._broker.past(notification_id)
        if past is None or past.before is None:  # also where retention took it away between the two
            return None
        record = {**past.before.record(), "status": past.action, "receipts": None}
        return record if past.other is None else {**record, "replaced_by": past.other}

    async def answers(self, notification_id: str, *, limit: int, after: str | None) -> dict[str, Any]:
        """Who answered a notification, and what; raises `Refused` (``not_found``)."""
        page = await self._broker.answers(notification_id, limit=limit, after=after)
        if page is None:
            raise Refused("not_found")
        return answers_dict(page)

    async def receipt(self, notification_id: str, *, limit: int, after: str | None) -> Receipt | None:
        """How far a notification came, what this node handed out until now included; None when it is unknown."""
        for connection in self._hub:
            self._connections.note_handed(connection)
        return await self._broker.receipt(notification_id, limit=limit, after=after)

    async def preview(self, request: PublishRequest, scope: Scope) -> Preview:
        """Whom a publish would reach and what it would say, were it published now; nobody is no error here.

        Nothing is stored. Raises `Refused`: ``forbidden_scope`` for what a key with this scope could not publish,
        ``unknown_type``, ``invalid_data``, ``broker_unavailable``.
        """
        scope.check_publishes()
        addressed = self._drafts.address(request, scope)
        event_type, audience = addressed.event_type, addressed.audience
        reached = await self._broker.reach(audience, first=FIRST_REACHED)
        here = {one.user for one in await self._broker.whereabouts(reached.first) if one.connections}
        said = self._drafts.worded(request, event_type)
        online_users, online_sockets = self._hub.reach(audience)
        return Preview(
            audience=audience,
            users=reached.users,
            first=tuple((user, user in here) for user in reached.first),
            online_users=online_users,
            online_sockets=online_sockets,
            missing=addressed.missing,
            warnings=addressed.warnings,
            title=said.title,
            message=said.message,
            priority=request.priority or event_type.priority,
            texts=said.texts,
        )

    # -- people ---------------------------------------------------------------------------------------------------

    def users(self, *, role: str | None, text: str | None = None, limit: int, after: str | None) -> dict[str, Any]:
        """Users who are connected to this node, by name, and beside the first page connections without a name.

        With a role those who have it on one of their connections, of which all are told; with ``text`` those who have
        it in their name.
        """
        sought = None if text is None else fold(text)
        by_name: dict[str, list[Connection]] = {}
        chosen = set()
        nameless = []
        for connection in self._hub:
            identity = connection.identity
            wanted = role is None or role in identity.roles
            if identity.user is not None:
                by_name.setdefault(identity.user, []).append(connection)
                if wanted and (sought is None or sought in fold(identity.user)):
                    chosen.add(identity.user)
            elif wanted and sought is None:
                nameless.append(connection)
        names = sorted(name for name in chosen if after is None or name > after)
        return {
            "total": len(chosen),
            "users": [user_dict(name, by_name[name]) for name in names[:limit]],
            "next_after": names[limit - 1] if len(names) > limit else None,
            "nameless": [nameless_dict(one) for one in nameless[:limit]] if after is None else [],
            "nameless_total": len(nameless),
        }

    async def disconnect(self, connection_id: str) -> None:
        """Close one connection, on whichever node it is, by the id that `users` tells; its client comes back.

        Nothing is revoked. Raises `Refused` (``not_found``) where no node has it.
        """
        if not await self._broker.connected(connection_id):
            raise Refused("not_found")
        self._broker.signal(Close(connection_id, "closed_by_operator"))

    def revocation_moment(self, user: str) -> float:
        """The moment (Unix seconds) before which a user's tokens are revoked when all of today's are meant.

        That is now, or just after the newest token on a connection of this node: a backend whose clock is ahead signs
        tokens of the future, and these are meant, too.
        """
        issued = (connection.identity.issued_at or 0.0 for connection in self._hub.of_user(user))
        return max(time.time(), max(issued, default=0.0) + 0.001)

    async def disconnect_user(self, user: str, before: float) -> int:
        """Refuse a user's tokens that were issued before this moment (Unix seconds), and close what they let in.

        The refusal is durable before anything is closed. Every node closes its own; returns how many connections of
        this node were.
        """
        asked = Revoked(user, before)
        self._revoking[asked] = 0
        try:
            await self._broker.revoke(user, before)
        finally:
            closed = self._revoking.pop(asked, 0)
        return closed

    def revoked(self, signal: Revoked) -> None:
        """Close what this node has of a user whose tokens were revoked, on whichever node."""
        closed = self._connections.revoke(signal.user, signal.before)
        if signal in self._revoking:
            self._revoking[signal] = closed

    # -- numbers --------------------------------------------------------------------------------------------------

    def started_at(self) -> datetime:
        """When this node started."""
        return self._traffic.started_at

    def stats(self) -> dict[str, Any]:
        """What ``GET /v1/stats`` answers. Counts are since the start of this process; ``uptime`` is in seconds."""
        traffic, head = self._traffic, self._broker.head()
        recent = traffic.latency.recent()
        return {
            **self._hub.stats(),
            "publishes": {"accepted": traffic.accepted, "duplicates": traffic.duplicates},
            "deliveries": traffic.delivered,
            "head": {"seq": head.seq, "cursor": head.cursor()},
            "uptime": round(traffic.uptime(), 3),
            "draining": self._door.draining,
            "refused": self._refusals.total,
            "queued_bytes": self._hub.queued(),
            "latency_ms": None if recent is None else recent.as_dict(),
            "version": __version__,
            "node": platform.node(),
        }

    def gauges(self) -> Gauges:
        """How things stand on this node now."""
        connections: Counter[tuple[str, str]] = Counter()
        roles: Counter[str] = Counter()
        queued: Counter[str] = Counter()
        for connection in self._hub:
            connections[connection.protocol, connection.link.transport()] += 1
            roles.update(connection.identity.roles or ("none",))
            queued[connection.protocol] += connection.link.pending()
        return Gauges(
            connections=connections,
            roles=roles,
            users=self._hub.users,
            queued_bytes=queued,
            head=self._broker.head().seq,
            floor=self._broker.floor(),
            draining=self._door.draining,
        )

    async def log_size(self) -> LogSize:
        """How big the log is. Not for every request: it may count. Raises `BrokerUnavailable`."""
        return await self._broker.size()
