"""The one place where every refusal ends, whichever layer refuses: counted, kept for operators, told in the log.

Never a body. A reason may repeat a name that its sender chose, cut to a length; it holds no value of ``data``, no key,
no token.
"""

from __future__ import annotations

import asyncio
import contextvars
import time
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

from sio_server.core.protocols import PROTOCOLS
from sio_server.errors import Refused
from sio_server.logs import get_logger
from sio_server.logs.text import short
from sio_server.metrics import Metrics, NoMetrics
from sio_server.notification import rfc3339

logger = get_logger("refusals")

# Refusals that are kept: some 100 KiB.
CAPACITY: Final = 200

# Characters of a text that a peer may have written into.
MAX_TEXT: Final = 300

# Lines in so many seconds, of one address and of all of them: whoever need not say who he is must not fill a disk. A
# reader that bans addresses sees ten at once; at some 400 bytes a line it is 100 MB a day at the very most.
WINDOW: Final = 10.0
LINES_OF_ONE: Final = 10
LINES: Final = 30

# Addresses that are told apart among those of which lines were left out.
_MOST_ADDRESSES: Final = 1000


@dataclass(frozen=True, slots=True)
class PastRefusal:
    """A refusal that was noted. ``at`` is in Unix seconds; ``path`` has no query, which may hold a token."""

    at: float
    refused: Refused
    status: int
    method: str
    path: str
    address: str
    request_id: str | None

    def as_dict(self, locale: str) -> dict[str, Any]:
        """The refusal as ``GET /v1/errors`` answers, the reason in ``locale``."""
        return {
            "at": rfc3339(datetime.fromtimestamp(self.at, UTC)),
            "code": self.refused.kind.code,
            "status": self.status,
            "detail": _cut(self.refused.detail.within(locale)),
            "method": self.method,
            "path": self.path,
            "address": self.address,
            "request_id": self.request_id,
        }


class Refusals:
    """Where every refusal ends. The last `CAPACITY` of them are kept; ``total`` is how many there were."""

    def __init__(self, metrics: Metrics | None = None) -> None:
        self.total = 0
        self.base_path = ""
        """What everything is served below."""
        self._metrics: Metrics = metrics or NoMetrics()
        self._last: deque[PastRefusal] = deque(maxlen=CAPACITY)
        self._lines = _Lines()

    def note(
        self,
        refused: Refused,
        *,
        method: str,
        path: str,
        address: str,
        request_id: str | None = None,
        trace_id: str | None = None,
        status: int | None = None,
    ) -> None:
        """Count a refusal in the metrics, keep it for ``GET /v1/errors``, and tell it in one line of the log.

        Whoever refuses calls this once, and counts and logs nothing besides. ``method`` is the request's, ``CONNECT``
        for a connection, ``EVENT`` for an event of a connection; ``path`` has no query (it may hold a token);
        ``address`` is the client's own, found by `TrustedProxies.client` (empty where there is none, on a Unix socket);
        ``status`` is given where it is not the kind's. What a peer sent may be handed in as it came: it is cut.
        Callable from the event loop's thread. Raises nothing.

        Lines are bounded in number (`LINES` in `WINDOW` seconds, `LINES_OF_ONE` of one address); how many were left
        out, and from where most of them came, is one line more.
        """
        self.total += 1
        self._metrics.refused(refused.kind.code)
        code = refused.kind.status if status is None else status
        kept = Refused(refused.kind.code, refused.detail)  # without what hangs on the other: its traceback, its cause
        refusal = PastRefusal(time.time(), kept, code, _cut(method), _cut(path), _cut(address), request_id)
        trace_id = trace_id or refused.trace_id
        self._last.append(refusal)
        self._lines.tell(refusal, {} if trace_id is None else {"trace_id": trace_id})

    def note_of(self, protocol: str, refused: Refused, *, method: str, address: str) -> None:
        """Note a refusal of a connection of one of `PROTOCOLS`, or of what came over it, as `note` does."""
        self.note(refused, method=method, path=self.base_path + PROTOCOLS[protocol], address=address)

    def newest(self, limit: int, locale: str) -> list[dict[str, Any]]:
        """The last refusals, newest first, their reasons in ``locale``."""
        return [one.as_dict(locale) for one in islice(reversed(self._last), limit)]

    def close(self) -> None:
        """Tell now how many lines were left out since the last time this was told."""
        self._lines.sum_up()


class _Lines:
    """Lines of the log, so many in a window of time; the rest of them is a number at its end."""

    def __init__(self) -> None:
        self._ends = 0.0
        self._told: Counter[str] = Counter()
        self._left_out: Counter[str] = Counter()
        self._timer: asyncio.TimerHandle | None = None

    def tell(self, refusal: PastRefusal, more: Mapping[str, str]) -> None:
        """Write a line for a refusal with ``more`` in it, or count it among those that were left out."""
        now = time.monotonic()
        if now >= self._ends:
            self.sum_up()
            self._ends = now + WINDOW
            self._told.clear()
        address = refusal.address
        if self._told[address] < LINES_OF_ONE and self._told.total() < LINES:
            self._told[address] += 1
            logger.info(
                "refused",
                address=address,
                code=refusal.refused.kind.code,
                status=refusal.status,
                method=refusal.method,
                path=refusal.path,
                detail=_cut(str(refusal.refused.detail)),
                request_id=refusal.request_id,
                **more,
            )
            return
        if len(self._left_out) >= _MOST_ADDRESSES and address not in self._left_out:
            address = ""
        self._left_out[address] += 1
        if self._timer is None:
            self._wake(self._ends - now)

    def _wake(self, delay: float) -> None:
        """Have the number of lines that were left out told, though nothing more is refused."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # then the next refusal tells it, or `Refusals.close`
        # in a context of its own, or the line would have the request's id of whoever came first
        self._timer = loop.call_later(delay, self.sum_up, context=contextvars.Context())

    def sum_up(self) -> None:
        """Tell how many lines were left out."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._left_out:
            address, most = max(((a, n) for a, n in self._left_out.items() if a), key=_second, default=("", 0))
            logger.info("more were refused", count=self._left_out.total(), most_from=address, of_it=most)
            self._left_out.clear()


def _second(pair: tuple[str, int]) -> int:
    return pair[1]


def _cut(text: str) -> str:
    # before anything looks at it: a text of a megabyte costs nobody more than its first characters
    begun = text[: 4 * MAX_TEXT]
    printable = begun if begun.isprintable() else "".join(filter(str.isprintable, begun))
    return short(printable, MAX_TEXT)  # a token may stand in a path, where nobody expects one
