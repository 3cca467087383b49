"""A notifier's spool: what is in it outlives the process, and processes share it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import random
import signal
import sqlite3
import stat
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientSession

from sio_server.client import Failure, Notifier, pacing
from sio_server.client.spool import FILE, LEASE
from tests.support.chance import again, seed
from tests.support.commands import line_of, script
from tests.support.networks import gate
from tests.support.servers import Listener, Server, program, running
from tests.support.waiting import PATIENCE, coming, until, work_of

NOBODY = "http://127.0.0.1:1"

# A backend that hands over numbered notifications about one tour, and says each number once the call has returned.
BACKEND = """
import os, sys, time
from sio_server.client import Notifier
url, spool, tour, count = sys.argv[1:5]
notifier = Notifier(url, spool=spool, queue=100_000)
os.write(1, b"ready\\n")
for number in range(int(count)):
    notifier.notificar_tour_actualizado(tour_id=tour, nombre=str(number))
    os.write(1, b"%d\\n" % number)
    time.sleep(0.0005)
"""

# A backend that was imported before it forked, as gunicorn and uvicorn have it: parent and child hand over, and the
# child's end is waited for.
FORKING = """
import os, sys
from sio_server.client import Notifier
url, spool, count = sys.argv[1], sys.argv[2] or None, int(sys.argv[3])
notifier = Notifier(url, spool=spool)
def tell(tour):
    for number in range(count):
        notifier.notificar_tour_actualizado(tour_id=tour, nombre=str(number))
tell("before")
child = os.fork()
if not child:
    tell("child")
    sys.exit(not notifier.flush(60))
tell("parent")
ended = os.waitpid(child, 0)[1]
sys.exit(ended or not notifier.flush(60))
"""


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Have short waits between tries, and let every line through."""
    monkeypatch.setattr(pacing, "BACKOFF_MAX", 0.05)
    caplog.set_level(logging.DEBUG, "sio_server.client")


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A server in development mode."""
    async with running() as started:
        yield started


def told(admin: Listener, tour: str) -> list[int]:
    """Return the numbers about a tour, in the order in which they came."""
    return [int(e["data"]["nombre"]) for e in admin.notifications if e["data"].get("tour_id") == tour]


async def test_nothing_is_lost_or_doubled_when_a_backend_is_killed(server: Server, tmp_path: Path) -> None:
    """Killed at any moment, it leaves what its calls had returned for; the next one sends all of it once, in order."""
    admin = await server.connect({"role": "admin"})
    spool = str(tmp_path / "spool")
    said: dict[str, int] = {}
    drawn = seed()
    draw = random.Random(drawn)  # noqa: S311 - a test draws
    for number in range(int(os.environ.get("SIO_TEST_KILLS", "5"))):
        tour = f"t{number}"
        # Now and then nobody listens, so that what one has left is more than the next one can send at once.
        url = NOBODY if number % 3 == 1 else server.url
        async with script(BACKEND, url, spool, tour, "1000000") as process:
            assert await line_of(process) == "ready"
            for _ in range(draw.randint(1, 300)):
                said[tour] = int(await line_of(process))
            process.send_signal(signal.SIGKILL)
            rest, _ = await process.communicate()
            said[tour] = max([said[tour], *map(int, rest.split(b"\n")[:-1])])
    async with Notifier(server.url, spool=spool) as notifier:
        await until(lambda: not notifier.stats()["waiting"], "an empty spool", notifier.stats)
        notifier.notify("test", "the last")
        await until(lambda: admin.notifications[-1]["message"] == "the last", "the last", admin.moves)
    for tour, last in said.items():
        numbers = told(admin, tour)
        assert numbers == list(range(len(numbers))), (tour, again(drawn))
        # One more where the kill came between the call and the word of it.
        assert len(numbers) - 1 in (last, last + 1), (tour, again(drawn))


async def test_a_server_that_is_killed_gets_everything_once(tmp_path: Path) -> None:
    """Killed while it takes batches, and started again on its log: each notification is there once, in order."""
    data = str(tmp_path / "data")
    async with contextlib.AsyncExitStack() as stack:
        first = await stack.enter_async_context(program("--data-dir", data))
        notifier = await stack.enter_async_context(opened(first.url, tmp_path / "spool"))
        for number in range(3000):
            notifier.notificar_tour_actualizado(tour_id="t", nombre=str(number))
        await until(lambda: notifier.stats()["sent"], "the first of them", notifier.stats)
        await first.stop(signal.SIGKILL)
        port = first.url.rpartition(":")[2]
        second = await stack.enter_async_context(program("--data-dir", data, "--port", port))
        await until(lambda: not notifier.stats()["waiting"], "an empty spool", notifier.stats)
        found: list[int] = []
        before: str | None = ""
        async with ClientSession() as http:
            while before is not None:
                async with http.get(f"{second.url}/v1/notifications?limit=100{before}") as response:
                    page = await response.json()
                found += [int(item["data"]["nombre"]) for item in page["items"]]
                before = f"&before={page['next_before']}" if page["next_before"] else None
    assert found == list(reversed(range(3000)))


async def test_processes_share_a_spool(server: Server, tmp_path: Path) -> None:
    """What several processes put there at the same time arrives once, each one's in order."""
    admin = await server.connect({"role": "admin"})
    spool = str(tmp_path / "spool")
    async with (
        script(BACKEND, server.url, spool, "a", "200") as first,
        script(BACKEND, server.url, spool, "b", "200") as second,
        script(BACKEND, NOBODY, str(tmp_path / "other"), "c", "1") as stranger,
    ):
        for process in (first, second):
            await coming(process.communicate(), "the end", work_of(first, second))
            assert process.returncode == 0
        await coming(stranger.communicate(), "the end", work_of(stranger))
    async with Notifier(server.url, spool=spool) as notifier:
        await until(lambda: not notifier.stats()["waiting"], "an empty spool", notifier.stats)
    await until(lambda: len(admin.notifications) == 400, "400 notifications", admin.moves)
    assert told(admin, "a") == told(admin, "b") == list(range(200))
    assert server.core.operators.stats()["publishes"]["accepted"] == 400


@pytest.mark.parametrize("spooled", [False, True], ids=["memory", "spool"])
async def test_a_fork_begins_anew(server: Server, tmp_path: Path, *, spooled: bool) -> None:
    """A child sends what it hands over, the parent what it does, and what was before the fork is sent once."""
    admin = await server.connect({"role": "admin"})
    spool = str(tmp_path / "spool") if spooled else ""
    for _ in range(3):
        async with script(FORKING, server.url, spool, "30") as process:
            await coming(process.communicate(), "the end", work_of(process))
            assert process.returncode == 0
    await until(lambda: len(admin.notifications) >= 270, "270 notifications", admin.moves)
    for tour in ("before", "parent", "child"):
        assert told(admin, tour) == [*range(30)] * 3
    assert server.core.operators.stats()["publishes"]["accepted"] == 270


async def test_the_end_of_a_program_sends_what_waits(server: Server) -> None:
    """A script that hands over and ends has sent it, without a word about flushing."""
    admin = await server.connect({"role": "admin"})
    code = "import sys; from sio_server.client import Notifier; Notifier(sys.argv[1]).notify('test', 'adiós')"
    async with script(code, server.url) as process:
        await coming(process.communicate(), "the end", work_of(process))
        assert process.returncode == 0
    [envelope] = await admin.wait(1)
    assert envelope["message"] == "adiós"


async def test_the_end_of_a_program_does_not_wait_for_a_server_that_is_away(tmp_path: Path) -> None:
    """It ends all the same, without and with a spool, where what waits stays."""
    for spool in ("None", "sys.argv[2]"):
        code = (
            f"import sys; from sio_server.client import Notifier; Notifier(sys.argv[1], spool={spool}).notify('test')"
        )
        async with script(code, NOBODY, str(tmp_path / "spool")) as process:
            await coming(process.communicate(), "the end", work_of(process))
            assert process.returncode == 0
    async with opened(NOBODY, tmp_path / "spool") as notifier:
        assert notifier.stats()["waiting"] == 1


@contextlib.asynccontextmanager
async def opened(url: str, spool: Path, **options: Any) -> AsyncIterator[Notifier]:
    """A notifier that does not wait at its end."""
    notifier = Notifier(url, spool=spool, **options)
    try:
        yield notifier
    finally:
        await notifier.aclose(0)


def leaders(*notifiers: Notifier) -> int:
    """Count those that may send."""
    return sum(notifier._stock.spool is not None and notifier._stock.spool.leads() for notifier in notifiers)


def sizes_in(directory: Path) -> dict[str, int]:
    """Return the files of a directory and how large each is."""
    return {path.name: path.stat().st_size for path in directory.iterdir()}


async def test_one_sends_and_the_next_takes_over(server: Server, tmp_path: Path) -> None:
    """While the one that sends lives, the others leave it to that one; once it is gone, another sends."""
    admin = await server.connect({"role": "admin"})
    async with opened(server.url, tmp_path) as second:
        async with opened(NOBODY, tmp_path) as first:
            # Whichever of the two it is that sends, it is one.
            first.notificar_tour_actualizado(tour_id="t", nombre="0")
            second.notificar_tour_actualizado(tour_id="t", nombre="1")
            assert await asyncio.to_thread(leaders, first, second) == 1
        second.notificar_tour_actualizado(tour_id="t", nombre="2")
        await admin.wait(3)
        assert told(admin, "t") == [0, 1, 2]


@pytest.mark.parametrize("damage", ["text", "middle", "header", "other"])
async def test_a_damaged_spool_is_put_aside(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture, damage: str
) -> None:
    """It costs a line and what was in it, and no call."""
    admin = await server.connect({"role": "admin"})
    failures: list[Failure] = []
    async with opened(NOBODY, tmp_path) as notifier:
        for number in range(200):
            notifier.notificar_tour_actualizado(tour_id="old", nombre=str(number))
    file = tmp_path / FILE

    def spoil() -> None:
        content = bytearray(file.read_bytes())
        if damage == "text":
            content = bytearray(b"this is no database, whatever its name says\n" * 1000)
        elif damage == "middle":
            content[4096 : 4096 * 8] = os.urandom(4096 * 7)
        elif damage == "header":
            content[:100] = bytes(100)
        else:
            file.unlink()
            with contextlib.closing(sqlite3.connect(file)) as database:
                database.executescript("PRAGMA user_version=1; CREATE TABLE other (x)")
            return
        file.write_bytes(content)

    await asyncio.to_thread(spoil)
    async with opened(server.url, tmp_path, on_failure=failures.append) as notifier:
        for number in range(3):
            notifier.notificar_tour_actualizado(tour_id="new", nombre=str(number))
        await until(lambda: told(admin, "new") == [0, 1, 2], "the new ones", admin.moves)
        assert await notifier.aflush(PATIENCE)
        assert notifier.stats()["waiting"] == 0
    assert not failures
    assert "is damaged: it was put aside" in caplog.text
    assert any(name.startswith("damaged-") for name in sizes_in(tmp_path))
    assert told(admin, "old") == list(range(len(told(admin, "old"))))


async def test_a_lease_that_is_no_database_is_made_anew(server: Server, tmp_path: Path) -> None:
    """What stands where the lock should be keeps nobody from sending."""
    admin = await server.connect({"role": "admin"})
    (tmp_path / LEASE).write_text("no database at all\n" * 1000)
    async with opened(server.url, tmp_path) as notifier:
        notifier.notificar_tour_actualizado(tour_id="t", nombre="0")
        await admin.wait(1)


async def test_a_directory_that_cannot_be_used_costs_no_call(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A file stands in its place: what is handed over waits in memory, and a line says so."""
    admin = await server.connect({"role": "admin"})
    (tmp_path / "file").write_text("")
    async with opened(server.url, tmp_path / "file" / "spool") as notifier:
        notifier.notify("test", "s3cret")
        await admin.wait(1)
        assert notifier.stats()["unspooled"] == 1
    assert "the spool cannot be used" in caplog.text
    assert "s3cret" not in caplog.text


async def test_a_spool_that_vanishes_is_made_anew(server: Server, tmp_path: Path) -> None:
    """Somebody cleans up: the next call makes the file again."""
    admin = await server.connect({"role": "admin"})
    async with opened(server.url, tmp_path / "spool") as notifier:
        notifier.notify("test", "a")
        await admin.wait(1)
        await until(lambda: not notifier.stats()["waiting"], "an empty spool")
        for path in (tmp_path / "spool").iterdir():
            path.unlink()
        notifier.notify("test", "b")
        assert [envelope["message"] for envelope in await admin.wait(2)] == ["a", "b"]


async def test_a_spool_that_is_locked_for_long_costs_no_call(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Another program holds the file: one call waits a moment, the next do not, all wait in memory, and are sent."""
    admin = await server.connect({"role": "admin"})
    async with opened(server.url, tmp_path) as notifier:
        notifier.notify("test", "a")
        await admin.wait(1)
        await until(lambda: not notifier.stats()["waiting"], "an empty spool")

        def hold() -> None:
            with contextlib.closing(sqlite3.connect(tmp_path / FILE, isolation_level=None)) as database:
                database.execute("BEGIN IMMEDIATE")
                notifier.notify("test", "b")
                database.execute("ROLLBACK")
            notifier.notify("test", "c")

        await asyncio.to_thread(hold)
        assert notifier.stats()["unspooled"] == 2
        assert [envelope["message"] for envelope in await admin.wait(3)] == ["a", "b", "c"]
    assert "the spool cannot be used" in caplog.text


async def test_the_environment_names_the_spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SIO_SERVER_SPOOL is where it is; nobody else of the system reads what is in it."""
    monkeypatch.setenv("SIO_SERVER_SPOOL", str(tmp_path / "a" / "b"))
    notifier = Notifier(NOBODY)
    notifier.notify("test", "s3cret")
    await notifier.aclose(0)
    file = tmp_path / "a" / "b" / FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert b"s3cret" in file.read_bytes()


async def test_a_spool_stays_small(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The write-ahead log is copied into the file and begun anew, and the room of what was sent is used again."""
    monkeypatch.setattr("sio_server.client.spool.WAL_BYTES", 100_000)
    admin = await server.connect({"role": "admin"})
    async with gate(server.url) as url, opened(url, tmp_path, queue=200) as notifier:
        for number in range(3000):
            notifier.notificar_tour_actualizado(tour_id="t", nombre=str(number))
            if number % 100 == 0:
                await until(lambda: not notifier.stats()["waiting"], "an empty spool", notifier.stats)
        await until(lambda: told(admin, "t") == list(range(3000)), "all of them", admin.moves)
        await notifier.aclose()
        sizes = sizes_in(tmp_path)
    assert sum(sizes.values()) < 1_000_000, sizes
