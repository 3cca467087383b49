"""From a cursor to live: pages of the log and the window, at the peer's own pace."""

from __future__ import annotations

import asyncio

import pytest

from sio_server.audience import Audience
from sio_server.core import replays as module
from sio_server.core.pages import PAGE, REPLAY_HIGH
from tests.support.links import TOURIST, Core
from tests.support.waiting import until


async def test_what_was_missed_comes_before_the_rooms(made: Core) -> None:
    """From a cursor that the window reaches, the rest is sent, then the rooms are joined, then it is told so."""
    await made.open(TOURIST)
    await made.publish(5)
    _, link = await made.open(TOURIST, made.cursor(2))
    assert link.names == ["ns:hello", "replay", "replay", "replay", "join", "ns:sync"]
    assert link.seqs == [3, 4, 5]
    assert link.of("ns:hello")[0]["recovered"] is True
    assert link.of("ns:hello")[0]["cursor"] == made.cursor(2)
    assert link.of("ns:sync") == [{"recovered": True, "replayed": 3, "cursor": made.cursor(5)}]
    assert made.metrics.counted["replayed"] == 3


async def test_window_and_log_give_the_same(made: Core) -> None:
    """Whether the window reaches back or only the log does, a client gets the same in the same order."""
    await made.open(TOURIST)
    for seq in range(1, 2 * PAGE + 51):
        audience = Audience(roles=("turista",)) if seq % 3 else Audience(users=("8",))
        await made.publish(audience=audience)
    _, by_window = await made.open(TOURIST, made.cursor(10))
    made.forget()
    _, by_log = await made.open(TOURIST, made.cursor(10))
    await until(lambda: by_log.of("ns:sync"))
    assert by_log.seqs == by_window.seqs == [seq for seq in range(11, 2 * PAGE + 51) if seq % 3]
    assert by_log.of("ns:sync") == by_window.of("ns:sync")
    assert by_log.names[-2:] == ["join", "ns:sync"]


async def test_publishing_goes_on_during_a_replay(made: Core) -> None:
    """What is published while pages are sent follows them in order and once, however often the reader pauses."""
    await made.open(TOURIST)
    await made.publish(3 * PAGE)
    made.forget()
    connection, link = made.connection(TOURIST)
    link.fills = REPLAY_HIGH // PAGE + 1
    await made.connections.open(connection, made.cursor(0))
    published = 3 * PAGE
    while not link.of("ns:sync"):
        await made.publish(7)
        published += 7
        link.waiting = 0
        await asyncio.sleep(0)
    await made.publish(5)
    assert link.seqs == list(range(1, published + 6))
    assert connection.catchup is None


async def test_reader_sets_the_pace_of_a_replay(made: Core) -> None:
    """No more is sent while the peer has much waiting, and it goes on once that is taken."""
    _, link = await made.on_the_way(2 * PAGE)
    sent = len(link.seqs)
    assert sent <= PAGE
    await made.publish(1)
    assert len(link.seqs) == sent
    link.take_all()
    await until(lambda: link.of("ns:sync"))
    assert link.seqs == list(range(1, 2 * PAGE + 2))


async def test_peer_that_takes_nothing_of_a_replay_is_given_up(made: Core, monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that reads none of its replay for long is told that it is slow and closed."""
    monkeypatch.setattr(module, "REPLAY_PATIENCE", 0.05)
    connection, link = await made.on_the_way(2 * PAGE)
    await until(lambda: link.of("close"))
    assert link.names[-2:] == ["ns:closing", "close"]
    assert link.of("close") == ["slow"]
    made.connections.left(connection, "slow")
    assert made.metrics.counted["slow ws"] == 1
    assert link.rooms == ()


async def test_unstored_ones_follow_the_replay(made: Core) -> None:
    """What is published without being stored reaches who is on the way too, after what was missed."""
    _, link = await made.on_the_way(2 * PAGE)
    await made.publish(audience=Audience(users=("7",)), persist=False)
    await made.publish(audience=Audience(users=("8",)), persist=False)
    link.take_all()
    await until(lambda: link.of("ns:sync"))
    assert link.names[-3:] == ["join", "late", "ns:sync"]
    assert link.of("late") == [2 * PAGE]
    assert link.of("ns:sync")[0]["replayed"] == 2 * PAGE


@pytest.mark.parametrize("cursor", ["", "x", "0-0", "future", "another"])
async def test_cursor_of_no_worth_begins_anew(made: Core, cursor: str) -> None:
    """A cursor that cannot be continued from is told to be none, and the connection is live at once."""
    await made.publish(3)
    text = {"future": made.cursor(4), "another": "ffffffffff-1"}.get(cursor, cursor)
    _, link = await made.open(TOURIST, text)
    assert link.names == ["ns:hello", "join", "ns:sync"]
    assert link.of("ns:hello")[0]["recovered"] is False
    assert link.of("ns:sync") == [{"recovered": False, "replayed": 0, "cursor": made.cursor(3)}]
    assert made.metrics.counted["unrecovered"] == 1


async def test_cursor_from_before_retention_begins_anew(made: Core) -> None:
    """A cursor below what retention kept is not continued from in part."""
    await made.open(TOURIST)
    await made.publish(10)
    await made.broker.retain(max_count=4)
    _, link = await made.open(TOURIST, made.cursor(5))
    assert (link.of("ns:sync")[0]["recovered"], link.seqs) == (False, [])
    _, link = await made.open(TOURIST, made.cursor(6))
    assert (link.of("ns:sync")[0]["recovered"], link.seqs) == (True, [7, 8, 9, 10])


async def test_retention_that_overtakes_a_replay_is_told(made: Core) -> None:
    """When the log lets go of what was still to be sent, the client is told so and goes on live."""
    connection, link = await made.on_the_way(3 * PAGE)
    await made.broker.retain(max_count=5)
    link.take_all()
    await until(lambda: link.of("ns:sync"))
    assert link.of("ns:sync") == [
        {"recovered": False, "replayed": 0, "cursor": made.cursor(3 * PAGE)},
    ]
    assert link.rooms == TOURIST.rooms()
    assert made.metrics.counted["unrecovered"] == 1
    await made.publish()
    assert link.seqs[-1] == 3 * PAGE + 1
    assert connection.catchup is None


async def test_log_that_fails_during_a_replay_ends_the_connection(made: Core) -> None:
    """When the log gives nothing any more, the client is told why and that it should come back."""
    _, link = await made.on_the_way(3 * PAGE)
    await made.broker.close()
    link.take_all()
    await until(lambda: link.of("close"))
    assert link.calls[-2:] == [
        ("ns:closing", {"code": "broker_unavailable", "reconnect": True}),
        ("close", "broker_unavailable"),
    ]


async def test_replay_ends_with_its_connection(made: Core) -> None:
    """A client that leaves in the midst of its replay is sent nothing more, and the rest of the node goes on."""
    connection, link = await made.on_the_way(3 * PAGE)
    made.connections.left(connection, "transport close")
    before = list(link.calls)
    link.take_all()
    await until(lambda: not made.tasks)
    assert link.calls == before
    assert connection.catchup is None


async def test_stopping_ends_replays(made: Core) -> None:
    """When the node stops, no replay goes on."""
    _, link = await made.on_the_way(3 * PAGE)
    await made.tasks.stop()
    before = list(link.calls)
    link.take_all()
    await made.publish()
    assert link.calls == before
    assert not made.tasks


async def test_socketio_restores_by_itself(made: Core) -> None:
    """A connection that Socket.IO recovers is in its rooms at once and is replayed nothing by the core."""
    await made.open(TOURIST)
    await made.publish(5)
    connection, link = await made.open(TOURIST, made.cursor(1), recovered_from=2)
    assert link.names == ["ns:hello", "join"]
    assert link.of("ns:hello")[0]["recovered"] is True
    assert connection.stream_from == 2
