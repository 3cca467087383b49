"""Numbers that JSON lacks, acknowledgements, idle sessions and floods: what a client sends costs a bounded amount."""

import asyncio
import contextlib
import io
import json
import logging
import math
from typing import Any

import pytest
import socketio

from sio_server.engine.wire.jsonio import dumps
from tests.support.engine_js import javascript
from tests.support.engine_server import PATIENCE, TRANSPORTS, engine, until
from tests.support.engine_wire import Wire


@pytest.mark.parametrize("poison", [math.nan, math.inf, -math.inf, {"deep": [1, {"er": math.nan}]}])
async def test_nan_and_infinity_never_go_out(poison: Any) -> None:
    """No number that JSON lacks reaches a client, whoever emits it; the event goes out as JavaScript would, or not."""
    async with engine() as server:
        wire = await server.websocket()
        await wire.join()
        with contextlib.suppress(ValueError):
            await server.sio.emit("poison", poison)
        await server.sio.emit("after", 1)
        for packet in iter([await wire.text()]):
            event = json.loads(packet[2:], parse_constant=lambda name: pytest.fail(f"{name} went out"))
            if event[0] == "poison":
                assert await wire.events(1) == [["after", 1]]
            else:
                assert event == ["after", 1]


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "Infinity"])
async def test_number_beyond_json_is_not_relayed(number: str) -> None:
    """A client cannot make the server relay a number that closes every JavaScript receiver with a parse error."""
    async with engine() as server, javascript() as js:

        async def relay(_sid: str, thing: Any) -> None:
            await server.sio.emit("relayed", {"number": thing})

        server.sio.on("relay", relay)
        receiver = await js.connected(server.url, transports=["websocket"])
        sender = await server.websocket()
        await sender.join()
        await sender.send(f'42["relay",{number}]')
        await server.request_arrived()
        await server.sio.emit("after", 1)
        await until(lambda: receiver.events("after"))
        assert receiver.all("disconnect") == []
        await receiver.disconnect()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_acks_of_unknown_ids_do_no_harm(transport: str) -> None:
    """Acknowledgements of ids that were never asked, asked of others, or answered before change nothing."""
    async with engine() as server:
        wire, other = await server.wire(transport), await server.wire(transport)
        sid = (await wire.join())["sid"]
        await other.join()
        server.sio.on("echo", lambda _sid: "echoed")
        await wire.send("430[]", "4399[1]", '431["too early"]', '421["echo"]')
        assert await wire.text() == '431["echoed"]'  # what was sent before it has been read
        asking = asyncio.create_task(server.sio.call("question", to=sid))
        question = await wire.text()
        ident = question[2 : question.index("[")]
        await other.send(f'43{ident}["forged"]')
        await wire.send(f'43{ident}["yes"]', f'43{ident}["again"]')
        assert await asking == "yes"
        asking = asyncio.create_task(server.sio.call("second", to=sid))
        question = await wire.text()
        ident = question[2 : question.index("[")]
        await wire.send(f'43{ident}["still"]')
        assert await asking == "still"
        assert server.disconnected == []


async def test_call_that_times_out_frees_its_callback() -> None:
    """A call that nobody answers raises TimeoutError and keeps no callback."""
    async with engine() as server:
        wire = await server.websocket()
        sid = (await wire.join())["sid"]
        for _ in range(3):
            with pytest.raises(socketio.exceptions.TimeoutError):
                await server.sio.call("question", to=sid, timeout=0.05)
        assert sum(map(len, server.sio.manager.callbacks.values())) == 0


async def test_call_ends_when_its_client_leaves() -> None:
    """A call to a client that leaves ends at once instead of waiting for its timeout."""
    async with engine() as server:
        wire = await server.websocket()
        sid = (await wire.join())["sid"]
        asking = asyncio.create_task(server.sio.call("question", to=sid, timeout=3600))
        await wire.text()
        await wire.drop()
        with pytest.raises(socketio.exceptions.SocketIOError):
            async with asyncio.timeout(PATIENCE):
                await asking


async def test_call_to_a_client_that_is_gone_ends() -> None:
    """A call to a sid that does not exist any more ends at once and keeps nothing."""
    async with engine() as server:
        wire = await server.websocket()
        sid = (await wire.join())["sid"]
        await wire.drop()
        await server.all_gone()
        with pytest.raises(socketio.exceptions.SocketIOError):
            async with asyncio.timeout(PATIENCE):
                await server.sio.call("question", to=sid, timeout=3600)


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("did", ["nothing", "a refused namespace", "a refused connect"])
async def test_session_without_a_namespace_is_closed(transport: str, did: str) -> None:
    """A session that joins no namespace within ``connect_timeout`` is closed, refused ones included."""
    async with engine(handlers=False, connect_timeout=10) as server:
        pass_time = server.keep_time()

        async def connect(_sid: str, _environ: dict[str, Any], _auth: Any) -> bool:
            return False

        server.sio.on("connect", connect)
        wire = await server.wire(transport)
        if did != "nothing":
            await wire.send("40" if did == "a refused connect" else "40/nowhere,")
            assert (await wire.text()).startswith("44")
        pass_time(20)
        assert await wire.closed() == []
        await server.all_gone()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_joined_session_outlives_the_connect_timeout(transport: str) -> None:
    """A session that joined in time is not touched by ``connect_timeout``."""
    async with engine(connect_timeout=10) as server:
        pass_time = server.keep_time()
        wire = await server.wire(transport)
        await wire.join()
        waiting = asyncio.create_task(wire.events(1))
        await server.request_arrived()
        pass_time(20)  # two times the limit, and less than a ping has
        await server.sio.emit("late", 1)
        assert await waiting == [["late", 1]]


async def _flood(wire: Wire, count: int) -> None:
    for start in range(0, count, 500):
        await wire.send(*[f'42["n",{n}]' for n in range(start, min(start + 500, count))])


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_flood_of_events_makes_no_flood_of_tasks(transport: str) -> None:
    """Ten thousand events of one client wait for their handler in order, with no task for each."""
    async with engine() as server:
        gate = asyncio.Event()
        heard: list[int] = []

        async def n(_sid: str, number: int) -> None:
            await gate.wait()
            heard.append(number)

        server.sio.on("n", n)
        wire = await server.wire(transport)
        await wire.join()
        before = len(asyncio.all_tasks())
        flooding = asyncio.create_task(_flood(wire, 10_000))
        await server.request_arrived()
        await server.request_arrived()
        during = len(asyncio.all_tasks())
        gate.set()
        await flooding
        await until(lambda: len(heard) == 10_000)
        assert during - before < 20
        assert heard == list(range(10_000))


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_events_per_second_are_limited(transport: str) -> None:
    """A client above ``events_per_second`` is closed for it, and what was handled stays within the limit."""
    async with engine(events_per_second=50) as server:
        heard: list[int] = []

        async def n(_sid: str, number: int) -> None:
            heard.append(number)

        server.sio.on("n", n)
        wire = await server.wire(transport)
        await wire.join()
        with contextlib.suppress(Exception):
            await _flood(wire, 2000)
        await until(lambda: server.disconnected)
        assert [reason for _, reason in server.disconnected] == ["flood"]
        assert heard == list(range(len(heard)))
        assert len(heard) < 500


async def test_namespaces_of_one_connection_are_limited() -> None:
    """With every namespace accepted, one connection can still join only so many."""
    async with engine(handlers=False, namespaces="*") as server:
        wire = await server.websocket()
        await wire.join()
        with contextlib.suppress(ConnectionError):
            await wire.send(*[f"40/n{n}," for n in range(1000)])
        await server.request_arrived()
        await server.request_arrived()
        assert server.members() <= 2 * 70


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_disconnect_can_close_the_transport(transport: str) -> None:
    """``disconnect(sid, close=True)`` says goodbye in the namespace and closes the transport as well."""
    async with engine() as server:
        wire = await server.wire(transport)
        sid = (await wire.join())["sid"]
        await server.sio.disconnect(sid, close=True)
        assert await wire.closed() in (["41"], [])
        await server.all_gone()
        assert server.disconnected == [(sid, "server disconnect")]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_disconnect_keeps_the_transport_by_default(transport: str) -> None:
    """Without ``close`` only the namespace is left, as the stock server's documentation says."""
    async with engine() as server:
        wire = await server.wire(transport)
        sid = (await wire.join())["sid"]
        await server.sio.disconnect(sid)
        assert await wire.text() == "41"
        assert (await wire.join())["sid"] != sid


async def test_handler_that_raises_harms_nobody() -> None:
    """An exception in a handler is not told to the client, closes nobody and leaves the next event handled."""
    said = io.StringIO()
    logger = logging.Logger("handlers")  # noqa: LOG001 - apart from the root, whose records keep tracebacks alive
    logger.addHandler(logging.StreamHandler(said))
    async with engine(logger=logger) as server:

        async def bad(_sid: str) -> None:
            message = "a handler's own fault"
            raise LookupError(message)

        async def good(_sid: str) -> str:
            return "fine"

        server.sio.on("bad", bad)
        server.sio.on("good", good)
        wire = await server.websocket()
        await wire.join()
        await wire.send('421["bad"]', '422["good"]')
        assert await wire.text() == '432["fine"]'
        assert server.disconnected == []
    assert "a handler's own fault" in said.getvalue()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_large_packets_wait_in_the_socket_and_not_in_memory(transport: str) -> None:
    """While a large event is handled nothing behind it is taken apart, and then all of it is handled, in order."""
    async with engine() as server:
        release, heard, most = asyncio.Event(), list[int](), 0

        async def large(_sid: str, number: int, _filling: str) -> None:
            nonlocal most
            heard.append(number)
            most = max(most, *(len(socket.inbox or ()) for socket in server.sio.eio.sockets.values()))
            await release.wait()

        server.sio.on("large", large)
        wire = await server.wire(transport)
        await wire.join()

        async def send() -> None:
            for number in range(20):
                await wire.send(f'42["large",{number},"{"x" * 100_000}"]')

        sending = asyncio.create_task(send())
        await until(lambda: heard == [0])
        await server.request_arrived()
        assert all(len(socket.inbox or ()) <= 1 for socket in server.sio.eio.sockets.values())
        release.set()
        await until(lambda: heard == list(range(20)))
        await sending
        assert most <= 2


@pytest.mark.parametrize("levels", [2000, 100_000])
def test_value_that_is_nested_too_deeply_is_no_json_value(levels: int) -> None:
    """What nobody could read is refused as any value that JSON lacks, by a short exception."""
    value: list[Any] = []
    for _ in range(levels):
        value = [value]
    with pytest.raises(TypeError) as raised:
        dumps(value)
    assert raised.value.__cause__ is None
    assert raised.value.__suppress_context__
