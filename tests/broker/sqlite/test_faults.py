"""When the disk fails the embedded log says so, and nothing it answered for is lost."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest

from sio_server.audience import Audience, Identity
from sio_server.broker import Published, View
from sio_server.broker.sqlite import FILE_NAME, SqliteBroker
from sio_server.broker.sqlite.reader import read_log
from sio_server.broker.sqlite.writer import Step
from sio_server.errors import BrokerUnavailable, LogDamaged, LogError, LogInUse
from sio_server.notification import Entry
from tests.support.brokers import Ear, appended
from tests.support.disks import full_disk
from tests.support.inbox_model import Clock, notification

EVERYBODY = Audience.of(everybody=True)
NOBODY = 65534


@contextmanager
def without_rights() -> Iterator[None]:
    """Give up root's right to write everywhere, where the tests have it."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def open_path() -> Iterator[Path]:
    """Give a directory that everybody may enter, unlike those of pytest."""
    path = Path(tempfile.mkdtemp(prefix="sio-server-"))
    path.chmod(0o755)
    yield path
    path.chmod(0o755)
    shutil.rmtree(path)


@pytest.mark.parametrize("room", [0, 40_000])
async def test_full_disk_is_told_and_got_over(room: int, tmp_path: Path) -> None:
    """On a full disk publishes are refused and the log is not ready; with room again both work, and order is whole."""
    broker = SqliteBroker(tmp_path)
    await broker.start(Ear())
    answered: list[str] = []

    async def publish(count: int) -> None:
        for _ in range(count):
            made = notification(EVERYBODY, message="x" * 2000)
            assert (await appended(broker, made)).position.seq == len(answered) + 1
            answered.append(made.id)

    await publish(5)
    with full_disk((tmp_path / f"{FILE_NAME}-wal").stat().st_size + room):
        with pytest.raises(BrokerUnavailable, match="Nothing was stored"):
            await publish(1000)
        with pytest.raises(BrokerUnavailable):
            await publish(1)
        assert broker._store.failure is not None
        assert broker.head().seq == len(answered)
    await broker.check()
    await publish(1)
    await broker.close()
    assert [found.id for found in await asyncio.to_thread(list, read_log(tmp_path))] == answered


async def test_full_disk_is_not_ready(tmp_path: Path) -> None:
    """After a write that found no room the readiness check fails until one finds it; reading goes on all the time."""
    broker = SqliteBroker(tmp_path)
    await broker.start(Ear())
    try:
        view = await broker.sight("ana", Identity("ana").rooms())
        await appended(broker, notification(EVERYBODY))
        with full_disk((tmp_path / f"{FILE_NAME}-wal").stat().st_size):
            with pytest.raises(BrokerUnavailable):
                await broker.mark(view, "read", None)
            with pytest.raises(BrokerUnavailable):
                await broker.check()
            with pytest.raises(BrokerUnavailable):
                await broker.check()
            assert (await broker.counts(view)).unread == 1
        await broker.check()
        assert (await broker.mark(view, "read", None)).counts.unread == 0
    finally:
        await broker.close()


async def test_acknowledgements_outlast_a_full_disk(tmp_path: Path) -> None:
    """What clients confirm while the disk is full is written when it has room again, with nobody asking for it."""
    broker = SqliteBroker(tmp_path)
    await broker.start(Ear())
    try:
        await broker.sight("ana", ["all"])
        made = notification(EVERYBODY)
        await appended(broker, made)
        with full_disk((tmp_path / f"{FILE_NAME}-wal").stat().st_size):
            broker.acknowledge("ana", 1, after=0)
            with pytest.raises(BrokerUnavailable):
                await broker.receipt(made.id)
            broker.acknowledge("bea", 1, after=0)
            flushed = broker._deliveries._flush
            while flushed is None or not flushed.done():
                await broker.size()
                flushed = broker._deliveries._flush
        rows: list[tuple[str, int]] = []
        while not rows:
            rows = await broker._store.read(
                lambda connection: connection.execute("SELECT user, high FROM delivery ORDER BY user").fetchall()
            )
        assert rows == [("ana", 1), ("bea", 1)]
    finally:
        await broker.close()


async def test_counters_forget_what_was_undone(tmp_path: Path) -> None:
    """Counters that were worked out in a commit the disk did not take leave no trace in those that follow."""
    broker = SqliteBroker(tmp_path)
    await broker.start(Ear())
    try:
        view = await broker.sight("ana", Identity("ana", ("admin", "guia")).rooms())
        shared = Audience.of(roles=["admin", "guia"])
        await appended(broker, notification(shared))
        with full_disk((tmp_path / f"{FILE_NAME}-wal").stat().st_size):
            undone = await asyncio.gather(
                appended(broker, notification(shared)), broker.mark(view, "seen", None), return_exceptions=True
            )
        assert [type(error) for error in undone] == [BrokerUnavailable, BrokerUnavailable]
        await appended(broker, notification(Audience.of(roles=["admin"])))
        marked = await broker.mark(view, "seen", None)
        assert (marked.counts.unread, marked.counts.at_seq) == (2, 2)
        assert await broker.counts(view) == marked.counts
    finally:
        await broker.close()


async def test_full_database_undoes_one_change_alone(tmp_path: Path) -> None:
    """When SQLite itself runs out of pages, what fails leaves nothing behind and what fits is stored."""
    broker = SqliteBroker(tmp_path)
    await broker.start(Ear())
    await appended(broker, notification(EVERYBODY))
    pages = await broker._writer.change(lambda step: step.connection.execute("PRAGMA page_count").fetchone()[0])
    await broker._writer.change(lambda step: step.connection.execute(f"PRAGMA max_page_count = {pages + 3}"))
    with pytest.raises(BrokerUnavailable, match="full"):
        await appended(broker, notification(EVERYBODY, message="x" * 100_000))
    assert (await appended(broker, notification(EVERYBODY))).position.seq == 2
    await broker.check()
    await broker.close()
    assert len(await asyncio.to_thread(list, read_log(tmp_path))) == 2


async def test_change_that_fails_spares_the_others(tmp_path: Path) -> None:
    """A change that raises undoes itself and nothing else of the commit it shares."""
    broker = SqliteBroker(tmp_path)
    await broker.start(Ear())
    try:

        def fail(step: Step) -> None:
            step.connection.execute("INSERT INTO meta VALUES ('left', 'behind')")
            raise ValueError("on purpose")

        view, failed, published = await asyncio.gather(
            broker.sight("ana", Identity("ana").rooms()),
            broker._writer.change(fail),
            appended(broker, notification(EVERYBODY)),
            return_exceptions=True,
        )
        assert isinstance(failed, ValueError)
        assert isinstance(published, Published)
        assert published.position.seq == 1
        assert await broker.view_of("ana") == view
        assert (
            await broker._store.read(
                lambda connection: connection.execute("SELECT * FROM meta WHERE name = 'left'").fetchall()
            )
            == []
        )
    finally:
        await broker.close()


async def test_read_only_directory_is_named(open_path: Path) -> None:
    """A directory that cannot be written to is named, with what to do."""
    await asyncio.to_thread(open_path.chmod, 0o555)
    with without_rights(), pytest.raises(LogError, match="--data-dir") as refused:
        await SqliteBroker(open_path).start(Ear())
    assert str(open_path) in str(refused.value)
    assert not isinstance(refused.value, LogDamaged)


async def test_read_only_file_is_no_damage(open_path: Path) -> None:
    """A log that may be read and not written is refused as such, not called damaged."""
    broker = SqliteBroker(open_path)
    await broker.start(Ear())
    await appended(broker, notification(EVERYBODY))
    await broker.close()
    modes = {"": 0o777, "lock": 0o666, "origin": 0o444, "head": 0o666, FILE_NAME: 0o444}
    for name, mode in modes.items():
        await asyncio.to_thread((open_path / name).chmod, mode)
    with without_rights(), pytest.raises(LogError, match=FILE_NAME) as refused:
        await SqliteBroker(open_path).start(Ear())
    assert not isinstance(refused.value, LogDamaged)
    assert "cannot be written" in str(refused.value)


async def filled(directory: Path) -> None:
    """Make a log of some hundred pages, all of them in the database file."""
    broker = SqliteBroker(directory)
    await broker.start(Ear())
    await asyncio.gather(*(appended(broker, notification(EVERYBODY, message="x" * 3000)) for _ in range(300)))
    await broker.close()


def spoil(path: Path, page: int = 4096) -> None:
    """Overwrite the middle: the beginning has the header and the tables' names, the end what is read at the start."""
    pages = path.stat().st_size // page
    with path.open("r+b") as file:
        file.seek(pages // 3 * page)
        file.write(os.urandom(pages // 3 * page))


async def test_damaged_file_is_found_at_the_start(tmp_path: Path) -> None:
    """A log with spoilt pages does not open: the error names it and what to do."""
    await filled(tmp_path)
    await asyncio.to_thread(spoil, tmp_path / FILE_NAME)
    with pytest.raises(LogDamaged, match="restore a backup") as refused:
        await SqliteBroker(tmp_path).start(Ear())
    assert FILE_NAME in str(refused.value)


async def test_damage_found_later_ends_readiness(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A spoilt page that is met while running is told to who asked, and the log is not ready from then on."""
    await filled(tmp_path)
    await asyncio.to_thread(spoil, tmp_path / FILE_NAME)
    monkeypatch.setattr("sio_server.broker.sqlite.store.QUICK_CHECK_BYTES", 0)
    broker = SqliteBroker(tmp_path)
    await broker.start(Ear())
    try:
        with pytest.raises(BrokerUnavailable, match="malformed"):
            await broker.stretch(View("ana", {"all": 0}), 0, 300)
        with pytest.raises(BrokerUnavailable, match="malformed"):
            await broker.check()
    finally:
        await broker.close()


async def test_second_server_is_kept_out(tmp_path: Path) -> None:
    """A second log on the same directory does not open, and the first goes on."""
    broker = SqliteBroker(tmp_path)
    await broker.start(Ear())
    try:
        with pytest.raises(LogInUse, match="another sio-server"):
            await SqliteBroker(tmp_path).start(Ear())
        assert (await appended(broker, notification(EVERYBODY))).position.seq == 1
    finally:
        await broker.close()


async def test_file_that_was_taken_away_takes_nothing(tmp_path: Path) -> None:
    """A publish into a file that was moved or deleted is refused: nobody would find it again."""
    broker = SqliteBroker(tmp_path / "log")
    await broker.start(Ear())
    try:
        await appended(broker, notification(EVERYBODY))
        await asyncio.to_thread(os.rename, tmp_path / "log", tmp_path / "elsewhere")
        with pytest.raises(BrokerUnavailable, match="restart"):
            await appended(broker, notification(EVERYBODY))
        with pytest.raises(BrokerUnavailable):
            await broker.check()
    finally:
        await broker.close()


async def test_clock_set_back_keeps_order(tmp_path: Path) -> None:
    """With the clock set back by a day, across a restart too, positions go on, and keys and inboxes hold."""
    clock = Clock()
    broker = SqliteBroker(tmp_path, now=clock)
    await broker.start(Ear())
    view = await broker.sight("ana", Identity("ana").rooms())
    first = await appended(broker, notification(EVERYBODY, at=clock.seconds, key="k"))
    clock.seconds -= 24 * 3600
    second = await appended(broker, notification(EVERYBODY, at=clock.seconds))
    assert (await appended(broker, notification(EVERYBODY, at=clock.seconds, key="k"))).id == first.id
    await broker.close()
    again = SqliteBroker(tmp_path, now=clock)
    await again.start(Ear())
    try:
        third = await appended(again, notification(EVERYBODY, at=clock.seconds))
        assert [one.position.seq for one in (first, second, third)] == [1, 2, 3]
        assert [item.entry.position.seq for item in (await again.page(view)).items] == [3, 2, 1]
        assert (await appended(again, notification(EVERYBODY, at=clock.seconds, key="k"))).duplicate
    finally:
        await again.close()


async def test_long_read_delays_no_commit(tmp_path: Path) -> None:
    """While a read is under way in its own thread, publishes are answered."""
    broker = SqliteBroker(tmp_path)
    await broker.start(Ear())
    try:
        inside, leave = asyncio.Event(), asyncio.Event()
        loop = asyncio.get_running_loop()

        def read(_: object) -> None:
            loop.call_soon_threadsafe(inside.set)
            asyncio.run_coroutine_threadsafe(leave.wait(), loop).result()

        reading = asyncio.create_task(broker._store.read(read))
        await inside.wait()
        assert (await appended(broker, notification(EVERYBODY))).position.seq == 1
        assert not reading.done()
        leave.set()
        await reading
    finally:
        await broker.close()


async def test_listener_that_fails_holds_nobody_up(tmp_path: Path) -> None:
    """When the handler raises, the publish is answered, its error is reported, and those after it go on."""

    class Deaf(Ear):
        def on_entries(self, batch: Sequence[Entry]) -> None:
            super().on_entries(batch)
            if len(self.heard) == 1:
                raise ValueError("on purpose")

    ear, reported = Deaf(), []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context["exception"]))
    broker = SqliteBroker(tmp_path)
    await broker.start(ear)
    try:
        seqs = [(await appended(broker, notification(EVERYBODY))).position.seq for _ in range(3)]
    finally:
        await broker.close()
    assert seqs == [entry.position.seq for entry in ear.heard] == [1, 2, 3]
    assert [str(error) for error in reported] == ["on purpose"]


async def test_commits_and_size_are_told(tmp_path: Path) -> None:
    """Each commit is told with its time and its publishes, and the size is that of the files."""
    commits: list[tuple[float, int]] = []
    broker = SqliteBroker(tmp_path, committed=lambda seconds, publishes: commits.append((seconds, publishes)))
    await broker.start(Ear())
    try:
        await asyncio.gather(*(appended(broker, notification(EVERYBODY)) for _ in range(5)))
        await broker.sight("ana", ["all"])
        assert sum(publishes for _, publishes in commits) == 5
        assert commits[-1][1] == 0
        assert all(seconds > 0 for seconds, _ in commits)
        size = await broker.size()
        assert size.notifications == 5
        assert size.bytes > (tmp_path / f"{FILE_NAME}-wal").stat().st_size > 0
    finally:
        await broker.close()
