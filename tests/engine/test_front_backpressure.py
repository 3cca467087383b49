"""What a peer may send ahead to the engine's site, and what becomes of one that does not read its answers."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from sio_server.engine import AsyncServer, FrontPromise, FrontReply, FrontRequest, FrontSite, Limits
from tests.support.engine_server import PATIENCE, moved_clock, until
from tests.support.waiting import turns

MEGABYTE = b"x" * (1 << 20)


class Counted:
    """A site whose fast route counts what it is asked, and answers at once, by a promise, or in a task."""

    def __init__(self, way: str = "at once", body: bytes = b"{}") -> None:
        self.way = way
        self.body = body
        self.asked: list[bytes] = []
        self.on_request: Callable[[], object] = lambda: None
        self.sio: AsyncServer
        self.port = 0
        self.pass_time: Callable[[float], None]

    def answer(self, request: FrontRequest) -> FrontReply | FrontPromise:
        """The fast route."""
        self.asked.append(request.body)
        self.on_request()
        reply = FrontReply(200, self.body)
        if self.way == "at once":
            return reply
        promise = FrontPromise()
        asyncio.get_running_loop().call_soon(promise.settle, reply)
        return promise

    async def answer_in_a_task(self, request: FrontRequest) -> FrontReply:
        """The fast route as a coroutine."""
        self.asked.append(request.body)
        return FrontReply(200, self.body)

    async def live(self, _: web.Request) -> web.Response:
        """A route of the application."""
        self.asked.append(b"live")
        return web.Response(body=self.body)


@asynccontextmanager
async def counted(way: str = "at once", body: bytes = b"{}", **limits: float) -> AsyncIterator[Counted]:
    """Run the site."""
    made = Counted(way, body)
    made.sio = AsyncServer(limits=Limits(**limits))  # type: ignore[arg-type]  # numbers, each of its own type
    app = web.Application()
    app.router.add_get("/live", made.live)
    made.sio.attach(app)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    route = made.answer_in_a_task if way == "in a task" else made.answer
    site = FrontSite(runner, made.sio, "127.0.0.1", 0, fast_routes={("POST", "/notify"): route})
    await site.start()
    made.port, made.pass_time = site.port, moved_clock(made.sio, site)
    try:
        yield made
    finally:
        await made.sio.shutdown()
        await runner.cleanup()


def post(body: bytes = b"{}", *extra: str) -> bytes:
    """A request to the fast route."""
    head = ["POST /notify HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *extra, "", ""]
    return "\r\n".join(head).encode() + body


GET = b"GET /live HTTP/1.1\r\nHost: x\r\n\r\n"
WAYS = ["at once", "by a promise", "in a task"]


@asynccontextmanager
async def connected(
    port: int, *, small: bool = False
) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """A connection; where its buffer is ``small`` it takes next to nothing that nobody asks for."""
    sock = socket.socket()
    sock.setblocking(False)  # noqa: FBT003  the socket's own
    if small:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    reader, writer = await asyncio.open_connection(sock=sock, limit=4096)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


@pytest.mark.parametrize("way", [*WAYS, "aiohttp"])
async def test_what_one_peer_sends_ahead_is_handled_in_turn_with_others(way: str) -> None:
    """A peer that sends a thousand requests at once does not keep another one waiting for all of them."""
    async with counted(way) as site, connected(site.port) as (_, many), connected(site.port) as (reader, other):
        many.write((GET if way == "aiohttp" else post(b"A")) * 1000)
        await until(lambda: site.asked)
        other.write(post(b"B"))
        async with asyncio.timeout(PATIENCE):
            assert b" 200 " in await reader.readline()
        assert site.asked.index(b"B") < 500
        await until(lambda: len(site.asked) == 1001)


@pytest.mark.parametrize("way", WAYS)
async def test_everything_sent_ahead_is_answered_in_order(way: str) -> None:
    """Requests sent ahead, far more than one read brings, are all handled once and in order; so are their answers."""
    async with counted(way) as site, connected(site.port) as (reader, writer):
        bodies = [b'{"n":%d,"x":"%s"}' % (n, b"x" * (n * 7 % 900)) for n in range(3000)]
        writer.write(b"".join(map(post, bodies)))
        received = bytearray()
        async with asyncio.timeout(3 * PATIENCE):
            while received.count(b"HTTP/1.1 200") < len(bodies):
                received += await reader.read(65_536)
        assert site.asked == bodies


async def test_peer_that_ends_its_side_gets_the_answers_to_all_it_sent() -> None:
    """Half-closing after several requests costs none of their answers, and ends the connection."""
    async with counted("by a promise") as site:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(post(b"1") + post(b"2") + post(b"3") + b"POST /notify HT")
        writer.write_eof()
        async with asyncio.timeout(PATIENCE):
            answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert answer.count(b"HTTP/1.1 200") == 3
        assert site.asked == [b"1", b"2", b"3"]


HANDSHAKE = (
    b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n"
)
FRAMES = {
    "pings": b"\x89\x80\0\0\0\0",
    "packets": b"\x81\x81\0\0\0\x006",
    "fragments": b"\x00\x80\0\0\0\0",
}
BEGINS, ENDS = b"\x01\x81\0\0\0\x006", b"\x80\x80\0\0\0\0"
LEAVES = b"\x81\x81\0\0\0\x001"


@pytest.mark.parametrize("kind", FRAMES)
async def test_tiny_frames_of_one_peer_are_handled_in_turn_with_others(kind: str) -> None:
    """A websocket that sends nine thousand tiny frames at once does not keep a request waiting for all of them."""
    async with counted() as site, connected(site.port) as (first, many), connected(site.port) as (reader, other):
        left_at_request: list[bool] = []
        site.on_request = lambda: left_at_request.append(not site.sio.eio.sockets)
        many.write(HANDSHAKE)
        async with asyncio.timeout(PATIENCE):
            await first.readuntil(b"\r\n\r\n")
        assert len(site.sio.eio.sockets) == 1
        frames = FRAMES[kind] * 9000
        many.write((BEGINS + frames + ENDS if kind == "fragments" else frames) + LEAVES)
        other.write(post())
        async with asyncio.timeout(PATIENCE):
            assert b" 200 " in await reader.readline()
        assert left_at_request == [False]
        await until(lambda: not site.sio.eio.sockets)  # all of them are handled in the end


async def _flood(writer: asyncio.StreamWriter, data: bytes) -> None:
    while True:
        writer.write(data)
        await writer.drain()


@pytest.mark.parametrize("way", [*WAYS, "aiohttp"])
async def test_peer_that_reads_nothing_is_not_read_from_and_then_cut(way: str) -> None:
    """Whoever sends requests and reads no answer is given no more answers than fit, and cut after `request_timeout`."""
    async with counted(way, MEGABYTE, request_timeout=1.0) as site, connected(site.port, small=True) as (_, writer):
        async with asyncio.timeout(3 * PATIENCE):
            with pytest.raises(ConnectionError):
                await _flood(writer, (GET if way == "aiohttp" else post()) * 100)
        assert len(site.asked) < 100
        assert site.sio.counters.http_slow == 1


@pytest.mark.parametrize("way", ["at once", "aiohttp"])
async def test_peer_that_reads_slowly_is_left_alone(way: str) -> None:
    """Whoever reads its answers, however slowly, gets all of them: several times the limit is no reason to cut it."""
    async with (
        counted(way, MEGABYTE, request_timeout=30) as site,
        connected(site.port, small=True) as (reader, writer),
    ):
        writer.write((GET if way == "aiohttp" else post()) * 12)
        received = 0
        async with asyncio.timeout(6 * PATIENCE):
            while received < 12 * len(MEGABYTE):
                received += len(await reader.readexactly(65_536))
                if received < 3 * len(MEGABYTE):
                    await turns(5)
                    site.pass_time(10)
        assert site.sio.counters.http_slow == 0


async def test_closed_connection_with_unread_answers_does_not_stay() -> None:
    """After the last answer of a connection its peer has `request_timeout` to read on, or it is cut."""
    async with (
        counted(body=MEGABYTE * 16, request_timeout=0.5) as site,
        connected(site.port, small=True) as (_, writer),
    ):
        writer.write(post(b"{}", "Connection: close"))
        await until(lambda: site.sio.counters.http_slow == 1)
