"""What the connections of the front share."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Protocol

from aiohttp import web

from sio_server.engine.front.http_protocol import HttpProtocol, Unread, plain_refusal
from sio_server.engine.limits import MAX_HEAD
from sio_server.engine.transport.wheel import Wheel
from sio_server.engine.wire.http_head import FastHandler, FrontRequest, Head, body_size, parse_head

if TYPE_CHECKING:
    from sio_server.engine.eio.server import EngineServer

#: (method, path) -> what answers such requests
FastRoutes = Mapping[tuple[str, str], FastHandler]
#: told of each answer: (method, target, status, peer address)
AccessLog = Callable[[str, str, int, str], None]
#: takes a request whose body has not come in, and says whether the front may wait for it
Admits = Callable[[FrontRequest], bool]
#: says of the headers of a request, by names in lower case, whether a fast route takes such a one
Takes = Callable[[Mapping[str, str]], bool]
#: whose fast route a request is, its head, and the size of its body
Plan = tuple[FastHandler, Head, int]

#: Heads that are kept parsed, and the bytes of one: a peer chooses both.
_MAX_PLANS, _MAX_PLAN = 256, 2048
#: Seconds an idle keep-alive connection is kept.
KEEPALIVE_TIMEOUT = 75.0


def take_all(_: Mapping[str, str]) -> bool:
    """Let the fast routes have every request of theirs: the choice where the application makes none."""
    return True


def admit_all(_: FrontRequest) -> bool:
    """Let the front wait for every body: the choice where the application makes none."""
    return True


class FrontConnection(Protocol):
    """A connection of the front, as what all of them share sees it."""

    def drain(self) -> None:
        """The server stops: close, after the answer where a request is under way."""

    def answer(self, data: bytes, close: bool) -> bool:  # noqa: FBT001  a pair that is handed through
        """Write a reply that was rendered; returns whether `go_on` has to be called, for what came in meanwhile."""

    def go_on(self) -> None:
        """Handle what came in while a request was being handled."""


class Front:
    """What the connections of the front share: the fast routes, and their plans, replies and timers."""

    def __init__(
        self,
        eio: EngineServer,
        server: web.Server,
        fast_routes: FastRoutes | None = None,
        access_log: AccessLog | None = None,
        keepalive_timeout: float = KEEPALIVE_TIMEOUT,
        admits: Admits = admit_all,
        unread: Unread = plain_refusal,
        takes: Takes = take_all,
        *,
        serves_engine: bool = True,
    ) -> None:
        self._takes = takes
        self.eio = eio
        self.counters = eio.counters
        self._server = server
        self._unread = unread
        self.routes = {f"{method} {path} ".encode(): handler for (method, path), handler in (fast_routes or {}).items()}
        # with its last slash and without: some proxies take it away
        paths = (self.eio.path, self.eio.path.rstrip("/")) if serves_engine else ()
        self.engine_start = tuple(f"GET {path}?".encode() for path in paths)
        self._starts = (*self.engine_start, *self.routes)
        self.longest_start = max(map(len, self._starts), default=0)
        self.admits = admits
        self.access_log = access_log
        self.keepalive_timeout = keepalive_timeout
        #: seconds between looks at a connection, and for a request: a look later is still in time
        self.interval = self.eio.limits.request_timeout / 6
        self.patience = self.eio.limits.request_timeout - 1.5 * self.interval
        self._plans: dict[bytes, Plan] = {}
        self._replies: list[tuple[FrontConnection, bytes, bool]] = []
        self.wheel = Wheel(asyncio.get_running_loop())
        self.live: set[FrontConnection] = set()
        self.tasks: set[asyncio.Task[None]] = set()

    def make_http(self) -> HttpProtocol:
        """Aiohttp's protocol for a connection."""
        return HttpProtocol(self._server, self._unread, self.eio.proxies)

    def may_be_ours(self, begun: bytes) -> bool:
        """Whether bytes may be the beginning of a request that the front answers."""
        return any(begun.startswith(start[: len(begun)]) for start in self._starts)

    def plan(self, head: bytes) -> Plan | None:
        """The fast route, parsed head and body size of a request; None for a request that aiohttp has to answer.

        A publisher sends the same few heads over and over: parsing them once saves a third of a request's cost.
        """
        found = self._plans.get(head)
        if found is None:
            line = head[: head.find(b"\r\n")]
            route = self.routes.get(line[:-8]) if line.endswith(b" HTTP/1.1") else None
            parsed = None if route is None or len(head) > MAX_HEAD else parse_head(head)
            size = -1 if parsed is None else body_size(parsed)
            if route is None or parsed is None or size < 0 or not self._takes(parsed.fields):
                return None
            found = route, parsed, size
            if len(self._plans) >= _MAX_PLANS:
                self._plans.clear()
            if len(head) <= _MAX_PLAN:
                self._plans[head] = found
        return found

    def write_later(self, protocol: FrontConnection, data: bytes, close: bool) -> None:  # noqa: FBT001  handed through
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

    def close(self) -> None:
        """Close what waits for a request; what is under way ends by itself, what aiohttp has is aiohttp's."""
        for protocol in list(self.live):
            protocol.drain()
        self.wheel.close()
