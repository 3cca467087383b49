"""Where a notification has been: its steps through this node, and why a user got it, or did not."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, Final

from sio_server.broker import Broker, Hop, Receipt, Stored, Trail
from sio_server.core.changes import steps_of
from sio_server.core.connections import Connections
from sio_server.core.fates import plan_of
from sio_server.core.hub import Connection, Hub
from sio_server.core.legs import Leg, Marks, leg_dict, told_without_log
from sio_server.core.operators import Operators
from sio_server.core.shown import answer_dict, moment, receipt_dict
from sio_server.core.spans import Span, Spans
from sio_server.core.verdicts import Facts, State, matched_rooms, verdict_of
from sio_server.errors import Refused, Text
from sio_server.notification import Entry, moment_of, written

# Milliseconds between a publish and its commit that are believed: further apart, the log's clock is not the wall's.
_BELIEVED: Final = 60_000

# A revocation counts as the last that is known of a user where it came at most so many milliseconds before the end of
# a connection: it is what ended it.
_SAME_MOMENT: Final = 2_000


class Traces:
    """What an operator asks of one notification. Connections are this node's, the log is everybody's."""

    def __init__(
        self,
        broker: Broker,
        hub: Hub,
        connections: Connections,
        operators: Operators,
        spans: Spans,
        *,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._broker = broker
        self._hub = hub
        self._connections = connections
        self._operators = operators
        self._spans = spans
        self._wall = wall

    async def trace(
        self, notification_id: str, *, user: str | None, limit: int, after: str | None, locale: str
    ) -> dict[str, Any]:
        """What ``GET /v1/notifications/{id}/trace`` answers; raises `Refused` (``not_found``)."""
        stored = await self._broker.find(notification_id)
        receipt = await self._operators.receipt(notification_id, limit=limit, after=after)
        if stored is None or receipt is None:
            return (
                await self._of_gone(notification_id, user, locale)
                or await self._of_plan(notification_id)
                or await self._of_passing(notification_id, user, locale)
            )
        fate = await self._broker.fate(notification_id)
        # what was delivered later begins its way when it is
        accepted = moment_of(notification_id) if fate is None else fate.at
        committed = stored.timestamp if 0 <= stored.timestamp - accepted <= _BELIEVED else None
        marks = Marks(accepted, committed, self._spans.of(stored.entry.seq))
        trail = None if user is None else await self._broker.trail(notification_id, user)
        return {
            **_head(stored.entry, marks.span),
            "stored": True,
            "steps": _steps(marks, receipt),
            "receipts": receipt_dict(_as_handed(receipt, marks)),
            "user": None if trail is None else await self._of_user(trail, marks, locale),
            "history": await self._history(notification_id),
        }

    async def _history(self, notification_id: str) -> list[dict[str, Any]]:
        return [step for step, _ in await steps_of(self._broker, notification_id)]

    async def _of_gone(self, notification_id: str, user: str | None, locale: str) -> dict[str, Any] | None:
        """The trace of what was replaced or taken back: what is left of it is its history."""
        past = await self._broker.past(notification_id)
        if past is None or past.before is None:
            return None
        entry, span = past.before, self._spans.of(past.before.seq)
        fate = await self._broker.fate(notification_id)
        marks = Marks(moment_of(notification_id) if fate is None else fate.at, None, span)
        about = None if user is None else told_without_log(self._hub, entry, marks, user, locale=locale, why="gone")
        return {
            **_head(entry, span),
            "stored": False,
            "steps": _steps(marks, None),
            "receipts": None,
            "user": about,
            "history": await self._history(notification_id),
        }

    async def _of_plan(self, notification_id: str) -> dict[str, Any] | None:
        """The trace of what waits, or ended before it was delivered: it has taken no step yet."""
        plan = await plan_of(self._broker, notification_id)
        if plan is None:
            return None
        return {
            **{name: plan[name] for name in ("status", "due", "scheduled_at", "by")},
            "notification": plan if plan["status"] == "scheduled" else None,
            "stored": False,
            "node": platform.node(),
            "sockets": None,
            "steps": [],
            "receipts": None,
            "user": None,
            "history": await self._history(notification_id),
        }

    # -- one user -------------------------------------------------------------------------------------------------

    async def _of_user(self, trail: Trail, marks: Marks, locale: str) -> dict[str, Any]:
        matched = matched_rooms(trail)
        legs = self._legs(trail, marks)
        revoked_before = self._broker.revoked_before(trail.user)
        facts = Facts(
            trail,
            matched,
            expired=_is_expired(trail.stored, self._broker.now()),
            states=[leg.state for leg in legs if leg.live is not None],
            present=await self._broker.present(trail.user),
            revoked=revoked_before is not None and _is_last(revoked_before, trail.last),
        )
        verdict = verdict_of(facts)
        return {
            "user": trail.user,
            "verdict": verdict.code,
            "text": verdict.text.within(locale),
            "known": trail.known,
            "online": facts.present,
            "matched": list(matched),
            "excepted": trail.user in trail.stored.entry.audience.except_users,
            "rooms": [
                {
                    "room": room,
                    "from_seq": known.seen_from,
                    "missing_since": moment(known.missing_since),
                    "followed_since": moment(known.followed_since),
                }
                for room, known in sorted(trail.rooms.items())
            ],
            "alike": list(trail.alike),
            "tokens_before": None if revoked_before is None else moment(int(revoked_before * 1000)),
            "expired": facts.expired,
            **self._progress(trail, legs if matched else []),
            "connections": [leg_dict(leg, trail) for leg in legs],
        }

    @staticmethod
    def _progress(trail: Trail, legs: Sequence[Leg]) -> dict[str, Any]:
        handed = [leg.handed_at for leg in legs if leg.handed_at is not None]
        is_for = bool(matched_rooms(trail))
        return {
            "sent": is_for and (trail.sent or bool(handed)),
            "sent_at": moment(min(handed, default=None)),
            "acknowledged": is_for and trail.acknowledged,
            "acknowledged_at": moment(trail.acknowledged_at) if is_for else None,
            "seen": is_for and trail.seen,
            "seen_at": moment(trail.seen_at) if is_for else None,
            "read": is_for and trail.read,
            "read_at": moment(trail.read_at) if is_for else None,
            "archived": is_for and trail.archived,
            "answered": None if trail.answer is None or not is_for else answer_dict(trail.answer),
        }

    def _legs(self, trail: Trail, marks: Marks) -> list[Leg]:
        """The connections of a user: those that are here now, and those of before that were handed it."""
        here = [self._leg(connection, trail, marks) for connection in self._hub.of_user(trail.user)]
        known = {(leg.protocol, leg.since) for leg in here}
        # who confirmed it was handed it, be it noted or, as when a node was killed, not
        hops = {(hop.protocol, hop.since): hop for hop in (*trail.confirmed[::-1], *trail.handed)}
        gone = [_past(hop, marks) for one, hop in hops.items() if one not in known]
        return sorted((*gone, *here), key=lambda leg: leg.since)

    def _leg(self, connection: Connection, trail: Trail, marks: Marks) -> Leg:
        entry, since = trail.stored.entry, int(connection.connected_at * 1000)
        rooms = connection.view.seen_from
        state: State
        if trail.user in entry.audience.except_users or not any(
            room in rooms and rooms[room] < entry.seq for room in entry.rooms
        ):
            state = "other_rooms"
        elif connection.stream_from >= entry.seq:
            state = "claimed" if connection.resumed else "before_connection"
        elif self._connections.reached(connection) < entry.seq:
            state = "replaying"
        else:
            state = "replayed" if since > marks.announced else "live"
        handed_at = marks.handed_at(state, since)
        return Leg(connection.protocol, since, state, handed_at, live=connection)

    # -- what is not stored ---------------------------------------------------------------------------------------

    async def _of_passing(self, notification_id: str, user: str | None, locale: str) -> dict[str, Any]:
        """The trace of what was not to be stored, as far as this node remembers it."""
        found = self._spans.passing(notification_id)
        if found is None:
            raise Refused("not_found", await self._why_unknown(notification_id))
        entry, span = found
        marks = Marks(moment_of(notification_id), None, span)
        answer: dict[str, Any] = {
            **_head(entry, span),
            "stored": False,
            "steps": _steps(marks, None),
            "receipts": None,
            "user": None,
            "history": [],
        }
        if user is not None:
            answer["user"] = told_without_log(self._hub, entry, marks, user, locale=locale, why="passing")
        return answer

    async def _why_unknown(self, notification_id: str) -> Text:
        """Why nothing is known of an id, as far as its own moment tells."""
        oldest = await self._broker.oldest()
        if oldest is not None and notification_id < oldest:
            return _RETENTION.format(written(moment_of(oldest)))
        return _UNKNOWN


def _head(entry: Entry, span: Span | None) -> dict[str, Any]:
    record = entry.record()
    record.pop("persist", None)  # `stored` says so
    return {
        "notification": record,
        "node": platform.node(),
        "sockets": None if span is None else span.sockets,
    }


def _steps(marks: Marks, receipt: Receipt | None) -> list[dict[str, Any]]:
    """When what happened, in order; null where it is not known."""
    span, users = marks.span, () if receipt is None or receipt.next_after is not None else receipt.users
    confirmed = [one.acknowledged_at for one in users if one.acknowledged_at is not None]
    answered = [one.answer.at for one in users if one.answer is not None]
    times: tuple[tuple[str, float | None], ...] = (
        ("accepted", marks.accepted),
        ("committed", marks.committed),
        ("announced", None if span is None else span.announced * 1000),
        ("handed", None if span is None or not span.sockets else span.handed * 1000),
        ("first_acknowledged", min(confirmed, default=None)),
        ("last_acknowledged", max(confirmed, default=None)),
        *((("first_answered", min(answered)), ("last_answered", max(answered))) if answered else ()),
    )
    return [
        {
            "step": step,
            "at": None if at is None else written(int(at)),
            "after_ms": None if at is None else round(max(0.0, at - marks.accepted), 1),
        }
        for step, at in times
    ]


def _as_handed(receipt: Receipt, marks: Marks) -> Receipt:
    """A receipt in which nobody is sent anything before this node had heard of it, which the log does not know."""
    if marks.span is None:
        return receipt
    handed = int(marks.span.handed * 1000)
    users = (
        one
        if one.sent_at is None
        else replace(one, sent_at=max(one.sent_at, min(handed, one.acknowledged_at or handed)))
        for one in receipt.users
    )
    return replace(receipt, users=tuple(users))


def _past(hop: Hop, marks: Marks) -> Leg:
    """A connection that is here no longer, or was another node's."""
    state: State = "replayed" if hop.since > marks.announced else "live"
    handed_at = None if not hop.since else marks.handed_at(state, hop.since)
    ended_at = hop.at if hop.ended is not None else None
    return Leg(hop.protocol, hop.since, state, handed_at, ended_at, hop.ended or "unknown")


def _is_expired(stored: Stored, now: float) -> bool:
    """Whether it has expired by the log's own clock."""
    expires_at = stored.entry.expires_at
    return expires_at is not None and expires_at <= now * 1000


def _is_last(revoked_before: float, last: Hop | None) -> bool:
    return last is None or revoked_before * 1000 >= last.at - _SAME_MOMENT


_RETENTION: Final = Text(
    "It is older than the oldest notification that is left, of {0}: retention took it, or it was not to be stored.",
    "Es anterior a la notificación más antigua que queda, del {0}: se la llevó la retención, o no era para guardarse.",
)
_UNKNOWN: Final = Text(
    "The log has no notification with this id. It may have been published with persist: false, or to another log.",
    "El registro no tiene ninguna notificación con este id. Quizá se publicó con persist: false, o en otro registro.",
)
