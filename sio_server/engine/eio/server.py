"""The Engine.IO v4 server: sessions, their transports, and what may come in."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from engineio import AsyncServer as StockServer

from sio_server.engine.counters import Counters
from sio_server.engine.eio.addresses import IPV6_PREFIX, AddressGroups, TrustedProxies
from sio_server.engine.eio.arrivals import Arrivals
from sio_server.engine.eio.elsewhere import PassOn
from sio_server.engine.eio.environ import Environ, EnvironTable
from sio_server.engine.eio.probe import Probe
from sio_server.engine.eio.receive import SessionHandler
from sio_server.engine.eio.refused import OnRefused, RefusedPeer, Why
from sio_server.engine.eio.socket import EngineSocket
from sio_server.engine.limits import Limits
from sio_server.engine.reasons import Reason
from sio_server.engine.transport.connection import WebSocketConnection
from sio_server.engine.transport.outbox import Outbox
from sio_server.engine.transport.wheel import Wheel
from sio_server.engine.wire.frames import TEXT, CloseCode, accept_key, frame
from sio_server.engine.wire.handshake import FORBIDDEN, Ask, Refusal, refusal, switching
from sio_server.engine.wire.jsonio import dumps

if TYPE_CHECKING:
    from aiohttp.web import Application, Request, StreamResponse

HandleRequest = Callable[["Request"], Awaitable["StreamResponse"]]
CheckHandshake = Callable[[Mapping[str, Any], str], Refusal | None]


class EngineServer(StockServer):  # type: ignore[misc]  # the library is untyped
    """Engine.IO for one Socket.IO server on aiohttp.

    `check_handshake(environ, peer_address)` is asked for each request on either way in; what it returns is
    the answer. `on_refused` is told of what the engine refuses by itself, see `OnRefused`.
    """

    reason = Reason
    sockets: dict[str, EngineSocket]

    def __init__(
        self,
        *,
        limits: Limits,
        trusted_proxies: Any = None,
        check_handshake: CheckHandshake | None = None,
        expecting: Callable[[], bool] | None = None,
        on_refused: OnRefused | None = None,
        ipv6_prefix: int = IPV6_PREFIX,
        **options: Any,
    ) -> None:
        options.setdefault("async_mode", "aiohttp")
        super().__init__(**options)
        self.limits = limits
        self.counters = Counters()
        self.proxies = TrustedProxies(trusted_proxies)
        self.check_handshake = check_handshake
        self.on_refused = on_refused
        groups = AddressGroups(ipv6_prefix)
        self.arrivals = Arrivals(limits, self.proxies, groups)
        #: connections whose TLS handshake is not through
        self.securing = Arrivals(limits, self.proxies, groups)
        #: Engine.IO sid -> environ of the request that began the session
        self.environs = EnvironTable()
        self._quiet_until = 0.0
        self.connections: set[WebSocketConnection] = set()
        self.dispatcher: SessionHandler
        self.path = "/engine.io/"
        self.draining = False
        #: what the ids of sessions begin with, where other servers have sessions of the same clients
        self.sid_prefix = ""
        #: asked about requests for sessions that are not here
        self.pass_on: PassOn | None = None
        self._wheel: Wheel | None = None
        self.outbox = Outbox(expecting)
        self._handle: HandleRequest
        self._open_tail = self._tail(["websocket"])
        self._open_tail_final = self._tail([])

    def bind(self, dispatcher: SessionHandler, handle: HandleRequest) -> None:
        """Give what is above: who is told of sessions and messages, and who answers HTTP requests."""
        self.dispatcher = dispatcher
        self._handle = handle
        self._own_handlers = dict(self.handlers)

    def replaced(self, event: str) -> Callable[..., Any] | None:
        """The handler that an application put in place of Socket.IO's own with `eio.on`, or None."""
        handler: Callable[..., Any] | None = self.handlers.get(event)
        return None if handler is self._own_handlers.get(event) else handler

    @property
    def wheel(self) -> Wheel:
        """The timers of all connections; made when first asked for, as no loop may run when the server is made."""
        if self._wheel is None:
            self._wheel = Wheel(asyncio.get_running_loop())
        return self._wheel

    # sessions

    def _tail(self, upgrades: list[str]) -> bytes:
        # a sub-second interval has to survive; JavaScript counts in milliseconds
        values = {
            "upgrades": upgrades,
            "pingInterval": round((self.ping_interval + self.ping_interval_grace_period) * 1000),
            "pingTimeout": round(self.ping_timeout * 1000),
            "maxPayload": self.max_http_buffer_size,
        }
        return b"," + dumps(values)[1:]

    def open_session(self, environ: Environ, transport: str) -> tuple[EngineSocket, bytes]:
        """Begin a session; returns it and its OPEN packet."""
        sid = self.sid_prefix + self.generate_id()
        socket = EngineSocket(self, sid)
        self.sockets[sid] = socket
        self.counters.sessions += 1
        self.counters.sessions_opened += 1
        self.arrivals.add(socket, environ["REMOTE_ADDR"])
        self.environs[sid] = environ
        self.dispatcher.opened(socket, environ)
        upgradable = transport == "polling" and self.allow_upgrades and "websocket" in self.transports
        tail = self._open_tail if upgradable else self._open_tail_final
        return socket, b'0{"sid":"' + sid.encode() + b'"' + tail

    def forget(self, socket: EngineSocket) -> None:
        """Forget a session that has ended, once everybody was told."""
        self.environs.pop(socket.sid, None)
        if self.sockets.pop(socket.sid, None) is not None:
            self.counters.sessions -= 1

    def arrived_again(self, socket: EngineSocket) -> None:
        """Give a session that is in no namespace any more a place among those that arrive."""
        self.arrivals.add(socket, str(self.environ_of(socket.sid).get("REMOTE_ADDR", "")))

    def environ_of(self, sid: str) -> Environ:
        """The environ of the request that began a session; an empty one where it is gone."""
        found: Environ = self.environs.get(sid, {})
        return found

    # what goes wrong

    def tell(
        self,
        why: Why,
        status: int,
        subject: str,
        detail: str,
        environ: Mapping[str, Any],
        *,
        joined: bool = False,
    ) -> Refusal | Mapping[str, Any] | None:
        """Tell the application of a refusal; returns what it wants to be answered."""
        if self.on_refused is None:
            return None
        try:
            return self.on_refused(RefusedPeer(why, status, subject, detail, environ, joined))
        except Exception:  # noqa: BLE001  told in `failed`; the refusal stands
            self.failed("on_refused")
            return None

    def failed(self, what: str) -> None:
        """The engine itself failed, within an `except`: counted, and logged once a second at most."""
        self.counters.internal_errors += 1
        now = self.wheel.time()
        if now >= self._quiet_until:
            self._quiet_until = now + 1.0
            self.logger.exception("the engine failed at %s", what)  # noqa: LOG004  the caller's `except`

    def _get_socket(self, sid: str) -> EngineSocket:
        try:
            return self.sockets[sid]
        except KeyError:
            message = "Session not found"
            raise KeyError(message) from None

    # what both ways in share

    def refuse(self, environ: Environ, *, count: bool = True) -> Refusal | None:
        """Whether origin, host or the application forbid the request, before anything else is looked at."""
        found = self._forbidden(environ)
        if found is not None and count:
            self.counters.forbidden += 1
        return found

    def _forbidden(self, environ: Environ) -> Refusal | None:
        if self.draining:
            return Refusal(503, b'{"code":3,"message":"Server shutting down"}')
        if self.check_handshake is not None:
            found = self.check_handshake(environ, environ["REMOTE_ADDR"])
            if found is not None:
                return found
        origin = environ.get("HTTP_ORIGIN")
        if origin and self.cors_allowed_origins != []:
            allowed = self._cors_allowed_origins(environ)
            if allowed is not None and origin not in allowed:
                self._log_error_once("a request's origin is not accepted", "bad-origin")
                return refusal(FORBIDDEN)
        return None

    def _cors_allowed_origins(self, environ: Environ) -> Any:
        # stock believes X-Forwarded-* of anybody; here only what a trusted proxy sent
        if self.cors_allowed_origins is not None:
            return super()._cors_allowed_origins(environ)
        scheme, host = environ["wsgi.url_scheme"], environ.get("HTTP_HOST")
        allowed = [] if host is None else [f"{scheme}://{host}"]
        forwarded = environ.get("HTTP_X_FORWARDED_HOST")
        if forwarded and environ.get("sio.trusted"):
            allowed.append(f"{scheme}://{forwarded.split(',')[0].strip()}")
        return allowed

    def accept_websocket(
        self,
        transport: asyncio.Transport,
        ask: Ask,
        environ: Environ,
        key: str,
    ) -> WebSocketConnection:
        """Answer 101 and own the transport: a new session, an upgrade, or one too many, closed at once."""
        answer = switching(accept_key(key), self.cookie_headers)
        if ask.sid is None:
            socket, packet = self.open_session(environ, "websocket")
            connection = WebSocketConnection(self, transport, socket)
            socket.connection = connection
            socket.upgraded = True
            transport.set_protocol(connection)
            transport.write(answer + frame(TEXT, packet))
            return connection
        socket = self.sockets[ask.sid]
        probe = Probe(socket)
        connection = WebSocketConnection(self, transport, probe)
        transport.set_protocol(connection)
        transport.write(answer)
        if socket.upgraded or socket.probe is not None or socket.closing or not self.allow_upgrades:
            self.counters.upgrades_failed += 1
            connection.close()
        else:
            probe.start(connection)
        return connection

    def turn_away(self, transport: asyncio.Transport, key: str, frames: bytes) -> None:
        """Answer 101, say something and close."""
        connection = WebSocketConnection(self, transport, None)
        transport.set_protocol(connection)
        transport.write(switching(accept_key(key)) + frames)
        connection.close(CloseCode.POLICY)

    @property
    def cookie_headers(self) -> tuple[tuple[str, str], ...]:
        """Headers for the 101: none, the cookie option is for polling (as in stock)."""
        return ()

    # the library's interface

    def attach(self, app: Application, engineio_path: str = "engine.io") -> None:
        """Serve `engineio_path` of an aiohttp application, all methods: a wrong one is answered 400."""
        self.path = f"/{engineio_path.strip('/')}/"
        for path in dict.fromkeys((self.path, self.path.rstrip("/") or "/")):  # proxies take the last slash away
            app.router.add_route("*", path, self.handle_request)
        app.on_shutdown.append(self._on_shutdown)

    async def _on_shutdown(self, _app: Application) -> None:
        await self.shutdown()

    async def handle_request(self, request: Request) -> StreamResponse:
        """Answer a request to the engine's path; the handler that `attach` gives to aiohttp."""
        return await self._handle(request)

    async def disconnect(self, sid: str | None = None) -> None:
        """End one session by its Engine.IO id, or all sessions."""
        for socket in list(self.sockets.values()) if sid is None else [self.sockets.get(sid)]:
            if socket is not None:
                socket.end(Reason.SERVER_DISCONNECT)
        await asyncio.sleep(0)

    async def shutdown(self) -> None:
        """Close all transports and wait for the disconnect handlers; the clients come back by themselves."""
        self.draining = True
        workers = []
        for socket in list(self.sockets.values()):
            socket.end(Reason.SHUTDOWN, code=1001)
            if socket.worker is not None:
                workers.append(socket.worker)
        if workers:
            await asyncio.wait(workers, timeout=5.0)
        await self._close_transports()
        self.dispatcher.stopped()
        self.draining = False

    async def _close_transports(self) -> None:
        # a moment for the peers' Close frames, then whatever is left is dropped
        deadline = asyncio.get_running_loop().time() + 1.0
        while self.connections and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110  once per process
            await asyncio.sleep(0.01)
        for connection in list(self.connections):
            connection.abort(Reason.SHUTDOWN)
        if self._wheel is not None:
            self._wheel.close()
        self._wheel = None
        self.outbox.close()
