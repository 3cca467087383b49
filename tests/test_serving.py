"""Servers as processes: killed, stopped, started again, started wrongly, without space on the disk."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from sio_server.broker.sqlite.reader import read_log
from sio_server.notification import Entry
from tests.conftest import Node
from tests.support.clients import ended, javascript_client, plain_socket
from tests.support.disks import full_disk
from tests.support.servers import FOR_EVER, SECRET, Listener, Program, program, python_client, token
from tests.support.waiting import until

SEED = {"type": "test", "message": "Hola mundo", "data": {}}
# Commas part keys in the environment, so this one has none.
KEY = "a-publisher-key-of-the-processes-long-as-well"
PRODUCTION = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": KEY}


@contextlib.asynccontextmanager
async def serving(directory: Path, *arguments: str, **env: str) -> AsyncIterator[Program]:
    """A server in development mode on a data directory."""
    async with program("--data-dir", str(directory), *arguments, env=env) as running:
        yield running


async def publish(url: str, body: Any = SEED, **headers: str) -> tuple[int, dict[str, Any], Any]:
    """Status, body and headers of a publish on a connection of its own."""
    async with aiohttp.ClientSession() as http, http.post(f"{url}/notify", json=body, headers=headers) as response:
        return response.status, await response.json(content_type=None), response.headers


async def stored(directory: Path) -> list[Entry]:
    """What the log on disk holds."""
    return await asyncio.to_thread(lambda: list(read_log(directory)))


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def test_killed_right_after_the_answer_nothing_is_lost(tmp_path: Path) -> None:
    """After kill -9 on the heels of a 200 every notification answered is in the log, and seq and epoch go on."""
    answered: list[dict[str, Any]] = []
    async with serving(tmp_path) as server:

        async def publish_on() -> None:
            with contextlib.suppress(aiohttp.ClientError):
                async with aiohttp.ClientSession() as http:
                    while True:
                        async with http.post(f"{server.url}/notify", json=SEED) as response:
                            answered.append(await response.json())

        publishers = [asyncio.create_task(publish_on()) for _ in range(8)]
        await until(lambda: len(answered) >= 100, "100 answers")
        server.process.kill()
        await server.process.wait()
        await asyncio.gather(*publishers)
    in_log = {one.id: one.position.cursor() for one in await stored(tmp_path)}
    async with serving(tmp_path) as server:
        _, after, _ = await publish(server.url)

    assert {reply["id"]: reply["cursor"] for reply in answered}.items() <= in_log.items()
    assert sorted(reply["seq"] for reply in answered) == list(range(1, len(answered) + 1))
    assert after["seq"] == len(in_log) + 1
    assert after["cursor"].partition("-")[0] == answered[0]["cursor"].partition("-")[0]


async def test_repeated_key_is_known_after_a_kill(tmp_path: Path) -> None:
    """An idempotency key outlives kill -9: the same body is a duplicate, another one is refused, one row is stored."""
    headers = {"Idempotency-Key": "reserva-7"}
    async with serving(tmp_path) as server:
        _, first, _ = await publish(server.url, **headers)
        await server.stop(signal.SIGKILL)
    async with serving(tmp_path) as server:
        status, again, answered = await publish(server.url, **headers)
        mismatch, problem, _ = await publish(server.url, {**SEED, "message": "otro"}, **headers)

    assert (status, again["duplicate"], answered["Idempotent-Replayed"]) == (200, True, "true")
    assert (again["id"], again["cursor"]) == (first["id"], first["cursor"])
    assert (mismatch, problem["code"]) == (422, "idempotency_mismatch")
    assert [one.id for one in await stored(tmp_path)] == [first["id"]]


async def test_full_disk_is_told_and_passes(tmp_path: Path) -> None:
    """Without space a publish is 503 and stored nowhere, clients get nothing, and once there is space all goes on."""
    large = {**SEED, "message": "x" * 40_000}
    async with serving(tmp_path) as server, plain_socket(server.url) as client:
        await publish(server.url)
        with full_disk((tmp_path / "sio-server.db-wal").stat().st_size, server.process.pid):
            status, problem, headers = await publish(server.url, large)
            refused = [await publish(server.url, large) for _ in range(3)]
        after, reply, _ = await publish(server.url, large)
        events = await client.wait(2)

        assert (status, problem["code"], problem["retryable"]) == (503, "broker_unavailable", True)
        assert int(headers["Retry-After"]) >= 1
        assert [one[0] for one in refused] == [503] * 3
        assert (after, reply["seq"]) == (200, 2)
        assert [event["seq"] for event in events] == [1, 2]
    assert [one.position.seq for one in await stored(tmp_path)] == [1, 2]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
async def test_signal_ends_a_server_with_clients_connected(tmp_path: Path, node: Node, number: int) -> None:
    """SIGTERM and Ctrl-C end a server with exit code 0 and no traceback, whoever is there; it idles for no 5 s."""
    async with serving(tmp_path) as server, contextlib.AsyncExitStack() as stack:
        polling = await stack.enter_async_context(
            javascript_client(node.binary, server.url, transports=["polling"], reconnection=False)
        )
        script = await stack.enter_async_context(javascript_client(node.binary, server.url, reconnection=False))
        plain = await stack.enter_async_context(plain_socket(server.url))
        silent, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        stack.callback(writer.close)
        await polling.wait_for("event")
        await script.wait_for("upgrade")
        _, reply, _ = await publish(server.url)
        code = await server.stop(number, patience=5.0)

        assert code == 0
        assert not any("Traceback" in line or "never retrieved" in line for line in server.output)
        assert (await plain.wait_closed())[0] == 1012
        assert await silent.read() == b""
        assert len(await polling.wait_for("disconnect")) == len(await script.wait_for("disconnect")) == 1
        # What was answered was also written to everybody before the end.
        for client in (polling, script, plain):
            assert [event["id"] for event in client.notifications] == [reply["id"]]
    assert [one.id for one in await stored(tmp_path)] == [reply["id"]]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
async def test_stock_clients_come_back_to_the_successor(tmp_path: Path, node: Node, number: int) -> None:
    """Clients of socket.io-client and python-socketio reconnect by themselves to the next server on the same port."""
    port = str(free_port())
    python = python_client(reconnection=True, reconnection_delay=0.05, reconnection_delay_max=0.2)
    listener = Listener(python)
    async with contextlib.AsyncExitStack() as clients:
        async with serving(tmp_path, "--port", port) as server:
            url = server.url
            script = await clients.enter_async_context(javascript_client(node.binary, url))
            polling = await clients.enter_async_context(javascript_client(node.binary, url, transports=["polling"]))
            await python.connect(url, transports=["websocket"], wait_timeout=FOR_EVER)
            clients.push_async_callback(python.disconnect)
            await script.wait_for("event")
            await polling.wait_for("event")
            await until(lambda: listener.of("ns:hello"), "ns:hello")
            await server.stop(number)
        async with serving(tmp_path, "--port", port) as server:
            await until(
                lambda: (
                    len(listener.of("ns:hello")) == script.events.count("ns:hello") == 2
                    and polling.events.count("ns:hello") == 2
                ),
                "everybody to come back",
            )
            _, reply, _ = await publish(server.url)
            for client in (script, polling, listener):
                assert [event["id"] for event in await client.wait(1)] == [reply["id"]]
            await python.disconnect()


async def test_port_in_use_is_one_line(tmp_path: Path) -> None:
    """A port that is taken is told in one line with exit code 2, and the log is let go."""
    async with serving(tmp_path / "one") as server:
        port = server.url.rpartition(":")[2]
        code, output = await ended("serve", "--dev", "--port", port, "--data-dir", str(tmp_path / "two"))
        assert code == 2
        assert f"port {port}: Address already in use" in output.splitlines()[-1]
    async with serving(tmp_path / "two") as server:
        assert (await publish(server.url))[0] == 200


async def test_second_server_on_a_directory_is_refused(tmp_path: Path) -> None:
    """A second server on the same data directory is refused in one line with exit code 2; the first goes on."""
    async with serving(tmp_path) as server:
        code, output = await ended("serve", "--dev", "--port", "0", "--data-dir", str(tmp_path))
        assert code == 2
        assert "another sio-server uses this directory" in output.splitlines()[-1]
        assert (await publish(server.url))[0] == 200


@pytest.mark.parametrize("host", ["0.0.0.0", "127.0.0.1"])  # noqa: S104 - it is refused
@pytest.mark.parametrize(
    ("env", "missing"),
    [
        ({}, ["SIO_SERVER_JWT_SECRET", "SIO_SERVER_JWKS_URL", "SIO_SERVER_PUBLISH_KEYS"]),
        ({"SIO_SERVER_JWT_SECRET": SECRET}, ["SIO_SERVER_PUBLISH_KEYS"]),
        ({"SIO_SERVER_PUBLISH_KEYS": KEY}, ["SIO_SERVER_JWT_SECRET or SIO_SERVER_JWKS_URL"]),
        ({**PRODUCTION, "SIO_SERVER_JWT_SECRET": "short"}, ["SIO_SERVER_JWT_SECRET", "32 bytes"]),
    ],
    ids=["nothing", "no keys", "no secret", "short secret"],
)
async def test_unprotected_server_is_refused(
    tmp_path: Path, host: str, env: dict[str, str], missing: list[str]
) -> None:
    """On any host the server does not start without secrets, and says both ways out in a line each."""
    code, output = await ended("serve", "--host", host, "--port", "0", "--data-dir", str(tmp_path), env=env)
    _, secrets, mode = output.splitlines()
    assert code == 2
    assert all(name in secrets for name in missing)
    assert "serve --dev" in mode
    assert KEY not in output
    assert SECRET not in output
    assert await asyncio.to_thread(os.listdir, tmp_path) == []


async def test_protected_host_serves(tmp_path: Path) -> None:
    """With secrets set it listens on every address, and publishing and connecting need them."""
    async with serving(tmp_path, "--host", "0.0.0.0", **PRODUCTION) as server:  # noqa: S104
        url = server.url.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        async with plain_socket(url, {"token": token("1")}) as client, plain_socket(url) as nobody:
            assert (await publish(url))[0] == 401
            assert (await publish(url, Authorization=f"Bearer {KEY}"))[0] == 200
            await client.wait(1)
            assert (await nobody.wait_closed())[0] == 4401


async def test_no_secret_and_no_data_in_any_line(tmp_path: Path, node: Node) -> None:
    """At the level debug no line holds a token, a key or what was published, whether all goes well or not."""
    made, wrong = token("1", "admin", marker="MARKER-CLAIM"), token("1", exp=1)
    bearer = {"Authorization": f"Bearer {KEY}"}
    secret_body = {"type": "test", "message": "MARKER-MESSAGE", "title": "MARKER-TITLE", "data": {"x": "MARKER-DATA"}}
    async with serving(tmp_path, "--log-level", "debug", **PRODUCTION) as server:
        async with (
            javascript_client(node.binary, server.url, auth={"token": made, "key": KEY}, notify=secret_body) as client,
            plain_socket(server.url, {"token": made}) as plain,
            plain_socket(server.url, {"token": "MARKER-WRONG-TOKEN"}),
            javascript_client(node.binary, server.url, auth={"token": wrong, "key": "MARKER-WRONG-KEY"}) as refused,
        ):
            assert (await client.wait_for("ack"))[0]["ack"]["status"] == "ok"
            await refused.wait_for("connect_error")
            for body in (secret_body, {**secret_body, "ttl": "MARKER-DATA"}, {**secret_body, "type": "tst"}):
                await publish(server.url, body, **bearer, **{"Idempotency-Key": "MARKER-IDEMPOTENCY"})
            await publish(server.url, secret_body, Authorization="Bearer MARKER-WRONG-KEY")
            await plain.socket.send_str("MARKER-MESSAGE")
            await plain.wait(1)
            await client.wait(1)
        await server.stop()
    lines = "\n".join(server.output)
    assert "request" in lines
    assert "MARKER" not in lines
    for secret in (KEY, SECRET, made, made.rpartition(".")[2], wrong):
        assert secret not in lines
