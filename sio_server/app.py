"""Wiring: `create_app` puts one server together; `serving` runs it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final, Protocol

from aiohttp import web

from sio_server import config as settings
from sio_server import logs
from sio_server.api.catalog import CatalogOperations
from sio_server.api.console import ConsoleOperations
from sio_server.api.credentials import Callers
from sio_server.api.docs import Documentation
from sio_server.api.elsewhere import methods_of, serve_elsewhere
from sio_server.api.health import HealthOperations
from sio_server.api.inbox import InboxOperations
from sio_server.api.messages import expect_later
from sio_server.api.metrics import MetricsOperations
from sio_server.api.middleware import add_headers, guard
from sio_server.api.notifications import NotificationsOperations
from sio_server.api.operations import serve
from sio_server.api.pages import console_routes
from sio_server.api.people import PeopleOperations
from sio_server.api.publish import PublishOperations
from sio_server.api.publish_fast import FastPublish
from sio_server.auth import TOKEN_SETTINGS, Authenticator
from sio_server.broker import Broker
from sio_server.broker.opening import open_broker
from sio_server.catalog import Catalog
from sio_server.config import Config
from sio_server.core.connections import Connections
from sio_server.core.hub import Hub
from sio_server.core.inboxes import Inboxes
from sio_server.core.limits import ConnectionLimits, PublishRate
from sio_server.core.node import Node
from sio_server.core.operators import Operators
from sio_server.core.refusals import Refusals
from sio_server.core.samples import Samples
from sio_server.core.trimming import keep_trimmed
from sio_server.engine import MAX_HTTP_FIELD, MAX_HTTP_LINE, AddressGroups, AsyncServer, Limits, Why
from sio_server.gate import Gate
from sio_server.gate.origins import OriginPolicy
from sio_server.live.client_events import ClientEvents
from sio_server.live.socketio import SocketIoEndpoint
from sio_server.live.socketio_recovery import DurableRecovery
from sio_server.live.socketio_refusals import EngineRefusals
from sio_server.live.websocket import WsEndpoint
from sio_server.logs import tell_left_out
from sio_server.metrics.prometheus import PrometheusMetrics
from sio_server.reloading import Reloading

NODE: Final = web.AppKey("node", Node)
CONFIG: Final = web.AppKey("config", Config)
FRONT: Final = web.AppKey("front", FastPublish)
SERVER: Final = web.AppKey("server", AsyncServer)
RELOADING: Final = web.AppKey("reloading", Reloading)

# Largest Engine.IO payload, in bytes. The largest thing a client says is a notification.
_PAYLOAD_FACTOR: Final = 2

# Seconds that a Socket.IO session is kept after its CONNECT was refused or it left its namespace. The stock clients
# close theirs at once and come back with a new one; until it ends, it belongs to nobody.
LEFT_TIMEOUT: Final = 5.0

# A replay leaves this part of the send cap waiting for a peer: what is live comes on top of it.
REPLAY_SHARE: Final = 4

# How aiohttp reads requests. It would unpack bodies before anybody has looked at who sends them: `api.messages` does.
_PROTOCOL: Final = {
    "access_log": None,
    "auto_decompress": False,
    # Seconds in which who was answered may go on sending a body that nobody wants, so that it reads the answer first.
    "lingering_time": 3.0,
    "max_line_size": MAX_HTTP_LINE,
    "max_field_size": MAX_HTTP_FIELD,
}


def create_app(
    config: Config | None = None, *, broker: Broker | None = None, more: Iterable[object] = ()
) -> web.Application:
    """One server, ready to be run; settings come from the environment where none are given.

    ``broker`` is one that is not started yet, in place of what the settings name; its commits are in no metric.
    ``more`` are objects with operations (`api.operations.operation`) that are served beside the server's own.
    Raises `ConfigError`, when it starts `LogError`.
    """
    config = config or settings.load()
    metrics = PrometheusMetrics()
    refusals = Refusals(metrics)
    broker = broker or open_broker(config, committed=metrics.committed)
    hub = Hub(AddressGroups(config.ipv6_prefix).of)
    limits = ConnectionLimits(config.connections_per_user, config.connections_per_address)
    connections = Connections(
        broker,
        hub,
        metrics,
        limits,
        _greeting(config),
        refusals=refusals,
        replay_high=config.send_cap // REPLAY_SHARE,
    )
    node = Node(
        Catalog.load(config.catalog),
        broker,
        hub,
        connections,
        locale=config.locale,
        publish_rate=PublishRate(config.publish_rate),
        metrics=metrics,
        refusals=refusals,
    )
    gate = Gate(OriginPolicy(config), refusals, trusted_proxies=config.trusted_proxies)
    app = web.Application(middlewares=[guard(gate)], handler_args=_PROTOCOL)
    app[NODE] = node
    app[CONFIG] = config
    app[RELOADING] = Reloading(config)
    _endpoints(app, config, gate, metrics, more)
    app.on_response_prepare.append(add_headers(gate))
    return app


def _endpoints(
    app: web.Application, config: Config, gate: Gate, metrics: PrometheusMetrics, more: Iterable[object]
) -> None:
    node = app[NODE]
    auth = Authenticator(config)
    inboxes = Inboxes(node.broker, node.hub, node.connections)
    events = ClientEvents(node.connections, inboxes, auth, node.refusals)
    ws = WsEndpoint(
        node,
        events,
        auth,
        send_cap=config.send_cap,
        events_per_second=config.events_per_second,
        trusted_proxies=config.trusted_proxies,
        most_arriving=config.handshakes,
    )
    server, socketio = _socketio(config, gate, node, auth, events)
    server.attach(app)
    app[SERVER] = server
    callers = Callers(auth, node.connections)
    samples = Samples(node)
    app[FRONT] = FastPublish(gate, node, callers, max_body=config.max_body)
    node.hub.register(socketio)
    node.hub.register(ws)
    _reloaded(app, auth, gate, socketio, ws)
    publish = PublishOperations(node, max_body=config.max_body)
    console = ConsoleOperations(node, samples, config)
    app[RELOADING].on(("max_body",), partial(_bound_bodies, app, (app[FRONT], publish, socketio)))
    app[RELOADING].on(("max_body",), console.apply)
    operators = Operators(node)
    own = (
        publish,
        CatalogOperations(node),
        HealthOperations(node),
        InboxOperations(inboxes),
        NotificationsOperations(operators),
        PeopleOperations(node, operators, inboxes),
        console,
        MetricsOperations(metrics, node, server.counters.as_dict),
    )
    operations = serve(app.router, (*own, *more), callers)
    app.router.add_get("/ws", ws.handle, expect_handler=expect_later)
    for page in (*console_routes(), *Documentation(operations, open_access=config.development).routes()):
        app.router.add_get(page.path, page.handler, expect_handler=expect_later)
    gate.methods = methods_of(app.router)
    serve_elsewhere(app.router)
    app.cleanup_ctx.append(_lifetime(node, config, metrics, samples))
    app.on_shutdown.append(_closing(node, socketio, ws))


def _reloaded(
    app: web.Application, auth: Authenticator, gate: Gate, socketio: SocketIoEndpoint, ws: WsEndpoint
) -> None:
    """Say who takes which settings while the server runs."""
    reloading, node, server, front = app[RELOADING], app[NODE], app[SERVER], app[FRONT]

    def who_may(config: Config) -> None:
        withdrawn = auth.apply(config)
        front.forget()
        socketio.leave_withdrawn()
        if withdrawn:
            node.connections.expire_tokens()

    def origins(config: Config) -> None:
        gate.apply(config)
        front.forget()
        server.trust(config.trusted_proxies)
        ws.proxies.trust(config.trusted_proxies)

    def limits(config: Config) -> None:
        node.connections.limits = ConnectionLimits(config.connections_per_user, config.connections_per_address)
        server.limit_events(config.events_per_second or None)
        ws.events_per_second = config.events_per_second

    def handshakes(config: Config) -> None:
        server.limit_arrivals(config.handshakes)
        ws.most_arriving = config.handshakes

    def publish_rate(config: Config) -> None:
        node.rate = PublishRate(config.publish_rate)

    reloading.on((*TOKEN_SETTINGS, "publish_keys"), who_may)
    reloading.on(("allowed_origins", "allowed_hosts", "trusted_proxies"), origins)
    reloading.on(("connections_per_user", "connections_per_address", "events_per_second"), limits)
    reloading.on(("publish_rate",), publish_rate)
    reloading.on(("log_level",), lambda config: logs.set_level(config.log_level))
    reloading.on(("handshakes",), handshakes)
    reloading.on(("catalog",), lambda _: None)  # looked up where it is needed


class _Bounded(Protocol):
    max_body: int


def _bound_bodies(app: web.Application, endpoints: Iterable[_Bounded], config: Config) -> None:
    """Take bodies up to another size from now on. A session that is there keeps the largest payload it was told."""
    for endpoint in endpoints:
        endpoint.max_body = config.max_body
    app[NODE].connections.hello = _greeting(config)
    app[NODE].broker.room_for(config.max_body)
    app[SERVER].allow_messages(_largest_payload(config))


def _greeting(config: Config) -> dict[str, Any]:
    return {"limits": {"max_body": config.max_body}}


def _largest_payload(config: Config) -> int:
    return max(1_000_000, config.max_body * _PAYLOAD_FACTOR)


def _socketio(
    config: Config, gate: Gate, node: Node, auth: Authenticator, events: ClientEvents
) -> tuple[AsyncServer, SocketIoEndpoint]:
    broker = node.broker
    recovery = DurableRecovery(node.connections, broker, lambda: broker.secret("socketio-recovery"))
    endpoint: SocketIoEndpoint

    async def identify(environ: Mapping[str, Any], auth_: object) -> str | None:
        return await endpoint.identify(environ, auth_)

    def failed_ack(sid: str, why: Why | None) -> dict[str, Any]:
        return endpoint.failed_ack(sid, why)

    refusals = EngineRefusals(gate, node)
    server = AsyncServer(
        async_mode="aiohttp",
        # given by name, or each library would add a handler of its own, whose lines are no JSON
        logger=logging.getLogger("socketio.server"),
        engineio_logger=logging.getLogger("engineio.server"),
        cors_allowed_origins=[],  # CORS belongs to `origins` alone: an empty list keeps the library's hands off
        max_http_buffer_size=_largest_payload(config),
        limits=Limits(
            send_cap=config.send_cap,
            events_per_second=config.events_per_second or None,
            binary=False,  # no event takes bytes
            max_arriving=config.handshakes,
            left_timeout=LEFT_TIMEOUT,
        ),
        trusted_proxies=config.trusted_proxies,
        check_handshake=refusals.check,
        on_refused=refusals,
        failed_ack=failed_ack,
        ipv6_prefix=config.ipv6_prefix,
        expecting=broker.writing,
        connection_state_recovery={
            "log": recovery,
            "clients": "all" if config.recovery == "always" else "asking",
            "identity": identify,
        },
    )
    endpoint = SocketIoEndpoint(server, node, events, auth, recovery, max_body=config.max_body)
    return server, endpoint


def _lifetime(
    node: Node, config: Config, metrics: PrometheusMetrics, samples: Samples
) -> Callable[[web.Application], AsyncIterator[None]]:
    async def run(_: web.Application) -> AsyncIterator[None]:
        await node.start()
        tasks = [
            asyncio.create_task(
                keep_trimmed(
                    node.broker,
                    days=config.retention_days,
                    count=config.retention_count,
                )
            ),
            asyncio.create_task(metrics.watch_loop()),
            asyncio.create_task(tell_left_out()),
            asyncio.create_task(node.connections.watch_tokens()),
            asyncio.create_task(samples.run()),
        ]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await node.close()
        node.refusals.close()

    return run


def _closing(node: Node, socketio: SocketIoEndpoint, ws: WsEndpoint) -> Callable[[web.Application], Awaitable[None]]:
    async def close(_: web.Application) -> None:
        node.draining = True
        await ws.close()
        await socketio.close()

    return close
