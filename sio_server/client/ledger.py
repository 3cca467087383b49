"""What a `Notifier` counts, tells the application of, and logs: nothing here raises, and no line holds a payload."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Final

from sio_server.client.entries import Failure

logger: Final = logging.getLogger("sio_server.client")

# Seconds between two lines of one kind. A backend at full load would otherwise write a line for each request that it
# serves while the server is away.
LINE_EVERY: Final = 60.0

# Different kinds of lines whose last time is kept; a kind has the server's code in it, which a stranger may make up.
MAX_KINDS: Final = 200


class Lines:
    """One line for each kind and minute, which says how many like it were left out since the last."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, to: logging.Logger | None = None) -> None:
        self._clock = clock
        self.logger = to or logger
        self._last: dict[str, float] = {}
        self._left_out: Counter[str] = Counter()

    def say(self, kind: str, level: int, text: str) -> None:
        """Log ``text``, unless a line of this kind was logged less than a minute ago."""
        now = self._clock()
        last = self._last.get(kind)
        if last is not None and now - last < LINE_EVERY:
            self._left_out[kind] += 1
            return
        if len(self._last) >= MAX_KINDS:
            self._last.clear()
            self._left_out.clear()
        self._last[kind] = now
        more = self._left_out.pop(kind, 0)
        self.logger.log(level, "%s%s", text, f" ({more} more like this since the last line)" if more else "")


class Ledger:
    """The counters of one notifier, and its hook."""

    def __init__(self, on_failure: Callable[[Failure], object] | None, lines: Lines | None = None) -> None:
        self._on_failure = on_failure
        self._lock = threading.RLock()
        self._counts: Counter[str] = Counter()
        self._hook_failed = False
        self.lines = lines or Lines()

    def count(self, name: str, number: int = 1) -> None:
        """Add to a counter."""
        with self._lock:
            self._counts[name] += number

    def counts(self) -> dict[str, int]:
        """All counters that are not 0."""
        with self._lock:
            return dict(self._counts)

    def failed(self, failure: Failure) -> None:
        """Count a notification that the server will not get, log it, and tell the hook."""
        self.count(failure.reason)
        code = f" ({failure.code})" if failure.code else ""
        self.lines.say(
            f"{failure.reason} {failure.code}",
            logging.WARNING,
            f"notification {failure.type!r:.80} will not be delivered: {failure.reason}{code}: {failure.detail:.500}",
        )
        if self._on_failure is None:
            return
        try:
            self._on_failure(failure)
        except Exception as error:  # noqa: BLE001 - the hook is the application's, and the request has done its work
            self.count("hook_errors")
            if not self._hook_failed:
                self._hook_failed = True
                # By its name alone: its text may hold what the hook was told.
                self.lines.logger.error("on_failure raised %s; this is told once", type(error).__name__)  # noqa: TRY400
