"""Tells the relays of a process that something was committed in it."""

from __future__ import annotations

from collections.abc import Callable


class Bells:
    """What is to be called after a commit. From any thread."""

    def __init__(self) -> None:
        # Replaced as a whole, so that whoever rings walks over one that nobody changes.
        self._hung: tuple[Callable[[], None], ...] = ()

    def hang(self, ring: Callable[[], None], *, listening: bool) -> None:
        """Call ``ring`` from now on, or no longer."""
        others = tuple(other for other in self._hung if other != ring)
        self._hung = (*others, ring) if listening else others

    def ring(self) -> None:
        """Call each."""
        for ring in self._hung:
            ring()
