"""The writer: publishes that wait while a commit is running go into the next one together (group commit).

One commit of a node is under way at a time: more would only wait for one another at the row of the log.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable, Sequence
from typing import Final

from sio_server.broker.postgres import faults
from sio_server.broker.postgres.batch import Batch, Due, Outcome, Settled, Waiting
from sio_server.broker.postgres.database import Database
from sio_server.broker.postgres.follower import Follower
from sio_server.errors import BrokerUnavailable
from sio_server.notification import Notification

# Notifications in one commit. Beyond this a batch would hold the loop up for longer when it is announced, and hold the
# row of the log for longer than the other nodes' commits should wait.
MAX_BATCH: Final = 512

# Seconds that a commit waits at most while publishes come in turn after turn of the loop.
GATHER: Final = 0.001

# Publishes that wait for the database. One that hangs must not let callers fill the memory: 10,000 bodies of 64 KiB
# would be 640 MB, and more than a few seconds of waiting helps nobody.
MAX_WAITING: Final = 10_000


class Writer:
    """Group commit of one node. ``now`` gives the log's time in seconds, ``committed`` hears of each commit."""

    def __init__(
        self,
        database: Database,
        follower: Follower,
        *,
        idempotency_ttl: int,
        now: Callable[[], float],
        until: Callable[[str, int, int | None], int | None],
        committed: Callable[[float, int], None] | None,
    ) -> None:
        self.failure: BrokerUnavailable | None = None
        """What the last commit failed with; None after one that did not."""
        self._database = database
        self._follower = follower
        self._key_ttl = idempotency_ttl * 1000
        self._now = now
        self._until = until
        self._committed = committed
        self._waiting: list[Waiting] = []
        self._running: asyncio.Task[None] | None = None
        # How many were appended, how many of them are settled, and what is set when more are.
        self._taken = self._answered = 0
        self._answer = asyncio.Event()
        self._began: float | None = None

    def append(self, notification: Notification, settled: Settled, due: Due | None = None) -> None:
        """See `Log.append`; ``due``: see `Schedule.deliver`."""
        self._database.ensure_open()
        if len(self._waiting) >= MAX_WAITING:
            raise faults.full()
        self._waiting.append(Waiting(notification, settled, due))
        self._taken += 1
        if self._running is None:
            self._running = asyncio.get_running_loop().create_task(self._run())

    @property
    def writing(self) -> bool:
        """Whether publishes wait for a commit, or are in one that is under way."""
        return self._running is not None

    @property
    def held_up_for(self) -> float:
        """Seconds for which the commit that is under way has been; 0 where none is."""
        return 0.0 if self._began is None else time.monotonic() - self._began

    async def finish(self) -> None:
        """Wait until what is appended by now is settled; what is appended meanwhile may wait still."""
        until = self._taken
        while self._answered < until:
            await self._answer.wait()

    async def _run(self) -> None:
        """Commit what waits, until nothing does."""
        try:
            while self._waiting:
                await self._gather()
                batch = Batch(self._waiting, MAX_BATCH)
                del self._waiting[: len(batch.waiting)]
                self._began = time.monotonic()
                try:
                    await self._commit(batch)
                finally:
                    self._began = None
                    self._answered += len(batch.waiting)
                    self._answer.set()
                    self._answer = asyncio.Event()
        finally:
            self._running = None
            if self._waiting:
                self._running = asyncio.get_running_loop().create_task(self._run())

    async def _gather(self) -> None:
        """Let those in who publish at the same time: a commit of one costs many times what it adds for the next."""
        seen, until = 0, time.monotonic() + GATHER
        while seen < len(self._waiting) < MAX_BATCH and time.monotonic() < until:
            seen = len(self._waiting)
            await asyncio.sleep(0)

    async def _commit(self, batch: Batch) -> None:
        started = time.perf_counter()
        try:
            done = await batch.append(
                self._database,
                self._database.node,
                secrets.token_hex(8),
                now=int(self._now() * 1000),
                key_ttl=self._key_ttl,
            )
        except Exception as error:  # noqa: BLE001 - whatever it is, every caller must hear that it is not known
            if isinstance(error.__cause__, faults.NO_TEXT) and (wrong := batch.wrong()):
                # The others have no part in it.
                _settle(wrong, [faults.not_text()] * len(wrong))
                await self._commit(Batch([one for one in batch.waiting if one not in wrong], MAX_BATCH))
                return
            self.failure = error if isinstance(error, BrokerUnavailable) else faults.unavailable(error)
            _settle(batch.waiting, [self.failure] * len(batch.waiting))
            return
        self.failure = None
        try:
            if self._committed is not None:
                self._committed(time.perf_counter() - started, len(batch.waiting))
        except Exception as error:  # noqa: BLE001 - a mistake of whoever listens: all of this is stored
            _tell(error)
        try:
            await self._follower.committed(done.before, done.mark, done.entries(self._until))
        except BrokerUnavailable:
            pass  # it is stored; what others appended before it is announced, and then it, once the log can be read
        finally:
            _settle(batch.waiting, done.outcomes)


def _settle(waiting: Sequence[Waiting], outcomes: Sequence[Outcome | Exception]) -> None:
    for one, outcome in zip(waiting, outcomes, strict=True):
        try:
            one.settled(outcome)
        except Exception as error:  # noqa: BLE001 - a mistake of one who waits must not leave the others waiting
            _tell(error)


def _tell(error: Exception) -> None:
    asyncio.get_running_loop().call_exception_handler({"message": "what hears of a publish failed", "exception": error})
