"""Order and completeness of broadcasts: every recipient gets each event once, in the order it was emitted."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import socketio

from tests.support.engine_js import JsClient, javascript
from tests.support.engine_server import TRANSPORTS, Served, engine, until
from tests.support.engine_tls import contexts
from tests.support.engine_wire import Wire

LARGE = "x" * 40_000  # bytes: well above what one socket write takes at once


async def _collect(wire: Wire, count: int) -> list[Any]:
    return [event[1] for event in await wire.events(count)]


async def _publish(server: Served, count: int, make: Callable[[int], Any]) -> None:
    for n in range(count):
        await server.sio.emit("n", make(n))
        if n % 10 == 9:
            await asyncio.sleep(0)  # several events in some turns of the loop, one in others


@pytest.mark.parametrize("front", [True, False], ids=["front", "aiohttp"])
@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_every_client_gets_every_event_in_order(transport: str, front: bool) -> None:  # noqa: FBT001
    """Twenty clients get three hundred events, each once and in order."""
    async with engine(front=front) as server:
        wires = [await server.wire(transport) for _ in range(20)]
        for wire in wires:
            await wire.join()
        readers = [asyncio.create_task(_collect(wire, 300)) for wire in wires]
        await _publish(server, 300, lambda n: n)
        assert await asyncio.gather(*readers) == [list(range(300))] * 20


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_large_events_among_small_ones_keep_their_place(transport: str) -> None:
    """Events of 40 KB neither overtake small ones nor are cut, though their writes block."""
    async with engine(send_cap=8_000_000) as server:
        wires = [await server.wire(transport) for _ in range(5)]
        for wire in wires:
            await wire.join()
        readers = [asyncio.create_task(_collect(wire, 120)) for wire in wires]
        await _publish(server, 120, lambda n: [n, LARGE if n % 3 == 0 else ""])
        for got in await asyncio.gather(*readers):
            assert [n for n, _ in got] == list(range(120))
            assert all(text == (LARGE if n % 3 == 0 else "") for n, text in got)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_binary_broadcast_keeps_header_and_attachments_together(transport: str) -> None:
    """Binary events between text ones arrive as header and attachments with nothing in between."""
    async with engine() as server:
        wires = [await server.wire(transport) for _ in range(5)]
        for wire in wires:
            await wire.join()
        for n in range(30):
            await server.sio.emit("n", n)
            await server.sio.emit("b", {"n": n, "bytes": bytes([n]) * n, "more": [b"", b"\xff"]})
        for wire in wires:
            for n in range(30):
                assert await wire.text() == f'42["n",{n}]'
                header = await wire.text()
                assert header.startswith('453-["b",')
                assert json.loads(header[4:])[1]["n"] == n
                assert [await wire.recv() for _ in range(3)] == [bytes([n]) * n, b"", b"\xff"]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_skip_sid_leaves_out_exactly_the_named(transport: str) -> None:
    """``skip_sid`` takes one sid or several, and everybody else gets the event once."""
    async with engine() as server:
        wires = [await server.wire(transport) for _ in range(4)]
        sids = [(await wire.join())["sid"] for wire in wires]
        await server.sio.emit("a", 1, skip_sid=sids[0])
        await server.sio.emit("b", 2, skip_sid=[sids[1], sids[2]])
        await server.sio.emit("end", 3)
        got = [await wire.events(2 if n < 3 else 3) for n, wire in enumerate(wires)]
        assert got == [
            [["b", 2], ["end", 3]],
            [["a", 1], ["end", 3]],
            [["a", 1], ["end", 3]],
            [["a", 1], ["b", 2], ["end", 3]],
        ]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_several_rooms_reach_each_member_once(transport: str) -> None:
    """An event for several rooms reaches who is in more than one of them once, and nobody outside."""
    async with engine() as server:
        wires = [await server.wire(transport) for _ in range(4)]
        sids = [(await wire.join())["sid"] for wire in wires]
        for sid, rooms in zip(sids, (["x"], ["x", "y"], ["y"], []), strict=True):
            for room in rooms:
                await server.sio.enter_room(sid, room)
        await server.sio.emit("both", 1, room=["x", "y"])
        await server.sio.emit("x", 2, room="x")
        await server.sio.emit("nobody", 3, room="z")
        await server.sio.emit("end", 4)
        assert await wires[0].events(3) == [["both", 1], ["x", 2], ["end", 4]]
        assert await wires[1].events(3) == [["both", 1], ["x", 2], ["end", 4]]
        assert await wires[2].events(2) == [["both", 1], ["end", 4]]
        assert await wires[3].events(1) == [["end", 4]]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_changes_between_events_for_the_same_rooms_are_seen(transport: str) -> None:
    """Of events for the same few rooms each reaches who is in one of them at that moment, whoever came or went."""
    async with engine() as server:
        first, second = [await server.wire(transport) for _ in range(2)]
        sids = [(await wire.join())["sid"] for wire in (first, second)]
        await server.sio.enter_room(sids[0], "x")
        await server.sio.emit("n", 0, room=["x", "y"])
        await server.sio.enter_room(sids[1], "y")
        await server.sio.emit("n", 1, room=["x", "y"])
        await server.sio.leave_room(sids[0], "x")
        await server.sio.emit("n", 2, room=["x", "y"])
        await server.sio.emit("n", 3, room=["x", "y"], skip_sid=sids[1])
        await server.sio.disconnect(sids[1])
        await server.sio.emit("n", 4, room=["x", "y"])
        await server.sio.emit("end", 5)
        assert await first.events(3) == [["n", 0], ["n", 1], ["end", 5]]
        assert await second.events(2) == [["n", 1], ["n", 2]]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_membership_changes_take_effect_at_once(transport: str) -> None:
    """An event emitted right after entering or leaving a room, or closing it, sees the change."""
    async with engine() as server:
        wire = await server.wire(transport)
        sid = (await wire.join())["sid"]
        for n in range(3):
            await server.sio.emit("n", n, room="r")
            await server.sio.enter_room(sid, "r")
            await server.sio.emit("n", n + 10, room="r")
            await server.sio.leave_room(sid, "r")
            await server.sio.emit("n", n + 20, room="r")
        await server.sio.enter_room(sid, "r")
        await server.sio.close_room("r")
        await server.sio.emit("n", 99, room="r")
        await server.sio.emit("end", 0)
        assert await wire.events(4) == [["n", 10], ["n", 11], ["n", 12], ["end", 0]]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_direct_events_broadcasts_and_acks_share_one_order(transport: str) -> None:
    """What is sent to one sid, to its room, to everybody, and as an ack arrives in the order of the calls."""
    async with engine() as server:

        async def ask(sid: str) -> str:
            await server.sio.emit("1", to=sid)
            await server.sio.emit("2")
            await server.sio.emit("3", room="r")
            await server.sio.send("4", to=sid)
            return "5"

        server.sio.on("ask", ask)
        wire = await server.wire(transport)
        await server.sio.enter_room((await wire.join())["sid"], "r")
        await wire.send('420["ask"]')
        got = [await wire.text() for _ in range(5)]
        assert got == ['42["1"]', '42["2"]', '42["3"]', '42["message","4"]', '430["5"]']


async def test_emit_to_one_and_to_all_interleave_in_order_for_each() -> None:
    """Many tasks that emit at once, to one and to all, keep each task's own order for every recipient."""
    async with engine() as server:
        wires = [await server.websocket() for _ in range(4)]
        for wire in wires:
            await wire.join()

        async def publisher(name: int) -> None:
            for n in range(50):
                await server.sio.emit("n", (name, n))
                await asyncio.sleep(0)

        await asyncio.gather(*map(publisher, range(6)))
        for wire in wires:
            got = [tuple(event[1:]) for event in await wire.events(300)]
            for name in range(6):
                assert [n for who, n in got if who == name] == list(range(50))


async def test_event_reaches_only_its_namespace() -> None:
    """A broadcast in one namespace is not heard in another on the same connection."""
    async with engine(namespaces=["/", "/other"]) as server:
        wire = await server.websocket()
        await wire.join()
        await wire.join("/other")
        await server.sio.emit("x", 1, namespace="/other")
        await server.sio.emit("x", 2)
        assert [await wire.text(), await wire.text()] == ['42/other,["x",1]', '42["x",2]']


@pytest.mark.parametrize("transports", [["polling"], ["websocket"], ["polling", "websocket"]], ids="+".join)
async def test_javascript_clients_get_everything_in_order(transports: list[str]) -> None:
    """Five stock clients get every event of a stream with large and binary ones in it, once and in order."""
    async with engine(send_cap=20_000_000) as server, javascript() as js:
        clients = [await js.connected(server.url, transports=transports) for _ in range(5)]
        await _publish(server, 200, lambda n: [n, LARGE if n % 7 == 0 else b"\x00\x01" if n % 5 == 0 else None])
        for client in clients:
            await until(lambda client=client: len(client.events("n")) == 200)  # type: ignore[misc]
            assert [args[0][0] for args in client.events("n")] == list(range(200))
            assert client.events("n")[5] == [[5, b"\x00\x01"]]
            assert client.all("disconnect") == []
            await client.disconnect()


async def test_upgrade_in_mid_stream_loses_and_doubles_nothing() -> None:
    """Clients that upgrade while the stream runs, with large events in flight, get each event once and in order."""
    async with engine(send_cap=50_000_000) as server, javascript() as js:
        sent, stop = 0, asyncio.Event()

        async def stream() -> None:
            nonlocal sent
            while not stop.is_set():
                await server.sio.emit("n", (sent, LARGE if sent % 20 == 0 else ""))
                sent += 1
                await asyncio.sleep(0.001)

        streaming = asyncio.create_task(stream())
        clients: list[JsClient] = [await js.connected(server.url) for _ in range(8)]
        for client in clients:
            await client.first("upgrade")
        mark = sent
        await until(lambda: all(c.events("n") and c.events("n")[-1][0] > mark + 50 for c in clients))
        stop.set()
        await streaming
        for client in clients:
            await until(lambda client=client: client.events("n")[-1][0] == sent - 1)  # type: ignore[misc]
            numbers = [args[0] for args in client.events("n")]
            assert numbers == list(range(numbers[0], sent))
            await client.disconnect()


@pytest.mark.parametrize("front", [True, False], ids=["front", "aiohttp"])
async def test_tls_clients_get_everything_in_order(tmp_path: Path, front: bool) -> None:  # noqa: FBT001
    """Over TLS, raw and stock clients get large and small events once and in order."""
    server_side, client_side, pem = contexts(tmp_path)
    async with engine(tls=(server_side, client_side), front=front, send_cap=20_000_000) as server, javascript() as js:
        stock = [
            await js.connected(server.url, ca=pem),
            await js.connected(server.url, ca=pem, transports=["websocket"]),
        ]
        wires = [await server.wire(transport) for transport in TRANSPORTS]
        for wire in wires:
            await wire.join()
        readers = [asyncio.create_task(_collect(wire, 100)) for wire in wires]
        await _publish(server, 100, lambda n: [n, LARGE if n % 3 == 0 else ""])
        for got in await asyncio.gather(*readers):
            assert [n for n, _ in got] == list(range(100))
        for client in stock:
            await until(lambda client=client: len(client.events("n")) == 100)  # type: ignore[misc]
            assert [args[0][0] for args in client.events("n")] == list(range(100))
            await client.disconnect()


async def test_python_clients_get_everything_in_order() -> None:
    """The stock Python client, on each of its transports, gets every event once and in order."""
    async with engine() as server:
        clients = []
        for transports in (["polling"], ["websocket"], ["polling", "websocket"]):
            client = socketio.AsyncClient()
            numbers: list[int] = []
            client.on("n", numbers.append)
            await client.connect(server.url, transports=transports)
            clients.append((client, numbers))
        await _publish(server, 200, lambda n: n)
        for client, numbers in clients:
            await until(lambda numbers=numbers: len(numbers) == 200)  # type: ignore[misc]
            assert numbers == list(range(200))
            await client.disconnect()


async def test_client_that_dies_during_a_broadcast_harms_nobody() -> None:
    """A connection that is reset in the middle of a stream costs the others nothing."""
    async with engine() as server:
        good, bad = await server.websocket(), await server.websocket()
        await good.join()
        await bad.join()
        reading = asyncio.create_task(_collect(good, 300))
        for n in range(300):
            await server.sio.emit("n", n)
            if n == 100:
                await bad.drop()
            await asyncio.sleep(0)
        assert await reading == list(range(300))
        await until(lambda: len(server.disconnected) == 1)


async def test_payload_is_taken_when_emitted() -> None:
    """What the caller changes in the payload after ``emit`` returns does not reach the clients."""
    async with engine() as server:
        wire = await server.websocket()
        await wire.join()
        payload = {"state": "new"}
        await server.sio.emit("x", payload)
        payload["state"] = "changed"
        assert await wire.events(1) == [["x", {"state": "new"}]]
