"""Spans: how far each user's connections were handed, and how far their clients confirmed. Pure.

A connection's stream is whole from where it began, so what it got is a span of positions and not a row a notification.
Spans of one user that touch become one, and so do those between which nothing is the user's. When each came so far is
kept within them (`steps`), for the newest steps.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from dataclasses import replace
from typing import Final, Literal, NamedTuple

from sio_server.broker import steps
from sio_server.broker.inbox import Answer
from sio_server.broker.receipts import UserReceipt
from sio_server.broker.steps import Step, first_at, moments_of

HANDED: Final = 0
ACKNOWLEDGED: Final = 1

Kind = Literal[0, 1]

# Spans of one user and kind. Each is one visit without a cursor; of those before, receipts tell too little.
MAX_SPANS: Final = 64

Gap = tuple[int, int]  # between two spans: above the first position, up to and including the second


class Span(NamedTuple):
    """All that is the user's in ``(low, high]``, and the steps in which it came so far."""

    low: int
    high: int
    steps: bytes

    def grown(self, by: Span, kind: Kind) -> Span:
        """This span of a stream that has come further since."""
        return Span(self.low, max(self.high, by.high), steps.joined(self.steps, by.steps, replace=kind == HANDED))


def gaps(spans: Iterable[Span]) -> list[Gap]:
    """What lies between spans of one user and kind: the user's, or only others'."""
    found: list[Gap] = []
    reached: int | None = None
    for span in sorted(spans):
        if reached is not None and span.low > reached:
            found.append((reached, span.low))
        reached = span.high if reached is None else max(reached, span.high)
    return found


def whole(spans: Iterable[Span], empty: Container[Gap]) -> list[Span]:
    """The newest `MAX_SPANS` of what spans become once those are joined that touch, or whose gap is ``empty``."""
    parts: list[tuple[int, int, list[bytes]]] = []
    for span in sorted(spans):
        if parts and (span.low <= parts[-1][1] or (parts[-1][1], span.low) in empty):
            low, high, known = parts[-1]
            parts[-1] = (low, max(high, span.high), [*known, span.steps])
        else:
            parts.append((span.low, span.high, [span.steps]))
    return [Span(low, high, steps.merged(known)) for low, high, known in parts[-MAX_SPANS:]]


def timed(
    receipt: UserReceipt,
    seq: int,
    taken: int,
    *,
    handed: Sequence[Step],
    acknowledged: Sequence[Step],
    marked: Sequence[Step],
    answer: Answer | None,
) -> UserReceipt:
    """A receipt with when it came so far, by the steps that are known; ``taken`` is when the notification was."""
    began = (max(taken, step.began) for step in handed if step.began and step.covers(seq))
    seen_at, read_at = moments_of(marked, seq)
    return replace(
        receipt,
        sent_at=min(began, default=None),
        acknowledged_at=first_at(acknowledged, seq),
        seen_at=seen_at if receipt.seen else None,
        read_at=read_at if receipt.read else None,
        answer=answer,
    )
