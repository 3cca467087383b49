"""Where a server listens: Unix sockets, sockets of a supervisor, metrics at an address of their own."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from tests.support.clients import ended
from tests.support.servers import (
    FOR_EVER,
    PUBLISH_KEY,
    SECRET,
    Listener,
    Program,
    environment,
    program,
    python_client,
    serving_command,
    token,
)
from tests.support.waiting import until

EVENT = {"type": "test", "message": "Hola mundo"}
KEY = PUBLISH_KEY.replace(",", "")
PRODUCTION = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": KEY}
BEARER = {"Authorization": f"Bearer {KEY}"}


@contextlib.asynccontextmanager
async def unix_server(path: Path, *arguments: str, env: Mapping[str, str] | None = None) -> AsyncIterator[Program]:
    """A server on a Unix socket."""
    given = ["--dev"] if env is None else []
    command = (sys.executable, "-m", "sio_server", "serve", "--unix", str(path), "--broker", "memory:")
    async with serving_command(*command, *given, *arguments, env=env) as server:
        yield server


@contextlib.asynccontextmanager
async def asking(path: Path) -> AsyncIterator[aiohttp.ClientSession]:
    """A session of HTTP whose connections are to a Unix socket."""
    async with aiohttp.ClientSession(connector=aiohttp.UnixConnector(str(path))) as http:
        yield http


async def notify(http: aiohttp.ClientSession, base: str = "http://localhost", **headers: str) -> int:
    """Publish, by the fast way; returns the status."""
    async with http.post(f"{base}/notify", data=orjson.dumps(EVENT), headers=headers) as response:
        return response.status


async def users(http: aiohttp.ClientSession, base: str = "http://localhost") -> set[str]:
    """The addresses of the connections that the server knows of."""
    async with http.get(f"{base}/v1/users", headers=BEARER) as response:
        found: list[dict[str, Any]] = (await response.json())["users"]
    return {connection["address"] for user in found for connection in user["connections"]}


async def test_development_by_a_unix_socket(tmp_path: Path) -> None:
    """What comes by a Unix socket is this machine's own: publishing and every client works; not so through a proxy."""
    path = tmp_path / "s"
    async with unix_server(path) as server, asking(path) as http:
        assert server.url == f"unix:{path}"
        client = python_client(http_session=http)
        listener = Listener(client)
        for transports in (["websocket"], ["polling"]):
            listener.events.clear()
            await client.connect("http://localhost", transports=transports, wait_timeout=FOR_EVER)
            await until(lambda: listener.of("ns:hello"), "ns:hello")
            async with http.ws_connect("http://localhost/ws") as plain:
                await plain.receive()
                assert await notify(http) == 200
                assert orjson.loads((await plain.receive()).data)["type"] == "test"
            await listener.wait(1)
            await client.disconnect()
        assert await notify(http, **{"X-Forwarded-For": "192.0.2.1"}) == 403
        assert await server.stop() == 0
    assert not path.exists()


async def test_addresses_by_a_unix_socket(tmp_path: Path) -> None:
    """The client's address is what the proxy at the socket says, on every way in; refusals have it, too."""
    path = tmp_path / "s"
    async with unix_server(path, env=PRODUCTION) as server, asking(path) as http:
        forwarded = {"X-Forwarded-For": "198.51.100.7"}
        client = python_client(http_session=http)
        await client.connect(
            "http://localhost",
            headers=forwarded,
            auth={"token": token("1")},
            transports=["websocket"],
            wait_timeout=FOR_EVER,
        )
        ways = {"token": token("2")}
        async with (
            http.ws_connect("http://localhost/ws", headers={"X-Forwarded-For": "203.0.113.9"}, params=ways) as plain,
            http.ws_connect("http://localhost/ws", params=ways) as bare,
        ):
            await plain.receive()
            await bare.receive()
            assert await users(http) == {"198.51.100.7", "203.0.113.9", ""}
        assert await notify(http, Authorization="Bearer wrong", **forwarded) == 401
        await until(lambda: any('"refused"' in line for line in server.output), "the refusal's line", server.moves)
        refused = [orjson.loads(line) for line in server.output if '"refused"' in line]
        assert {line["address"] for line in refused} == {"198.51.100.7"}
        await client.disconnect()


async def test_clients_without_an_address_are_not_one(tmp_path: Path) -> None:
    """Who comes by a Unix socket without a proxy's word has no address, and no part in a limit by address."""
    path = tmp_path / "s"
    limits = ("--connections-per-address", "1", "--handshakes", "2")
    async with unix_server(path, *limits, env=PRODUCTION), asking(path) as http, contextlib.AsyncExitStack() as stack:
        for number in range(4):
            plain = await stack.enter_async_context(
                http.ws_connect("http://localhost/ws", params={"token": token(str(number))})
            )
            assert orjson.loads((await plain.receive()).data)["type"] == "ns:hello"


async def test_socket_that_is_in_use_is_one_line(tmp_path: Path) -> None:
    """A second server at the socket of a first says so and leaves it alone; one that was killed is no hindrance."""
    path = tmp_path / "s"
    async with unix_server(path) as server, asking(path) as http:
        code, output = await ended("serve", "--dev", "--unix", str(path), "--broker", "memory:")
        assert code == 2
        assert output.splitlines()[-1] == f"sio-server: cannot serve on {path}: Address already in use"
        assert await notify(http) == 200
        await server.stop(signal.SIGKILL)
    assert path.exists()
    async with unix_server(path), asking(path) as http:
        assert await notify(http) == 200


# -- metrics apart ----------------------------------------------------------------------------------------------------


def metrics_of(server: Program) -> str:
    """Where a server says that its metrics are."""
    line = next(orjson.loads(line) for line in server.output if '"event": "serving"' in line)
    found: str = line["metrics"]
    return found


async def test_metrics_apart(tmp_path: Path) -> None:
    """Metrics are answered without a credential at their own address, and there alone; health at both."""
    async with (
        program("--metrics-listen", "127.0.0.1:0", "--broker", "memory:", env=PRODUCTION) as server,
        aiohttp.ClientSession() as http,
    ):
        await until(lambda: any('"event": "serving"' in line for line in server.output), "the address of the metrics")
        there = metrics_of(server)
        base = there.removesuffix("/metrics")
        async with http.get(there) as response:
            assert response.status == 200
            assert "sio_server_publishes_total" in await response.text()
        async with http.head(there) as response:
            assert response.status == 200
        for path, at_base, at_main in (
            ("/metrics", 200, 404),
            ("/health/ready", 200, 200),
            ("/health/live", 200, 200),
            ("/v1/users", 404, 401),
            ("/", 404, 200),
            ("/ws", 404, 426),
            ("/socket.io/?EIO=4&transport=polling", 404, 200),
        ):
            for url, expected in ((base, at_base), (server.url, at_main)):
                async with http.get(url + path) as response:
                    assert response.status == expected, (url, path)
        assert await notify(http, base, **BEARER) == 404
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await http.ws_connect(f"{base}/socket.io/?EIO=4&transport=websocket")
        async with http.get(there, headers={"Origin": "https://evil.example"}) as response:
            assert response.status == 403
        async with http.get(f"{server.url}/openapi.json") as response:
            assert "/metrics" not in (await response.json())["paths"]


async def test_metrics_at_a_unix_socket(tmp_path: Path) -> None:
    """Metrics may have a Unix socket, which is gone when the server is."""
    path = tmp_path / "m"
    async with program("--metrics-listen", f"unix:{path}", "--broker", "memory:") as server:
        async with asking(path) as http, http.get("http://localhost/metrics") as response:
            assert response.status == 200
        assert await server.stop() == 0
    assert not path.exists()


async def test_address_of_metrics_in_use_is_one_line() -> None:
    """What the metrics are to be answered at is named where it cannot be listened on."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        arguments = ("--dev", "--port", "0", "--broker", "memory:", "--metrics-listen", f"127.0.0.1:{port}")
        code, output = await ended("serve", *arguments)
    assert code == 2
    assert output.splitlines()[-1] == f"sio-server: cannot serve on 127.0.0.1 port {port}: Address already in use"


async def test_metrics_are_where_they_were_without_the_setting() -> None:
    """Without an address of their own the metrics are at the main one."""
    async with (
        program("--broker", "memory:") as server,
        aiohttp.ClientSession() as http,
        http.get(f"{server.url}/metrics") as response,
    ):
        assert response.status == 200


# -- sockets of a supervisor ------------------------------------------------------------------------------------------

# Descriptor 3 is the first that is handed over; the number of the process is known once it is there.
HANDED_OVER = """
import os, sys
given = int(sys.argv[1])
if given != 3:
    os.dup2(given, 3)
os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[2], sys.argv[2:])
"""


@contextlib.asynccontextmanager
async def activated(one: socket.socket, *arguments: str) -> AsyncIterator[list[str]]:
    """A server that is handed a socket over, as systemd does; what it said."""
    command = (sys.executable, "-m", "sio_server", "serve", "--dev", "--broker", "memory:", *arguments)
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", HANDED_OVER, str(one.fileno()), *command),
        pass_fds=(one.fileno(),),
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        yield [(await process.stdout.readline()).decode().strip()]
    finally:
        process.terminate()
        assert await process.wait() == 0


async def test_restart_refuses_nobody() -> None:
    """With a socket of a supervisor's, who comes between two servers waits, and is answered by the second."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        url = f"http://127.0.0.1:{one.getsockname()[1]}"
        async with aiohttp.ClientSession() as http:
            async with activated(one, "--port", "1") as said:
                assert said == [url]
                assert await notify(http, url) == 200
            waiting = asyncio.create_task(notify(http, url))
            async with activated(one):
                assert await waiting == 200


async def test_supervisors_unix_socket_stays(tmp_path: Path) -> None:
    """A Unix socket of a supervisor's is served as one of our own, and is not taken away at the end."""
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(str(path))
        one.listen()
        async with activated(one) as said, asking(path) as http:
            assert said == [f"unix:{path}"]
            assert await notify(http) == 200
            assert await notify(http, **{"X-Forwarded-For": "192.0.2.1"}) == 403
    assert path.exists()
