"""A server below a path of its address: everything is there, and what is asked beside it is told where."""

from __future__ import annotations

import re

import aiohttp
import orjson
import pytest

from sio_server.cli.listen import Listener
from sio_server.client import NotifyClient
from tests.conftest import Node
from tests.support.asking import ask, assert_refused, get
from tests.support.clients import ended, javascript_client, plain_socket
from tests.support.servers import PUBLISH_KEY, SECRET, Server, program, running, secured, token
from tests.support.waiting import until

BASE = "/apps/rt"
SEED = {"type": "test", "message": "Hola mundo", "data": {}}
SOCKET = {"auth": {"token": token("7")}, "path": f"{BASE}/socket.io"}


def origin(server: Server) -> str:
    """The address of a server without its path."""
    return server.url.removesuffix(BASE)


@pytest.mark.parametrize(
    "path",
    ["/", "/docs", "/openapi.json", "/metrics", "/health/live", "/health/ready", "/v1/stats", "/static/page.css"],
)
async def test_everything_is_below_the_base_path(path: str) -> None:
    """What is served is served below the base path, and refused beside it with a text that names it; not so health."""
    async with running(secured(base_path=BASE)) as server:
        assert (await ask(server, "GET", path, token=PUBLISH_KEY)).status == 200
        server.url = origin(server)
        answer = await ask(server, "GET", path, token=PUBLISH_KEY, language="es")
        if path.startswith("/health/"):
            assert answer.status == 200
        else:
            assert_refused(answer, "not_found")
            assert f"'{BASE}'" in answer.body["detail"]


@pytest.mark.parametrize(
    "beside", ["/apps/rtx", "/apps", "/apps/", "/", "/v1/stats", f"{BASE}x/v1/stats", "//apps/rt/"]
)
async def test_path_that_is_not_below_is_told(beside: str) -> None:
    """A path that only looks like the base path is none below it."""
    async with running(secured(base_path=BASE)) as server:
        server.url = origin(server)
        answer = await ask(server, "GET", beside, token=PUBLISH_KEY)
        assert_refused(answer, "not_found")
        assert "SIO_SERVER_BASE_PATH" in answer.body["detail"]


async def test_unknown_path_below_is_a_plain_404_and_methods_are_told() -> None:
    """Below the base path unknown paths and methods are refused as ever."""
    async with running(secured(base_path=BASE)) as server:
        answer = await ask(server, "GET", "/nothing")
        assert_refused(answer, "not_found")
        assert BASE not in answer.body["detail"]
        answer = await ask(server, "DELETE", "/v1/stats")
        assert_refused(answer, "method_not_allowed")
        assert answer.headers["allow"] == "GET,HEAD"


async def test_base_path_itself_leads_to_the_page() -> None:
    """The page names its parts relative to its own address, so it has to be asked for with the last slash."""
    async with running(secured(base_path=BASE)) as server:
        for query in ("", "?a=b"):
            async with server.http.get(server.url + query, allow_redirects=False) as response:
                assert (response.status, response.headers["Location"]) == (308, f"{BASE}/{query}")
        page = await get(server, "/")
        links = re.findall(r'(?:href|src)="([^"]+)"', page)
        assert links
        assert not [link for link in links if link.startswith("/")]


@pytest.mark.parametrize("front", [True, False])
async def test_live_connections_and_publishes_are_below(node: Node, *, front: bool) -> None:
    """Socket.IO by both transports, `/ws` and the fast publish work below the base path, with the stock clients."""
    async with (
        running(secured(base_path=BASE), front=front) as server,
        javascript_client(node.binary, origin(server), **SOCKET) as stock,
        javascript_client(node.binary, origin(server), **SOCKET, transports=["polling"]) as polling,
        plain_socket(server.url, {"token": token("7")}) as plain,
    ):
        listener = await server.connect({"token": token("7")})
        for client in (stock, polling):
            await client.wait_for("connect")
        status, reply = await server.notify(SEED)
        assert (status, reply["recipients"]) == (200, {"sockets": 4})
        for one in (stock, polling, plain, listener):
            assert [envelope["message"] for envelope in await one.wait(1)] == ["Hola mundo"]


async def test_socketio_client_without_the_path_is_told_the_mend() -> None:
    """Who asks for /socket.io/ beside the base path, or takes the path for a namespace, is told of the option."""
    async with running(secured(base_path=BASE)) as server:
        poll = "/socket.io/?EIO=4&transport=polling"
        socket = await server.http.ws_connect(server.url + poll.replace("polling", "websocket"))
        await socket.receive()
        await socket.send_str(f"40{BASE}/,")
        told = orjson.loads(str((await socket.receive()).data).removeprefix(f"44{BASE}/,"))
        assert f'path: "{BASE}/socket.io"' in told["message"]
        await socket.close()
        errors = (await get_with_key(server, "/v1/errors"))["items"]
        assert errors[0]["path"] == f"{BASE}/socket.io/"
        server.url = origin(server)
        for path in (poll, poll.replace("io/?", "io?")):
            answer = await ask(server, "GET", path)
            assert_refused(answer, "not_found")
            assert f'path: "{BASE}/socket.io"' in answer.body["detail"]


async def get_with_key(server: Server, path: str) -> dict[str, list[dict[str, str]]]:
    """What a publisher key is answered."""
    found: dict[str, list[dict[str, str]]] = await get(server, path, PUBLISH_KEY)
    return found


async def test_refusals_name_the_path_that_was_asked_for() -> None:
    """What operators are shown of refused connections and events has the path with the base path, as for requests."""
    async with running(secured(base_path=BASE)) as server:
        async with plain_socket(server.url, {"token": "x"}) as client:
            await client.wait_closed()
        async with plain_socket(server.url, {"token": token("7")}) as client:
            await client.socket.send_str("{}")
            await until(lambda: client.of("ns:reply"))
        await ask(server, "GET", "/nothing")
        errors = (await get_with_key(server, "/v1/errors"))["items"]
    assert [(one["method"], one["path"]) for one in errors] == [
        ("GET", f"{BASE}/nothing"),
        ("EVENT", f"{BASE}/ws"),
        ("CONNECT", f"{BASE}/ws"),
    ]


@pytest.mark.parametrize(("base", "url"), [("", "."), (BASE, BASE)])
async def test_document_says_where_its_operations_are(base: str, url: str) -> None:
    """The OpenAPI document names the base path; without one its server is wherever a proxy lets it be found."""
    async with running(secured(base_path=base)) as server:
        assert (await get(server, "/openapi.json"))["servers"] == [{"url": url}]


async def test_health_below_the_base_path_is_answered_by_any_name() -> None:
    """An orchestrator calls by the address of the moment, with the base path or without."""
    async with running(secured(base_path=BASE, allowed_hosts=("rt.example.org",))) as server:
        for url in (server.url, origin(server)):
            async with server.http.get(f"{url}/health/live", headers={"Host": "10.0.0.7"}) as response:
                assert response.status == 200
        async with server.http.get(f"{server.url}/openapi.json", headers={"Host": "10.0.0.7"}) as response:
            assert response.status == 403


async def test_python_clients_take_an_address_with_a_path() -> None:
    """The clients for backends and the one of the commands find a server by an address that has a path."""
    async with running(secured(base_path=BASE)) as server:
        got: list[str] = []
        listener = Listener(server.url, {"token": token("7")}, lambda name, _: got.append(name), lambda: None)
        await listener.connect()
        async with NotifyClient(f"{server.url}/", PUBLISH_KEY) as client:
            assert (await client.publish("test", message="x")).sockets == 1
        await until(lambda: "test" in got)
        await listener.close()


async def test_commands_take_an_address_with_a_path() -> None:
    """`serve` tells its address with the path, and `send` takes it as it is told."""
    env = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": PUBLISH_KEY}
    async with program("--broker", "memory:", "--base-path", "apps/rt/", "--log-level", "debug", env=env) as server:
        assert server.url.endswith(BASE)
        told = {"SIO_SERVER_URL": server.url, "SIO_SERVER_PUBLISH_KEY": PUBLISH_KEY}
        code, output = await ended("send", "test", env=told)
        assert (code, output.split()[0]) == (0, "test")
        async with aiohttp.ClientSession() as session, session.get(f"{server.url}/health/ready") as response:
            assert response.status == 200
        await until(lambda: any("/health/ready" in line for line in server.output), "its line", server.moves)
    # what aiohttp answers has such a line: the publish went the fast way
    assert not any("/notify" in line for line in server.output)
