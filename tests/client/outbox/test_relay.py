"""What is committed is published once, in order; what is rolled back is not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import orm
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine

from sio_server.client import Failure
from sio_server.client.outbox import SqlOutbox
from sio_server.errors import ConfigError
from sio_server.testing.recorder import recording
from tests.support.outboxes import Booking, Place, Refused
from tests.support.servers import ROOT, Listener, Server, environment
from tests.support.waiting import PATIENCE, coming, turns, until, work_of

NOBODY = "http://127.0.0.1:1"


def tour(outbox: SqlOutbox, number: int, about: str = "t") -> Callable[[Any], object]:
    """Return the work of a request that adds an event."""
    return lambda session: outbox.using(session).notificar_tour_actualizado(tour_id=about, nombre=str(number))


def told(admin: Listener, about: str = "t") -> list[int]:
    """Return the numbers about a tour, in the order in which they came."""
    return [int(e["data"]["nombre"]) for e in admin.notifications if e["data"].get("tour_id") == about]


async def test_what_is_committed_is_published_once(server: Server, place: Place) -> None:
    """An event is delivered exactly if its transaction was committed, and the table is empty afterwards."""
    admin = await server.connect({"role": "admin"})
    outbox = place.outbox

    def rolled_back(session: Any) -> None:
        outbox.add("test", "never", session=session)
        raise Refused

    async with place.relay(server) as relay:
        await place.transaction(tour(outbox, 0))
        await place.transaction(rolled_back)
        await place.transaction(tour(outbox, 1))
        assert await relay.aflush(PATIENCE)
        await until(lambda: len(admin.notifications) == 2, "two notifications", admin.moves)
        assert told(admin) == [0, 1]
        assert await place.rows() == []
        assert relay.stats()["sent"] == 2
        assert relay.stats()["leading"]
    assert server.core.operators.stats()["publishes"] == {"accepted": 2, "duplicates": 0}


async def test_what_was_committed_before_waits_for_a_relay(server: Server, place: Place) -> None:
    """Hundreds of events, of many commits and of one, arrive in the order in which they were added."""
    admin = await server.connect({"role": "admin"})
    outbox = place.outbox

    def many(session: Any) -> None:
        for number in range(20, 250):
            tour(outbox, number)(session)

    for number in range(20):
        await place.transaction(tour(outbox, number))
    await place.transaction(many)
    assert len(await place.rows()) == 250
    async with place.relay(server) as relay:
        assert await relay.aflush(PATIENCE)
    await until(lambda: len(admin.notifications) == 250, "all of them", admin.moves)
    assert told(admin) == list(range(250))
    assert await place.rows() == []


async def test_a_server_that_is_away_loses_nothing(place: Place, server: Server) -> None:
    """While nobody answers, rows wait; the next relay sends them."""
    admin = await server.connect({"role": "admin"})
    async with place.relay(NOBODY) as relay:
        await place.transaction(tour(place.outbox, 0))
        await until(lambda: relay.stats()["tries_failed"], "a try", relay.stats)
        await relay.aclose(0)
    assert [row["type"] for row in await place.rows()] == ["tour_actualizado"]
    async with place.relay(server) as relay:
        assert await relay.aflush(PATIENCE)
    await until(lambda: told(admin) == [0], "it", admin.moves)


async def test_what_the_server_refuses_is_kept_with_the_reason(
    server: Server, place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    """It is marked, counted and told of, and holds up nobody; it is sent again when its mark is taken away."""
    admin = await server.connect({"role": "admin"})
    failures: list[Failure] = []

    def work(session: Any) -> None:
        place.outbox.add("of_no_catalogue", data={"s3cret": 1}, session=session, ordering_key="t")
        place.outbox.add("test", "later", session=session, ordering_key="t")

    async with place.relay(server, on_failure=failures.append) as relay:
        await place.transaction(work)
        assert await relay.aflush(PATIENCE)
        await until(lambda: len(admin.notifications) == 1, "the other one", admin.moves)
        assert relay.stats()["refused"] == 1
        [row] = await place.rows()
        assert (row["type"], row["code"]) == ("of_no_catalogue", "unknown_type")
        assert row["failed_at"] is not None
        assert "of_no_catalogue" in row["detail"]
        assert [failure.code for failure in failures] == ["unknown_type"]
        assert "will not be delivered: refused (unknown_type)" in caplog.text
        assert "s3cret" not in caplog.text

        def again(connection: sa.Connection) -> None:
            mended = {"failed_at": None, "type": "test", "body": row["body"].replace("of_no_catalogue", "test")}
            connection.execute(place.outbox.table.update().values(mended))

        await place.run(again)
        place.outbox.ring()
        assert await relay.aflush(PATIENCE)
        await admin.wait(2)
        assert await place.rows() == []


async def test_what_was_refused_long_ago_is_taken_away(server: Server, place: Place) -> None:
    """Its mark is older than what the relay was told; a younger one stays, and so does what waits."""

    def mark(connection: sa.Connection) -> None:
        for days in (40, 20):
            values = {**place.outbox.row("old", str(days)), "failed_at": datetime.now(UTC) - timedelta(days=days)}
            connection.execute(place.outbox.table.insert(), values)

    await place.run(mark)
    async with place.relay(server, keep_refused=timedelta(days=30)) as relay:
        await place.transaction(tour(place.outbox, 0))
        assert await relay.aflush(PATIENCE)
    assert [row["body"].count("20") > 0 for row in await place.rows()] == [True]


async def test_a_commit_in_this_process_is_sent_at_once(server: Server, place: Place) -> None:
    """Nobody polls here for an hour: the session's commit rings, and so may the application."""
    admin = await server.connect({"role": "admin"})
    async with place.relay(server, poll=3600):
        await until(lambda: told(admin) == [], "a look")
        for number in range(3):
            await place.transaction(tour(place.outbox, number))
            await admin.wait(number + 1)
        await place.run(lambda connection: connection.execute(place.outbox.table.insert(), place.outbox.row("test")))
        place.outbox.ring()
        await admin.wait(4)


async def test_one_relay_sends_and_another_takes_over(server: Server, place: Place) -> None:
    """While one lives the other leaves it to that one; when it ends, or ended without a word, the other goes on."""
    admin = await server.connect({"role": "admin"})
    async with place.relay(server, poll=0.02, takeover=60) as second:
        async with place.relay(server, poll=0.02, takeover=60) as first:
            for number in range(20):
                await place.transaction(tour(place.outbox, number))
            await until(lambda: len(told(admin)) == 20, "all of them", admin.moves)
            assert [first.stats()["leading"], second.stats()["leading"]].count(True) == 1
            assert not [relay.stats()["duplicates"] for relay in (first, second) if relay.stats()["duplicates"]]
        # It gave its lease back, which would have held for a minute.
        await place.transaction(tour(place.outbox, 20))
        await until(lambda: len(told(admin)) == 21, "the next", admin.moves)
        assert second.stats()["leading"]
    assert told(admin) == list(range(21))
    assert server.core.operators.stats()["publishes"] == {"accepted": 21, "duplicates": 0}


async def test_a_lease_of_a_relay_that_died_ends(server: Server, place: Place) -> None:
    """Nobody gave it back: the next relay takes over when its time is up, by the database's clock."""
    admin = await server.connect({"role": "admin"})
    dead = place.relay(NOBODY, takeover=1.0)
    await dead.__aenter__()
    await place.transaction(tour(place.outbox, 0))
    await until(lambda: dead.stats()["leading"], "a leader", dead.stats)
    assert dead._sender is not None
    await asyncio.to_thread(dead._sender.stop, PATIENCE)  # as a kill does, without a word to the database
    async with place.relay(server, poll=0.02):
        await until(lambda: told(admin) == [0], "it", admin.moves)


async def test_a_stopped_relay_that_goes_on_repeats_nothing(server: Server, lite: Place) -> None:
    """It had read rows that another one sent meanwhile: the server knows them by their keys."""
    admin = await server.connect({"role": "admin"})
    for number in range(5):
        await lite.transaction(tour(lite.outbox, number))
    async with lite.relay(NOBODY, takeover=0.05) as stopped:
        await until(lambda: stopped.stats()["leading"], "a leader", stopped.stats)
        assert stopped._kept is not None
        stale = await asyncio.to_thread(stopped._kept._table.rows, [1, 2, 3, 4, 5])
    async with lite.relay(server) as relay:
        assert await relay.aflush(PATIENCE)
        assert relay._sender is not None
        outcomes = await asyncio.to_thread(relay._sender._courier.send, [entry for _, entry in stale])
    assert [outcome.duplicate for outcome in outcomes] == [True] * 5
    await until(lambda: len(admin.notifications) == 5, "five", admin.moves)


async def test_a_database_that_fails_is_waited_for(
    server: Server, lite: Place, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its table a relay says so, once a minute, and goes on when the table is there."""
    monkeypatch.setattr("sio_server.client.outbox.kept.TROUBLE", 0.02)
    admin = await server.connect({"role": "admin"})
    await lite.run(lite.outbox.table.drop)
    async with lite.relay(server, poll=0.02):
        await until(lambda: "the outbox cannot be used" in caplog.text, "a line")
        await turns()
        assert caplog.text.count("the outbox cannot be used") == 1
        assert "no such table: sio_outbox" in caplog.text
        await lite.run(lite.outbox.create)
        await lite.transaction(tour(lite.outbox, 0))
        await until(lambda: told(admin) == [0], "it", admin.moves)


async def test_a_large_event_holds_up_nobody(server: Server, lite: Place) -> None:
    """One that no server takes is marked, and those beside it, of half a megabyte together, are sent."""
    admin = await server.connect({"role": "admin"})

    def work(session: Any) -> None:
        lite.outbox.add("test", "first", session=session)
        lite.outbox.add("test", "x" * 9_000_000, session=session)
        for number in range(20):
            lite.outbox.add("test", str(number), {"filler": "x" * 40_000}, session=session)

    await lite.transaction(work)
    async with lite.relay(server) as relay:
        assert await relay.aflush(PATIENCE)
    await until(lambda: len(admin.notifications) == 21, "the others", admin.moves)
    [row] = await lite.rows()
    assert (row["size"] > 9_000_000, row["code"]) == (True, "payload_too_large")


async def test_transactions_that_overlap_lose_nothing(server: Server, elephant: Place) -> None:
    """The one with the lower number commits later, after the other was sent: it is found all the same."""
    admin = await server.connect({"role": "admin"})
    assert isinstance(elephant.engine, sa.Engine)
    slow = orm.Session(elephant.engine)
    tour(elephant.outbox, 0, "slow")(slow)
    await asyncio.to_thread(slow.flush)
    async with elephant.relay(server) as relay:
        for number in range(150):
            await elephant.transaction(tour(elephant.outbox, number))
        assert await relay.aflush(PATIENCE)
        await until(lambda: told(admin) == list(range(150)), "the quick ones", admin.moves)
        await asyncio.to_thread(slow.commit)
        await until(lambda: told(admin, "slow") == [0], "the slow one", admin.moves)
        assert await relay.aflush(PATIENCE)
        assert await elephant.rows() == []
    await asyncio.to_thread(slow.close)


async def test_events_are_written_after_what_they_tell_of(lite: Place) -> None:
    """The number is drawn once the application's own rows are written, and so are locked, whatever was called first."""
    said: list[str] = []
    assert isinstance(lite.engine, sa.Engine)

    @sa.event.listens_for(lite.engine, "before_cursor_execute")
    def listen(*arguments: Any) -> None:
        said.append(arguments[2].split("(")[0].strip())

    def work(session: orm.Session) -> None:
        lite.outbox.add("test", "0", session=session)
        lite.outbox.add("test", "1", session=session)
        session.add(Booking(id=1, state="new"))

    def change(session: orm.Session) -> None:
        booking = session.get(Booking, 1)
        assert booking is not None
        lite.outbox.add("test", "2", session=session)
        booking.state = "cancelled"

    await lite.transaction(work)
    await lite.transaction(change)
    writing = [statement.split(" SET")[0] for statement in said if not statement.startswith("SELECT")]
    events = "INSERT INTO sio_outbox"
    assert [*dict.fromkeys(writing[:-2]), *writing[-2:]] == ["INSERT INTO booking", events, "UPDATE booking", events]
    assert [json.loads(row["body"])["message"] for row in await lite.rows()] == ["0", "1", "2"]


async def test_a_savepoint_takes_its_events_back(server: Server, place: Place) -> None:
    """What was added in a savepoint goes with it, what was added before and after stays."""
    admin = await server.connect({"role": "admin"})

    def work(session: orm.Session) -> None:
        tour(place.outbox, 0)(session)
        with contextlib.suppress(Refused), session.begin_nested():
            tour(place.outbox, 1)(session)
            session.flush()
            tour(place.outbox, 2)(session)
            raise Refused
        with session.begin_nested():
            tour(place.outbox, 3)(session)
        tour(place.outbox, 4)(session)

    if isinstance(place.engine, AsyncEngine):
        async with AsyncSession(place.engine) as session, session.begin():
            await session.run_sync(work)
    else:
        await place.transaction(work)
    async with place.relay(server) as relay:
        assert await relay.aflush(PATIENCE)
    await until(lambda: len(admin.notifications) == 3, "three", admin.moves)
    assert told(admin) == [0, 3, 4]


def test_a_relay_without_asyncio(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """It is a context of its own, may be closed twice, and is begun once; an engine of asyncio needs a loop."""
    engine = sa.create_engine(f"sqlite:///{tmp_path / 'app.db'}")
    outbox = SqlOutbox()
    outbox.create(engine)
    relay = outbox.relay(engine, NOBODY, poll=0.02)
    assert not relay.flush(0)
    relay.close()
    with relay:
        assert relay.flush(PATIENCE)
    relay.close(0)
    with pytest.raises(RuntimeError, match="begun once"), relay:
        pass
    another = outbox.relay(engine, NOBODY).start()
    assert another.flush(PATIENCE)
    another.close(0)
    with pytest.raises(TypeError, match="async with"), outbox.relay(create_async_engine("sqlite+aiosqlite://"), NOBODY):
        pass
    with pytest.raises(ConfigError):
        outbox.relay(engine, "localhost:8080")
    engine.dispose()
    assert not [record for record in caplog.records if record.levelno > logging.INFO]


async def test_a_loop_that_ended_ends_no_process(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """The thread of a relay whose application's loop is gone goes on trying, and can be stopped."""
    url = f"sqlite+aiosqlite:///{tmp_path / 'app.db'}"
    relay = SqlOutbox().relay(create_async_engine(url), NOBODY, poll=0.02)

    def ended() -> None:
        loop = asyncio.new_event_loop()
        relay._open(loop)
        loop.close()

    await asyncio.to_thread(ended)
    await until(lambda: "the outbox cannot be used" in caplog.text, "a line")
    await relay.aclose(0)


async def test_a_recorder_of_a_test_gets_what_is_committed(lite: Place) -> None:
    """No server is asked; what one would refuse is marked, and told of as it is in production."""
    with recording() as notifications:
        async with lite.relay(NOBODY) as relay:
            await lite.transaction(tour(lite.outbox, 7))
            await lite.transaction(lambda session: lite.outbox.add("of_no_catalogue", session=session))
            assert await relay.aflush(PATIENCE)
        notifications.assert_notified(None, "tour_actualizado", roles=["admin"], nombre="7")
        assert [refusal.code for refusal in notifications.refused] == ["unknown_type"]
    assert [row["code"] for row in await lite.rows()] == ["unknown_type"]


async def test_a_relay_that_is_switched_off_keeps_what_is_committed(lite: Place) -> None:
    """It waits for a relay that is not."""
    async with lite.relay("none:", poll=0.01) as relay:
        await lite.transaction(tour(lite.outbox, 7))
        assert await relay.aflush(PATIENCE)
        assert relay.stats()["sent"] == 0
    assert len(await lite.rows()) == 1


async def test_a_relay_that_has_begun_imports_nothing_more(tmp_path: Path) -> None:
    """Workers that are forked right after it find whole modules."""
    code = (
        "import sys; import sqlalchemy as sa; from sio_server.client.outbox import SqlOutbox; outbox = SqlOutbox();"
        "engine = sa.create_engine('sqlite:///app.db'); outbox.create(engine); relay = outbox.relay(engine, 'http://a');"
        "assert 'httpx' not in sys.modules; relay.start(); begun = set(sys.modules); relay.close(0.1);"
        "print(sorted({name.partition('.')[0] for name in set(sys.modules) - begun}))"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-c", code),
        cwd=tmp_path,
        env=environment({"PYTHONPATH": str(ROOT)}),
        stdout=asyncio.subprocess.PIPE,
    )
    said, _ = await coming(process.communicate(), "its end", work_of(process))
    assert (process.returncode, said) == (0, b"[]\n")
