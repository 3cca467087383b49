"""What an abusive HTTP or websocket peer can do to the server's transports: nothing that lasts."""

import asyncio
import json
import zlib
from typing import Any

import aiohttp
import pytest

from sio_server.engine import Limits
from tests.support.engine_js import javascript
from tests.support.engine_server import PATIENCE, TRANSPORTS, Served, engine, until

SEPARATOR = "\x1e"


def _count(server: Served) -> list[Any]:
    heard: list[Any] = []

    async def n(_sid: str, number: Any) -> Any:
        heard.append(number)
        return number

    server.sio.on("n", n)
    return heard


@pytest.mark.parametrize("packets", [17, 40, 1000])
async def test_many_packets_in_one_payload_are_all_handled(packets: int) -> None:
    """A POST with far more packets than a browser would join is handled whole, in order."""
    async with engine() as server:
        heard = _count(server)
        wire = await server.polling()
        await wire.join()
        status, text = await wire.post(SEPARATOR.join(f'42["n",{n}]' for n in range(packets)))
        assert (status, text) == (200, "ok")
        await until(lambda: len(heard) == packets)
        assert heard == list(range(packets))


@pytest.mark.parametrize("chunked", [False, True])
async def test_body_in_many_segments_is_read_whole(chunked: bool) -> None:  # noqa: FBT001
    """A POST whose body trickles in, announced or chunked, loses none of it."""
    async with engine() as server:
        heard = _count(server)
        wire = await server.polling()
        await wire.join()
        body = SEPARATOR.join(f'42["n",{json.dumps(str(n) * 400)}]' for n in range(50)).encode()
        path = wire.url.removeprefix(server.url)
        framing = "Transfer-Encoding: chunked" if chunked else f"Content-Length: {len(body)}"
        reader, writer = await server.raw(f"POST {path} HTTP/1.1\r\nHost: {server.host}\r\n{framing}\r\n\r\n")
        for start in range(0, len(body), 1500):
            piece = body[start : start + 1500]
            writer.write(b"%x\r\n%s\r\n" % (len(piece), piece) if chunked else piece)
            await writer.drain()
            await asyncio.sleep(0.001)
        if chunked:
            writer.write(b"0\r\n\r\n")
        assert (await reader.readline()).startswith(b"HTTP/1.1 200")
        writer.close()
        await until(lambda: len(heard) == 50)
        assert heard == [str(n) * 400 for n in range(50)]


async def test_body_that_ends_early_is_not_handled_in_part() -> None:
    """A POST whose connection dies in the middle of the body is handled not at all."""
    async with engine() as server:
        heard = _count(server)
        wire = await server.polling()
        await wire.join()
        path = wire.url.removeprefix(server.url)
        head = f"POST {path} HTTP/1.1\r\nHost: {server.host}\r\nContent-Length: 100\r\n\r\n"
        _, writer = await server.raw(head + f'42["n",1]{SEPARATOR}42["n",2]')
        await server.request_arrived()
        writer.close()
        await server.request_arrived()
        assert heard == []


@pytest.mark.parametrize("body", [b"\xff\xfe", b"4\xc3", b"b!!!!", b"bAQ"])
async def test_body_that_is_no_payload_is_refused(body: bytes) -> None:
    """Bytes that are no UTF-8, or no base64 where it is announced, get 400 and end the session."""
    async with engine() as server:
        wire = await server.polling()
        await wire.join()
        status, _ = await wire.post(body)
        assert status == 400
        await until(lambda: len(server.disconnected) == 1)


async def test_javascript_burst_on_polling_is_acknowledged_whole() -> None:
    """Forty events that the stock client sends at once over polling are all handled and acknowledged."""
    async with engine() as server, javascript() as js:
        heard = _count(server)
        client = await js.connected(server.url, transports=["polling"])
        await client.burst("n", 40)
        await client.first("ack", 40)
        assert heard == list(range(40))
        assert sorted(ack["args"][0] for ack in client.all("ack")) == list(range(40))
        await client.disconnect()


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_jsonp_is_refused(method: str) -> None:
    """JSONP, which turns a message into a script, gets 400 in the handshake and in a session."""
    async with engine() as server:
        wire = await server.polling()
        await wire.join()
        async with server.http.get(f"{server.url}/socket.io/?EIO=4&transport=polling&j=0") as response:
            assert response.status == 400
        async with server.http.request(method, wire.url + "&j=0") as response:
            assert response.status == 400
            assert "___eio" not in await response.text()


@pytest.mark.parametrize("transport", ["polling", "websocket"])
@pytest.mark.parametrize("origin", ["http://evil.example", "null", "https://127.0.0.1.evil.example"])
async def test_foreign_origin_is_refused(transport: str, origin: str) -> None:
    """By default a page of another origin can open no session over either transport."""
    async with engine() as server:
        url = f"{server.url}/socket.io/?EIO=4&transport={transport}"
        if transport == "websocket":
            with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                await server.http.ws_connect(url, headers={"Origin": origin})
            assert refusal.value.status in (400, 403)
        else:
            async with server.http.get(url, headers={"Origin": origin}) as response:
                assert response.status in (400, 403)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_same_origin_and_listed_origins_are_accepted(transport: str) -> None:
    """The server's own origin is accepted by default, and a listed one when listed."""
    async with engine() as server:
        assert await (await server.wire(transport, headers={"Origin": server.url})).join()
    async with engine(cors_allowed_origins=["http://good.example"]) as server:
        assert await (await server.wire(transport, headers={"Origin": "http://good.example"})).join()


@pytest.mark.parametrize("encoding", ["deflate", "gzip", "GZIP", "gzip, gzip", "nonsense"])
async def test_packed_body_is_refused_unread(encoding: str) -> None:
    """A POST that says it is packed is refused before any of it is unpacked, and the session goes on without it."""
    async with engine(max_http_buffer_size=100_000) as server:
        heard = _count(server)
        wire = await server.polling()
        await wire.join()
        plain = b'42["n","' + b"x" * 10_000_000 + b'"]'
        packer = zlib.compressobj(9, zlib.DEFLATED, 15 if encoding == "deflate" else 31)
        body = packer.compress(plain) + packer.flush()
        async with server.http.post(wire.url, data=body, headers={"Content-Encoding": encoding}) as response:
            assert (response.status, response.headers["Accept-Encoding"]) == (415, "identity")
        assert heard == []
        assert await wire.post('42["n",1]') == (200, "ok")
        await until(lambda: heard == [1])


@pytest.mark.parametrize(
    "said",
    [
        "",
        "GET /socket.io/?EIO=4",
        "GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgr",
        "POST /socket.io/?EIO=4&transport=polling&sid={sid} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n4",
    ],
    ids=["nothing", "half a line", "half a head", "half a body"],
)
async def test_silent_or_unfinished_request_is_closed(said: str) -> None:
    """A connection that says nothing, or does not finish its request, is closed after ``request_timeout``."""
    async with engine(limits=Limits(request_timeout=10)) as server:
        pass_time = server.keep_time()
        session = await server.polling()
        reader, writer = await server.raw(said.format(sid=session.sid))
        await server.request_arrived()
        pass_time(20)
        async with asyncio.timeout(PATIENCE):
            while await reader.read(4096):
                pass
        writer.close()


async def test_dribbling_head_is_closed() -> None:
    """A head that comes a byte at a time is closed after ``request_timeout``, however lively the dribble."""
    async with engine(limits=Limits(request_timeout=0.3)) as server:
        reader, writer = await server.raw("GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\n")

        async def dribble() -> None:
            while True:
                writer.write(b"X-A: b\r\n")
                await writer.drain()
                await asyncio.sleep(0.02)

        dribbling = asyncio.create_task(dribble())
        try:
            async with asyncio.timeout(PATIENCE):
                while await reader.read(4096):
                    pass
        except ConnectionResetError:
            pass
        dribbling.cancel()
        await asyncio.gather(dribbling, return_exceptions=True)


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_pending_poll_and_idle_websocket_outlive_the_request_timeout(transport: str) -> None:
    """The limit on slow requests does not touch a poll that waits for data, nor a quiet websocket."""
    async with engine(limits=Limits(request_timeout=7)) as server:
        pass_time = server.keep_time()
        wire = await server.wire(transport)
        await wire.join()
        waiting = asyncio.create_task(wire.events(1))
        await server.request_arrived()
        pass_time(21)  # three times the limit, and less than a ping has
        await server.sio.emit("late", 1)
        assert await waiting == [["late", 1]]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_environ_tells_the_real_peer(transport: str) -> None:
    """The environ carries the peer's real address, and a forwarded header is believed from nobody by default."""
    async with engine(handlers=False) as server:
        seen = []

        async def connect(_sid: str, environ: dict[str, Any], _auth: Any) -> None:
            seen.append(environ["REMOTE_ADDR"])

        server.sio.on("connect", connect)
        connector = aiohttp.TCPConnector(local_addr=("127.0.0.7", 0))
        async with aiohttp.ClientSession(connector=connector) as elsewhere:
            server.http, own = elsewhere, server.http
            wire = await server.wire(transport, headers={"X-Forwarded-For": "203.0.113.9", "X-Real-IP": "203.0.113.9"})
            await wire.join()
            await server.hang_up()
            server.wires.clear()
            server.http = own
        assert seen == ["127.0.0.7"]


@pytest.mark.parametrize("transport", TRANSPORTS)
async def test_trusted_proxy_may_tell_the_peer(transport: str) -> None:
    """From a trusted proxy the last address that is no trusted proxy itself is the peer's."""
    async with engine(handlers=False, trusted_proxies=["127.0.0.0/8"]) as server:
        seen = []

        async def connect(_sid: str, environ: dict[str, Any], _auth: Any) -> None:
            seen.append(environ["REMOTE_ADDR"])

        server.sio.on("connect", connect)
        wire = await server.wire(transport, headers={"X-Forwarded-For": "198.51.100.1, 203.0.113.9, 127.0.0.3"})
        await wire.join()
        assert seen == ["203.0.113.9"]
