"""What clients do with what was recorded: change it, take it back, schedule, list and deliver it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from sio_server.client import NotifyClient, NotifyRefused, SyncNotifyClient
from sio_server.testing import recording

NOBODY = "http://127.0.0.1:9"
UNKNOWN = "01a20bc7-0720-77b1-a458-6ff4821d4353"


async def test_changed_where_it_stands() -> None:
    """What is named is other, None takes out, the rest stays; what the server would refuse is refused."""
    with recording() as notifications:
        async with NotifyClient(NOBODY) as client:
            one = await client.publish("tour_creado", "uno", {"nombre": "Colca"}, users=[7], link="/x")
            await client.publish("test", users=[7])
            done = await client.amend(one.id, message="dos", link=None, texts={"en": {"message": "two"}})
            assert (done.id, done.revision, done.due) == (one.id, 1, None)
            with pytest.raises(NotifyRefused, match="revision_mismatch"):
                await client.amend(one.id, message="x", revision=0)
            assert (await client.amend(one.id, message=None, texts=None, revision=1)).revision == 2
            for given, code in (
                ({"link": "x"}, "invalid_data"),
                ({"data": {"nombre": [1]}}, "invalid_data"),
                ({"deliver_in": 60}, "invalid_data"),
            ):
                with pytest.raises(NotifyRefused, match=code):
                    await client.amend(one.id, **given)
            with pytest.raises(NotifyRefused, match="not_found"):
                await client.amend(UNKNOWN, message="x")
    first, _ = notifications
    assert (first.id, first.message, first.link) == (one.id, "Nuevo tour: Colca", None)
    assert notifications.assert_notified(7, "tour_creado", nombre="Colca") is first


async def test_taken_back() -> None:
    """What is taken back is in no list but that of what was; twice is no error, and its id is nobody else's."""
    with recording() as notifications:
        async with NotifyClient(NOBODY) as client:
            one = await client.publish("test", users=[7])
            for _ in range(2):
                await client.retract(one.id)
            with pytest.raises(NotifyRefused, match="not_found"):
                await client.retract(UNKNOWN)
            other = await client.publish("test", users=[7])
    assert [found.id for found in notifications] == [other.id] != [one.id]
    assert [found.id for found in notifications.retracted] == [one.id]
    notifications.clear()
    assert notifications.retracted == ()


def test_scheduled_moved_delivered_and_cancelled() -> None:
    """What waits is listed, the soonest first, moved, delivered once and cancelled, as by a server."""
    with recording() as notifications, SyncNotifyClient(NOBODY) as client:
        late, soon = (client.publish("test", users=[7], deliver_in=wait, collapse_key=str(wait)) for wait in (900, 60))
        assert [one["id"] for one in client.scheduled()] == [soon.id, late.id]
        assert [one["id"] for one in client.scheduled("900")] == [late.id]
        at = datetime.now(UTC) + timedelta(days=3)
        assert client.amend(soon.id, deliver_at=at).due == at
        assert client.amend(soon.id, title="T").due == at
        assert [one["id"] for one in client.scheduled()] == [late.id, soon.id]
        done, again = client.deliver_now(late.id), client.deliver_now(late.id)
        assert (done.id, done.due, done.duplicate, again.duplicate) == (late.id, None, False, True)
        with pytest.raises(NotifyRefused, match="not_found"):
            client.cancel(late.id)
        for _ in range(2):
            client.cancel(soon.id)
        assert list(client.scheduled()) == []
    assert [(one.id, one.due) for one in notifications] == [(late.id, None)]
    assert [one.title for one in notifications.retracted] == ["T"]


@pytest.mark.parametrize("recorded", [True, False])
def test_nobody_is_there(*, recorded: bool) -> None:
    """Where nothing is sent nobody is here, follows anything, or has anything kept."""
    with SyncNotifyClient(NOBODY if recorded else "none:") as client:
        if recorded:
            with recording():
                asked_of_nobody(client)
        else:
            asked_of_nobody(client)
            client.retract(UNKNOWN)
            client.cancel(UNKNOWN)
            assert client.amend(UNKNOWN, message="x").id == UNKNOWN
            assert client.deliver_now(UNKNOWN).sockets == 0
            assert list(client.scheduled()) == []


def asked_of_nobody(client: SyncNotifyClient) -> None:
    """Ask of users that there are none."""
    assert list(client.presence()) == []
    assert client.presence_of(7) is None
    client.follow(7, "tour:1")
    client.unfollow(7, "tour:1")
    assert client.topics_of(7) == ()
    erased = client.erase("7/8")
    assert (erased.user, erased.disconnected, erased.erased) == ("7/8", 0, {})
    assert client.export(7)["user"] == "7"
