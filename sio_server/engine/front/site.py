"""The listening socket: answers websocket handshakes and fast routes itself, hands all else to aiohttp.

A handshake through aiohttp costs a request object, two tasks and a parser per connection, all thrown away
after the 101. Whatever is not plain is given to aiohttp's own protocol with the same bytes, refusals too:
there is one place where requests are refused.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from functools import partial
from ssl import SSLContext
from typing import TYPE_CHECKING, Any, cast

from aiohttp import web

from sio_server.engine.front.acceptor import Acceptor, LoopAcceptor, Make
from sio_server.engine.front.front import (
    KEEPALIVE_TIMEOUT,
    AccessLog,
    Admits,
    FastRoutes,
    Front,
    Takes,
    admit_all,
    take_all,
)
from sio_server.engine.front.http_protocol import Unread, plain_refusal
from sio_server.engine.front.protocol import FrontProtocol
from sio_server.engine.front.securing import Securing

if TYPE_CHECKING:
    from sio_server.engine.sio.server import AsyncServer

#: How often a port is looked for that is free on all addresses of a host.
_PORT_TRIES = 10


class FrontSite(web.BaseSite):
    """In place of `aiohttp.web.TCPSite`, with the engine's front on the socket.

    :param fast_routes: `{("POST", "/notify"): handler}`; it takes a FrontRequest and returns a FrontReply or a
        FrontPromise, or is a coroutine function that returns a FrontReply. Requests that are not plain (chunked,
        `Expect`, a body above 64 KB, a query) go to the aiohttp application, which should serve the same path.
    :param admits: asked about a request of a fast route whose body did not come with its head, before any of it is
        held. Where it says no, the request goes to the aiohttp application, which can refuse it without its body.
    :param takes: asked about the headers of a request to a fast route, by names in lower case, once for each head.
        Where it says no, the request goes to the aiohttp application.
    :param sockets: what is listened on in place of a host and a port; they are closed in the end.
    :param unread: answers a request that aiohttp's parser cannot read, in place of aiohttp's plain text.
    :param serves_engine: whether clients may connect here; without it there is HTTP of the application alone.
    :param access_log: called with (method, target, status, peer address) for what the front answers.
    """

    __slots__ = ("_acceptor", "_front", "_host", "_options", "_port", "_sio", "_sockets")

    def __init__(
        self,
        runner: web.BaseRunner,
        sio: AsyncServer,
        host: str | None = None,
        port: int = 8080,
        *,
        sockets: Sequence[socket.socket] | None = None,
        fast_routes: FastRoutes | None = None,
        access_log: AccessLog | None = None,
        admits: Admits = admit_all,
        unread: Unread = plain_refusal,
        takes: Takes = take_all,
        keepalive_timeout: float = KEEPALIVE_TIMEOUT,
        serves_engine: bool = True,
        ssl_context: SSLContext | None = None,
        backlog: int = 4096,
        reuse_address: bool | None = None,
        reuse_port: bool | None = None,
    ) -> None:
        super().__init__(runner, ssl_context=ssl_context, backlog=backlog)
        self._sio = sio
        self._host = host
        self._port = port
        self._sockets = sockets
        self._front: Front | None = None
        self._acceptor: Acceptor | LoopAcceptor | None = None
        self._options: dict[str, Any] = {
            "fast_routes": fast_routes,
            "access_log": access_log,
            "admits": admits,
            "unread": unread,
            "takes": takes,
            "keepalive_timeout": keepalive_timeout,
            "serves_engine": serves_engine,
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
        """The port that the site listens on, once started; before, the one that was asked for; 0 where it has none."""
        sockets = () if self._acceptor is None else self._acceptor.sockets
        name = sockets[0].getsockname() if sockets else ("", self._port)
        return int(name[1]) if isinstance(name, tuple) else 0

    async def start(self) -> None:
        """Listen on the sockets, or on every address of the host."""
        await super().start()
        options = dict(self._options)
        reuse = {name: options.pop(name) for name in ("reuse_address", "reuse_port")}
        server = self._runner.server
        assert server is not None  # noqa: S101  for mypy; BaseSite looked
        eio, context = self._sio.eio, self._ssl_context
        self._front = Front(eio, server, **options)
        make = partial(FrontProtocol, self._front)
        sockets = await self._bind(make, reuse) if self._sockets is None else self._sockets
        securing = None if context is None else Securing(eio, context)
        try:
            self._acceptor = Acceptor(sockets, make, securing, self._backlog)
        except NotImplementedError:
            self._acceptor = await LoopAcceptor.begin(sockets, make, context, self._backlog)
        self._server = cast("asyncio.Server", self._acceptor)  # aiohttp closes it and looks at its sockets

    def renew(self, context: SSLContext) -> None:
        """Have connections that come from now on use another certificate; those that are there keep theirs."""
        if self._acceptor is not None:
            self._acceptor.renew(context)

    async def _bind(self, make: Make, reuse: Mapping[str, Any]) -> Sequence[socket.socket]:
        """Let the loop bind, on every address that the host's name has; it does not accept.

        Where any port will do, each address is given one of its own: all of them get the first one's.
        """
        loop = asyncio.get_running_loop()
        port = self._port
        for tries_left in range(_PORT_TRIES, -1, -1):
            try:
                bound = await loop.create_server(make, self._host, port, start_serving=False, **reuse)
            except OSError:
                if port == self._port or not tries_left:
                    raise
                port = self._port  # that one is somebody's at another address: begin anew
                continue
            sockets = [one.dup() for one in bound.sockets]  # what the server gives out cannot accept
            bound.close()
            ports = [one.getsockname()[1] for one in sockets]
            if self._port or len(set(ports)) == 1:
                return sockets
            for one in sockets:
                one.close()
            port = ports[0]
        message = "no port is free on all addresses of the host"
        raise OSError(message)

    async def stop(self) -> None:
        """Listen no more and close idle connections."""
        await super().stop()
        if self._front is not None:
            self._front.close()
