"""Connection state recovery as the stock JavaScript client speaks it: on the wire, byte for byte."""

import asyncio
import json
from typing import Any

import pytest
import socketio

from tests.support.engine_server import TRANSPORTS, Served, engine, until
from tests.support.engine_wire import WebSocketWire, Wire

ASKING: dict[str, Any] = {"connection_state_recovery": {"max_disconnection_duration": 60}}


async def _lose(wire: Wire) -> None:
    """Lose the connection in a way that may be recovered from."""
    if isinstance(wire, WebSocketWire):
        await wire.drop()
    else:
        await wire.send("1")  # what a client's page does when it unloads; a lost polling client is a ping timeout


async def _back(server: Served, transport: str, auth: dict[str, Any]) -> tuple[dict[str, Any], list[Any], Wire]:
    """Come back; return the CONNECT body, the events before or after it up to ``end``, and the connection."""
    wire = await server.wire(transport)
    await wire.send("40" + json.dumps(auth))
    await asyncio.sleep(0)
    body: dict[str, Any] = {}
    events: list[Any] = []
    packet = await wire.text()
    while not packet.startswith("40"):
        events.append(json.loads(packet[2:]))
        packet = await wire.text()
    body = json.loads(packet[2:])
    await server.sio.emit("end")
    while True:
        event = json.loads((await wire.text())[2:])
        if event[0] == "end":
            return body, events, wire
        events.append(event)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_asking_client_gets_pid_and_offsets(transport: str) -> None:
    """A client that asks gets a pid in the CONNECT reply and the offset as the last argument of each event."""
    async with engine(**ASKING) as server:
        wire = await server.wire(transport)
        body = await wire.join(auth={"recovery": True})
        assert set(body) == {"sid", "pid"}
        await server.sio.emit("hello", "world")
        await server.sio.emit("hello", ("two", 2))
        first, second = await wire.events(2)
        assert first[:2] == ["hello", "world"]
        assert second[:3] == ["hello", "two", 2]
        assert isinstance(first[2], str)
        assert isinstance(second[3], str)
        assert first[2] != second[3]


async def test_client_that_does_not_ask_sees_no_trace_of_recovery() -> None:
    """A client that did not ask gets no pid and no extra argument, so ``def on_x(data)`` keeps working."""
    async with engine(**ASKING) as server:
        wire = await server.websocket()
        assert set(await wire.join()) == {"sid"}
        await server.sio.emit("hello", "world")
        assert await wire.events(1) == [["hello", "world"]]
        got: list[Any] = []

        async def hello(data: Any) -> None:
            got.append(data)

        client = socketio.AsyncClient()
        client.on("hello", hello)
        await client.connect(server.url)
        await server.sio.emit("hello", "again")
        await until(lambda: got)
        assert got == ["again"]
        await client.disconnect()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_lost_connection_comes_back_with_what_it_missed(transport: str) -> None:
    """After a loss, pid and offset bring back the same sid and pid and the missed events, once and in order."""
    async with engine(**ASKING) as server:
        wire = await server.wire(transport)
        before = await wire.join(auth={"recovery": True})
        await server.sio.emit("n", 0)
        offset = (await wire.events(1))[0][-1]
        await _lose(wire)
        await until(lambda: server.disconnected)
        for n in range(1, 4):
            await server.sio.emit("n", n)
        body, events, _ = await _back(server, transport, {"pid": before["pid"], "offset": offset, "recovery": True})
        assert (body["sid"], body["pid"]) == (before["sid"], before["pid"])
        assert [event[:2] for event in events] == [["n", 1], ["n", 2], ["n", 3]]
        assert all(isinstance(event[2], str) for event in events)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_client_that_received_nothing_recovers_by_pid_alone(transport: str) -> None:
    """A cut before the first event recovers from the position inside the pid."""
    async with engine(**ASKING) as server:
        await server.sio.emit("n", "before anybody came")
        wire = await server.wire(transport)
        before = await wire.join(auth={"recovery": True})
        await _lose(wire)
        await until(lambda: server.disconnected)
        await server.sio.emit("n", 1)
        body, events, _ = await _back(server, transport, {"pid": before["pid"]})
        assert body["sid"] == before["sid"]
        assert [event[:2] for event in events] == [["n", 1]]


async def test_rooms_and_session_come_back() -> None:
    """A recovered client is in its rooms and has its session again, and missed only what its rooms got."""
    async with engine(**ASKING) as server:
        wire = await server.websocket()
        before = await wire.join(auth={"recovery": True})
        sid = before["sid"]
        await server.sio.enter_room(sid, "mine")
        await server.sio.save_session(sid, {"user": 7})
        await _lose(wire)
        await until(lambda: server.disconnected)
        await server.sio.emit("a", room="mine")
        await server.sio.emit("b", room="other")
        await server.sio.emit("c", skip_sid=sid)
        await server.sio.emit("d", room=sid)
        _, events, again = await _back(server, "websocket", {"pid": before["pid"]})
        assert [event[0] for event in events] == ["a", "d"]
        assert set(server.sio.rooms(sid)) >= {"mine", sid}
        assert await server.sio.get_session(sid) == {"user": 7}
        await server.sio.emit("live", room="mine")
        assert (await again.events(1))[0][0] == "live"


async def test_replay_holds_back_what_was_sent_before_the_room_was_entered() -> None:
    """An event that went to a room before this client entered it is not replayed, even though it is in it now."""
    async with engine(**ASKING) as server:
        wire = await server.websocket()
        before = await wire.join(auth={"recovery": True})
        await server.sio.emit("secret", room="club")
        await server.sio.enter_room(before["sid"], "club")
        await _lose(wire)
        await until(lambda: server.disconnected)
        await server.sio.emit("allowed", room="club")
        _, events, _ = await _back(server, "websocket", {"pid": before["pid"]})
        assert [event[0] for event in events] == ["allowed"]


async def test_event_with_an_ack_carries_no_offset() -> None:
    """An event that asks for an acknowledgement has no offset: the client would not take one from it."""
    async with engine(**ASKING) as server:
        wire = await server.websocket()
        sid = (await wire.join(auth={"recovery": True}))["sid"]
        asking = asyncio.create_task(server.sio.call("question", "x", to=sid))
        question = await wire.text()
        assert question.endswith('["question","x"]')
        await wire.send(f"43{question[2 : question.index('[')]}[1]")
        assert await asking == 1


async def test_volatile_event_carries_the_current_offset_and_is_not_replayed() -> None:
    """A volatile event leaves the client's offset where it is, and is gone for who misses it."""
    async with engine(**ASKING) as server:
        wire = await server.websocket()
        before = await wire.join(auth={"recovery": True})
        await server.sio.emit("n", 0)
        offset = (await wire.events(1))[0][-1]
        server.sio.broadcast("typing", "trailing text", volatile=True)
        assert await wire.events(1) == [["typing", "trailing text", offset]]
        await _lose(wire)
        await until(lambda: server.disconnected)
        server.sio.broadcast("typing", "missed", volatile=True)
        await server.sio.emit("n", 1)
        _, events, _ = await _back(server, "websocket", {"pid": before["pid"], "offset": offset})
        assert [event[:2] for event in events] == [["n", 1]]


@pytest.mark.parametrize("way", ["client leaves", "server disconnects", "parse error"])
async def test_deliberate_ends_are_not_recoverable(way: str) -> None:
    """``41`` from either side and a parse error end the state: the pid brings back nothing."""
    async with engine(**ASKING) as server:
        wire = await server.websocket()
        before = await wire.join(auth={"recovery": True})
        if way == "client leaves":
            await wire.send("41")
        elif way == "server disconnects":
            await server.sio.disconnect(before["sid"])
        else:
            await wire.send("42{}")
        await until(lambda: server.disconnected)
        await server.sio.emit("n", 1)
        body, events, _ = await _back(server, "websocket", {"pid": before["pid"]})
        assert body["sid"] != before["sid"]
        assert body.get("pid") != before["pid"]
        assert events == []


@pytest.mark.parametrize("goodbye", ["close frame", "engine close", "reset"])
async def test_leaving_behind_a_slow_handler_ends_recovery(goodbye: str) -> None:
    """A ``41`` that still waits behind a slow handler when the transport ends was said all the same."""
    async with engine(**ASKING) as server:
        gate, busy = asyncio.Event(), asyncio.Event()

        async def slow(_sid: str) -> None:
            busy.set()
            await gate.wait()

        server.sio.on("slow", slow)
        wire = await server.websocket()
        before = await wire.join(auth={"recovery": True})
        await wire.send('42["slow"]')
        await busy.wait()
        await wire.send("41")
        if goodbye == "engine close":
            await wire.send("1")
        elif goodbye == "close frame":
            await wire.ws.close()
        await server.request_arrived()
        if goodbye == "reset":
            await wire.drop()
            await server.request_arrived()
        gate.set()
        await until(lambda: server.disconnected)
        body, events, _ = await _back(server, "websocket", {"pid": before["pid"], "recovery": True})
        assert body["pid"] != before["pid"]
        assert events == []


@pytest.mark.parametrize("way", ["transport lost", "engine close", "ping timeout"])
async def test_losses_are_recoverable(way: str) -> None:
    """A lost transport, an Engine.IO close packet and a ping timeout can be recovered from."""
    async with engine(**ASKING, ping_interval=0.3, ping_timeout=0.3) as server:
        wire = await server.websocket()
        before = await wire.join(auth={"recovery": True})
        if way == "transport lost":
            await wire.drop()
        elif way == "engine close":
            await wire.send("1")
        await until(lambda: server.disconnected)
        await server.sio.emit("n", 1)
        body, events, _ = await _back(server, "websocket", {"pid": before["pid"]})
        assert body["sid"] == before["sid"]
        assert [event[0] for event in events] == ["n"]


async def test_authentication_runs_again_and_may_refuse() -> None:
    """Recovery never skips the connect handler; one that refuses keeps the client out, and nothing is replayed."""
    async with engine(handlers=False, **ASKING) as server:
        allowed = True
        seen: list[Any] = []

        async def connect(_sid: str, _environ: dict[str, Any], auth: Any) -> bool:
            seen.append(auth.get("token"))
            return allowed

        server.sio.on("connect", connect)
        wire = await server.websocket()
        before = await wire.join(auth={"recovery": True, "token": "a"})
        await _lose(wire)
        await server.all_gone()
        await server.sio.emit("n", 1)
        allowed = False
        again = await server.websocket()
        await again.send("40" + json.dumps({"pid": before["pid"], "recovery": True, "token": "b"}))
        assert (await again.text()).startswith("44")
        assert seen == ["a", "b"]
        await server.sio.emit("n", 2)
        await again.send("40/nowhere,")
        assert (await again.text()).startswith("44/nowhere")


async def test_pid_is_bound_to_the_identity() -> None:
    """Another user's pid brings back nothing, however well it is signed."""
    options = {"identity": lambda _environ, auth: auth.get("user")}
    async with engine(connection_state_recovery=options) as server:
        wire = await server.websocket()
        before = await wire.join(auth={"recovery": True, "user": "ana"})
        await _lose(wire)
        await until(lambda: server.disconnected)
        await server.sio.emit("for ana", room=before["sid"])
        stolen = {"pid": before["pid"], "recovery": True}
        body, events, _ = await _back(server, "websocket", {**stolen, "user": "eve"})
        assert body["sid"] != before["sid"]
        assert events == []
        body, events, _ = await _back(server, "websocket", {**stolen, "user": "ana"})
        assert body["sid"] == before["sid"]
        assert [event[0] for event in events] == ["for ana"]


@pytest.mark.parametrize("pid", ["", "x", "a.b.c", "é", 7, None, ["x"], "x" * 10_000])
async def test_forged_pid_is_a_new_connection(pid: Any) -> None:
    """A pid that this server did not make is ignored: a new session, no error."""
    async with engine(**ASKING) as server:
        body, events, _ = await _back(server, "websocket", {"pid": pid, "offset": "x", "recovery": True})
        assert body["pid"] != pid
        assert events == []


@pytest.mark.parametrize("offset", ["", "x", "9" * 400, 7, {}])
async def test_unknown_offset_never_replays_a_part(offset: Any) -> None:
    """An offset that is not in the log gives a new session or everything since the pid, never a gap in silence."""
    async with engine(**ASKING) as server:
        wire = await server.websocket()
        before = await wire.join(auth={"recovery": True})
        await _lose(wire)
        await until(lambda: server.disconnected)
        for n in range(3):
            await server.sio.emit("n", n)
        body, events, _ = await _back(server, "websocket", {"pid": before["pid"], "offset": offset, "recovery": True})
        if body["pid"] == before["pid"]:  # to the client this means: recovered
            assert [event[1] for event in events] == [0, 1, 2]
        else:
            assert events == []
