"""What an inbox is, said in lists and dictionaries, with which the embedded log must agree; things to publish."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any

from sio_server.audience import Audience, Identity
from sio_server.broker import Action, Status
from sio_server.broker.people import ROOM_KEPT
from sio_server.extras import Extras
from sio_server.notification import Idempotency, Notification, new_id

# A moment that every clock of these tests begins at: 2026-01-01.
START = 1_767_225_600.0


@dataclass
class Clock:
    """A clock that stands still until a test moves it. Unix seconds."""

    seconds: float = START

    def __call__(self) -> float:
        """Return the time."""
        return self.seconds


def notification(
    audience: Audience,
    *,
    event: str = "test",
    at: float = START,
    ttl: float | None = None,
    key: str | None = None,
    message: str = "Hola mundo",
    persist: bool = True,
    priority: str = "normal",
    data: dict[str, Any] | None = None,
    publisher: str | None = None,
    collapse: str | None = None,
    extras: Extras | None = None,
    identity: str | None = None,
) -> Notification:
    """Return a notification of this moment that expires ``ttl`` seconds later; ``collapse`` is its collapse key."""
    return Notification(
        id=identity or new_id(int(at * 1000)),
        type=event,
        message=message,
        data=data or {},
        priority=priority,
        timestamp=int(at * 1000),
        audience=audience,
        expires_at=None if ttl is None else int((at + ttl) * 1000),
        idempotency=None if key is None else Idempotency("tests", key, message.encode()),
        persist=persist,
        publisher=publisher,
        extras=extras if collapse is None else Extras(collapse_key=collapse),
    )


@dataclass
class State:
    """Where one notification stands with one user."""

    seen: bool = False
    read: bool = False
    archived: bool = False

    def change(self, action: Action, *, everything: bool = False) -> bool:
        """Apply an action, named or of everything, and say whether that changed anything."""
        before = (self.seen, self.read, self.archived)
        if action == "unread":
            if not (everything and self.archived):
                self.read = self.archived = False
        elif action == "unarchive":
            self.archived = False
        else:
            self.seen = True
            self.read = self.read or action in ("read", "archive")
            self.archived = self.archived or action == "archive"
        return before != (self.seen, self.read, self.archived)


@dataclass
class Model:
    """All notifications, each user's first sight of each room, and all states."""

    notifications: list[Notification] = field(default_factory=list)
    rooms: dict[str, dict[str, int]] = field(default_factory=dict)
    """Of each user, each room and the position from which on the user sees it."""
    missing: dict[tuple[str, str], float] = field(default_factory=dict)
    """When a user arrived without a room for the first time."""
    since: dict[str, dict[str, int]] = field(default_factory=dict)
    """Of each user, what of that was named by the last arrival."""
    states: dict[tuple[str, int], State] = field(default_factory=dict)
    floor: int = 0
    removed: set[int] = field(default_factory=set)
    """Positions of what was taken out, of the middle or as the oldest."""
    taken: list[float] = field(default_factory=list)
    """When each was published."""
    ages: Mapping[str, float] = field(default_factory=dict)
    """How long types are kept that are not kept as long as the rest."""

    def publish(self, made: Notification, now: float) -> None:
        """Take a notification, and take out the one whose place it takes."""
        place = place_of(made)
        if place is not None:
            self.removed.update(
                seq
                for seq in self.stored()
                if place_of(found := self.notifications[seq - 1]) == place
                and (found.expires_at is None or found.expires_at > now * 1000)
            )
        self.notifications.append(made)
        self.taken.append(now)

    def sight(self, identity: Identity, now: float) -> None:
        """Record the rooms of a user who comes now."""
        user, named = identity.user, identity.rooms()
        assert user is not None
        rooms = self.kept(user, now)
        for room in self.rooms.get(user, {}).keys() - rooms.keys():
            del self.missing[user, room]
        self.rooms[user] = rooms
        rooms.setdefault(f"user:{user}", 0)
        for room in named:
            rooms.setdefault(room, len(self.notifications))
        for room in rooms:
            if room in named:
                self.missing.pop((user, room), None)
            else:
                self.missing.setdefault((user, room), now)
        self.since[user] = {room: rooms[room] for room in named}

    def kept(self, user: str, now: float) -> dict[str, int]:
        """Return the rooms of a user that are not forgotten; nobody is connected."""
        rooms = self.rooms.get(user, {}).items()
        return {room: since for room, since in rooms if now - self.missing.get((user, room), now) <= ROOM_KEPT}

    def visible(self, user: str, now: float) -> list[int]:
        """Return the positions of what a user sees now, in order."""
        since = self.since[user]
        return [
            seq
            for seq, found in enumerate(self.notifications, start=1)
            if seq not in self.removed
            and user not in found.audience.except_users
            and (found.expires_at is None or found.expires_at > now * 1000)
            and any(room in since and since[room] < seq for room in found.audience.rooms())
        ]

    def stored(self) -> list[int]:
        """Return the positions of all that is left, in order."""
        return [seq for seq in range(1, len(self.notifications) + 1) if seq not in self.removed]

    def stored_for(self, user: str, now: float) -> list[int]:
        """Return the positions of what is left for a user, expired or not, in order."""
        rooms = self.kept(user, now)
        return [
            seq
            for seq in self.stored()
            if user not in (audience := self.notifications[seq - 1].audience).except_users
            and any(room in rooms and rooms[room] < seq for room in audience.rooms())
        ]

    def retain(self, left: int, now: float) -> None:
        """Let the oldest go: of types that are kept for ever none, of those with an age what is older."""
        counted = [seq for seq in self.stored() if self.age_of(seq) != math.inf]
        if excess := max(0, len(counted) - left):
            self.removed.update(counted[:excess])
            self.floor = max(self.floor, counted[excess - 1])
        for event in self.ages:
            of_it = [seq for seq in self.stored() if self.notifications[seq - 1].type == event]
            self.removed.update(takewhile(lambda seq: self.taken[seq - 1] < now - (self.age_of(seq) or 0), of_it))

    def age_of(self, seq: int) -> float | None:
        """How long a notification is kept, where its type says so."""
        return self.ages.get(self.notifications[seq - 1].type)

    def state(self, user: str, seq: int) -> State:
        """Return the state, new if there is none."""
        return self.states.setdefault((user, seq), State())

    def counts(self, user: str, now: float) -> tuple[int, int, int]:
        """Return unread, unseen and the last position."""
        states = [self.state(user, seq) for seq in self.visible(user, now)]
        unread = sum(not state.read for state in states)
        return unread, sum(not state.seen for state in states), len(self.notifications)

    def page(self, user: str, status: Status, types: Sequence[str], now: float) -> list[int]:
        """Return all positions of a status, newest first."""
        return [
            seq
            for seq in reversed(self.visible(user, now))
            if (state := self.state(user, seq)).archived == (status == "archived")
            and not (status == "unread" and state.read)
            and (not types or self.notifications[seq - 1].type in types)
        ]

    def mark(self, user: str, action: Action, ids: Sequence[str], now: float) -> tuple[list[str], list[str]]:
        """Change what is named, and return what changed and what was ignored."""
        seqs = {self.notifications[seq - 1].id: seq for seq in self.visible(user, now)}
        named = list(dict.fromkeys(ids))
        changed = [name for name in named if name in seqs and self.state(user, seqs[name]).change(action)]
        return changed, [name for name in named if name not in seqs]

    def mark_all(self, user: str, action: Action, up_to: int | None) -> None:
        """Change everything, as far as it goes; what the user cannot see now goes along."""
        reached = len(self.notifications)
        if up_to is not None and action not in ("unread", "unarchive"):
            reached = min(reached, up_to)
        for seq in range(1, reached + 1):
            self.state(user, seq).change(action, everything=True)


def place_of(made: Notification) -> tuple[str, Audience] | None:
    """What two notifications have in common of which one takes the place of the other."""
    key = None if made.extras is None else made.extras.collapse_key
    audience = made.audience
    named = (audience.roles, audience.users, audience.topics, audience.except_users)
    roles, users, topics, excepted = (tuple(sorted(set(names))) for names in named)
    return None if key is None else (key, Audience(roles, users, topics, audience.all, excepted))
