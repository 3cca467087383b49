"""What the log does while the wall clock is wrong: nothing goes that should not, and nothing stays for ever."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

import pytest

from sio_server.audience import Audience, Identity
from sio_server.broker.sqlite import FILE_NAME, SqliteBroker
from sio_server.broker.sqlite.marker import MARKER_NAME
from sio_server.broker.sqlite.migrations import MIGRATIONS
from sio_server.broker.sqlite.schema import APPLICATION_ID
from sio_server.notification import Notification
from tests.support.brokers import Ear, appended
from tests.support.inbox_model import START, Clock, notification

EVERYBODY = Audience.of(everybody=True)
DAY: Final = 24 * 3600.0
YEAR: Final = 365 * DAY


class Machine:
    """A machine with both clocks, and the log on it."""

    def __init__(self, directory: Path | None) -> None:
        self.wall, self.steady = Clock(START), Clock(1000.0)
        self._directory = directory
        self.broker = SqliteBroker(None)

    async def start(self, *, trust_clock: bool = False) -> None:
        """Start a server on it."""
        self.broker = SqliteBroker(self._directory, now=self.wall, steadily=self.steady, trust_clock=trust_clock)
        await self.broker.start(Ear())

    def passes(self, seconds: float) -> None:
        """Time goes on."""
        self.wall.seconds += seconds
        self.steady.seconds += seconds

    async def off(self, seconds: float) -> None:
        """Stop the server, and let time go on without it; the steady clock begins anew, as after a boot."""
        await self.broker.close()
        self.wall.seconds += seconds
        self.steady.seconds = 3.0

    async def publish(self, **members: float | str) -> Notification:
        """Publish, stamped by the wall clock, as a node does."""
        made = notification(EVERYBODY, at=self.wall.seconds, **members)  # type: ignore[arg-type]
        await appended(self.broker, made)
        return made

    async def left(self, days: float = 30) -> list[int]:
        """What is left after the log was trimmed."""
        await self.broker.look_at_clock()
        await self.broker.retain(max_age=days * DAY)
        await self.broker.forget(max_age=days * DAY)
        return [one.entry.seq for one in (await self.broker.search()).items][::-1]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine with a log on its disk."""
    return Machine(tmp_path)


@pytest.mark.parametrize("wrong", [40 * DAY, 400 * DAY, 50 * YEAR, -40 * DAY, -50 * YEAR])
async def test_clock_that_is_wrong_for_a_while_deletes_nothing(machine: Machine, wrong: float) -> None:
    """Ahead or behind, while it is wrong and when it is right again: what was taken before, during and after stays."""
    await machine.start()
    await machine.broker.sight("ana", Identity("ana", ("admin",)).rooms())
    await machine.publish()
    machine.wall.seconds += wrong
    await machine.publish()
    assert await machine.left() == [1, 2]
    machine.passes(7200)
    await machine.publish(ttl=DAY)
    assert await machine.left() == [1, 2, 3]
    machine.wall.seconds -= wrong
    await machine.publish()
    assert await machine.left() == [1, 2, 3, 4]
    view = await machine.broker.view_of("ana")
    assert "role:admin" in view.seen_from
    assert [item.entry.seq for item in (await machine.broker.page(view)).items] == [4, 3, 2, 1]
    machine.passes(29 * DAY)
    assert await machine.left() == [1, 2, 3, 4]
    machine.passes(2 * DAY)
    assert await machine.left() == []
    await machine.broker.close()


@pytest.mark.parametrize("wrong", [400 * DAY, 50 * YEAR, -40 * DAY, -50 * YEAR])
async def test_start_with_a_wrong_clock_deletes_nothing(machine: Machine, wrong: float) -> None:
    """A machine that boots in another year, and the one after it in the right one, have lost nothing of a day."""
    await machine.start()
    await machine.publish()
    await machine.off(600 + wrong)
    await machine.start()
    await machine.publish()
    machine.passes(600)
    assert await machine.left() == [1, 2]
    await machine.off(600 - wrong)
    await machine.start()
    await machine.publish()
    assert await machine.left() == [1, 2, 3]
    machine.passes(28 * DAY)
    assert 3 in await machine.left()
    machine.passes(3 * DAY)
    assert await machine.left() == []
    await machine.broker.close()


async def test_long_time_off_is_counted_once_the_clock_has_lasted(machine: Machine) -> None:
    """A machine that was off for longer than is kept deletes after an hour, or at once when an operator says so."""
    await machine.start()
    await machine.publish()
    await machine.off(40 * DAY)
    await machine.start()
    assert await machine.left() == [1]
    machine.passes(3601)
    assert await machine.left() == []
    await machine.publish()
    await machine.off(400 * DAY)
    await machine.start(trust_clock=True)
    assert await machine.left() == []
    await machine.broker.close()


async def test_short_times_off_are_counted_at_once(machine: Machine) -> None:
    """A machine that runs for an hour a day keeps what it has for as many days as any other."""
    await machine.start()
    await machine.publish()
    for _ in range(31):
        await machine.off(23 * 3600)
        await machine.start()
        machine.passes(3600)
    assert await machine.left() == []
    await machine.broker.close()


async def test_time_to_live_is_what_was_given(machine: Machine) -> None:
    """A notification of an hour lives for an hour, whatever the clock says when it is taken and read."""
    view_of = Identity("ana").rooms()
    await machine.start()
    view = await machine.broker.sight("ana", view_of)
    machine.wall.seconds -= 50 * YEAR
    await machine.publish(ttl=3600.0)
    machine.wall.seconds += 50 * YEAR
    assert (await machine.broker.counts(view)).unread == 1
    machine.wall.seconds += 40 * DAY
    assert (await machine.broker.counts(view)).unread == 1
    assert [one.seq for one in (await machine.broker.stretch(view, 0, 10)).items] == [1]
    machine.wall.seconds -= 80 * DAY
    machine.passes(3601)
    assert (await machine.broker.counts(view)).unread == 0
    assert (await machine.broker.stretch(view, 0, 10)).items == []
    await machine.broker.close()


@pytest.mark.parametrize("wrong", [40 * DAY, -40 * DAY])
async def test_idempotency_key_holds_as_long_as_was_promised(machine: Machine, wrong: float) -> None:
    """A clock that is set makes no key forgotten, and none remembered for ever."""
    await machine.start()
    first = notification(EVERYBODY, key="k")
    await appended(machine.broker, first)
    machine.wall.seconds += wrong
    for _ in range(3):
        await machine.publish(key=f"other {machine.steady.seconds}")
        machine.passes(3600)
        assert (await appended(machine.broker, notification(EVERYBODY, key="k"))).duplicate
    machine.passes(DAY)
    assert not (await appended(machine.broker, notification(EVERYBODY, key="k"))).duplicate
    await machine.broker.close()


async def test_revocation_outlasts_a_clock_that_is_ahead(machine: Machine) -> None:
    """A token that was revoked stays so while the clock is wrong, and after it."""
    await machine.start()
    await machine.broker.revoke("ana", machine.wall.seconds)
    machine.wall.seconds += 40 * DAY
    await machine.broker.revoke("bea", machine.wall.seconds)
    assert machine.broker.revoked_before("ana") == START
    await machine.off(-40 * DAY)
    await machine.start()
    assert machine.broker.revoked_before("ana") == START
    await machine.broker.close()


@pytest.mark.parametrize("note", ["epoch", "gone"])
async def test_time_goes_on_without_the_note_beside_the_log(machine: Machine, tmp_path: Path, note: str) -> None:
    """Where the note of the time is gone or of an older version, the last entry tells what time it was."""
    await machine.start()
    await machine.publish()
    await machine.off(600)
    path = tmp_path / MARKER_NAME
    if note == "gone":
        path.unlink()
    else:
        path.write_text(" ".join(path.read_text().split()[:3]))
    machine.wall.seconds += 50 * YEAR
    await machine.start()
    assert await machine.left() == [1]
    await machine.broker.close()


async def test_log_of_an_older_version_is_no_trap(tmp_path: Path) -> None:
    """Entries that a clock stamped in the future stop nothing after them, and what it stamped in the past goes not."""
    now = 1_764_000_000_000
    stamps = [now - 2000, 0, now - 1000, 4_000_000_000_000, now - 500]
    with closing(sqlite3.connect(tmp_path / FILE_NAME)) as old:
        for number, step in enumerate(MIGRATIONS[:3], start=1):
            old.executescript(f"{step}; PRAGMA application_id = {APPLICATION_ID}; PRAGMA user_version = {number}")
        old.executemany(
            """INSERT INTO notification VALUES (?, ?, 'test', ?, NULL, '{"all":true}', NULL, x'')""",
            [(seq, str(seq), stamp) for seq, stamp in enumerate(stamps, start=1)],
        )
        old.commit()
    broker = SqliteBroker(tmp_path)
    await broker.start(Ear())
    taken = [one.timestamp for one in (await broker.search()).items][::-1]
    await broker.close()
    assert taken == sorted(taken)
    assert taken[:3] == [now - 2000, now - 2000, now - 1000]
    assert taken[-1] < 4_000_000_000_000
