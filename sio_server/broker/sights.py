"""First sights: from which position on each user sees each room, and which rooms are missing since when. Pure.

A room that a user's arrivals name no longer is marked first, with the moment of the first arrival without it, and
forgotten once that is `ROOM_KEPT` ago:

| what happens to ana, in this order | row of ana and role:admin |
|---|---|
| arrives as admin, when the head is 7 | since 7 |
| arrives as tourist, on Monday at noon | since 7, missing since Monday noon |
| arrives as admin, on Tuesday at eleven | since 7 |
| arrives as tourist, then as admin two days later, when the head is 90 | since 90 |
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final, NamedTuple

from sio_server.audience import user_room
from sio_server.broker.log import View
from sio_server.broker.people import ROOM_KEPT

_KEPT_MS: Final = int(ROOM_KEPT * 1000)

# Users whose view is kept in memory, about 1 KiB each. Four times the 5,000 who are to come back at once.
MAX_VIEWS: Final = 20_000

# Seconds after which it is noted again that a user is here. Oftener would make a write of what costs none.
VISIT_EVERY: Final = 24 * 3600

# Of what a user follows: room → from which position on it is seen, and whether a backend had the user follow it.
Followed = Mapping[str, tuple[int, bool]]

# One for all who follow nothing.
NOTHING: Final[Followed] = {}

# One for all users: each empty set that is made takes 216 bytes.
_NONE: Final[frozenset[str]] = frozenset()


class Room(NamedTuple):
    """A room of a user, as the log has it: ``since`` a position, ``missing_since`` in milliseconds or None."""

    room: str
    since: int
    missing_since: int | None


class Sight(NamedTuple):
    """How a user arrived: ``view`` is of the rooms that were ``named``, and of those that are ``followed``.

    ``seen_from`` has all rooms of the user that are not missing, those of other connections included.
    """

    view: View
    named: Mapping[str, int]
    seen_from: Mapping[str, int]
    missing: frozenset[str]
    followed: Followed = NOTHING


class Decided(NamedTuple):
    """A sight, and what of the log is another thing by it: rooms as they are now, and those that are forgotten."""

    sight: Sight
    changed: Sequence[Room]
    forgotten: Sequence[str]


def with_followed(user: str, named: Mapping[str, int], followed: Followed) -> View:
    """The view of rooms that were named, and of what the user follows besides."""
    if not followed:
        return View(user, named)
    seen_from = dict(named)
    for room, (since, _) in followed.items():
        seen_from[room] = min(since, seen_from.get(room, since))
    return View(user, seen_from, {room: backend for room, (_, backend) in followed.items()})


def is_kept(missing_since: int | None, now: int) -> bool:
    """Whether a room is not forgotten that is missing since then, both in milliseconds."""
    return missing_since is None or missing_since >= oldest_kept(now)


def oldest_kept(now: int) -> int:
    """Since when a room may be missing at the longest, to be kept, in milliseconds."""
    return now - _KEPT_MS


def view_of(user: str, rows: Iterable[Room], followed: Followed, *, now: int, held: Container[str]) -> View:
    """See `People.view_of`; ``held`` are the rooms that connections of this user have."""
    seen_from = {room: since for room, since, missing in rows if is_kept(missing, now) or room in held}
    seen_from[user_room(user)] = 0
    return with_followed(user, seen_from, followed)


def decide(
    user: str,
    rooms: Sequence[str],
    rows: Sequence[Room],
    followed: Followed,
    *,
    since: int,
    now: int,
    held: Container[str],
) -> Decided:
    """A user arrives with these rooms, and sees those that are new from ``since`` on; ``now`` in milliseconds.

    ``held`` are the rooms that connections of this user have: they are not missing.
    """
    personal = user_room(user)
    wanted = dict.fromkeys((room for room in rooms if room != personal), since)
    seen_from: dict[str, int] = {}
    missing: list[str] = []
    changed: list[Room] = []
    forgotten: list[str] = []
    for room, known, missing_since in rows:
        kept = is_kept(missing_since, now) or room in held
        if room in wanted or room in held:
            # Never above the head that this arrival saw: a node may have heard of less than the one that wrote the row.
            seen_from[room] = min(known, since) if kept else since
            if missing_since is not None or seen_from[room] != known:
                changed.append(Room(room, seen_from[room], None))
        elif not kept:
            forgotten.append(room)
        else:
            missing.append(room)
            if missing_since is None:
                changed.append(Room(room, known, now))
    for room in wanted:
        if room not in seen_from:
            seen_from[room] = since
            changed.append(Room(room, since, None))
    seen_from[personal] = 0
    named = {room: seen_from[room] for room in (*rooms, personal)}
    sight = Sight(
        with_followed(user, named, followed),
        named,
        named if len(named) == len(seen_from) else seen_from,
        frozenset(missing) if missing else _NONE,
        followed,
    )
    return Decided(sight, changed, forgotten)


@dataclass(slots=True)
class _Known:
    # A `Sight`, and when it was noted: one object for each user, as there are many.
    view: View
    named: Mapping[str, int]
    seen_from: Mapping[str, int]
    missing: frozenset[str]
    followed: Followed
    noted: float

    def arrive(self, user: str, rooms: Sequence[str], held: Callable[[str], AbstractSet[str]]) -> View | None:
        """The view of an arrival that tells the log nothing new; ``held`` gives what connections of a user have."""
        wanted = {*rooms, user_room(user)}
        if self.named.keys() != wanted:
            if not wanted <= self.seen_from.keys():
                return None
            self.named = {room: self.seen_from[room] for room in dict.fromkeys((*rooms, user_room(user)))}
            self.view = with_followed(user, self.named, self.followed)
        if len(self.seen_from) > len(wanted) and not self.seen_from.keys() - wanted <= held(user):
            return None
        return self.view


class SeenLately:
    """The users seen last, with the rooms that the log has of each. ``held`` gives what a user's connections have."""

    def __init__(self, held: Callable[[str], AbstractSet[str]], now: Callable[[], float]) -> None:
        self._held = held
        self._now = now
        self._known: OrderedDict[str, _Known] = OrderedDict()

    def arrive(self, user: str, rooms: Sequence[str]) -> View | None:
        """The view of an arrival that tells the log nothing new, and is noted often enough."""
        known = self._known.get(user)
        if known is None or self._now() >= known.noted + VISIT_EVERY:
            return None
        view = known.arrive(user, rooms, self._held)
        if view is not None:
            self._known.move_to_end(user)
        return view

    def remember(self, user: str, sight: Sight, noted: float) -> None:
        """What the log has of a user is this since a moment."""
        self._known[user] = _Known(*sight, noted)
        if len(self._known) > MAX_VIEWS:
            self._known.popitem(last=False)

    def missed(self, user: str, rooms: Collection[str]) -> tuple[str, ...]:
        """Which of these rooms the log takes for missing, as far as is known here."""
        known = self._known.get(user)
        return () if known is None else tuple(known.missing.intersection(rooms))

    def forget(self, users: Iterable[str]) -> None:
        """What the log has of these users is another thing now."""
        for user in users:
            self._known.pop(user, None)

    def clear(self) -> None:
        """What the log has of anybody may be another thing now."""
        self._known.clear()
