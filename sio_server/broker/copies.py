"""A log as files: copied while its server runs or not, checked, put back, made smaller. A protocol only.

For commands beside a server, which know the directory and not the process.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

# Is called with how much of the work is done, and how much there is: in what unit, says whoever calls.
Told = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class CopiedLog:
    """What a copy holds: the version of its tables, its last position, and how many notifications are stored."""

    schema: int
    head: int
    notifications: int


class Copies(Protocol):
    """The log of one data directory, from outside of its server."""

    files: Sequence[str]
    """The names of the files that a copy consists of, the log itself the first."""
    beside: Sequence[str]
    """The names of further files that belong to a log where it is used, and to no copy."""

    def size(self) -> int:
        """About how many bytes a copy takes. Raises `LogError` where there is no log."""

    def copy(self, target: Path, told: Told) -> CopiedLog:
        """Put a copy of the log, as it is at one moment after the call, into the directory ``target``, and check it.

        Publishes go on meanwhile, and what was answered before the call is in the copy. Raises `LogError`.
        """

    def inspect(self, directory: Path) -> CopiedLog:
        """Check every page of a copy, and say what it holds. Raises `LogError`, and changes nothing."""

    def held(self) -> AbstractContextManager[None]:
        """Keep every server off the data directory. Raises `LogInUse` where one runs."""

    def part(self, directory: Path) -> None:
        """Make sure that a copy, once it is put back, counts as another log than the one that it was made of."""

    def reached(self) -> int | None:
        """The last position that the directory's log is known to have had; None where that is not known."""

    def shrink(self, told: Callable[[str], None]) -> tuple[int, int]:
        """Give what the log does not use back to the disk; bytes before and after. Only while it is `held`."""
