"""How notifications stand in a user's inbox: three watermarks, and rows where something stands otherwise.

Archived implies read and read implies seen, in rows and in watermarks. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sio_server.broker import steps
from sio_server.broker.inbox import Action


@dataclass(frozen=True, slots=True)
class State:
    """How a notification stands in an inbox."""

    seen: bool
    read: bool
    archived: bool

    def after(self, action: Action) -> State:
        """The state that an action leads to from here."""
        match action:
            case "seen":
                return State(True, self.read, self.archived)  # noqa: FBT003 - three flags, named just above
            case "read":
                return State(True, True, self.archived)  # noqa: FBT003
            case "unread":
                return State(self.seen, False, False)  # noqa: FBT003
            case "archive":
                return State(True, True, True)  # noqa: FBT003
            case "unarchive":
                return State(self.seen, self.read, False)  # noqa: FBT003


@dataclass(frozen=True, slots=True)
class Watermarks:
    """Up to which positions all is seen, read and archived, but for what has a row."""

    seen_to: int = 0
    read_to: int = 0
    archived_to: int = 0

    def state(self, seq: int) -> State:
        """The state of what has no row."""
        return State(seq <= self.seen_to, seq <= self.read_to, seq <= self.archived_to)

    def of(self, action: Action) -> int:
        """The watermark that an action raises."""
        return {"seen": self.seen_to, "read": self.read_to, "archive": self.archived_to}.get(action, 0)

    def raised(self, action: Action, up_to: int) -> Watermarks:
        """The watermarks once all up to a position is as the action wants it."""
        seen, read, archived = self.seen_to, self.read_to, self.archived_to
        match action:
            case "seen":
                return Watermarks(max(seen, up_to), read, archived)
            case "read":
                return Watermarks(max(seen, up_to), max(read, up_to), archived)
            case "archive":
                return Watermarks(max(seen, up_to), max(read, up_to), max(archived, up_to))
            case "unread":
                return Watermarks(seen, archived, archived)
            case "unarchive":
                return Watermarks(seen, read, 0)


@dataclass(frozen=True, slots=True)
class Placed:
    """An entry in a user's inbox."""

    seq: int
    id: str
    state: State


def changes(entries: Iterable[Placed], action: Action) -> list[tuple[Placed, State]]:
    """Those of some entries that an action changes, and how they stand then."""
    return [(entry, state) for entry in entries if (state := entry.state.after(action)) != entry.state]


def moments(entries: Iterable[Placed], action: Action, at: int) -> bytes:
    """The steps of a mark that changes these; ``at`` in milliseconds."""
    newest = tuple(entries)[-steps.MAX_STEPS :]
    return b"".join(steps.Step(entry.seq - 1, entry.seq, at, word=action).pack() for entry in newest)
