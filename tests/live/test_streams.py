"""Plain streams, over real sockets: who gets what, and what becomes of a peer that does not read."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import orjson
import pytest

from sio_server.audience import Audience
from sio_server.engine.transport import outbox, sending
from sio_server.live.streams import Framing, Stream, Streams
from sio_server.notification import Entry, Notification, Position, new_id
from tests.support.waiting import coming, turns, until

CAP = 256 * 1024


class Lines:
    """A protocol whose frames are lines."""

    @staticmethod
    def entry(entry: Entry, *, replayed: bool = False) -> bytes:
        """See `Framing.entry`."""
        return b"%d %d %s\n" % (entry.seq, replayed, entry.envelope()["message"].encode())

    @staticmethod
    def control(event: str, payload: Mapping[str, Any]) -> bytes:
        """See `Framing.control`."""
        return event.encode() + b" " + orjson.dumps(payload) + b"\n"


class Peer:
    """The other end of a stream."""

    def __init__(self, stream: Stream, reader: asyncio.StreamReader) -> None:
        self.stream = stream
        self._reader = reader

    async def line(self) -> str:
        """The next line, nothing at the end."""
        return (await coming(self._reader.readline(), "a line")).decode().rstrip("\n")

    async def rest(self) -> list[str]:
        """Every line until the end."""
        return (await coming(self._reader.read(), "the end")).decode().splitlines()


@pytest.fixture
def streams() -> Streams:
    """Return the streams of a protocol."""
    return Streams(Lines(), transport="lines", cap=CAP)


@asynccontextmanager
async def peer(streams: Streams, *rooms: str) -> AsyncIterator[Peer]:
    """A stream in these rooms, and its peer."""
    accepted: asyncio.Future[asyncio.StreamWriter] = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(lambda _, writer: accepted.set_result(writer), "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname(), limit=2**16)
    own = await accepted

    def end(reason: str) -> None:
        own.write(f"end {reason}\n".encode())
        own.close()

    transport = own.transport
    assert isinstance(transport, asyncio.Transport)
    stream = Stream(streams, transport, end)
    streams.add(stream)
    stream.join(rooms)
    try:
        yield Peer(stream, reader)
    finally:
        streams.discard(stream)
        for one in (writer, own):
            one.close()
        server.close()


def entry(seq: int, message: str = "", **audience: Any) -> Entry:
    """An entry, for everybody where nobody is named."""
    made = Notification(
        id=new_id(),
        type="test",
        message=message,
        data={},
        timestamp=1_795_000_000_000,
        audience=Audience.of(**(audience or {"everybody": True})),
    )
    return Entry.of(made, Position("0123456789ab", seq))


async def test_entry_comes_once_to_each_whose_rooms_it_is_for(streams: Streams) -> None:
    """Who is in several of the rooms gets it once, who is excepted or in none of them not at all."""
    async with (
        peer(streams, "all", "role:a", "user:1") as one,
        peer(streams, "all", "role:a", "user:2") as two,
        peer(streams) as none,
    ):
        batch = [entry(1, roles=["a"], users=["1"]), entry(2, everybody=True, except_users=["2"]), entry(3)]
        assert streams.broadcast(batch) == [2, 1, 2]
        for stream in (one, two, none):
            stream.stream.close("draining")
        assert await one.rest() == ["1 0 ", "2 0 ", "3 0 ", "end draining"]
        assert await two.rest() == ["1 0 ", "3 0 ", "end draining"]
        assert await none.rest() == ["end draining"]


async def test_rooms_are_those_of_the_last_join(streams: Streams) -> None:
    """A stream that joins others is in these alone, and one that is discarded in none; nothing is kept of rooms."""
    async with peer(streams, "all", "role:a") as one:
        one.stream.join(["all"])
        assert streams.broadcast([entry(1, roles=["a"]), entry(2)]) == [0, 1]
        streams.discard(one.stream)
        assert streams.broadcast([entry(3)]) == [0]
    assert not streams._rooms


async def test_order_of_calls_is_order_on_the_wire(streams: Streams) -> None:
    """Control events, replays and what is live follow one another as they were sent, also while the peer is behind."""
    async with peer(streams, "all") as one:
        one.stream.control("ns:hello", {"a": 1})
        one.stream.replay([entry(1), entry(2, "x" * 50_000)])
        for seq in range(3, 40):
            streams.broadcast([entry(seq)])
        one.stream.close("draining")
        one.stream.close("slow")  # once is enough
        lines = await one.rest()
    assert lines[0] == 'ns:hello {"a":1}'
    assert [line.split(" ")[:2] for line in lines[1:-1]] == [
        [str(seq), "1" if seq < 3 else "0"] for seq in range(1, 40)
    ]
    assert lines[-1] == "end draining"


async def test_peer_that_reads_again_gets_all_that_waited(streams: Streams) -> None:
    """While a peer does not read its entries wait; as it reads, each comes once and in order."""
    async with peer(streams, "all") as one:
        seq = 0
        while one.stream.pending() < CAP // 2:
            seq += 1
            streams.broadcast([entry(seq, "x" * 20_000)])
            await turns()
        assert streams.broadcast([entry(seq + 1)]) == [1]
        lines = [await one.line() for _ in range(seq + 1)]
        await until(lambda: not one.stream.pending(), "everything to be taken")
    assert [int(line.split(" ")[0]) for line in lines] == list(range(1, seq + 2))


async def test_peer_that_does_not_read_is_cut_at_the_cap(streams: Streams) -> None:
    """A peer for whom more than the cap waits is given up, without waiting for it, and holds nothing any more."""
    async with peer(streams, "all") as slow, peer(streams, "all") as other:
        seq = 0
        while slow.stream.reason is None:
            seq += 1
            streams.broadcast([entry(seq, "x" * 20_000)])
            assert (await other.line()).startswith(f"{seq} ")
        assert (slow.stream.reason, slow.stream._backlog.size) == ("slow", 0)
        streams.broadcast([entry(seq + 1)])
        assert await other.line() == f"{seq + 1} 0 "
        assert other.stream.reason is None


@pytest.fixture
def one_in_a_turn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each turn of the loop writes to one of those that a broadcast is for."""
    monkeypatch.setattr(outbox, "SLICE", 0.0)
    monkeypatch.setattr(sending, "_AT_ONCE", 1)


@asynccontextmanager
async def crowd(streams: Streams) -> AsyncIterator[list[Peer]]:
    """Twenty streams that a broadcast, which has begun to be written, is for, in the order in which they get it."""
    async with AsyncExitStack() as stack:
        peers = [await stack.enter_async_context(peer(streams, "all")) for _ in range(20)]
        streams.broadcast([entry(1)])
        while streams.outbox._sending is None:  # noqa: ASYNC110 - it looks in each turn, and no event tells of it
            await asyncio.sleep(0)
        places = {one.stream.peer: one for one in peers}
        (parts,) = streams._ready.values()
        yield [places[one] for one in parts[None]]


@pytest.mark.usefixtures("one_in_a_turn")
async def test_one_does_not_wait_for_what_many_get(streams: Streams) -> None:
    """Who is the last of many gets what is sent to it alone, behind the broadcast, while that is still written."""
    async with crowd(streams) as peers:
        last = peers[-1]
        streams.broadcast([entry(2)])
        last.stream.control("ns:state", {})
        assert [await last.line() for _ in range(3)] == ["1 0 ", "2 0 ", "ns:state {}"]
        assert streams.outbox._sending is not None
        for one in peers[:-1]:
            assert [await one.line() for _ in range(2)] == ["1 0 ", "2 0 "]


@pytest.mark.usefixtures("one_in_a_turn")
async def test_stream_that_ends_meanwhile_has_had_the_broadcast(streams: Streams) -> None:
    """A stream that is closed while others are written to gets all of it first; one that has gone costs nobody any."""
    async with crowd(streams) as peers:
        peers[-1].stream.close("draining")
        streams.discard(peers[-2].stream)
        streams.broadcast([entry(2)])
        assert await peers[-1].rest() == ["1 0 ", "end draining"]
        for one in peers[:-2]:
            assert [await one.line() for _ in range(2)] == ["1 0 ", "2 0 "]


async def test_closing_ends_every_stream(streams: Streams) -> None:
    """All that are held are ended for the reason that is given."""
    async with peer(streams, "all") as one, peer(streams) as two:
        streams.close("draining")
        assert [await each.rest() for each in (one, two)] == [["end draining"]] * 2


_: type[Framing] = Lines
