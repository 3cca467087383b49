"""Those who look on: connections that are shown everything that is published, a bundle at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from sio_server.core.hub import Link
from sio_server.notification import Entry

# Seconds between two bundles. A console that draws a thousand rows a second draws them twenty times.
INTERVAL: Final = 0.05

# Entries in one bundle, so that it stays well below the send cap.
MAX_ITEMS: Final = 100
MAX_BYTES: Final = 256 * 1024


class Observers:
    """The links that are shown everything. Without any, an entry costs one look at an empty set."""

    def __init__(self) -> None:
        self._links: dict[Link, None] = {}
        self._items: list[dict[str, Any]] = []
        self._removed: list[dict[str, Any]] = []
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, link: Link) -> None:
        """Show a link what is published from now on."""
        self._flush()  # what was published before is not for it
        self._links[link] = None

    def discard(self, link: Link) -> None:
        """Show a link nothing more."""
        self._links.pop(link, None)

    def show(self, batch: Sequence[Entry], counts: Sequence[int]) -> None:
        """Show what was published or taken back, and to how many connections each was handed.

        What took the place of another says so itself, by ``replaces``.
        """
        if not self._links:
            return
        for entry, sockets in zip(batch, counts, strict=True):
            if entry.kind == "removed":
                self._removed.append(
                    {"id": entry.id, "seq": entry.seq, "cursor": entry.position.cursor(), "sockets": sockets}
                )
            else:
                self._items.append({**entry.record(), "sockets": sockets})
                self._bytes += entry.size
            if len(self._items) + len(self._removed) >= MAX_ITEMS or self._bytes > MAX_BYTES:
                self._flush()
        if (self._items or self._removed) and self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(INTERVAL, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        bundle: dict[str, Any] = {"items": self._items}
        if self._removed:  # after the items, where nothing that comes later can have been taken back before
            bundle["removed"] = self._removed
        self._items, self._removed, self._bytes = [], [], 0
        if any(bundle.values()):
            for link in tuple(self._links):
                link.control("ns:observed", bundle)
