"""Socket.IO v5: joining, emitting, acknowledging, leaving; what the stock server gets wrong first of all."""

import asyncio
from typing import Any

import pytest
from socketio.exceptions import ConnectionRefusedError as Refused

from tests.support.engine_js import javascript
from tests.support.engine_server import TRANSPORTS, engine, until


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_unknown_namespace_is_refused_with_a_message(transport: str) -> None:
    """CONNECT to a namespace that does not exist is answered by the error object, and the connection stays."""
    async with engine() as server:
        wire = await server.wire(transport)
        await wire.send("40/nowhere,")
        assert await wire.text() == '44/nowhere,{"message":"Invalid namespace"}'
        assert await wire.join()


@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("target", ["sid", "room", "everybody"])
async def test_emit_inside_the_connect_handler_follows_the_connect_packet(transport: str, target: str) -> None:
    """What the connect handler emits to its own client, or to a room it entered it into, comes after CONNECT."""
    async with engine(handlers=False) as server:

        async def connect(sid: str, _environ: dict[str, Any], _auth: Any) -> None:
            await server.sio.enter_room(sid, "mine")
            room = {"sid": sid, "room": "mine", "everybody": None}[target]
            await server.sio.emit("hello", "a", to=room)
            await asyncio.sleep(0)
            await server.sio.emit("hello", "b", to=sid)

        server.sio.on("connect", connect)
        wire = await server.wire(transport)
        await wire.join()  # fails if an event came first
        events = await wire.events(1 if target == "everybody" else 2)
        assert events[-1] == ["hello", "b"]
        assert events in ([["hello", "a"], ["hello", "b"]], [["hello", "b"]])
        if target != "everybody":
            assert len(events) == 2


@pytest.mark.parametrize("transport", ["websocket", "upgrade"])
async def test_binary_may_come_as_base64_over_a_websocket(transport: str) -> None:
    """A client that sends binary as text over its websocket (``forceBase64`` in JavaScript) is understood."""
    async with engine() as server:

        async def echo(_sid: str, thing: object) -> object:
            return thing

        server.sio.on("echo", echo)
        wire = await server.wire(transport)
        await wire.join()
        await wire.send('451-7["echo",{"_placeholder":true,"num":0}]', "bAAECAw==")
        assert [await wire.recv(), await wire.recv()] == [
            '461-7[{"_placeholder":true,"num":0}]',
            b"\0\1\2\3",
        ]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_handler_that_returns_none_acknowledges_null(transport: str) -> None:
    """A handler that returns nothing acknowledges as ``cb(null)`` does, so that ``retries`` clients are content."""
    async with engine() as server:

        async def quiet(_sid: str, *_args: Any) -> None:
            return None

        server.sio.on("quiet", quiet)
        wire = await server.wire(transport)
        await wire.join()
        await wire.send('427["quiet",1]')
        assert await wire.text() == "437[null]"


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_acknowledgement_that_is_sent_ahead_is_no_event(transport: str) -> None:
    """An acknowledgement that comes before its CONNECT was answered is left out, whatever it holds."""
    async with engine() as server:
        heard = []

        async def listen(_sid: str, number: int) -> int:
            heard.append(number)
            return number

        server.sio.on("listen", listen)
        wire = await server.wire(transport)
        await wire.send("40", '437["listen",7]', '428["listen",8]')
        assert (await wire.text()).startswith("40{")
        assert await wire.text() == "438[8]"
        assert heard == [8]


async def test_client_with_retries_sends_each_event_once() -> None:
    """The stock client with ``retries`` takes the acknowledgement of a handler that returns nothing as success."""
    async with engine() as server, javascript() as js:
        heard = []

        async def order(_sid: str, number: int) -> None:
            heard.append(number)

        server.sio.on("order", order)
        client = await js.connected(server.url, retries=3, ackTimeout=300)
        for number in range(3):
            await client.emit("order", number)
        await until(lambda: len(heard) >= 3)
        await client.emit("order", 3, tag="last")
        await client.first("ack")
        assert heard == [0, 1, 2, 3]
        await client.disconnect()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_events_of_one_client_are_handled_in_order(transport: str) -> None:
    """A slow handler holds up the later events of its own client, and of nobody else."""
    async with engine() as server:
        gate = asyncio.Event()
        log: list[tuple[str, int]] = []

        async def step(sid: str, number: int) -> None:
            if number == 0 and sid == slow_sid:
                await gate.wait()
            log.append((sid, number))

        server.sio.on("step", step)
        slow, quick = await server.wire(transport), await server.wire(transport)
        slow_sid, quick_sid = (await slow.join())["sid"], (await quick.join())["sid"]
        await slow.send(*[f'42["step",{n}]' for n in range(5)])
        await quick.send(*[f'42["step",{n}]' for n in range(5)])
        await until(lambda: len(log) >= 5)
        assert log == [(quick_sid, n) for n in range(5)]
        gate.set()
        await until(lambda: len(log) == 10)
        assert log[5:] == [(slow_sid, n) for n in range(5)]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_slow_handler_does_not_stop_heartbeats_or_acks(transport: str) -> None:
    """While a handler waits for an ack of its own client, that ack and the heartbeat are still read."""
    async with engine(ping_interval=0.2, ping_timeout=0.5) as server:
        answers = []

        async def ask(sid: str) -> None:
            answers.append(await server.sio.call("question", 1, to=sid))

        server.sio.on("ask", ask)
        wire = await server.wire(transport)
        await wire.join()
        await wire.send('42["ask"]')
        question = await wire.text()
        assert question.startswith("42")
        assert question.endswith('["question",1]')
        ident = question[2 : question.index("[")]
        await wire.send(f'43{ident}["yes"]')
        await until(lambda: answers)
        assert answers == ["yes"]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_leaving_the_main_namespace_keeps_the_session(transport: str) -> None:
    """``41`` runs the disconnect handler; the Engine.IO session stays and can join again with a new sid."""
    async with engine() as server:
        wire = await server.wire(transport)
        first = (await wire.join())["sid"]
        await wire.send("41")
        await until(lambda: server.disconnected)
        assert server.disconnected == [(first, "client disconnect")]
        assert (await wire.join())["sid"] != first


async def test_leaving_one_namespace_keeps_the_other() -> None:
    """A client that leaves a namespace goes on in the other one."""
    async with engine(namespaces=["/", "/custom"]) as server:

        async def echo(_sid: str, thing: object) -> object:
            return thing

        server.sio.on("echo", echo)
        wire = await server.websocket()
        await wire.join()
        await wire.join("/custom")
        await wire.send("41/custom,", '421["echo","x"]')
        assert await wire.text() == '431["x"]'


async def test_refused_connect_carries_the_reason() -> None:
    """A connect handler that refuses answers with its message and data, and nothing was joined."""
    async with engine(handlers=False) as server:

        async def connect(_sid: str, _environ: dict[str, Any], _auth: Any) -> None:
            raise Refused("no seat", {"row": 7})

        server.sio.on("connect", connect)
        wire = await server.websocket()
        await wire.send("40")
        assert await wire.text() == '44{"message":"no seat","data":{"row":7}}'
        assert server.members() == 0


async def test_second_connect_to_a_joined_namespace_does_not_double_it() -> None:
    """A repeated CONNECT to the same namespace leaves one membership and one sid at most."""
    async with engine() as server:
        wire = await server.websocket()
        await wire.join()
        await wire.send("40")
        await wire.send('42["x"]')
        await server.request_arrived()
        assert len(server.connected) <= 1 or server.disconnected
        assert server.members() <= 2


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_binary_event_and_ack_round_trip(transport: str) -> None:
    """Attachments arrive as bytes in their places, and go back the same way in an acknowledgement."""
    async with engine() as server:

        async def echo(_sid: str, *things: Any) -> tuple[Any, ...]:
            assert things == ({"a": b"\x01\x02", "b": [b"\xff"]}, "text")
            return things

        server.sio.on("echo", echo)
        wire = await server.wire(transport)
        await wire.join()
        body = '[%s{"a":{"_placeholder":true,"num":0},"b":[{"_placeholder":true,"num":1}]},"text"]'
        await wire.send('452-9["echo",' + (body % "")[1:], b"\x01\x02", b"\xff")
        assert [await wire.recv() for _ in range(3)] == ["462-9" + body % "", b"\x01\x02", b"\xff"]


async def test_javascript_client_round_trips_everything() -> None:
    """The stock client's events, acks, binary and unicode arrive as sent on each transport."""
    async with engine() as server, javascript() as js:

        async def echo(_sid: str, *things: Any) -> tuple[Any, ...]:
            return things

        server.sio.on("echo", echo)
        things = ["ñandú 🦜", 0, -1.5, True, None, {"deep": [{"er": b"\x00\x01\xfe"}]}, b"raw", [], {}]
        for transports in (["polling"], ["websocket"], ["polling", "websocket"]):
            client = await js.connected(server.url, transports=transports)
            await client.emit("echo", *things, tag="echo")
            assert (await client.first("ack"))["args"] == things
            await client.disconnect()
            await client.first("disconnect")
