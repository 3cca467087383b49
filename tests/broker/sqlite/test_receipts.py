"""Receipts of the embedded log: who was meant, who was sent it, who confirmed, saw and read it; and revocations."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sio_server.audience import Audience, Identity
from sio_server.broker import MAX_PAGE, Receipt
from sio_server.broker.sqlite import SqliteBroker
from sio_server.errors import BrokerUnavailable
from tests.support.brokers import Ear, appended
from tests.support.inbox_model import Clock, notification

MONTH = 30 * 24 * 3600


@pytest.fixture(params=["file", "memory"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqliteBroker]:
    """Give an open log, in a file and in memory."""
    broker = SqliteBroker(tmp_path if request.param == "file" else None)
    await broker.start(Ear())
    yield broker
    await broker.close()


async def admins(broker: SqliteBroker, *users: str) -> None:
    """Let these users come as admins."""
    for user in users:
        await broker.sight(user, Identity(user, ("admin",)).rooms())


async def receipt_of(broker: SqliteBroker, identity: str, *, limit: int = MAX_PAGE) -> Receipt:
    """Return the receipt of a notification that is there."""
    found = await broker.receipt(identity, limit=limit)
    assert found is not None
    return found


async def acknowledged(broker: SqliteBroker, identity: str) -> list[str]:
    """Return the users who acknowledged."""
    return [user.user for user in (await receipt_of(broker, identity)).users if user.acknowledged]


async def test_acknowledgements_survive_a_close(tmp_path: Path) -> None:
    """What was acknowledged just before the log was closed is there when it is opened again."""
    broker = SqliteBroker(tmp_path)
    await broker.start(Ear())
    await admins(broker, "ana")
    made = notification(Audience.of(roles=["admin"]))
    await appended(broker, made)
    broker.handed("ana", 1, after=0)
    broker.acknowledge("ana", 1, after=0)
    await broker.close()
    again = SqliteBroker(tmp_path)
    await again.start(Ear())
    try:
        found = await receipt_of(again, made.id)
        assert (found.sent, found.acknowledged) == (1, 1)
    finally:
        await again.close()


async def test_acknowledgements_reach_the_disk_by_themselves(tmp_path: Path) -> None:
    """What was acknowledged is in the file soon after, with nobody asking for a receipt."""
    broker = SqliteBroker(tmp_path)
    await broker.start(Ear())
    try:
        await admins(broker, "ana")
        await appended(broker, notification(Audience.of(roles=["admin"])))
        broker.acknowledge("ana", 1, after=0)
        high: list[tuple[int]] = []
        while not high:
            high = await broker._store.read(
                lambda connection: connection.execute("SELECT high FROM delivery").fetchall()
            )
        assert high == [(1,)]
    finally:
        await broker.close()


async def test_revocation_holds_across_restarts(tmp_path: Path) -> None:
    """A revocation is known at once and after a restart, and an earlier moment does not replace a later one."""
    clock = Clock()
    broker = SqliteBroker(tmp_path, now=clock)
    await broker.start(Ear())
    assert broker.revoked_before("ana") is None
    await broker.revoke("ana", clock.seconds)
    await broker.revoke("ana", clock.seconds - 100)
    assert broker.revoked_before("ana") == clock.seconds
    await broker.close()
    again = SqliteBroker(tmp_path, now=clock)
    await again.start(Ear())
    try:
        assert again.revoked_before("ana") == clock.seconds
        assert again.revoked_before("bea") is None
    finally:
        await again.close()


async def test_revocations_are_forgotten_after_a_month(tmp_path: Path) -> None:
    """Revocations of more than 30 days ago take no room any more, in memory and after a restart."""
    clock = Clock()
    broker = SqliteBroker(tmp_path, now=clock)
    await broker.start(Ear())
    await broker.revoke("ana", clock.seconds)
    clock.seconds += MONTH + 1
    await broker.revoke("bea", clock.seconds)
    assert (broker.revoked_before("ana"), broker.revoked_before("bea")) == (None, clock.seconds)
    await broker.close()
    clock.seconds += MONTH + 1
    again = SqliteBroker(tmp_path, now=clock, trust_clock=True)
    await again.start(Ear())
    try:
        assert again.revoked_before("bea") is None
    finally:
        await again.close()


async def test_secret_lives_as_long_as_the_log(tmp_path: Path) -> None:
    """A secret has 32 bytes, is the same after a restart, and another for another name or another log."""
    secrets: list[bytes] = []
    for directory, name in ((tmp_path / "a", "pid"), (tmp_path / "a", "pid"), (tmp_path / "a", "x"), (tmp_path, "pid")):
        broker = SqliteBroker(directory)
        with pytest.raises(BrokerUnavailable):
            broker.secret(name)
        await broker.start(Ear())
        secrets.append(broker.secret(name))
        await broker.close()
    assert {len(secret) for secret in secrets} == {32}
    assert secrets[0] == secrets[1]
    assert len(set(secrets)) == 3
