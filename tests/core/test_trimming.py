"""The oldest notifications go little by little, for as long as a server runs."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest

from sio_server.broker.sqlite import SqliteBroker
from sio_server.core import trimming as retention
from sio_server.core.trimming import keep_trimmed
from tests.support.brokers import Ear, appended, notification
from tests.support.inbox_model import Clock
from tests.support.logged import logging_to_stderr
from tests.support.waiting import until, until_true

DAY: Final = 24 * 3600.0


@pytest.fixture
async def broker(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SqliteBroker]:
    """Return a log that is looked at often."""
    monkeypatch.setattr(retention, "INTERVAL", 0.01)
    broker, ear = SqliteBroker(None), Ear()
    await broker.start(ear)
    yield broker
    await broker.close()


@contextlib.asynccontextmanager
async def trimming(
    broker: SqliteBroker, *, days: float = 0.0, count: int = 0, **options: Any
) -> AsyncIterator[asyncio.Task[None]]:
    """Keep a log trimmed, and stop as a server does."""
    task = asyncio.create_task(keep_trimmed(broker, days=days, count=count, **options))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def kept(broker: SqliteBroker) -> int:
    """How many notifications there are."""
    return (await broker.size()).notifications


async def shrunk_to(broker: SqliteBroker, count: int) -> None:
    """Wait until no more than this many are left."""
    found = -1

    async def shrunk() -> bool:
        nonlocal found
        found = await kept(broker)
        return found <= count

    await until_true(shrunk, f"a log of {count}", lambda: found)


async def test_newest_are_kept_by_number(broker: SqliteBroker) -> None:
    """Beyond the number that is kept the oldest go, again and again while more is published."""
    async with trimming(broker, count=5):
        for _ in range(2):
            for _ in range(20):
                await appended(broker, notification())
            await shrunk_to(broker, 5)
        assert await kept(broker) == 5
        assert broker.floor() == 35


async def test_older_than_so_many_days_go(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is older than the days that are kept goes; days may be a part of one."""
    monkeypatch.setattr(retention, "INTERVAL", 0.01)
    clock = Clock()
    broker = SqliteBroker(None, now=clock)
    await broker.start(Ear())
    for hours in (50, 37, 12, 1, 0):
        await appended(broker, notification())
        clock.seconds += hours * 3600
    async with trimming(broker, days=0.5):
        await shrunk_to(broker, 2)
        assert await kept(broker) == 2
    await broker.close()


async def test_types_with_a_time_of_their_own_go_by_it(broker: SqliteBroker) -> None:
    """A type that is kept for less goes, also where everything else is kept for ever."""
    broker.keep_types({"test": 0.0})
    for event in ("test", "booking", "test"):
        await appended(broker, notification(type=event))
    async with trimming(broker):
        await shrunk_to(broker, 1)
    assert (await broker.search()).items[0].entry.event == "booking"


async def test_clock_that_was_set_is_told_and_nothing_goes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wall clock that jumps forty days ahead makes nothing old; how far it jumped is a warning, there and back."""
    monkeypatch.setattr(retention, "INTERVAL", 0.01)
    wall, steadily = Clock(), Clock(5000.0)
    broker = SqliteBroker(None, now=wall, steadily=steadily)
    await broker.start(Ear())
    await broker.sight("ana", ["all", "role:admin"])
    await appended(broker, notification())
    steps: list[float] = []
    with logging_to_stderr():
        async with trimming(broker, days=30, count=1000):
            for seconds in (40 * DAY, -40 * DAY, -50 * 365 * DAY):
                wall.seconds += seconds

                def told() -> bool:
                    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
                    steps.extend(line["seconds"] for line in lines if line["level"] == "warning")
                    return bool(steps) and steps[-1] == seconds  # noqa: B023 - called before the next one

                await until(told, "a warning")
    assert await kept(broker) == 1
    assert "all" in (await broker.view_of("ana")).seen_from
    assert steps == [40 * DAY, -40 * DAY, -50 * 365 * DAY]
    await broker.close()


async def test_users_who_never_return_are_forgotten() -> None:
    """Who is neither here nor was for longer than the days that are kept is forgotten; who is connected is not."""
    clock, days = Clock(), 10.0
    broker = SqliteBroker(None, now=clock)
    await broker.start(Ear())
    for user in ("ana", "bea"):
        await broker.sight(user, ["all", "role:admin"])
    clock.seconds += (days + 2) * 24 * 3600
    broker.arrived("connection of bea", "bea", ["all", "role:admin"])

    async def forgotten() -> bool:
        return "all" not in (await broker.view_of("ana")).seen_from

    async with trimming(broker, days=days):
        await until_true(forgotten, "ana to be forgotten")
        assert "all" in (await broker.view_of("bea")).seen_from
    await broker.close()


async def test_without_limits_nothing_goes(broker: SqliteBroker) -> None:
    """With 0 for both, everything is kept."""
    looks = 0
    look_at_clock = broker.look_at_clock

    async def counted() -> float:
        nonlocal looks
        looks += 1
        return await look_at_clock()

    broker.look_at_clock = counted  # type: ignore[method-assign]
    await appended(broker, notification())
    async with trimming(broker):
        await until(lambda: looks > 3, "some looks")
    assert await kept(broker) == 1


async def test_log_that_cannot_be_trimmed_is_tried_again(
    broker: SqliteBroker, capsys: pytest.CaptureFixture[str]
) -> None:
    """A log that takes no change is tried again later instead of never."""
    tries = 0
    retain = broker.retain

    async def failing(**limits: float | None) -> int:
        nonlocal tries
        tries += 1
        if tries < 3:
            await broker.close()
        return await retain(**limits)  # type: ignore[arg-type]

    broker.retain = failing  # type: ignore[method-assign]
    async with trimming(broker, count=5) as task:
        await until(lambda: tries >= 5, "five tries")
        assert not task.done()
