"""The engine's own site: fast routes, what goes to aiohttp instead, and the application's say in every handshake."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from sio_server.engine import AsyncServer, FrontReply, FrontRequest, FrontSite, Limits, Refusal
from tests.support.engine_server import PATIENCE, engine, moved_clock, until
from tests.support.waiting import turns

OK = b'{"status":"ok"}'


class Fast:
    """A site with one fast route that the application serves as well, and what each of them saw."""

    def __init__(self) -> None:
        self.fast: list[FrontRequest] = []
        self.slow: list[bytes] = []
        self.logged: list[tuple[str, str, int, str]] = []
        self.port = 0
        self.gate = asyncio.Event()
        self.stop: Callable[[], Awaitable[None]]
        self.pass_time: Callable[[float], None]

    async def answer(self, request: FrontRequest) -> FrontReply:
        """The fast route."""
        self.fast.append(request)
        if request.body == b"raise":
            message = "a route's own fault"
            raise LookupError(message)
        if request.body == b"wait":
            await self.gate.wait()
        return FrontReply(200, OK, headers=(("X-Way", "fast"),))

    async def aiohttp(self, request: web.Request) -> web.Response:
        """The same route in the application."""
        self.slow.append(await request.read())
        return web.Response(body=OK, headers={"X-Way": "aiohttp"})

    def log(self, method: str, target: str, status: int, peer: str) -> None:
        """The access log."""
        self.logged.append((method, target, status, peer))

    async def exchange(self, *pieces: bytes, answers: int = 1) -> bytes:
        """Send bytes in pieces; return what came until so many answers were in, or the end."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await turns(10)  # each piece is to arrive by itself
        received = b""
        async with asyncio.timeout(PATIENCE):
            while received.count(OK) < answers and (more := await reader.read(65536)):
                received += more
        writer.close()
        await writer.wait_closed()
        return received


@asynccontextmanager
async def fast_site(**options: Any) -> AsyncIterator[Fast]:
    """Run the site."""
    fast = Fast()
    sio = AsyncServer(**options)
    app = web.Application()
    app.router.add_post("/notify", fast.aiohttp)
    sio.attach(app)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = FrontSite(runner, sio, "127.0.0.1", 0, fast_routes={("POST", "/notify"): fast.answer}, access_log=fast.log)
    await site.start()
    fast.port, fast.stop, fast.pass_time = site.port, site.stop, moved_clock(sio, site)
    try:
        yield fast
    finally:
        await sio.shutdown()
        await runner.cleanup()


def _post(body: bytes, *extra: str, path: str = "/notify") -> bytes:
    head = [f"POST {path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *extra]
    return "\r\n".join([*head, "", ""]).encode() + body


async def test_plain_post_takes_the_fast_way() -> None:
    """A plain POST is answered by the fast route, which sees method, path, headers, body and peer."""
    async with fast_site() as site:
        answer = await site.exchange(_post(b'{"a":1}', "X-Some: Thing"))
        assert answer.startswith(b"HTTP/1.1 200")
        assert b"x-way: fast" in answer.lower()
        [request] = site.fast
        assert (request.method, request.path, request.body, request.peer) == (
            "POST",
            "/notify",
            b'{"a":1}',
            "127.0.0.1",
        )
        assert request.headers["x-some"] == "Thing"
        assert site.logged == [("POST", "/notify", 200, "127.0.0.1")]


@pytest.mark.parametrize("size", [1, 7, 40])
async def test_request_in_pieces_is_the_same_request(size: int) -> None:
    """However a request is cut on its way, the route sees the same."""
    async with fast_site() as site:
        whole = _post(b'{"message":"hola"}')
        answer = await site.exchange(*[whole[i : i + size] for i in range(0, len(whole), size)])
        assert answer.endswith(OK)
        assert [request.body for request in site.fast] == [b'{"message":"hola"}']


async def test_pipelined_requests_are_answered_in_order() -> None:
    """Requests sent without waiting for answers are handled one after the other, on either way."""
    async with fast_site() as site:
        chunked = b"POST /notify HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nthr\r\n0\r\n\r\n"
        answer = await site.exchange(_post(b"one") + _post(b"two") + chunked + _post(b"four"), answers=4)
        assert answer.count(OK) == 4
        assert [request.body for request in site.fast][:2] == [b"one", b"two"]
        assert b"thr" in site.slow


@pytest.mark.parametrize(
    "request_",
    [
        b"POST /notify HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n",
        _post(b"body", path="/notify?x=1"),
        _post(b"b" * 200_000),
        b"POST /notify HTTP/1.0\r\nContent-Length: 4\r\n\r\nbody",
    ],
    ids=["chunked", "with a query", "large", "HTTP 1.0"],
)
async def test_what_is_not_plain_is_answered_all_the_same(request_: bytes) -> None:
    """A request that is not plain is served as well, by the application where the fast way does not take it."""
    async with fast_site() as site:
        answer = await site.exchange(request_)
        assert b" 200 " in answer.split(b"\r\n")[0]
        assert len(site.slow) + len(site.fast) == 1


@pytest.mark.parametrize(
    "bad",
    [
        b"POST /notify HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /notify HTTP/1.1\r\nHost: x\r\nContent-Length: 4, 5\r\n\r\nbody",
        b"POST /notify HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nbody",
        b"POST /notify HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"POST /notify HTTP/1.1\r\nHost: x\r\nContent-Length : 4\r\n\r\nbody",
        b"POST /notify HTTP/1.1\r\nHost: x\r\n folded: y\r\nContent-Length: 4\r\n\r\nbody",
        b"POST /notify HTTP/1.1\r\nHost: x\r\nContent-Length: +4\r\n\r\nbody",
        b"POST /notify HTTP/9.9\r\nHost: x\r\nContent-Length: 4\r\n\r\nbody",
        b"\x00\x01\x02\r\n\r\n",
    ],
)
async def test_ambiguous_requests_are_refused(bad: bytes) -> None:
    """A request that two servers could read differently (request smuggling) never reaches a route."""
    async with fast_site() as site:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(bad)
        async with asyncio.timeout(PATIENCE):
            line = await reader.readline()
        writer.close()
        await writer.wait_closed()
        assert line == b"" or line.split()[1].startswith(b"4")
        assert (site.fast, site.slow) == ([], [])


@pytest.mark.parametrize(
    "bytes_",
    [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", b"\x00", b"\xff\xfe", b"{}"],
    ids=["TLS on the plain port", "zero", "no text", "JSON"],
)
async def test_bytes_that_begin_no_request_are_answered_at_once(bytes_: bytes) -> None:
    """What cannot become a request is refused when its first bytes come, not when its time is up."""
    async with fast_site() as site:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(bytes_)
        async with asyncio.timeout(PATIENCE):  # half of the time that a request has
            line = await reader.readline()
        assert line == b"" or b" 400 " in line
        writer.close()
        await writer.wait_closed()


async def test_route_that_raises_is_answered_500() -> None:
    """An exception in a fast route is a 500 for its client and nothing for anybody else."""
    async with fast_site() as site:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(_post(b"raise"))
        assert b" 500 " in await reader.readline()
        writer.close()
        await writer.wait_closed()
        assert (await site.exchange(_post(b"fine"))).endswith(OK)


@pytest.mark.parametrize("front", [True, False], ids=["front", "aiohttp"])
@pytest.mark.parametrize("transport", ["polling", "websocket"])
async def test_application_may_refuse_a_handshake(transport: str, front: bool) -> None:  # noqa: FBT001
    """``check_handshake`` is asked on either way in, with the environ and the peer; its refusal is the answer."""
    asked: list[tuple[str, str]] = []

    def check(environ: Mapping[str, Any], peer: str) -> Refusal | None:
        asked.append((environ["QUERY_STRING"], peer))
        return (
            Refusal(503, b'{"code":"draining"}', (("Retry-After", "7"),)) if "busy" in environ["QUERY_STRING"] else None
        )

    async with engine(front=front, check_handshake=check) as server:
        url = f"{server.url}/socket.io/?EIO=4&transport={transport}&busy=1"
        if transport == "polling":
            async with server.http.get(url) as response:
                assert (response.status, response.headers["Retry-After"]) == (503, "7")
                assert await response.text() == '{"code":"draining"}'
        else:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                await server.http.ws_connect(url)
            assert refusal.value.status == 503
            assert refusal.value.headers is not None
            assert refusal.value.headers["Retry-After"] == "7"
        assert asked
        assert asked[0][1] == "127.0.0.1"
        assert await (await server.wire(transport)).join()


@pytest.mark.parametrize("front", [True, False], ids=["front", "aiohttp"])
async def test_handshakes_are_refused_while_shutting_down(front: bool) -> None:  # noqa: FBT001
    """While ``shutdown`` waits for disconnect handlers, a handshake gets 503 on both transports."""
    async with engine(front=front, handlers=False) as server:
        gate, leaving = asyncio.Event(), asyncio.Event()

        async def disconnect(_sid: str, _reason: str) -> None:
            leaving.set()
            await gate.wait()

        server.sio.on("disconnect", disconnect)
        await (await server.websocket()).join()
        ending = asyncio.create_task(server.sio.shutdown())
        await leaving.wait()
        async with server.http.get(f"{server.url}/socket.io/?EIO=4&transport=polling") as response:
            assert response.status == 503
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            await server.http.ws_connect(f"{server.url}/socket.io/?EIO=4&transport=websocket")
        assert refusal.value.status == 503
        gate.set()
        await ending


async def test_idle_connection_is_reused() -> None:
    """A keep-alive connection serves a fast route, aiohttp and a fast route again."""
    async with fast_site() as site:
        async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)) as http:
            for body in (b"one", b"x" * 100_000, b"three"):
                async with http.post(f"http://127.0.0.1:{site.port}/notify", data=body) as response:
                    assert response.status == 200
        await until(lambda: len(site.fast) + len(site.slow) == 3)


async def test_connection_whose_body_came_apart_is_kept_as_any_other() -> None:
    """A connection that aiohttp has is idle after its answer, also when a body came in after its head."""
    async with fast_site(limits=Limits(request_timeout=5)) as site:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        head, body = b"POST /notify?x HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\n\r\n", (b"abc", b"def")
        for piece in (head, *body):
            writer.write(piece)
            await turns()
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 200")
        site.pass_time(15)  # three times the limit
        await turns()
        writer.write(head + b"".join(body))
        await until(lambda: len(site.slow) == 2)
        writer.close()


async def test_any_port_is_one_port_on_all_addresses_of_a_name() -> None:
    """A site on any free port of a name with several addresses has the same one on all of them."""
    runner = web.AppRunner(web.Application(), access_log=None)
    await runner.setup()
    site = FrontSite(runner, AsyncServer(), ["127.0.0.1", "127.0.0.2", "127.0.0.3"], 0)  # type: ignore[arg-type]  # as asyncio takes it: no name of the machine is certain to have several
    await site.start()
    addresses = runner.addresses
    await runner.cleanup()
    assert len(addresses) == 3
    assert len({address[1] for address in addresses}) == 1


@pytest.mark.parametrize("ending", ["peer", "server"])
async def test_last_request_is_answered_and_its_connection_closed(ending: str) -> None:
    """Where the peer has ended its side, or the server stops, a request under way is answered and nothing stays."""
    async with fast_site() as site:
        reader, writer = await asyncio.open_connection("127.0.0.1", site.port)
        writer.write(_post(b"wait"))
        await until(lambda: bool(site.fast))
        if ending == "peer":
            writer.write_eof()
            await turns()  # nothing tells when the end has come in
        else:
            await site.stop()
        site.gate.set()
        async with asyncio.timeout(PATIENCE):
            answer = await reader.read()
        writer.close()
        await writer.wait_closed()
        assert answer.endswith(OK)
        assert b"\r\nconnection: close\r\n" in answer.lower()
