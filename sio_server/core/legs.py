"""The connections of a user, and how a notification came to them or may have: what traces are told by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sio_server.audience import is_guest, user_room
from sio_server.broker import Trail
from sio_server.core.hub import Connection, Hub
from sio_server.core.shown import moment
from sio_server.core.spans import Span
from sio_server.core.verdicts import State, say
from sio_server.notification import Entry


class Leg(NamedTuple):
    """A connection of a user, and how the notification came to it; times in milliseconds of Unix time."""

    protocol: str
    since: int
    state: State
    handed_at: int | None
    ended_at: int | None = None
    ended: str | None = None
    live: Connection | None = None


@dataclass(frozen=True, slots=True)
class Marks:
    """When things are known to have happened to a notification, in milliseconds of Unix time."""

    accepted: int
    committed: int | None
    span: Span | None

    @property
    def announced(self) -> int:
        """The moment until which a connection was there when the notification came."""
        return self.accepted if self.span is None else int(self.span.announced * 1000)

    def handed_at(self, state: State, since: int) -> int | None:
        """When a connection that began at ``since`` was handed it; None where that is not known, or it was not."""
        if state == "replayed":
            return since
        if state != "live":
            return None
        return self.accepted if self.span is None else int(self.span.handed * 1000)


def leg_dict(leg: Leg, trail: Trail | None) -> dict[str, Any]:
    """A connection as ``GET /v1/notifications/{id}/trace`` answers."""
    confirmed = () if trail is None else trail.confirmed
    mine = [hop.at for hop in confirmed if (hop.protocol, hop.since) == (leg.protocol, leg.since)]
    live = leg.live
    return {
        "id": None if live is None else live.id,
        "protocol": leg.protocol or None,
        "transport": None if live is None else live.link.transport(),
        "since": moment(leg.since) if leg.since else None,
        "ended_at": moment(leg.ended_at),
        "ended": leg.ended,
        "state": leg.state,
        "handed_at": moment(leg.handed_at),
        "acknowledged_at": moment(min(mine, default=None)),
        "queued_bytes": None if live is None else live.link.pending(),
    }


def told_without_log(
    hub: Hub, entry: Entry, marks: Marks, user: str, *, locale: str, why: Literal["passing", "gone"]
) -> dict[str, Any]:
    """What is known of a user and a notification that the log does not have, as ``trace`` answers.

    That is who is connected now, and was when it came. ``why`` is "passing" for one that was not to be kept, "gone" for
    one that was replaced or taken back: how far it came with whom left the log with it.
    """
    here = hub.of_user(user)
    there = [
        connection
        for connection in here
        if int(connection.connected_at * 1000) <= marks.announced and _is_for(entry, connection)
    ]
    # who has left meanwhile may have been there: no connection of before is kept for what is not stored
    rooms = {user_room(user), *(room for one in here for room in one.rooms)}
    shared = set(entry.rooms) - set(map(user_room, entry.audience.users))
    may_have = entry.is_for(tuple(rooms)) or (bool(shared) and not is_guest(user))
    excepted = user in entry.audience.except_users
    outcome = "sent" if there else "unknown" if may_have and not excepted else "missed"
    verdict = say("excepted" if excepted else f"{why}_{outcome}", user)
    legs = [
        Leg(one.protocol, int(one.connected_at * 1000), "live", marks.handed_at("live", 0), live=one) for one in there
    ]
    return {
        "user": user,
        "verdict": verdict.code,
        "text": verdict.text.within(locale),
        "known": bool(there) or bool(here),
        "online": bool(here),
        "matched": [room for room in entry.rooms if room in rooms and not excepted],
        "excepted": excepted,
        "rooms": [],
        "alike": [],
        "tokens_before": None,
        "expired": False,
        "sent": bool(there),
        "sent_at": moment(min((leg.handed_at for leg in legs if leg.handed_at is not None), default=None)),
        **dict.fromkeys(("acknowledged", "seen", "read", "archived"), False),
        **dict.fromkeys(("acknowledged_at", "seen_at", "read_at", "answered")),
        "connections": [leg_dict(leg, None) for leg in legs],
    }


def _is_for(entry: Entry, connection: Connection) -> bool:
    seen_from = connection.view.seen_from
    since = (seen_from[room] for room in entry.rooms if room in seen_from)
    return entry.is_for(connection.rooms) and (not entry.persist or any(seq < entry.seq for seq in since))
