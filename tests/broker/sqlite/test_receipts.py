"""Receipts of the embedded log: who was meant, who was sent it, who confirmed, saw and read it; and revocations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sio_server.audience import Audience, Identity
from sio_server.broker import MAX_PAGE, Receipt, UserReceipt
from sio_server.broker.sqlite import SqliteBroker
from sio_server.errors import BrokerUnavailable
from tests.support.brokers import Ear, appended
from tests.support.inbox_model import Clock, notification

MONTH = 30 * 24 * 3600


@pytest.fixture(params=["file", "memory"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[SqliteBroker]:
    """Give an open log, in a file and in memory."""
    log = SqliteBroker(tmp_path if request.param == "file" else None)
    await log.start(Ear())
    yield log
    await log.close()


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


async def test_receipt_tells_how_far_it_came_with_each_user(broker: SqliteBroker) -> None:
    """A receipt sums up and lists who was targeted, handed, acknowledged, who saw and who read."""
    await admins(broker, "ana", "bea", "cid", "dan")
    made = notification(Audience.of(roles=["admin"], users=["eva"], except_users=["dan"]))
    seq = (await appended(broker, made)).position.seq
    for user in ("ana", "bea", "cid"):
        broker.handed(user, seq, after=0)
    for user in ("ana", "bea"):
        broker.acknowledge(user, seq, after=0)
    await broker.mark(await broker.view_of("ana"), "read", [made.id])
    await broker.mark(await broker.view_of("bea"), "seen", None)
    assert await receipt_of(broker, made.id) == Receipt(
        targeted=4,
        sent=3,
        acknowledged=2,
        seen=2,
        read=1,
        users=(
            UserReceipt("ana", sent=True, acknowledged=True, seen=True, read=True),
            UserReceipt("bea", sent=True, acknowledged=True, seen=True, read=False),
            UserReceipt("cid", sent=True, acknowledged=False, seen=False, read=False),
            UserReceipt("eva", sent=False, acknowledged=False, seen=False, read=False),
        ),
        next_after=None,
    )


async def test_receipt_counts_those_who_were_there(broker: SqliteBroker) -> None:
    """Users who were first seen in the room after the notification are not among its targets."""
    await admins(broker, "ana")
    made = notification(Audience.of(roles=["admin"]))
    await appended(broker, made)
    await admins(broker, "bea")
    assert [user.user for user in (await receipt_of(broker, made.id)).users] == ["ana"]


async def test_receipt_goes_on_page_by_page(broker: SqliteBroker) -> None:
    """The users of a receipt come in pages by name, while its sums are always of all."""
    users = [f"user{number:02}" for number in range(25)]
    await admins(broker, *users)
    made = notification(Audience.of(everybody=True))
    await appended(broker, made)
    names: list[str] = []
    after: str | None = None
    while True:
        found = await broker.receipt(made.id, limit=10, after=after)
        assert found is not None
        assert found.targeted == len(users)
        names.extend(user.user for user in found.users)
        after = found.next_after
        if after is None:
            break
    assert names == users


async def test_visit_without_a_cursor_acknowledges_nothing_before_it(broker: SqliteBroker) -> None:
    """What was published between two visits of a client that does not recover was not acknowledged."""
    await admins(broker, "ana")
    made = [notification(Audience.of(roles=["admin"])) for _ in range(3)]
    for one in made:
        await appended(broker, one)
    broker.acknowledge("ana", 1, after=0)
    broker.acknowledge("ana", 3, after=2)
    assert [await acknowledged(broker, one.id) for one in made] == [["ana"], [], ["ana"]]


async def test_visits_with_a_cursor_become_one(broker: SqliteBroker) -> None:
    """Acknowledgements that begin where others ended leave no hole, in whatever order they come in."""
    await admins(broker, "ana")
    made = [notification(Audience.of(roles=["admin"])) for _ in range(4)]
    for one in made:
        await appended(broker, one)
    for after, seq in ((2, 4), (0, 1), (1, 2), (0, 1)):
        broker.acknowledge("ana", seq, after=after)
        await broker.receipt(made[0].id)
    assert [await acknowledged(broker, one.id) for one in made] == [["ana"]] * 4


async def test_visits_with_only_others_notifications_between_become_one(broker: SqliteBroker) -> None:
    """Many visits between which nothing came for this user are kept as one: no later one pushes an early one out."""
    await admins(broker, "ana")
    first = notification(Audience.of(users=["ana"]))
    await appended(broker, first)
    broker.acknowledge("ana", 1, after=0)
    await broker.receipt(first.id)
    for _ in range(70):
        before = (await appended(broker, notification(Audience.of(users=["bea"])))).position.seq
        after = (await appended(broker, notification(Audience.of(users=["bea"])))).position.seq
        broker.acknowledge("ana", after, after=before)
        await broker.receipt(first.id)
    assert await acknowledged(broker, first.id) == ["ana"]


async def test_acknowledgement_of_the_future_does_not_count(broker: SqliteBroker) -> None:
    """A client that confirms what was not yet published has confirmed what was, and no more."""
    await admins(broker, "ana")
    made = [notification(Audience.of(roles=["admin"])) for _ in range(2)]
    await appended(broker, made[0])
    broker.acknowledge("ana", 10**15, after=0)
    await appended(broker, made[1])
    assert [await acknowledged(broker, one.id) for one in made] == [["ana"], []]


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


async def test_thousands_are_handed_a_broadcast(broker: SqliteBroker) -> None:
    """A broadcast handed to 3,000 users is in its receipt for each of them, and publishing goes on meanwhile."""
    users = [f"user{number:04}" for number in range(3000)]
    await asyncio.gather(*(broker.sight(user, Identity(user).rooms()) for user in users))
    made = notification(Audience.of(everybody=True))
    await appended(broker, made)
    for user in users:
        broker.handed(user, 1, after=0)
    found, _ = await asyncio.gather(
        receipt_of(broker, made.id, limit=10), appended(broker, notification(Audience.of(everybody=True)))
    )
    assert (found.targeted, found.sent) == (3000, 3000)


async def test_unknown_id_has_no_receipt(broker: SqliteBroker) -> None:
    """An id that was never published, or was not to be kept, is found by nobody."""
    passing = notification(Audience.of(everybody=True), persist=False)
    await appended(broker, passing)
    for identity in ("unknown", passing.id):
        assert await broker.receipt(identity) is None
        assert await broker.find(identity) is None


async def test_stored_notification_is_found_by_id(broker: SqliteBroker) -> None:
    """What is found by id is the entry that went out, with its audience and when it was taken."""
    before = broker.now()
    made = notification(Audience.of(roles=["admin"], except_users=["ana"]), ttl=60)
    ear = Ear()
    broker._nodes.add(ear)
    await appended(broker, made)
    found = await broker.find(made.id)
    assert found is not None
    assert found.entry == ear.heard[0]
    assert int(before * 1000) <= found.timestamp <= broker.now() * 1000
    assert found.entry.envelope()["priority"] == "normal"


async def test_search_goes_by_type_and_user(broker: SqliteBroker) -> None:
    """A search gives the newest first, page by page, of some types, and for one user what that user may see."""
    await broker.sight("ana", Identity("ana", ("admin",)).rooms())
    audiences = [
        Audience.of(roles=["admin"]),
        Audience.of(roles=["guia"]),
        Audience.of(everybody=True, except_users=["ana"]),
        Audience.of(users=["ana"]),
    ]
    for number in range(12):
        event = "booking" if number % 3 == 0 else "test"
        await appended(broker, notification(audiences[number % 4], event=event))

    async def pages(types: tuple[str, ...], user: str | None) -> list[int]:
        seqs: list[int] = []
        before: int | None = None
        while True:
            page = await broker.search(types=types, user=user, limit=2, before=before)
            seqs.extend(stored.entry.position.seq for stored in page.items)
            if page.next_before is None:
                return seqs
            before = page.next_before

    assert await pages((), None) == list(range(12, 0, -1))
    assert await pages(("booking",), None) == [10, 7, 4, 1]
    assert await pages(("booking", "test", "nothing"), None) == list(range(12, 0, -1))
    assert await pages((), "ana") == [12, 9, 8, 5, 4, 1]
    assert await pages(("booking",), "ana") == [4, 1]
    assert await pages((), "stranger") == []


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
