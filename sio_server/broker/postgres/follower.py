"""Following the log: what any node appended is announced to this one, in order, each once.

The log is read by position. A notification of the database is only a bell: it is lost with its connection, and nobody
is told. What this node appended itself is announced from memory where nothing of others lies between:

| committed, in this order | this node, which was at 7 | what it does |
|---|---|---|
| 8 and 9, by itself | hears from its writer: 8 and 9, after 7 | announces them |
| 10, by another node | the bell rings | reads what is above 9, announces 10 |
| 11, by another, and 12, by itself | hears from its writer: 12, after 11 | reads what is above 10, announces both |

Each commit that gives a position leaves a token at it. A node that finds another token at its own head, or none, is at
a log that has lost its end: a standby took over that lacks commits, or a backup was restored. The log gets another name
then, and whoever has a cursor of before begins anew.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from sio_server.broker.log import BrokerHandler
from sio_server.broker.postgres.database import Connection, Database
from sio_server.broker.postgres.rows import COLUMNS, WORD_COLUMNS, entry_of
from sio_server.broker.postgres.schema import new_epoch
from sio_server.errors import Text
from sio_server.logs import get_logger
from sio_server.notification import Effect, Entry, Position

# Entries that are read and announced together.
PAGE: Final = 1000

logger = get_logger("log")

_LOST: Final = Text(
    "The log lost its end, in a failover or by a backup that was restored: this node had announced up to position {0}, "
    "and it stood at {1}. Publish again what is missing; this is told until the node is started anew.",
    "El registro perdió su final, en una conmutación o al restaurar una copia: este nodo había anunciado hasta la "
    "posición {0}, y estaba en la {1}. Publica otra vez lo que falte; se dice hasta que el nodo se arranque de nuevo.",
)

# Parameters: the position and the number in passing up to which all is announced, most, and the position whose token is
# asked for. Notifications and word of changes come in order of position, what passes after what was stored before it.
_READ: Final = f"""
SELECT l.epoch, l.seq, l.floor, l.passed, l.token, (SELECT m.token FROM mark AS m WHERE m.seq = $4),
    e.source_table, e.number, e.taken, e.gone, e.place, e.type, e.seq, e.id, e.kind, e.event, e.audience, e.source,
    e.publisher, e.body, e.expires_at, e.texts
FROM log AS l LEFT JOIN LATERAL (
    SELECT * FROM (
        (SELECT 0, 0, taken, gone, NULL::bigint, type, {COLUMNS} FROM notification
            WHERE seq > $1 ORDER BY seq LIMIT $3)
        UNION ALL
        (SELECT 1, 0, taken, gone, (SELECT n.seq FROM notification AS n WHERE n.id = a.about) AS place, type,
            {WORD_COLUMNS}
            FROM amendment AS a WHERE seq > $1 ORDER BY seq LIMIT $3)
        UNION ALL
        (SELECT 2, number, 0, NULL, NULL, type, seq, id, 'notification', type, audience, source, publisher, body,
            expires_at, texts FROM passing WHERE number > $2 ORDER BY number LIMIT $3)
    ) AS u (source_table, number, taken, gone, place, type, seq, id, kind, event, audience, source, publisher, body,
        expires_at, texts)
    ORDER BY u.seq, u.source_table, u.number LIMIT $3
) AS e ON true
"""  # noqa: S608 - constants
_STORED, _WORD, _PASSING = range(3)
_ENTRY: Final = 12  # where the columns of the entry itself begin


class Mark(NamedTuple):
    """A position that a commit gave last, and what the commit called itself."""

    seq: int
    token: str


class Place(NamedTuple):
    """Where a log stands: its last commit that gave a position, and the last number in passing."""

    epoch: str
    mark: Mark
    passed: int


class _Page(NamedTuple):
    epoch: str
    head: Mark
    floor: int
    passed: int
    token: str | None
    """At the mark of this node."""
    rows: Sequence[Sequence[Any]]


class Follower:
    """Announces the log to the node that opened it. On the loop.

    ``until`` gives after which moment an entry of a type goes to nobody: see `Ages.until`. ``renewed`` is called before
    the node hears `BrokerHandler.on_reset`.
    """

    def __init__(
        self,
        database: Database,
        until: Callable[[str, int, int | None], int | None],
        renewed: Callable[[], None],
    ) -> None:
        self.head = Position("", 0)
        self.floor = 0
        self.lost: Text | None = None
        """See `HealthCheck.lost`."""
        self._database = database
        self._until = until
        self._renewed = renewed
        self._handler: BrokerHandler | None = None
        self._mark = Mark(0, "")
        self._passed = 0
        self._turn = asyncio.Lock()

    async def begin(self, handler: BrokerHandler) -> None:
        """Follow from where the log stands now."""
        page = await self._database.look(lambda connection: self._page(connection, 2**62, 2**62))
        self._stand(page)
        self._handler = handler

    def end(self) -> None:
        """Announce nothing more."""
        self._handler = None

    def raise_floor(self, floor: int) -> None:
        """Take it that retention may have cut something out up to there; the log that this node follows does."""
        self.floor = max(self.floor, floor)

    # -- announcing -----------------------------------------------------------------------------------------------

    async def committed(self, before: Place, mark: Mark, entries: Sequence[Entry]) -> None:
        """This node appended entries in one commit; what others appended before them is announced first.

        ``before`` is where the log stood.
        """
        async with self._turn:
            if before == (self.head.epoch, self._mark, self._passed) and self._mark.seq == self.head.seq:
                self._passed += sum(not entry.persist for entry in entries)
                if mark.seq > self._mark.seq:
                    self._mark = mark
                self._announce(entries, mark.seq)
            else:
                await self._catch_up()

    async def catch_up(self) -> None:
        """Announce all that the log has now. Raises `BrokerUnavailable`."""
        async with self._turn:
            await self._catch_up()

    async def _catch_up(self) -> None:
        while True:
            after, passed = self.head.seq, self._passed
            page = await self._database.look(
                lambda connection, after=after, passed=passed: self._page(connection, after, passed)  # type: ignore[misc]
            )
            if page.epoch != self.head.epoch:
                self._reset(page)
                return
            if page.head.seq < after or self._is_another(page):
                await self._renew(page)
                continue
            if page.floor > after:  # what was not announced yet is gone
                self._reset(page)
                return
            self._passed = min(passed, page.passed)  # what passed and is lost was promised to nobody
            self._take(page)
            if len(page.rows) < PAGE:
                return

    def _is_another(self, page: _Page) -> bool:
        """Whether the log is not the one that this node followed so far, but one that lost its end and went on."""
        if page.token is None and page.floor > self.head.seq:
            return False  # what the commit called itself is forgotten after a day, and this node has missed something
        return page.token != (self._mark.token or None)

    async def _page(self, connection: Connection, after: int, passed: int) -> _Page:
        rows = await connection.fetch(_READ, after, passed, PAGE, self._mark.seq)
        first = rows[0]
        found = [row for row in rows if row[6] is not None]
        return _Page(first[0], Mark(first[1], first[4]), first[2], first[3], first[5], found)

    def _take(self, page: _Page) -> None:
        self.raise_floor(page.floor)
        whole = len(page.rows) < PAGE
        entries = [self._entry(page.epoch, row) for row in page.rows]
        if page.rows:
            self._passed = max(self._passed, *(row[7] for row in page.rows))
        seq = page.head.seq if whole else max(self.head.seq, page.rows[-1][_ENTRY])
        if whole:
            self._passed = max(self._passed, page.passed)
            self._mark = page.head
        self._announce(entries, seq)

    def _entry(self, epoch: str, row: Sequence[Any]) -> Entry:
        table, _, taken, gone, place, event = row[6:_ENTRY]
        entry = entry_of(epoch, row[_ENTRY:])
        if table == _PASSING:
            return entry._replace(persist=False)
        if table == _WORD:  # it expires with the notification, as was worked out when it was written
            changed = None
            if entry.kind == "updated" and place is not None:
                changed = entry._replace(position=Position(epoch, place), kind="notification", event=event)
            return entry._replace(effect=Effect(tuple(gone or ()), changed))
        entry = entry._replace(expires_at=self._until(event, taken, entry.expires_at))
        return entry if gone is None else entry._replace(effect=Effect(tuple(gone)))

    def _announce(self, entries: Sequence[Entry], seq: int) -> None:
        self.head = Position(self.head.epoch, seq)
        if entries and self._handler is not None:
            try:
                self._handler.on_entries(entries)
            except Exception as error:  # noqa: BLE001 - a mistake of who listens: what is in the log was published
                asyncio.get_running_loop().call_exception_handler(
                    {"message": "what hears of the log failed", "exception": error}
                )

    # -- another log ----------------------------------------------------------------------------------------------

    def _stand(self, page: _Page) -> None:
        self.head, self.floor = Position(page.epoch, page.head.seq), page.floor
        self._mark, self._passed = page.head, page.passed

    def _reset(self, page: _Page) -> None:
        self._stand(page)
        self._renewed()
        if self._handler is not None:
            self._handler.on_reset(self.head)

    async def _renew(self, page: _Page) -> None:
        """Give a log that lost its end another name, unless another node has done so already."""
        epoch, seq = self.head
        logger.error("the log lost its end: a failover or a restored backup", announced=seq, stands_at=page.head.seq)
        self.lost = _LOST.format(seq, page.head.seq)
        await self._database.write(
            lambda connection: connection.execute("UPDATE log SET epoch = $1 WHERE epoch = $2", new_epoch(), epoch)
        )
