"""Watches aiohttp's connections: aiohttp never closes one that is silent or dribbles (slow-loris)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sio_server.engine.limits import BODY_RATE
from sio_server.engine.transport.reading import unread

#: Looks per time limit: a connection is closed at most a sixth of the limit before its time, never after it.
_LOOKS = 6


class Guard:
    """Passes bytes on and keeps in mind since when a head or a body is unfinished."""

    __slots__ = (
        "_idle_limit",
        "_limit",
        "_requests",
        "_since",
        "_time",
        "_total",
        "inner",
        "interval",
    )

    def __init__(self, inner: Any, limit: float, idle_limit: float, time: Callable[[], float]) -> None:
        self.inner = inner
        self._limit = limit
        self._idle_limit = idle_limit
        self._time = time
        self.interval = limit / _LOOKS
        self._total = 0
        self._requests = 0
        #: what is waited for and since when: ("head", "body", "write" or "idle"; time; bytes then)
        self._since: tuple[str, float, int] | None = None

    def data_received(self, data: bytes) -> None:
        """Hand bytes on to aiohttp, and note since when a head is unfinished."""
        self._total += len(data)
        self.inner.data_received(data)
        requests = self.inner._request_count  # noqa: SLF001
        if requests != self._requests:
            self._requests = requests
            self._since = None
        elif self.inner.head_begun and self._waits_for_head() and (self._since is None or self._since[0] != "head"):
            self._since = ("head", self._time(), self._total)

    def _waits_for_head(self) -> bool:
        return self.inner._current_request is None and not self.inner._messages  # noqa: SLF001

    def overdue(self, now: float) -> bool:
        """Whether what the connection waits for has taken too long; asked every `interval` seconds."""
        what = self._state()
        if what is None:
            self._since = None
            return False
        if self._since is None or self._since[0] != what:
            self._since = (what, now, self._total)
            return False
        since, total = self._since[1], self._since[2]
        if what == "write":
            # a peer that reads slowly but does read is left alone
            left = unread(self.inner.transport) if self.inner.transport is not None else 0
            if left != total:
                self._since = (what, now, left)
                return False
        if what == "idle":
            return now - since >= self._idle_limit
        extra = (self._total - total) / BODY_RATE if what == "body" else 0.0
        return now - since + 3 * self.interval > self._limit + extra

    def _state(self) -> str | None:
        if self.inner.writing_paused:
            return "write"
        if not self._waits_for_head():
            request = self.inner._current_request  # noqa: SLF001
            return None if request is None or request.content.is_eof() else "body"
        return "head" if self.inner.head_begun or not self._requests else "idle"
