"""What nodes tell one another beside entries, as text of NOTIFY: at most once, as `Signals` promises.

All signals that wait go out together: each transaction with a NOTIFY takes a lock of the whole database when it
commits (PostgreSQL, "NOTIFY").
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from typing import Final

import orjson

from sio_server.broker.postgres.batch import channel_of
from sio_server.broker.postgres.database import Connection, Database
from sio_server.broker.signals import (
    Answered,
    Close,
    DueChanged,
    Ended,
    Erased,
    Followed,
    InboxChanged,
    Revoked,
    Signal,
    Spent,
    Ticketed,
)
from sio_server.errors import BrokerUnavailable

# Bytes of one NOTIFY; PostgreSQL takes fewer than 8,000. What is longer is put down and fetched.
MOST: Final = 7500

# Signals that wait for the database; the oldest go first, as nobody is promised to hear of them.
MAX_WAITING: Final = 10_000

# Seconds between two tries to reach a database that is away.
PAUSE: Final = 1.0

# Seconds for which a long one can be fetched.
KEPT: Final = 60


@dataclass(frozen=True, slots=True)
class SightsChanged:
    """What the log has of a user's rooms is another thing now: among brokers alone, no node is told."""

    user: str


@dataclass(frozen=True, slots=True)
class ToBeErased:
    """A user is erased from now on: nothing more is written of the user. Among brokers alone, no node is told."""

    user: str


Said = Signal | SightsChanged | ToBeErased

_SIGNALS: Final = (InboxChanged, Answered, Revoked, Close, Followed, Ended, DueChanged, Erased, Spent, Ticketed)
_KINDS: Final = {kind.__name__: kind for kind in (*_SIGNALS, SightsChanged, ToBeErased)}


def packed(signal: Said) -> bytes:
    """A signal as a JSON list: its name and its members."""
    return orjson.dumps([type(signal).__name__, *astuple(signal)])


def unpacked(members: list[object]) -> Said | None:
    """The signal of such a list; None for one that a newer version sends."""
    kind = _KINDS.get(str(members[0]))
    if kind is None:
        return None
    return kind(*(tuple(value) if isinstance(value, list) else value for value in members[1:]))  # type: ignore[arg-type]


class Sender:
    """Sends the signals of one node to all others. On the loop."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._channel = channel_of(database.schema)
        self._waiting: deque[bytes] = deque(maxlen=MAX_WAITING)
        self._sent = 0
        self._running: asyncio.Task[None] | None = None
        self._ends = False

    def send(self, signal: Signal) -> None:
        """Have all other nodes hear this in a moment."""
        self._waiting.append(packed(signal))
        if self._running is None:
            self._running = asyncio.get_running_loop().create_task(self._run())

    async def within(self, connection: Connection, signals: Iterable[Said]) -> None:
        """Have all other nodes hear these as soon as the transaction of a connection is committed, and not without."""
        waiting = deque(packed(signal) for signal in signals)
        if waiting:
            await self._notify(connection, tuple(_texts(waiting)))

    async def finish(self) -> None:
        """Send what waits now, if the database takes it."""
        self._ends = True
        while self._running is not None:
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        try:
            while self._waiting:
                await asyncio.sleep(0)  # let those in that are sent in the same turn
                texts = tuple(_texts(self._waiting))
                try:
                    await self._database.write(lambda connection, texts=texts: self._notify(connection, texts))  # type: ignore[misc]
                except BrokerUnavailable:
                    if self._ends:
                        return
                    self._waiting.extendleft(reversed([text for part in texts for text in part]))
                    await asyncio.sleep(PAUSE)
        finally:
            self._running = None

    async def _notify(self, connection: Connection, parts: tuple[list[bytes], ...]) -> None:
        said = []
        for part in parts:
            self._sent += 1  # two that are the same in one transaction would be heard as one
            text = b"[%b]" % b",".join(part)
            if len(text) > MOST:
                put = "INSERT INTO signal (said) VALUES ($1) RETURNING number"
                text = b"%d" % await connection.fetchval(put, text.decode())
            said.append(f"signal {self._database.node} {self._sent} {text.decode()}")
        await connection.execute("SELECT pg_notify($1, said) FROM unnest($2::text[]) AS said", self._channel, said)


def _texts(waiting: deque[bytes]) -> Iterator[list[bytes]]:
    """What waits, in parts that go into one NOTIFY each; it waits no longer."""
    part: list[bytes] = []
    size = 0
    while waiting:
        one = waiting.popleft()
        if part and size + len(one) + 1 > MOST:
            yield part
            part, size = [], 0
        part.append(one)
        size += len(one) + 1
    if part:
        yield part


async def fetch(connection: Connection, said: str) -> list[Said]:
    """The signals of a text that was heard, after the node's name and the number; fetches those that were put down."""
    if not said.startswith("["):
        said = await connection.fetchval("SELECT said FROM signal WHERE number = $1", int(said)) or "[]"
    return [signal for members in orjson.loads(said) if (signal := unpacked(members)) is not None]


async def forget(connection: Connection) -> None:
    """Delete what was put down and what passed, a minute ago or longer."""
    for table in ("signal", "passing"):
        await connection.execute(f"DELETE FROM {table} WHERE at < now() - make_interval(secs => $1)", float(KEPT))  # noqa: S608 - two names
