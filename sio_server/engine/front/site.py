"""The listening socket: answers websocket handshakes and fast routes itself, hands all else to aiohttp.

A handshake through aiohttp costs a request object, two tasks and a parser per connection, all thrown away
after the 101. Whatever is not plain is given to aiohttp's own protocol with the same bytes, refusals too:
there is one place where requests are refused.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from ssl import SSLContext
from typing import TYPE_CHECKING, Any, cast

from aiohttp import web

from sio_server.engine.front.acceptor import Acceptor
from sio_server.engine.front.http_protocol import HttpProtocol, Unread, plain_refusal
from sio_server.engine.front.protocol import FrontProtocol
from sio_server.engine.limits import MAX_HEAD
from sio_server.engine.transport.wheel import Wheel
from sio_server.engine.wire.http_head import FrontPromise, FrontReply, FrontRequest, Head, body_size, parse_head

if TYPE_CHECKING:
    from sio_server.engine.sio.server import AsyncServer

FastHandler = Callable[[FrontRequest], FrontReply | FrontPromise | Awaitable[FrontReply]]
FastRoutes = Mapping[tuple[str, str], FastHandler]
#: (method, target, status, peer address)
AccessLog = Callable[[str, str, int, str], None]

#: takes a request whose body has not come in, and says whether the front may wait for it
Admits = Callable[[FrontRequest], bool]

Plan = tuple[FastHandler, Head, int]

#: Heads that are kept parsed, and the bytes of one: a peer chooses both.
_MAX_PLANS, _MAX_PLAN = 256, 2048
#: How often a port is looked for that is free on all addresses of a host.
_PORT_TRIES = 10
#: Seconds an idle keep-alive connection is kept.
KEEPALIVE_TIMEOUT = 75.0


def _admit_all(_: FrontRequest) -> bool:
    return True


class Front:
    """What the front's connections share."""

    def __init__(
        self,
        sio: AsyncServer,
        server: web.Server,
        fast_routes: FastRoutes | None = None,
        access_log: AccessLog | None = None,
        keepalive_timeout: float = KEEPALIVE_TIMEOUT,
        admits: Admits = _admit_all,
        unread: Unread = plain_refusal,
    ) -> None:
        self.eio = sio.eio
        self.counters = sio.counters
        self._server = server
        self._unread = unread
        self.routes = {f"{method} {path} ".encode(): handler for (method, path), handler in (fast_routes or {}).items()}
        # with its last slash and without: some proxies take it away
        self.engine_start = tuple(f"GET {path}?".encode() for path in (self.eio.path, self.eio.path.rstrip("/")))
        self._starts = (*self.engine_start, *self.routes)
        self.longest_start = max(map(len, self._starts))
        self.admits = admits
        self.access_log = access_log
        self.keepalive_timeout = keepalive_timeout
        #: seconds between looks at a connection, and for a request: a look later is still in time
        self.interval = self.eio.limits.request_timeout / 6
        self.patience = self.eio.limits.request_timeout - 1.5 * self.interval
        self._plans: dict[bytes, Plan] = {}
        self._replies: list[tuple[FrontProtocol, bytes, bool]] = []
        self.wheel = Wheel(asyncio.get_running_loop())
        self.live: set[FrontProtocol] = set()
        self.tasks: set[asyncio.Task[None]] = set()

    def make_http(self) -> HttpProtocol:
        """Aiohttp's protocol for a connection."""
        return HttpProtocol(self._server, self._unread, self.eio.proxies)

    def may_be_ours(self, begun: bytes) -> bool:
        """Whether bytes may be the beginning of a request that the front answers."""
        return any(begun.startswith(start[: len(begun)]) for start in self._starts)

    def plan(self, head: bytes) -> Plan | None:
        """Whose fast route a request is, its head and its body's size; None for one that aiohttp has to answer.

        A publisher sends the same few heads over and over: parsing them once saves a third of a request's cost.
        """
        found = self._plans.get(head)
        if found is None:
            line = head[: head.find(b"\r\n")]
            route = self.routes.get(line[:-8]) if line.endswith(b" HTTP/1.1") else None
            parsed = None if route is None or len(head) > MAX_HEAD else parse_head(head)
            size = -1 if parsed is None else body_size(parsed)
            if route is None or parsed is None or size < 0:
                return None
            found = route, parsed, size
            if len(self._plans) >= _MAX_PLANS:
                self._plans.clear()
            if len(head) <= _MAX_PLAN:
                self._plans[head] = found
        return found

    def write_later(self, protocol: FrontProtocol, data: bytes, close: bool) -> None:  # noqa: FBT001  handed through
        """Write a reply together with the others of this turn.

        One after the other without anything between, they wake the peers' machine once and not once each.
        """
        self._replies.append((protocol, data, close))
        if len(self._replies) == 1:
            asyncio.get_running_loop().call_soon(self._write_replies)

    def _write_replies(self) -> None:
        replies, self._replies = self._replies, []
        loop = asyncio.get_running_loop()
        for protocol, data, close in replies:
            if protocol.answer(data, close):
                loop.call_soon(protocol.go_on)  # not here: the other replies wait

    def __call__(self) -> FrontProtocol:
        """The protocol for a new connection."""
        return FrontProtocol(self)

    def close(self) -> None:
        """Close what waits for a request; what is under way ends by itself, what aiohttp has is aiohttp's."""
        for protocol in list(self.live):
            protocol.drain()
        self.wheel.close()


class FrontSite(web.BaseSite):
    """In place of `aiohttp.web.TCPSite`, with the engine's front on the socket.

    :param fast_routes: `{("POST", "/notify"): handler}`; it takes a FrontRequest and returns a FrontReply or a
        FrontPromise, or is a coroutine function that returns a FrontReply. Requests that are not plain (chunked,
        `Expect`, a body above 64 KB, a query) go to the aiohttp application, which should serve the same path.
    :param admits: asked about a request of a fast route whose body did not come with its head, before any of it is
        held. Where it says no, the request goes to the aiohttp application, which can refuse it without its body.
    :param unread: answers a request that aiohttp's parser cannot read, in place of aiohttp's plain text.
    :param access_log: called with (method, target, status, peer address) for what the front answers.
    """

    __slots__ = ("_front", "_host", "_options", "_port", "_sio")

    def __init__(
        self,
        runner: web.BaseRunner,
        sio: AsyncServer,
        host: str | None = None,
        port: int = 8080,
        *,
        fast_routes: FastRoutes | None = None,
        access_log: AccessLog | None = None,
        admits: Admits = _admit_all,
        unread: Unread = plain_refusal,
        keepalive_timeout: float = KEEPALIVE_TIMEOUT,
        ssl_context: SSLContext | None = None,
        backlog: int = 4096,
        reuse_address: bool | None = None,
        reuse_port: bool | None = None,
    ) -> None:
        super().__init__(runner, ssl_context=ssl_context, backlog=backlog)
        self._sio = sio
        self._host = host
        self._port = port
        self._front: Front | None = None
        self._options: dict[str, Any] = {
            "fast_routes": fast_routes,
            "access_log": access_log,
            "admits": admits,
            "unread": unread,
            "keepalive_timeout": keepalive_timeout,
            "reuse_address": reuse_address,
            "reuse_port": reuse_port,
        }

    @property
    def name(self) -> str:
        """The URL, with the real port once started."""
        scheme = "https" if self._ssl_context else "http"
        return f"{scheme}://{self._host or '0.0.0.0'}:{self.port}"  # noqa: S104  a name, nothing is bound here

    @property
    def port(self) -> int:
        """The port that is listened on."""
        sockets = getattr(self._server, "sockets", None)
        return int(sockets[0].getsockname()[1]) if sockets else self._port

    async def start(self) -> None:
        """Listen."""
        await super().start()
        options = dict(self._options)
        reuse = {name: options.pop(name) for name in ("reuse_address", "reuse_port")}
        server = self._runner.server
        assert server is not None  # noqa: S101  for mypy; BaseSite looked
        self._front = Front(self._sio, server, **options)
        bound = await self._bind(self._front, reuse)
        acceptor = Acceptor(bound, self._front, self._ssl_context, self._backlog)
        self._server = cast("asyncio.Server", acceptor)  # aiohttp closes it and looks at its sockets

    async def _bind(self, front: Front, reuse: Mapping[str, Any]) -> asyncio.Server:
        """Let the loop bind, on every address that the host's name has; it does not accept.

        Where any port will do, each address is given one of its own: all of them get the first one's.
        """
        loop = asyncio.get_running_loop()
        port = self._port
        for tries_left in range(_PORT_TRIES, -1, -1):
            try:
                bound = await loop.create_server(front, self._host, port, start_serving=False, **reuse)
            except OSError:
                if port == self._port or not tries_left:
                    raise
                port = self._port  # that one is somebody's at another address: begin anew
                continue
            ports = [one.getsockname()[1] for one in bound.sockets]
            if self._port or len(set(ports)) == 1:
                return bound
            bound.close()
            port = ports[0]
        message = "no port is free on all addresses of the host"
        raise OSError(message)

    async def stop(self) -> None:
        """Listen no more and close idle connections."""
        await super().stop()
        if self._front is not None:
            self._front.close()
