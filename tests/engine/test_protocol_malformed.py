"""What is no valid packet closes the connection, runs the disconnect handler once and leaves nothing behind."""

import asyncio
import contextlib
from typing import Any

import pytest

from tests.support.engine_server import TRANSPORTS, Closed, Served, engine, until
from tests.support.engine_wire import Packet, Wire

HOLE = '{"_placeholder":true,"num":%d}'

# Each of them is refused by the reference server (Node) as well.
MALFORMED: dict[str, list[Packet]] = {
    "no engine packet": ["abc"],
    "unknown engine type": ["9"],
    "open packet from a client": ["0"],
    "unknown socket type": ["4abc"],
    "socket type out of range": ["47"],
    "empty socket packet": ["4"],
    "event that is an object": ["42{}"],
    "event that is a string": ['42"x"'],
    "event without a body": ["42"],
    "event without a name": ["42[]"],
    "event named by an object": ['42[{"a":1},2]'],
    "event named by null": ["42[null]"],
    "reserved name connect": ['42["connect",{}]'],
    "reserved name disconnect": ['42["disconnect","x"]'],
    "reserved name connect_error": ['42["connect_error"]'],
    "letters in the ack id": ['42abc["x",1]'],
    "broken JSON": ['42["x",'],
    "JSON with a tail": ['42["x"]y'],
    "NaN": ['42["x",NaN]'],
    "Infinity": ['42["x",Infinity]'],
    "minus Infinity": ['42["x",-Infinity]'],
    "ack that is an object": ["431{}"],
    "ack without a body": ["431"],
    "connect error from a client": ['44{"message":"x"}'],
    "binary event without a count": ['45["x",%s]' % (HOLE % 0)],
    "binary event with a broken count": ['45x-["x",%s]' % (HOLE % 0)],
    "wrong placeholder": ['451-["x",%s]' % (HOLE % 5), b"a"],
    "negative placeholder": ['451-["x",%s]' % (HOLE % -1), b"a"],
    "placeholder that is text": ['451-["x",{"_placeholder":true,"num":"0"}]', b"a"],
    "binary out of nowhere": [b"abc"],
    "base64 out of nowhere": ["bAAECAw=="],
    "base64 that is none": ['451-["x",%s]' % (HOLE % 0), "b!!!!"],
    "base64 beyond ASCII": ['451-["x",%s]' % (HOLE % 0), "bÄÄÄÄ"],
    "text where an attachment is due": [f'452-["x",{HOLE % 0},{HOLE % 1}]', b"a", '42["y"]'],
    "disconnect with a body that is no JSON": ["41{"],
    "deep nesting": ['42["x",' + "[" * 100_000 + "]" * 100_000 + "]"],
}


def _listen(server: Served) -> list[Any]:
    heard: list[Any] = []

    async def anything(event: str, _sid: str, *args: Any) -> None:
        heard.append((event, *args))

    server.sio.on("*", anything)
    return heard


async def _until_closed(wire: Wire, packets: list[Packet]) -> list[Packet]:
    with contextlib.suppress(Closed, ConnectionError):
        await wire.send(*packets)
    return await wire.closed()


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("packets", MALFORMED.values(), ids=MALFORMED.keys())
async def test_malformed_packet_closes_the_connection(transport: str, packets: list[Packet]) -> None:
    """A malformed packet closes the connection, no handler sees it, and the disconnect handler runs once."""
    async with engine() as server:
        heard = _listen(server)
        wire = await server.wire(transport)
        sid = (await wire.join())["sid"]
        await _until_closed(wire, packets)
        await server.all_gone()
        assert [gone for gone, _ in server.disconnected] == [sid]
        assert heard == []


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("first", ["4abc", '42["x"]', '421["x"]', "431[]", "41", '451-["x"]', "4", "40{"])
async def test_first_packet_has_to_be_a_connect(transport: str, first: str) -> None:
    """Anything but a CONNECT as the first Socket.IO packet closes the connection and reaches no handler."""
    async with engine() as server:
        heard = _listen(server)
        wire = await server.wire(transport)
        await _until_closed(wire, [first])
        await server.all_gone()
        assert (heard, server.connected, server.disconnected) == ([], [], [])


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_event_for_a_namespace_not_joined_closes_the_connection(transport: str) -> None:
    """An event for a namespace that this connection has not joined closes it, other namespaces included."""
    async with engine(namespaces=["/", "/other"]) as server:
        wire = await server.wire(transport)
        await wire.join()
        await _until_closed(wire, ['42/other,["x"]'])
        await server.all_gone()
        assert len(server.disconnected) == 1


async def test_polling_answers_a_malformed_packet_with_400() -> None:
    """Over polling the POST with the malformed packet is refused with 400, never answered with 200."""
    async with engine() as server:
        wire = await server.polling()
        await wire.join()
        status, _ = await wire.post("42{}")
        assert status == 400
        assert (await wire.get())[0] == 400


async def test_good_packets_before_the_malformed_one_are_handled() -> None:
    """What came before the malformed packet was valid and is handled; what comes after it is not."""
    async with engine() as server:
        heard = _listen(server)
        wire = await server.websocket()
        await wire.join()
        await _until_closed(wire, ['42["before"]', "42{}", '42["after"]'])
        await server.all_gone()
        assert heard in ([("before",)], [])
        assert ("after",) not in heard


async def test_event_names_may_be_numbers() -> None:
    """The protocol lets a number name an event."""
    async with engine() as server:
        wire = await server.websocket()
        await wire.join()
        await wire.send('42[5,"x"]', "41")
        await until(lambda: server.disconnected)
        assert server.disconnected[0][1] == "client disconnect"


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_other_clients_do_not_notice(transport: str) -> None:
    """One client's malformed packet closes that client alone."""
    async with engine() as server:
        good, bad = await server.wire(transport), await server.wire(transport)
        await good.join()
        await bad.join()
        await _until_closed(bad, ["42{}"])
        await server.sio.emit("still", "here")
        assert await good.events(1) == [["still", "here"]]
        await asyncio.sleep(0)
        assert len(server.disconnected) == 1
