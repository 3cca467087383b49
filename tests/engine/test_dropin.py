"""The drop-in: what python-socketio's documentation promises of ``AsyncServer`` holds, tested with stock clients."""

import asyncio
from typing import Any

import pytest
import socketio

from tests.support.engine_js import javascript
from tests.support.engine_server import TRANSPORTS, engine, until

CLIENT_TRANSPORTS = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": ["polling", "websocket"]}


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_events_acks_and_callbacks(transport: str) -> None:
    """Events with several arguments, acknowledgements both ways and ``call`` both ways work for a Python client."""
    async with engine() as server:

        async def add(_sid: str, a: int, b: int) -> tuple[int, str]:
            return a + b, "sum"

        def sync(_sid: str, data: Any) -> Any:
            return {"got": data}

        server.sio.event(add)
        server.sio.on("sync")(sync)

        client = socketio.AsyncClient()
        client.on("question", lambda x: x * 2)
        await client.connect(server.url, transports=CLIENT_TRANSPORTS[transport])
        assert await client.call("add", (2, 3)) == (5, "sum")
        assert await client.call("sync", {"x": b"\x00"}) == {"got": {"x": b"\x00"}}
        assert await server.sio.call("question", 21, to=server.connected[0]) == 42
        answers: list[Any] = []
        await server.sio.emit("question", 4, to=server.connected[0], callback=answers.append)
        await until(lambda: answers)
        assert answers == [8]
        assert server.sio.transport(server.connected[0]) == ("polling" if transport == "polling" else "websocket")
        await client.disconnect()


async def test_namespaces_and_class_based_namespaces() -> None:
    """Function handlers and class-based namespaces live side by side, each with its own sid."""

    class Tours(socketio.AsyncNamespace):  # type: ignore[misc] # the library is untyped
        async def on_connect(self, sid: str, _environ: dict[str, Any], auth: Any) -> None:
            await self.save_session(sid, {"auth": auth})

        async def on_book(self, sid: str, tour: str) -> list[Any]:
            await self.emit("booked", tour, to=sid)
            return [tour, (await self.get_session(sid))["auth"]]

        async def on_disconnect(self, sid: str, reason: str) -> None:
            left.append((sid, reason))

    left: list[Any] = []
    async with engine() as server:
        server.sio.register_namespace(Tours("/tours"))
        client = socketio.AsyncClient()
        booked: list[str] = []
        client.on("booked", booked.append, namespace="/tours")
        await client.connect(server.url, namespaces=["/", "/tours"], auth={"token": "t"})
        assert client.get_sid("/") != client.get_sid("/tours")
        assert await client.call("book", "laguna", namespace="/tours") == ["laguna", {"token": "t"}]
        await until(lambda: booked)
        await client.disconnect()
        await until(lambda: left and server.disconnected)
        assert [sid for sid, _ in server.disconnected] == server.connected


async def test_catch_all_handlers() -> None:
    """``*`` catches events without a handler, and namespaces without handlers, in the documented order."""
    async with engine(namespaces="*", handlers=False) as server:
        caught: list[Any] = []
        server.sio.on("known", lambda _sid, x: caught.append(("known", x)))
        server.sio.on("*", lambda event, _sid, x: caught.append(("any event", event, x)))
        server.sio.on("*", lambda event, namespace, _sid, x: caught.append(("any", event, namespace, x)), namespace="*")
        client = socketio.AsyncClient()
        await client.connect(server.url, namespaces=["/", "/far"])
        await client.emit("known", 1)
        await client.emit("other", 2)
        await client.emit("other", 3, namespace="/far")
        await until(lambda: len(caught) == 3)
        assert sorted(caught, key=str) == sorted(
            [("known", 1), ("any event", "other", 2), ("any", "other", "/far", 3)], key=str
        )
        await client.disconnect()


async def test_sessions() -> None:
    """``save_session``, ``get_session`` and the ``session`` context keep a dictionary per client and namespace."""
    async with engine() as server:
        client = socketio.AsyncClient()
        await client.connect(server.url)
        sid = server.connected[0]
        await server.sio.save_session(sid, {"name": "ana"})
        async with server.sio.session(sid) as session:
            session["visits"] = 2
        assert await server.sio.get_session(sid) == {"name": "ana", "visits": 2}
        await client.disconnect()


async def test_rooms_and_environ() -> None:
    """``rooms`` lists the rooms of a client, its own among them; ``get_environ`` gives its request."""
    async with engine() as server:
        client = socketio.AsyncClient()
        await client.connect(server.url, headers={"X-Tour": "laguna"})
        sid = server.connected[0]
        await server.sio.enter_room(sid, "r")
        assert set(server.sio.rooms(sid)) == {sid, "r"}
        assert [who for who, _ in server.sio.manager.get_participants("/", "r")] == [sid]
        environ = server.sio.get_environ(sid)
        assert environ["HTTP_X_TOUR"] == "laguna"
        assert environ["REQUEST_METHOD"] == "GET"
        assert environ["PATH_INFO"] == "/socket.io/"
        assert "transport=" in environ["QUERY_STRING"]
        with pytest.raises(ValueError, match="sid"):
            await server.sio.enter_room("nobody", "r", namespace="/unknown")
        await client.disconnect()


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_environ_has_the_request_of_aiohttp(transport: str) -> None:
    """On aiohttp's own site the connect handler finds the aiohttp request in the environ, as documented."""
    async with engine(handlers=False, front=False) as server:
        paths: list[str] = []

        async def connect(_sid: str, environ: dict[str, Any], _auth: Any) -> None:
            paths.append(environ["aiohttp.request"].path)

        server.sio.on("connect", connect)
        await (await server.wire(transport)).join()
        assert paths == ["/socket.io/"]


@pytest.mark.parametrize("refusal", ["False", "ConnectionRefusedError", "with data"])
async def test_connect_handler_refuses(refusal: str) -> None:
    """A connect handler refuses with False or the exception, whose arguments reach the client."""
    async with engine(handlers=False) as server:

        async def connect(_sid: str, _environ: dict[str, Any], _auth: Any) -> bool:
            if refusal == "False":
                return False
            if refusal == "with data":
                raise socketio.exceptions.ConnectionRefusedError("full", 7, 8)
            raise ConnectionRefusedError

        server.sio.on("connect", connect)
        client = socketio.AsyncClient()
        errors: list[Any] = []
        client.on("connect_error", errors.append)
        with pytest.raises(socketio.exceptions.ConnectionError):
            await client.connect(server.url)
        expected = {"message": "full", "data": [7, 8]} if refusal == "with data" else None
        await until(lambda: errors)
        assert expected is None or errors[0] == expected
        assert isinstance(errors[0], dict)


async def test_handlers_of_older_signatures() -> None:
    """Connect handlers without ``auth`` and disconnect handlers without ``reason`` still work, plain functions too."""
    async with engine(handlers=False) as server:
        log: list[Any] = []
        server.sio.on("connect", lambda sid, _environ: log.append(("in", sid)))
        server.sio.on("disconnect", lambda sid: log.append(("out", sid)))
        client = socketio.AsyncClient()
        await client.connect(server.url)
        sid = client.get_sid()
        await client.disconnect()
        await until(lambda: len(log) == 2)
        assert log == [("in", sid), ("out", sid)]


async def test_always_connect() -> None:
    """With ``always_connect`` the client is connected first and disconnected when the handler refuses."""
    async with engine(handlers=False, always_connect=True) as server:
        server.sio.on("connect", lambda _sid, _environ, _auth: False)
        wire = await server.websocket()
        await wire.send("40")
        assert (await wire.text()).startswith("40{")
        assert (await wire.text()).startswith("41")


@pytest.mark.parametrize("transports", [["polling"], ["websocket"], ["polling", "websocket"]], ids="+".join)
async def test_msgpack_serializer(transports: list[str]) -> None:
    """The msgpack serializer works with the stock JavaScript and Python clients, binary and acks included."""
    async with engine(serializer="msgpack") as server, javascript() as js:

        async def echo(_sid: str, *things: Any) -> tuple[Any, ...]:
            return things

        server.sio.on("echo", echo)
        client = await js.connected(server.url, msgpack=True, transports=transports)
        await client.emit("echo", "ñ", {"b": b"\x00\xff"}, tag="t")
        assert (await client.first("ack"))["args"] == ["ñ", {"b": b"\x00\xff"}]
        python = socketio.AsyncClient(serializer="msgpack")
        heard: list[Any] = []
        python.on("n", heard.append)
        await python.connect(server.url, transports=transports)
        assert await python.call("echo", {"b": b"\x01"}) == {"b": b"\x01"}
        await server.sio.emit("n", {"b": b"\x02"})
        await until(lambda: heard and client.events("n"))
        assert heard == [{"b": b"\x02"}]
        assert client.events("n") == [[{"b": b"\x02"}]]
        await python.disconnect()
        await client.disconnect()


async def test_emit_returns_when_sent_and_send_is_message() -> None:
    """``send`` is an event called message; ``emit`` to nobody is no error."""
    async with engine() as server:
        await server.sio.emit("nobody", 1)
        await server.sio.emit("nobody", 1, to="no-such-sid")
        await server.sio.emit("nobody", 1, namespace="/none")
        wire = await server.websocket()
        await wire.join()
        await server.sio.send({"a": 1})
        assert await wire.events(1) == [["message", {"a": 1}]]


@pytest.mark.parametrize(
    ("data", "arguments"),
    [(None, []), ((), []), ((1, 2), [1, 2]), ([1, 2], [[1, 2]]), ("x", ["x"]), ({"a": None}, [{"a": None}]), (0, [0])],
)
async def test_shapes_of_data(data: Any, arguments: list[Any]) -> None:
    """A tuple is several arguments, a list is one, None is none."""
    async with engine() as server:
        wire = await server.websocket()
        await wire.join()
        await server.sio.emit("x", data)
        assert await wire.events(1) == [["x", *arguments]]


async def test_callback_for_a_room_is_called_per_client() -> None:
    """``emit`` with a callback to one client calls it with what the client's handler returned."""
    async with engine() as server:
        client = socketio.AsyncClient()
        client.on("ask", lambda: ("a", "b"))
        await client.connect(server.url)
        answers: list[Any] = []

        async def callback(*values: Any) -> None:
            answers.append(values)

        await server.sio.emit("ask", to=server.connected[0], callback=callback)
        await until(lambda: answers)
        assert answers == [("a", "b")]
        await client.disconnect()


async def test_overlapping_handlers_on_request() -> None:
    """With ``ordered_events=False`` handlers of one client's events run side by side, as in the stock server."""
    async with engine(ordered_events=False) as server:
        gate = asyncio.Event()
        done: list[str] = []

        async def slow(_sid: str) -> None:
            await gate.wait()
            done.append("slow")

        async def quick(_sid: str) -> None:
            done.append("quick")

        server.sio.on("slow", slow)
        server.sio.on("quick", quick)
        wire = await server.websocket()
        await wire.join()
        await wire.send('42["slow"]', '42["quick"]')
        await until(lambda: done == ["quick"])
        gate.set()
        await until(lambda: len(done) == 2)


async def test_background_tasks_and_sleep() -> None:
    """``start_background_task`` and ``sleep`` are there for applications."""
    async with engine() as server:

        async def work(x: int) -> int:
            await server.sio.sleep(0)
            return x + 1

        assert await server.sio.start_background_task(work, 1) == 2


async def test_cookie_option() -> None:
    """With ``cookie`` the polling handshake sets it to the session id."""
    async with engine(cookie="io") as server:
        wire = await server.polling()
        async with server.http.get(f"{server.url}/socket.io/?EIO=4&transport=polling") as response:
            sid = (await response.text())[1:].split('"sid":"')[1].split('"')[0]
            assert f"io={sid}" in response.headers["Set-Cookie"]
            wire.opened["sid"], other = sid, wire.opened["sid"]
        await server.hang_up()
        wire.opened["sid"] = other


async def test_large_poll_is_compressed_when_the_client_accepts() -> None:
    """A poll's answer above the threshold is compressed for who accepts it, and arrives the same."""
    async with engine() as server:
        wire = await server.polling()
        await wire.join()
        await server.sio.emit("big", "x" * 50_000)
        async with server.http.get(wire.url, headers={"Accept-Encoding": "gzip"}) as response:
            assert response.headers.get("Content-Encoding") == "gzip"
            assert await response.text() == '42["big","%s"]' % ("x" * 50_000)


@pytest.mark.parametrize("mode", ["development", "production"])
async def test_admin_instrumentation(mode: str) -> None:
    """``instrument()`` serves the admin UI: login, the list of clients, their rooms and events, remote disconnect."""
    async with engine() as server, javascript() as js:
        admin_server = server.sio.instrument(
            auth={"username": "u", "password": "p"}, mode=mode, server_stats_interval=1
        )
        auth = {"username": "u", "password": "p"}
        admin = await js.connected(f"{server.url}/admin", auth=auth)
        wire = await server.websocket()
        sid = (await wire.join())["sid"]
        await server.sio.enter_room(sid, "r")
        await until(lambda: admin.events("server_stats"))
        stats = admin.events("server_stats")[-1][0]
        assert {"serverId", "clientsCount", "namespaces"} <= set(stats)
        if mode == "development":
            await until(lambda: any(e[0]["id"] == sid for e in admin.events("socket_connected")))
            await until(lambda: any(e[:3] == ["/", "r", sid] for e in admin.events("room_joined")))
            close = False
            await admin.emit("_disconnect", "/", close, sid)
            assert await wire.text() == "41"
            await until(lambda: any(e[1] == sid for e in admin.events("socket_disconnected")))
        bad = await js.client(f"{server.url}/admin", auth={"username": "u", "password": "wrong"})
        await bad.first("connect_error")
        await admin.disconnect()
        await bad.disconnect()
        await admin_server.shutdown()


async def test_shutdown_ends_everybody() -> None:
    """``shutdown`` closes every session with its handlers run, on each transport."""
    async with engine() as server:
        wires = [await server.wire(transport) for transport in TRANSPORTS]
        for wire in wires:
            await wire.join()
        waiting = [asyncio.create_task(wire.closed()) for wire in wires]
        await server.sio.shutdown()
        await asyncio.gather(*waiting)
        await server.all_gone()
        assert sorted(sid for sid, _ in server.disconnected) == sorted(server.connected)


async def test_options_that_make_no_sense_are_refused() -> None:
    """A bad option fails when the server is made, with its name in the message."""
    for bad in ({"send_cap": 0}, {"max_attachments": -1}, {"connect_timeout": -1.0}, {"events_per_second": 0}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            async with engine(**bad):
                raise AssertionError
