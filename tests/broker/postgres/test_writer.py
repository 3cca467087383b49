"""What becomes of publishes that a database does not take, or not now."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from sio_server.broker.address import address_of
from sio_server.broker.postgres import PostgresBroker, health
from sio_server.errors import BrokerUnavailable, Refused
from tests.support.brokers import Ear, appended, notification, soon

Ask = Callable[..., Awaitable[Any]]


async def test_wrong_text_is_refused_alone(broker: PostgresBroker, ear: Ear) -> None:
    """A text that the database cannot keep is the fault of its own publish, and of none of the same commit."""
    made = [notification("a"), notification("b", source="x\0y"), notification("c", key="k\0"), notification("d")]
    outcomes = await asyncio.gather(*(appended(broker, one) for one in made), return_exceptions=True)
    assert [isinstance(one, Refused) and one.kind.code for one in outcomes] == [
        False,
        "invalid_data",
        "invalid_data",
        False,
    ]
    assert [entry.id for entry in ear.heard] == [made[0].id, made[3].id]
    await broker.check()


async def test_wrong_text_is_no_fault_of_the_log(broker: PostgresBroker) -> None:
    """Whoever asks with a text that the database cannot have is told so, and not to try again."""
    for call in (broker.search(types=["x\0"]), broker.follow("ana\0", "cusco")):
        with pytest.raises(Refused, match="invalid_data"):
            await call


async def test_log_that_takes_nothing_is_not_ready(
    broker: PostgresBroker, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A node whose commit does not come back says so, cancels nothing, and is ready again when it has come."""
    monkeypatch.setattr(health, "HELD_UP", 0.05)
    address, schema, _ = address_of(dsn)
    other = await asyncpg.connect(address, server_settings={"search_path": f'"{schema}"'})
    async with other.transaction():
        await other.execute("SELECT FROM log FOR UPDATE")
        waiting = asyncio.create_task(appended(broker, notification()))
        await soon(lambda: _is_unavailable(broker))
        assert not waiting.done()
    assert (await waiting).position.seq == 1
    await broker.check()
    await other.close()


async def test_log_that_failed_works_once_it_has_room(broker: PostgresBroker, ask: Ask) -> None:
    """After a publish that failed the log is not ready until a body as large as may be can be written."""
    broker.room_for(1_000_000)
    # As a full disk does: whatever is written is refused.
    await ask("CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE disk_full; END $$")
    await ask("CREATE TRIGGER full_disk BEFORE INSERT ON mark FOR EACH ROW EXECUTE FUNCTION full_disk()")
    with pytest.raises(BrokerUnavailable):
        await appended(broker, notification())
    assert await _is_unavailable(broker)
    await ask("DROP TRIGGER full_disk ON mark")
    await broker.check()
    await broker.check()
    assert (await appended(broker, notification())).position.seq == 1
    assert await ask("SELECT count(*) FROM mark") == 1


async def _is_unavailable(broker: PostgresBroker) -> bool:
    try:
        await broker.check()
    except BrokerUnavailable:
        return True
    return False
