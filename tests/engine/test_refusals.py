"""What a peer and the application are told of what the engine refuses, or could not do."""

import io
import json
import logging
from typing import Any

import pytest

from sio_server.engine import RefusedPeer, Why
from tests.support.engine_server import Served, engine, until


def _apart() -> tuple[logging.Logger, io.StringIO]:
    """Give a logger and what it says, apart from the root, whose records keep tracebacks and sessions alive."""
    said = io.StringIO()
    logger = logging.Logger("apart")  # noqa: LOG001
    logger.addHandler(logging.StreamHandler(said))
    return logger, said


ASKED: list[tuple[str, Why]] = [
    ("EIO=3&transport=polling", Why.VERSION),
    ("EIO=4&transport=carrier", Why.TRANSPORT),
    ("EIO=4&transport=polling&sid=none", Why.SESSION),
    ("EIO=4&transport=websocket", Why.REQUEST),
    ("EIO=4&transport=polling&j=0", Why.REQUEST),
    ("&".join(f"a{n}=1" for n in range(70)), Why.REQUEST),
]


@pytest.mark.parametrize(("query", "why"), ASKED, ids=lambda value: str(value)[:30])
async def test_application_is_told_of_each_refused_request(query: str, why: Why) -> None:
    """Each refusal is told once: for what, with the peer's address, and the path without its query."""
    told: list[RefusedPeer] = []
    async with engine(on_refused=told.append) as server:
        async with server.http.get(f"{server.url}/socket.io/?{query}") as answer:
            assert answer.status == 400
        assert [(p.why, p.status, p.address, p.method, p.path) for p in told] == [
            (why, 400, "127.0.0.1", "GET", "/socket.io/")
        ]


async def test_application_that_fails_at_a_refusal_changes_nothing() -> None:
    """What the application raises when it is told is counted, and the refusal stands."""

    def fail(_: RefusedPeer) -> None:
        raise ZeroDivisionError

    logger, said = _apart()
    async with engine(on_refused=fail, engineio_logger=logger) as server:
        wire = await server.websocket()
        await wire.send("40/nowhere,")
        assert await wire.text() == '44/nowhere,{"message":"Invalid namespace"}'
        await wire.send("42{}")
        assert await wire.closed() == []
        assert server.sio.counters.internal_errors == 2
        assert said.getvalue().count("the engine failed") == 1  # one a second at most


async def test_old_client_is_told_in_its_own_protocol() -> None:
    """A client of Socket.IO 2 gets an ERROR packet of Engine.IO 3 with the text, over polling and websocket."""
    async with engine() as server:
        address = f"{server.url}/socket.io/?EIO=3&t=N1&transport="
        async with server.http.get(address + "polling") as answer:
            body = await answer.text()
        packets = []
        while body:
            size, _, rest = body.partition(":")
            packets.append(rest[: int(size)])
            body = rest[int(size) :]
        assert (answer.status, len(packets), packets[0][:2], packets[2]) == (200, 3, "0{", "1")
        async with server.http.ws_connect(address + "websocket") as socket:
            assert [(await socket.receive_str())[:2], await socket.receive_str()] == ["0{", packets[1]]
            await socket.receive()
            assert socket.close_code == 1008
        assert "update socket.io-client" in json.loads(packets[1][2:])


@pytest.mark.parametrize("front", [True, False])
async def test_path_without_its_last_slash_is_the_same(*, front: bool) -> None:
    """The engine answers without the last slash of its path, too: polling, websocket, preflight."""
    async with engine(front=front) as server:

        def without_slash(served: Served) -> str:
            return f"{served.url}/socket.io?EIO=4&transport="

        async with server.http.get(without_slash(server) + "polling") as answer:
            sid = json.loads((await answer.text())[1:])["sid"]
        async with server.http.post(f"{without_slash(server)}polling&sid={sid}", data="1") as answer:
            assert answer.status == 200
        async with server.http.options(without_slash(server) + "polling") as answer:
            assert answer.status == 200
        async with server.http.ws_connect(without_slash(server) + "websocket") as socket:
            assert (await socket.receive_str()).startswith("0{")


@pytest.mark.parametrize("ordered", [True, False])
async def test_failed_handler_is_acknowledged(*, ordered: bool) -> None:
    """Who awaits an answer has one though the handler raises or returns what cannot be written."""
    logger, said = _apart()
    options: dict[str, Any] = {"failed_ack": lambda _sid, why: {"failed": why}, "logger": logger}
    async with engine(ordered_events=ordered, **options) as server:

        async def fail(_sid: str) -> None:
            raise ZeroDivisionError

        server.sio.on("fail", fail)
        server.sio.on("odd", lambda _sid: object())
        wire = await server.websocket()
        await wire.join()
        await wire.send('421["fail"]')
        assert await wire.text() == '431[{"failed":null}]'
        await wire.send('422["odd"]', '42["fail"]')
        assert await wire.text() == '432[{"failed":null}]'
        await until(lambda: said.getvalue().count("handler failed") == 3)
