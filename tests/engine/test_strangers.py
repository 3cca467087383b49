"""What a peer may do before it has joined a namespace, and after it has left: little, and not for long."""

import asyncio
import contextlib
from typing import Any

import aiohttp
import pytest

from sio_server.engine import Limits, RefusedPeer, Why
from tests.support.engine_server import TRANSPORTS, Closed, engine, until

DEEP = "[" * 1000 + "]" * 1000
MANY = 5000


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize(
    "packet",
    [
        f'450-["x",{DEEP}]',
        f'450-7["x",{DEEP}]',
        f"460-1[{DEEP}]",
        f'450-/other,["x",{DEEP}]',
        f'451-["x",{DEEP}]',
        f'42["x",{DEEP}]',
        f'44{{"x":{DEEP}}}',
        f'40/other,["x",{DEEP}]',
        '450-["x",{"_placeholder":true,"num":0}]',
    ],
    ids=lambda packet: packet[:12],
)
@pytest.mark.parametrize("joined", [False, True])
async def test_nested_packet_costs_its_sender_alone(transport: str, packet: str, *, joined: bool) -> None:
    """No packet, however deep, raises out of the protocol: it is handled, or ends the session as a parse error."""
    async with engine() as server:
        server.sio.on("x", lambda *_: None)
        wire = await server.wire(transport)
        if joined:
            await wire.join()
        with contextlib.suppress(Closed, aiohttp.ClientError):
            await wire.send(packet, "42[", "42[")
        await wire.closed()
        assert server.sio.counters.parse_errors == 1
        assert server.sio.counters.internal_errors == 0
        await (await server.wire(transport)).join()


async def test_attachment_is_handed_back_once() -> None:
    """More placeholders than attachments are refused: an echo would grow a few bytes into as many as one likes."""
    async with engine() as server:
        server.sio.on("echo", lambda _sid, *values: values)
        wire = await server.websocket()
        await wire.join()
        two = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":0}'
        await wire.send(f'451-1["echo",{two}]', b"x")
        await wire.closed()
        assert server.sio.counters.parse_errors == 1


async def test_binary_packet_ends_in_time_and_is_counted() -> None:
    """What has come of a binary packet counts as held, and the rest of it has to come in time."""
    async with engine(limits=Limits(attachment_timeout=10)) as server:
        pass_time = server.keep_time()
        wire = await server.websocket()
        sid = (await wire.join())["sid"]
        await wire.send('452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]', b"x" * 1000)
        await until(lambda: server.sio.pending(sid) == 1000)
        pass_time(11)
        await wire.closed()
        assert server.sio.counters.attachments_refused == 1
        again = await server.websocket()
        sid = (await again.join())["sid"]
        server.sio.on("x", lambda *_: "done")
        await again.send('451-3["x",{"_placeholder":true,"num":0}]', b"x")
        assert await again.text() == '433["done"]'
        pass_time(11)  # longer than an unfinished packet has
        await server.sio.emit("after", 1)
        assert await again.events(1) == [["after", 1]]


async def test_binary_is_refused_where_none_is_taken() -> None:
    """Without ``binary`` nothing of an attachment is kept, who asks for an answer has one, and the session goes on."""
    told: list[RefusedPeer] = []
    limits = Limits(binary=False)
    async with engine(limits=limits, on_refused=told.append, failed_ack=lambda _sid, why: str(why)) as server:
        server.sio.on("x", lambda *_: "handled")
        wire = await server.websocket()
        sid = (await wire.join())["sid"]
        await wire.send('452-1["x",{"_placeholder":true,"num":0}]', b"x" * 1000)
        await wire.send('42["x"]')
        await wire.closed()  # text between attachments
        wire = await server.websocket()
        sid = (await wire.join())["sid"]
        await wire.send('451-1["x",{"_placeholder":true,"num":0}]', b"x" * 1000, '422["x"]')
        assert [await wire.text(), await wire.text()] == ['431["binary"]', '432["handled"]']
        await wire.send('450-["x"]', '423["x"]')
        assert await wire.text() == '433["handled"]'
        assert server.sio.pending(sid) == 0
        assert [peer.why for peer in told] == [Why.PACKET, Why.BINARY]


@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_little_may_be_sent_before_a_namespace_is_joined(transport: str) -> None:
    """A message has 16 KB until the session is in a namespace, its full size then, and 16 KB when it has left."""
    async with engine() as server:
        server.sio.on("size", lambda _sid, text: len(text))
        large = "x" * 100_000
        wire = await server.wire(transport)
        await wire.join(auth={"token": "t" * 12_000})
        await wire.send(f'421["size","{large}"]')
        assert await wire.text() == "431[100000]"
        await wire.send("41")
        await until(lambda: server.disconnected)
        with contextlib.suppress(Closed, aiohttp.ClientError):
            await wire.send(f'40{{"token":"{large}"}}')
        assert await wire.closed() == []
        wire = await server.wire(transport)
        with contextlib.suppress(Closed, aiohttp.ClientError):
            await wire.send(f'40{{"token":"{large}"}}')
        assert await wire.closed() == []
        assert server.sio.counters.websocket_too_large + server.sio.counters.http_too_large == 2


@pytest.mark.parametrize("packet", ["3", "6"])
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_packets_that_carry_nothing_are_bounded(transport: str, packet: str) -> None:
    """Pongs that nobody asked for and noops are cut like any flood."""
    async with engine() as server:
        wire = await server.wire(transport)
        await wire.join()
        with contextlib.suppress(Closed, aiohttp.ClientError, ConnectionError):
            await wire.send(*[packet] * MANY)
        await until(lambda: server.disconnected)
        assert [reason for _, reason in server.disconnected] == ["flood"]
        assert server.sio.counters.controls_flood == 1


@pytest.mark.parametrize(
    "frame", [b"\x89\x80\0\0\0\0", b"\x8a\x80\0\0\0\0", b"\x00\x80\0\0\0\0"], ids=["ping", "pong", "fragment"]
)
@pytest.mark.parametrize("joined", [False, True])
async def test_frames_that_carry_nothing_are_bounded(frame: bytes, *, joined: bool) -> None:
    """WebSocket pings, pongs and empty fragments are cut like any flood."""
    async with engine() as server:
        wire = await server.websocket()
        if joined:
            await wire.join()
        transport = wire.ws._response.connection.transport  # type: ignore[union-attr]
        assert transport is not None
        first = b"\x01\x80\0\0\0\0" if frame[0] == 0 else b""
        transport.write(first + frame * MANY)
        await until(lambda: server.sio.counters.controls_flood == 1)
        await until(lambda: wire.sid not in server.sio.eio.sockets)


async def test_large_messages_in_honest_fragments_arrive() -> None:
    """Fragments of some hundred bytes are no flood, however many."""
    async with engine() as server:
        server.sio.on("size", lambda _sid, text: len(text))
        wire = await server.websocket()
        await wire.join()
        text = ('421["size","' + "x" * 200_000 + '"]').encode()
        pieces = [text[at : at + 100] for at in range(0, len(text), 100)]
        data = b""
        for number, piece in enumerate(pieces):
            last = 0x80 if number == len(pieces) - 1 else 0
            data += bytes((last | (0 if number else 1), 0x80 | len(piece))) + b"\0\0\0\0" + piece
        transport = wire.ws._response.connection.transport  # type: ignore[union-attr]
        assert transport is not None
        transport.write(data)
        assert await wire.text() == "431[200000]"


async def test_body_of_too_many_packets_is_refused_unread() -> None:
    """A body holds ten thousand packets at most; of those before a bad one none is left to be handled."""
    async with engine() as server:
        wire = await server.polling()
        await wire.join()
        assert (await wire.post("\x1e".join(["3"] * 20_000)))[0] == 400
        assert [reason for _, reason in server.disconnected] == ["parse error"]


async def test_many_packets_in_a_body_give_others_their_turn() -> None:
    """A body of thousands of events is handled in turns: another client's events come in between."""
    async with engine() as server:
        seen: list[str] = []
        server.sio.on("many", lambda *_: seen.append("many"))
        server.sio.on("one", lambda *_: seen.append("one"))
        wire, other = await server.polling(), await server.websocket()
        await wire.join()
        await other.join()
        posting = asyncio.create_task(wire.send(*['42["many"]'] * MANY))
        await until(lambda: seen)
        await other.send('42["one"]')
        await posting
        await until(lambda: len(seen) == MANY + 1)
        assert seen.index("one") < MANY


async def test_oldest_half_made_session_gives_way() -> None:
    """Where all places are taken the newest gets in, and the oldest that has sent no CONNECT ends; joined ones stay."""
    async with engine(limits=Limits(max_arriving=3)) as server:
        joined = await server.websocket()
        await joined.join()
        old = [await server.polling() for _ in range(3)]
        newest = await server.websocket()
        assert (await old[0].get())[0] == 400
        assert len(server.sio.eio.sockets) == 4
        await newest.join()
        assert (await server.polling()).sid != old[1].sid
        assert server.sio.counters.arrivals_evicted == 1


async def test_session_whose_connect_is_looked_at_does_not_give_way() -> None:
    """Sessions whose CONNECT waits for its handler keep their places; where there are no others, the newest is told."""
    told: list[RefusedPeer] = []
    async with engine(handlers=False, limits=Limits(max_arriving=2), on_refused=told.append) as server:
        gate = asyncio.Event()

        async def connect(*_: Any) -> None:
            await gate.wait()

        server.sio.on("connect", connect)
        wires = [await server.websocket() for _ in range(2)]
        for wire in wires:
            await wire.send("40")
        await until(lambda: server.sio.eio.arrivals.full)
        with pytest.raises(Closed, match="429"):
            await server.polling()
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await server.websocket()
        assert [peer.why for peer in told] == [Why.FULL, Why.FULL]
        gate.set()
        for wire in wires:
            assert (await wire.text()).startswith("40{")
        await (await server.websocket()).join()


async def test_one_address_holds_a_part_of_the_places() -> None:
    """One address, a /64 of IPv6 included, takes a quarter of the places; then its own oldest session gives way."""
    async with engine(limits=Limits(max_arriving=8), trusted_proxies="127.0.0.1") as server:

        def sent_by(address: str) -> Any:
            return server.wire("polling", headers={"X-Forwarded-For": address})

        honest = await sent_by("192.0.2.1")
        theirs = [await sent_by(f"2001:db8::{number:x}") for number in range(5)]
        assert (await theirs[0].get())[0] == 400
        assert len(server.sio.eio.sockets) == 3
        await honest.join()
        for address in ("::ffff:198.51.100.7", "198.51.100.7:1234", '"[::ffff:c633:6407]:99"', " 198.51.100.7"):
            await sent_by(address)
        assert len(server.sio.eio.sockets) == 5


async def test_less_time_for_a_connect_while_places_are_short() -> None:
    """Once half of the places are taken, who comes then has less time for its CONNECT."""
    async with engine(limits=Limits(max_arriving=4, short_connect_timeout=0.2)) as server:
        early = [await server.polling() for _ in range(2)]
        late = await server.websocket()
        assert await late.closed() == []
        assert all(wire.sid in server.sio.eio.sockets for wire in early)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("left", ["by the client", "by the server"])
async def test_session_that_left_its_last_namespace_ends(transport: str, left: str) -> None:
    """A session in no namespace any more has the time for a CONNECT again and is in nobody's way meanwhile."""
    async with engine(limits=Limits(connect_timeout=10, max_arriving=10)) as server:
        pass_time = server.keep_time()
        wire = await server.wire(transport)
        sid = (await wire.join())["sid"]
        assert len(server.sio.eio.arrivals) == 0
        if left == "by the client":
            await wire.send("41")
        else:
            await server.sio.disconnect(sid)
            assert await wire.text() == "41"
        await until(lambda: len(server.sio.eio.arrivals) == 1)
        pass_time(20)
        assert await wire.closed() == []
        assert server.sio.counters.connect_timeouts == 1


async def test_session_that_left_may_join_again() -> None:
    """Within its time a session that left joins again and stays; one that is refused now and then does not."""
    async with engine(namespaces=["/", "/a"], limits=Limits(left_timeout=10)) as server:
        pass_time = server.keep_time()
        wire = await server.websocket()
        await wire.join()
        await wire.send("41")
        await wire.join()
        pass_time(11)  # longer than a session in no namespace has
        await server.sio.emit("after", 1)
        assert await wire.events(1) == [["after", 1]]
        other = await server.websocket()
        for _ in range(3):
            await other.send("40/nowhere,")
            assert (await other.text()).startswith("44")
            pass_time(3)
        assert other.sid in server.sio.eio.sockets
        await other.send("40/nowhere,")
        assert (await other.text()).startswith("44")
        pass_time(2)
        assert await other.closed() == []
        assert server.sio.counters.connect_timeouts == 1
