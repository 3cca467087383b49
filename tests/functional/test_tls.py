"""TLS, end to end: every way in and out, peers that say nothing, certificates that are renewed under clients."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import ssl
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from sio_server import certificates
from sio_server.app import SERVER
from sio_server.config import Config
from sio_server.engine.front import securing
from tests.conftest import Node
from tests.support.certificates import Pair, make_pair, serial_at, trusting
from tests.support.clients import JavaScriptClient, PlainSocket, ended, javascript_client, plain_socket
from tests.support.servers import SECRET, Listener, Program, Server, program, running, secured, seqs
from tests.support.waiting import until, until_true

EVENT = {"type": "test", "message": "Hola mundo"}
# The stock client is told to look at nothing: what is tried here is what goes over the connection.
UNTRUSTING = {"rejectUnauthorized": False, "reconnection": False}


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """What a server speaks TLS with, as `serve` has it."""
    pair = make_pair(tmp_path_factory.mktemp("pair"))
    found = certificates.load(Config(tls_cert=pair.cert, tls_key=pair.key))
    assert found is not None
    return found.context


@contextlib.asynccontextmanager
async def secure(context: ssl.SSLContext, **settings: Any) -> AsyncIterator[Server]:
    """A server that speaks TLS; in development mode."""
    async with running(Config(broker="memory:", dev=True, **settings), tls=context) as server:
        yield server


def counted(server: Server, name: str) -> int:
    """What the engine has counted under a name."""
    count: int = getattr(server.app[SERVER].counters, name)
    return count


@pytest.mark.parametrize("front", [True, False], ids=["front", "aiohttp"])
async def test_publish(context: ssl.SSLContext, front: bool) -> None:  # noqa: FBT001
    """A publish is answered over TLS, small ones and large ones, one after the other on a connection."""
    async with running(tls=context, front=front) as server:
        for size in (1, 10_000, 60_000):
            status, reply = await server.notify({**EVENT, "data": {"x": "y" * size}})
            assert (status, reply["status"]) == (200, "ok")


async def test_every_kind_of_client(context: ssl.SSLContext, node: Node) -> None:
    """Socket.IO over WebSocket, over polling, upgraded, and plain WebSockets get everything, in order and once."""
    async with secure(context) as server, contextlib.AsyncExitStack() as stack:
        scripts = [
            await stack.enter_async_context(
                javascript_client(node.binary, server.url, transports=transports, **UNTRUSTING)
            )
            for transports in (["polling"], ["websocket"], ["polling", "websocket"])
        ]
        await scripts[-1].wait_for("upgrade")
        plain = [await stack.enter_async_context(plain_socket(server.url)) for _ in range(5)]
        listeners = [await server.connect() for _ in range(5)]
        polling = await server.connect(transports=["polling"])
        for script in scripts:
            await script.wait_for("event")
        for number in range(200):
            await server.notify({**EVENT, "data": {"number": number, "filling": "x" * (number * 50)}})
        everybody: list[JavaScriptClient | PlainSocket | Listener] = [*scripts, *plain, *listeners, polling]
        for client in everybody:
            assert seqs(await client.wait(200)) == list(range(1, 201))
        assert counted(server, "tls_failed") == 0


async def test_client_publishes_over_its_connection(context: ssl.SSLContext, node: Node) -> None:
    """An acknowledged publish over Socket.IO comes back over TLS."""
    async with (
        secure(context) as server,
        javascript_client(node.binary, server.url, notify=EVENT, **UNTRUSTING) as client,
    ):
        assert (await client.wait_for("ack"))[0]["ack"]["status"] == "ok"


async def test_stream_of_events(context: ssl.SSLContext) -> None:
    """Server-Sent Events come over TLS as they happen."""
    async with secure(context) as server, server.http.get(f"{server.url}/v1/stream") as response:
        assert response.status == 200
        await response.content.readuntil(b"\n\n")
        await server.notify(EVENT)
        while b"event: test" not in await response.content.readuntil(b"\n\n"):
            pass


@pytest.mark.parametrize("kind", ["socketio", "ws"])
async def test_slow_reader_is_cut_and_the_others_are_served(context: ssl.SSLContext, kind: str) -> None:
    """A peer that does not read is cut at the cap, whatever TLS keeps for it, and nobody else waits for it."""
    async with secure(context, send_cap=256 * 1024) as server, plain_socket(server.url) as other:
        port = int(server.url.rpartition(":")[2])
        path = "/ws" if kind == "ws" else "/socket.io/?EIO=4&transport=websocket"
        _, writer = await handshake(port, path)
        if kind == "socketio":
            writer.write(masked(b"40"))
        connections = server.core.hub
        await until(lambda: len(connections) == 2, "both connections")
        count = 0
        while len(connections) == 2:
            assert (await server.notify({**EVENT, "data": {"x": "y" * 50_000}}))[0] == 200
            count += 1
            assert count < 2000, "nobody was cut"
        assert seqs(await other.wait(count)) == list(range(1, count + 1))
        writer.transport.abort()


async def handshake(port: int, path: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A WebSocket that reads its handshake and nothing after it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting(), limit=1024)
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
    )
    assert b" 101 " in await reader.readuntil(b"\r\n\r\n")
    return reader, writer


def masked(text: bytes) -> bytes:
    """A text frame of a client, masked by zeros."""
    return bytes([0x81, 0x80 | len(text), 0, 0, 0, 0]) + text


async def test_plain_http_is_closed_and_counted(tmp_path: Path) -> None:
    """Plain HTTP on a TLS port, and what is no protocol at all, is closed at once: counted, and no line above debug."""
    async with program("--broker", "memory:", *make_pair(tmp_path).flags()) as server:
        assert server.url.startswith("https://")
        port = int(server.url.rpartition(":")[2])
        for said in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\0" * 100, b"\x16\x03\x01\xff\xff" + b"x" * 100):
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(said)
            await writer.drain()
            with contextlib.suppress(ConnectionResetError):
                while await reader.read(1000):
                    pass
            writer.close()
        assert 'engine_events_total{event="tls_failed"} 3.0' in await metrics(server)
        assert await server.stop() == 0
    assert not [line for line in server.output if "Traceback" in line or '"level": "error"' in line]


async def metrics(server: Program) -> str:
    """The metrics of a server in development mode."""
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting())) as http,
        http.get(f"{server.url}/metrics") as response,
    ):
        return await response.text()


async def test_silent_peers_keep_nobody_out(context: ssl.SSLContext) -> None:
    """Of peers that begin no handshake the oldest give way, and who does begin one is answered among thousands."""
    async with running(secured(handshakes=50), tls=context) as server:
        server.app[SERVER].limit_arrivals(50)
        port = int(server.url.rpartition(":")[2])
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(150)]
        await until(lambda: counted(server, "tls_evicted") >= 100, "the oldest to give way")
        assert (await server.notify(EVENT))[0] == 200
        assert counted(server, "tls_evicted") <= 151
        for reader, _ in silent[:90]:
            with contextlib.suppress(ConnectionResetError):
                assert await reader.read() == b""
        for _, writer in silent:
            writer.transport.abort()


async def test_peers_of_one_address_have_a_part_of_the_places(context: ssl.SSLContext) -> None:
    """Who opens connections from one address takes the places of that address, and none of others'."""
    async with running(secured(), tls=context) as server:
        engine = server.app[SERVER]
        engine.limit_arrivals(8)
        gave_way: list[str] = []

        class Peer:
            joining = 0

            def __init__(self, name: str) -> None:
                self.name = name

            def give_way(self) -> None:
                gave_way.append(self.name)
                engine.eio.securing.discard(self)

        engine.eio.securing.add(Peer("honest"), "192.0.2.1")
        for number in range(20):
            engine.eio.securing.add(Peer(f"flood {number}"), "198.51.100.7")
        assert gave_way == [f"flood {number}" for number in range(18)]


async def test_handshake_that_takes_long_is_ended(context: ssl.SSLContext, monkeypatch: pytest.MonkeyPatch) -> None:
    """A peer that begins a handshake and does not go on is let go of."""
    monkeypatch.setattr(securing, "TLS_TIMEOUT", 0.05)
    async with secure(context) as server:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
        writer.write(b"\x16\x03\x01")
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
        assert counted(server, "tls_failed") == 1
        writer.close()


async def test_peer_that_ends_its_side_is_answered_without_a_word(
    context: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    """A client that closes while its request is under way leaves no line in the log."""
    async with secure(context) as server:
        port = int(server.url.rpartition(":")[2])
        body = b'{"type":"test"}'
        for _ in range(5):
            _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusting())
            head = f"POST /notify HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n\r\n"
            writer.write(head.encode() + body)
            writer.close()
            await writer.wait_closed()
        await until(lambda: server.core.operators.gauges().head == 5, "all of them to be published")
    assert not caplog.records


async def test_old_tls_is_refused(context: ssl.SSLContext) -> None:
    """TLS 1.1 is refused, 1.2 and 1.3 are spoken, with HTTP/1.1 agreed on."""
    async with secure(context) as server:
        port = int(server.url.rpartition(":")[2])
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            asking = client_of(version)
            asking.set_alpn_protocols(["h2", "http/1.1"])
            _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=asking)
            assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "http/1.1"
            writer.close()
            await writer.wait_closed()
        with pytest.raises((ssl.SSLError, ConnectionError)):
            await asyncio.open_connection("127.0.0.1", port, ssl=client_of(ssl.TLSVersion.TLSv1_1))


def client_of(version: ssl.TLSVersion) -> ssl.SSLContext:
    """A client that speaks one version and looks at no certificate."""
    asking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    asking.check_hostname = False
    asking.verify_mode = ssl.CERT_NONE
    old = version < ssl.TLSVersion.TLSv1_2
    with pytest.warns(DeprecationWarning, match="TLSv1_1") if old else contextlib.nullcontext():
        asking.minimum_version = asking.maximum_version = version
    return asking


async def test_drain_lets_clients_go(tmp_path: Path, node: Node) -> None:
    """SIGTERM ends a server that speaks TLS with clients connected: they are told, nothing is lost, it ends with 0."""
    async with (
        program("--broker", "memory:", *make_pair(tmp_path).flags()) as server,
        javascript_client(node.binary, server.url, **UNTRUSTING) as script,
        plain_socket(server.url) as plain,
    ):
        await script.wait_for("upgrade")
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting())) as http,
            http.post(f"{server.url}/notify", json=EVENT) as response,
        ):
            assert response.status == 200
        assert await server.stop(patience=9.0) == 0
        assert (await plain.wait_closed())[0] == 1012
        await script.wait_for("disconnect")
        assert len(plain.notifications) == len(script.notifications) == 1
    assert not any("Traceback" in line for line in server.output)


# -- renewal ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["signal", "files"])
async def test_renewal_drops_nobody(tmp_path: Path, how: str) -> None:
    """A renewed certificate, by SIGHUP or by its files alone, is shown to who comes then; who is there stays."""
    pair = make_pair(tmp_path)
    async with program("--broker", "memory:", *pair.flags()) as server, plain_socket(server.url) as client:
        assert await serial_at(server.url) == pair.serial()
        fresh = make_pair(tmp_path, "next", not_after=datetime.now(UTC) + timedelta(days=90))
        serial = fresh.serial()
        fresh.put_over(pair)
        if how == "signal":
            server.process.send_signal(signal.SIGHUP)

        async def renewed() -> bool:
            return await serial_at(server.url) == serial

        await until_true(renewed, "the new certificate", server.moves)
        assert not client.closed
        async with (
            aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting())) as http,
            http.post(f"{server.url}/notify", json=EVENT) as response,
        ):
            assert response.status == 200
        await client.wait(1)
        assert "sio_server_tls_not_after" in await metrics(server)
        assert len([line for line in server.output if "certificate renewed" in line]) == 1


async def test_bad_renewal_leaves_the_old_certificate(tmp_path: Path) -> None:
    """A key that does not fit changes nothing at SIGHUP: an error names it, and the old pair goes on."""
    pair = make_pair(tmp_path)
    async with program("--broker", "memory:", *pair.flags()) as server:
        make_pair(tmp_path, "other").key.replace(pair.key)
        server.process.send_signal(signal.SIGHUP)
        await until(lambda: any("settings not reloaded" in line for line in server.output), "the refusal")
        line = next(orjson.loads(line) for line in server.output if "settings not reloaded" in line)
        assert "is not the key of the certificate" in line["reason"]
        assert await serial_at(server.url) == pair.serial()


async def test_tls_begins_and_ends_with_a_restart(tmp_path: Path) -> None:
    """A reload that would begin TLS is refused as a whole."""
    pair, settings = make_pair(tmp_path), tmp_path / "settings.toml"
    plain = f'broker = "memory:"\njwt_secret = "{SECRET}"\npublish_keys = ["{"k" * 40}"]\n'
    settings.write_text(plain)
    env = {"SIO_SERVER_CONFIG": str(settings), "SIO_SERVER_JWT_SECRET": SECRET}
    async with program(env=env) as server:
        settings.write_text(f'{plain}tls_cert = "{pair.cert}"\ntls_key = "{pair.key}"\n')
        server.process.send_signal(signal.SIGHUP)
        await until(lambda: any("TLS begins and ends with a restart" in line for line in server.output), "the refusal")


async def test_mistake_is_one_line_and_no_server(tmp_path: Path) -> None:
    """A certificate that cannot be used ends the start with one line and exit code 2."""
    pair = make_pair(tmp_path)
    other = Pair(pair.cert, make_pair(tmp_path, "other").key)
    code, output = await ended("serve", "--dev", "--port", "0", "--broker", "memory:", *other.flags())
    assert code == 2
    assert output.splitlines()[-1].startswith(f"sio-server: SIO_SERVER_TLS_KEY: {other.key}: is not the key")
    assert "Traceback" not in output


async def test_certificate_that_is_over_is_served_with_a_warning(tmp_path: Path) -> None:
    """A start with a certificate that clients will refuse is warned of, in the log."""
    begun = datetime.now(UTC) - timedelta(days=90)
    pair = make_pair(tmp_path, not_before=begun, not_after=begun + timedelta(days=60))
    async with program("--broker", "memory:", *pair.flags()) as server:
        await until(lambda: any("clients refuse it: renew it" in line for line in server.output), "the warning")
