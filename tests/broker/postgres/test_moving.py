"""A log moves from SQLite into PostgreSQL with all that is in it, and who comes back notices nothing."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from sio_server.audience import Audience
from sio_server.broker import Amendment, Broker, View
from sio_server.broker.postgres import PostgresBroker
from sio_server.broker.postgres.moving import Moved, move
from sio_server.broker.sqlite import FILE_NAME, SqliteBroker
from sio_server.errors import LogError, LogInUse
from sio_server.extras import Extras
from tests.broker.contract.data import copy_of, full_life
from tests.broker.contract.schedule import MOST, planned
from tests.support.brokers import Ear, appended, positions
from tests.support.brokers import notification as keyed
from tests.support.commands import run
from tests.support.inbox_model import Clock, notification

BOTH = Audience.of(users=["ana", "bea"])
USERS = ("ana", "bea")


async def lived(directory: Path, clock: Clock) -> SqliteBroker:
    """An embedded log that has something of everything, and is closed."""
    broker = SqliteBroker(directory, now=clock)
    await broker.start(Ear())
    await full_life(broker)
    for number in range(3):
        await appended(broker, with_extras(collapse_key="k", group="reservas"))
        await broker.schedule(planned(60 + number), most=MOST)
    changed = await appended(broker, with_extras(group="reservas"))
    await broker.amend(changed.id, Amendment(members={"title": "otro"}, at=1, by="key:p"))
    gone = await appended(broker, notification(BOTH))
    await broker.retract(gone.id, by="key:p", at=2)
    await appended(broker, keyed("once", key="k1"))
    await broker.revoke("cid", 1000.0)
    assert await broker.use_up("ticket", clock.seconds + 60)
    (first, *_) = (await broker.schedule_page(limit=1)).items
    await broker.cancel(first.notification.id, by="key:p", at=3)
    await broker.close()
    return broker


def with_extras(**extras: Any) -> Any:
    """A notification for both users with these extras."""
    made = notification(BOTH)
    members = {name: value for name, value in made._asdict().items() if name != "body"}
    return type(made)(**{**members, "extras": Extras(**extras)})


async def seen(broker: Broker) -> dict[str, Any]:
    """All that can be asked of a log."""
    found: dict[str, Any] = {"head": broker.head(), "floor": broker.floor(), "secret": broker.secret("x")}
    for user in USERS:
        view = await broker.view_of(user)
        found[user] = {
            "copy": await copy_of(broker, user),
            "page": await broker.page(view),
            "groups": await broker.groups(view, limit=10),
            "replay": [entry.id for entry in (await broker.stretch(view, 0, 100)).items],
        }
    found["log"] = (await broker.search(limit=100)).items
    found["schedule"] = (await broker.schedule_page(limit=100)).items
    for stored in found["log"]:
        identity = stored.entry.id
        found[identity] = (await broker.receipt(identity), await broker.history(identity))
    return found


async def test_all_is_there(tmp_path: Path, dsn: str, clock: Clock) -> None:
    """Pages, counters, receipts, histories, schedule, cursors, keys and revocations are those of before."""
    await lived(tmp_path, clock)
    before, after = SqliteBroker(tmp_path, now=clock), PostgresBroker(dsn, now=clock)
    await before.start(Ear())
    expected = await seen(before)
    await before.close()
    told: list[tuple[str, int, int]] = []
    moved = await move(tmp_path, dsn, lambda *said: told.append(said))
    assert (moved.head, moved.already) == (expected["head"].seq, False)
    assert moved.rows["history"] >= 4
    assert told[-1][1] == told[-1][2]

    ear = Ear()
    await after.start(ear)
    found = await seen(after)
    assert found == expected
    assert after.revoked_before("cid") == 1000.0
    assert not await after.use_up("ticket", clock.seconds + 60)
    again = await appended(after, keyed("once", key="k1"))
    assert (again.duplicate, ear.heard) == (True, [])
    assert (await appended(after, notification(BOTH))).position.seq == moved.head + 1
    assert await positions(after, View("ana", {"user:ana": moved.head})) == [moved.head + 1]
    await after.close()
    assert await move(tmp_path, dsn, lambda *_: None) == Moved(moved.head + 1, already=True)


async def test_another_log_is_left_alone(tmp_path: Path, dsn: str, clock: Clock) -> None:
    """Where another log is, nothing is written and the mend is told; so of a directory in use, and of one without."""
    broker = PostgresBroker(dsn, now=clock)
    await broker.start(Ear())
    await appended(broker, notification(BOTH))
    await lived(tmp_path, clock)
    with pytest.raises(LogError, match="another log is there: name an empty one"):
        await move(tmp_path, dsn, lambda *_: None)
    assert (await appended(broker, notification(BOTH))).position.seq == 2
    await broker.close()
    embedded = SqliteBroker(tmp_path, now=clock)
    await embedded.start(Ear())
    with pytest.raises(LogInUse):
        await move(tmp_path, dsn, lambda *_: None)
    await embedded.close()
    with pytest.raises(LogError, match="there is no log here"):
        await move(tmp_path / "elsewhere", dsn, lambda *_: None)


async def test_older_log_is_told_how_to_become_one_of_today(tmp_path: Path, dsn: str, clock: Clock) -> None:
    """A file that an older version wrote is not moved, and the mend is named."""
    await lived(tmp_path, clock)

    def age() -> None:
        with sqlite3.connect(tmp_path / FILE_NAME) as connection:
            connection.execute("PRAGMA user_version = 3")

    await asyncio.to_thread(age)
    with pytest.raises(LogError, match="start and stop this version's server on it once"):
        await move(tmp_path, dsn, lambda *_: None)


async def test_command_says_what_was_moved(tmp_path: Path, dsn: str, clock: Clock) -> None:
    """The command moves a log, says how much, and names what is wrong with an address that is none."""
    await lived(tmp_path, clock)
    done = await run("migrate", "--from", f"sqlite:{tmp_path}", "--to", dsn, cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
    assert "moved up to position" in done.out
    done = await run("migrate", "--from", f"sqlite:{tmp_path}", cwd=tmp_path, env={"SIO_SERVER_BROKER": dsn})
    assert "it is there already" in done.out
    for words, said in (
        (("--from", "data", "--to", dsn), "--from: name the data directory as sqlite:DIR"),
        (("--from", "sqlite:data", "--to", "mysql://x"), "--to: name the address as postgresql://"),
        (("--from", "sqlite:data", "--to", "postgresql://u:p/w@h/d"), "--to: the address cannot be read"),
        (("--from", "sqlite:nowhere", "--to", dsn), "there is no log here"),
    ):
        done = await run("migrate", *words, cwd=tmp_path)
        assert done.code != 0
        assert said in done.err


async def test_servers_that_run_there_are_stopped_first(tmp_path: Path, dsn: str, clock: Clock) -> None:
    """A log does not become another one under servers that run on it, be it empty."""
    await lived(tmp_path, clock)
    broker = PostgresBroker(dsn, now=clock)
    await broker.start(Ear())
    with pytest.raises(LogInUse, match="servers run on it: stop them"):
        await move(tmp_path, dsn, lambda *_: None)
    await broker.close()
    assert (await move(tmp_path, dsn, lambda *_: None)).head > 0


async def test_text_that_postgres_cannot_keep_does_not_hold_up_the_rest(tmp_path: Path, dsn: str, clock: Clock) -> None:
    """NUL in a text, which SQLite keeps, becomes the sign of what cannot be shown; everything else moves as it is."""
    embedded = SqliteBroker(tmp_path, now=clock)
    await embedded.start(Ear())
    made = keyed("x", source="a\0b")
    await appended(embedded, made)
    await embedded.close()
    assert (await move(tmp_path, dsn, lambda *_: None)).head == 1
    broker = PostgresBroker(dsn, now=clock)
    await broker.start(Ear())
    found = await broker.find(made.id)
    assert found is not None
    assert found.entry.source == "a\ufffdb"
    await broker.close()
