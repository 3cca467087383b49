"""What became of one notification with one user, told from what a log has of both: the same with every broker. Pure."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from sio_server.audience import user_room
from sio_server.broker.inbox import Answer
from sio_server.broker.receipts import Stored
from sio_server.broker.sights import Room, is_kept
from sio_server.broker.spans import ACKNOWLEDGED, HANDED, Kind, Span
from sio_server.broker.states import State
from sio_server.broker.steps import Step, first_at, moments_of, unpack
from sio_server.broker.trails import Hop, KnownRoom, Trail

# Users who are looked at for names that are alike, and how many are told of. A fiftieth of a second's work.
MAX_ALIKE_LOOKED_AT: Final = 100_000
MAX_ALIKE: Final = 3


class FollowedSince(NamedTuple):
    """A room whose topic a user follows: seen above which position, and since when, in milliseconds."""

    room: str
    seen_from: int
    at: int


@dataclass(frozen=True, slots=True)
class Traced:
    """What a log has of a notification and a user: ``marks`` are the steps of the inbox, ``spans`` all deliveries."""

    stored: Stored
    user: str
    visited: bool
    rooms: dict[str, KnownRoom]
    spans: Sequence[tuple[Kind, Span]]
    state: State
    marks: bytes
    answer: Answer | None
    alike: tuple[str, ...]

    def trail(self) -> Trail:
        """The trail."""
        seq = self.stored.entry.seq
        sent, handed = self._came(HANDED, seq)
        acknowledged, confirmed = self._came(ACKNOWLEDGED, seq)
        seen_at, read_at = moments_of(unpack(self.marks), seq)
        return Trail(
            self.stored,
            self.user,
            known=self.visited or any(one.followed_since is None for one in self.rooms.values()),
            rooms=self.rooms,
            sent=sent or acknowledged,
            handed=tuple(map(_hop, handed)),
            acknowledged=acknowledged,
            confirmed=tuple(map(_hop, confirmed)),
            acknowledged_at=first_at(confirmed, seq),
            seen=self.state.seen,
            seen_at=seen_at if self.state.seen else None,
            read=self.state.read,
            read_at=read_at if self.state.read else None,
            archived=self.state.archived,
            answer=self.answer,
            last=self._last(),
            alike=self.alike,
        )

    def _came(self, kind: Kind, seq: int) -> tuple[bool, list[Step]]:
        """Whether a position came so far, and the steps that say when."""
        spans = [span for of, span in self.spans if of == kind and span.low < seq <= span.high]
        return bool(spans), [step for span in spans for step in unpack(span.steps) if step.covers(seq)]

    def _last(self) -> Hop | None:
        steps = (step for kind, span in self.spans if kind == HANDED for step in unpack(span.steps))
        newest = max(steps, key=lambda step: step.at, default=None)
        return None if newest is None else _hop(newest)


def _hop(step: Step) -> Hop:
    return Hop(step.protocol, step.began, step.at, step.low, step.word or None)


def known_rooms(
    user: str, rooms: Iterable[Room], followed: Iterable[FollowedSince], *, now: int, held: Container[str]
) -> dict[str, KnownRoom]:
    """All rooms of a user that are not forgotten, but for the personal one; as in `sights.view_of`."""
    known = {
        room: KnownRoom(since, None if room in held else missing)
        for room, since, missing in rooms
        if room != user_room(user) and (is_kept(missing, now) or room in held)
    }
    for room, since, at in followed:
        named = known.get(room)
        known[room] = KnownRoom(since if named is None else min(since, named.seen_from), None, at)
    return known
