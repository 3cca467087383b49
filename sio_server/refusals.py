"""The last requests and connections that were refused, for whoever looks for the reason. In memory, and never a body.

A reason may repeat a name that its sender chose, cut to a length; it holds no value of ``data``, no key, no token.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from sio_server.errors import Refused
from sio_server.notification import rfc3339

# Refusals that are kept: some 100 KiB.
CAPACITY: Final = 200

# Characters of a text that a peer may have written into.
MAX_TEXT: Final = 300


@dataclass(frozen=True, slots=True)
class Refusal:
    """One of them. ``at`` is in Unix seconds; ``path`` has no query, which may hold a token."""

    at: float
    refused: Refused
    status: int
    method: str
    path: str
    request_id: str | None

    def as_dict(self, locale: str) -> dict[str, Any]:
        """As ``GET /v1/errors`` answers, the reason in ``locale``."""
        return {
            "at": rfc3339(datetime.fromtimestamp(self.at, UTC)),
            "code": self.refused.kind.code,
            "status": self.status,
            "detail": _cut(self.refused.detail.within(locale)),
            "method": self.method,
            "path": self.path,
            "request_id": self.request_id,
        }


class Refusals:
    """The last `CAPACITY` of them, and how many there were: ``total``."""

    def __init__(self) -> None:
        self.total = 0
        self._last: deque[Refusal] = deque(maxlen=CAPACITY)

    def note(
        self, refused: Refused, *, method: str, path: str, request_id: str | None = None, status: int | None = None
    ) -> None:
        """Keep one. ``method`` is ``CONNECT`` for a connection; ``status`` where it is not the kind's."""
        self.total += 1
        code = refused.kind.status if status is None else status
        kept = Refused(refused.kind.code, refused.detail)  # without what hangs on the other: its traceback, its cause
        self._last.append(Refusal(time.time(), kept, code, _cut(method), _cut(path), request_id))

    def newest(self, limit: int, locale: str) -> list[dict[str, Any]]:
        """The last ones, newest first."""
        return [one.as_dict(locale) for one in islice(reversed(self._last), limit)]


def _cut(text: str) -> str:
    printable = text if text.isprintable() else "".join(filter(str.isprintable, text[: 4 * MAX_TEXT]))
    return printable if len(printable) <= MAX_TEXT else printable[: MAX_TEXT - 1] + "…"
