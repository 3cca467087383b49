"""Steps: which span of a user's notifications was handed, confirmed or marked when, kept in the rows that say so.

A row has the newest of its steps, packed, so that times cost no row of their own; of older ones it is known that they
were, and not when. Pure.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable, Sequence
from typing import Final, NamedTuple

_STEP: Final = struct.Struct(">qqqqBB")

# Steps of one row: a screenful, in less than a kilobyte.
MAX_STEPS: Final = 24

# What a step can say, by the number that is written. Numbers are for ever: new words come last.
WORDS: Final = (
    "",
    "socketio",
    "ws",
    "sse",
    "transport close",
    "transport error",
    "ping timeout",
    "client disconnect",
    "server disconnect",
    "server shutting down",
    "parse error",
    "slow",
    "flood",
    "replaced",
    "token_expired",
    "token_revoked",
    "unauthorized",
    "closed_by_operator",
    "draining",
    "rate_limited",
    "internal",
    "payload_too_large",
    "seen",
    "read",
    "unread",
    "archive",
    "unarchive",
    "other",
)
_NUMBERS: Final = {word: number for number, word in enumerate(WORDS)}
_OTHER: Final = _NUMBERS["other"]


class Step(NamedTuple):
    """All that is the user's in ``(low, high]``, at a time; times in milliseconds of Unix time.

    ``word`` is why the connection ended ("": it has not), or the action of a mark.
    """

    low: int
    high: int
    at: int
    began: int = 0
    protocol: str = ""
    word: str = ""

    def pack(self) -> bytes:
        """The step as it is written; a word that is not in `WORDS` is another one."""
        protocol, word = _NUMBERS.get(self.protocol, _OTHER), _NUMBERS.get(self.word, _OTHER)
        return _STEP.pack(self.low, self.high, self.at, self.began, protocol, word)

    def covers(self, seq: int) -> bool:
        """Whether it speaks of this position."""
        return self.low < seq <= self.high


def unpack(steps: bytes) -> list[Step]:
    """Steps, the oldest first."""
    return [
        Step(low, high, at, began, WORDS[protocol], WORDS[word])
        for low, high, at, began, protocol, word in _STEP.iter_unpack(steps)
    ]


def joined(old: bytes, new: bytes, *, replace: bool = False) -> bytes:
    """Old and new steps, the newest `MAX_STEPS` of them.

    ``replace``: a step about the same connection as the last one before takes its place.
    """
    if replace and old and new:
        last, first = unpack(old[-_STEP.size :])[0], unpack(new[: _STEP.size])[0]
        if (last.low, last.began, last.protocol) == (first.low, first.began, first.protocol):
            old = old[: -_STEP.size]
    return (old + new)[-MAX_STEPS * _STEP.size :]


def merged(parts: Iterable[bytes]) -> bytes:
    """The steps of several rows in order of time, the newest `MAX_STEPS` of them."""
    steps = sorted((step for part in parts for step in unpack(part)), key=lambda step: step.at)
    return b"".join(step.pack() for step in steps[-MAX_STEPS:])


def first_at(steps: Sequence[Step], seq: int, *, counts: Callable[[Step], bool] = lambda _: True) -> int | None:
    """When a position was first spoken of by a step that counts; None where older steps may have been first."""
    at = next((step.at for step in steps if step.covers(seq) and counts(step)), None)
    return None if len(steps) >= MAX_STEPS and at == steps[0].at else at


def moments_of(steps: Sequence[Step], seq: int) -> tuple[int | None, int | None]:
    """When a notification was first seen, and read as it is now, by the steps of the marks of its user."""
    undone = max(
        (number for number, step in enumerate(steps) if step.covers(seq) and step.word == "unread"), default=-1
    )
    seen = first_at(steps, seq, counts=lambda step: step.word in ("seen", "read", "archive"))
    read = first_at(steps[undone + 1 :], seq, counts=lambda step: step.word in ("read", "archive"))
    return seen, read
