"""Wiring: `create_app` puts one server together; `serving` runs it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Protocol

from aiohttp import web

from sio_server import config as settings
from sio_server import logs
from sio_server.api.apart import serve_apart
from sio_server.api.base_path import Below, to_page
from sio_server.api.catalog import CatalogOperations
from sio_server.api.console import ConsoleOperations
from sio_server.api.credentials import Callers
from sio_server.api.docs import Documentation
from sio_server.api.elsewhere import methods_of, serve_elsewhere
from sio_server.api.health import HealthOperations
from sio_server.api.help import help_routes
from sio_server.api.inbox import InboxOperations
from sio_server.api.keys import KeysOperations
from sio_server.api.messages import expect_later
from sio_server.api.metrics import MetricsOperations
from sio_server.api.middleware import add_headers, guard
from sio_server.api.nodes import NodesOperations
from sio_server.api.notifications import NotificationsOperations
from sio_server.api.operations import serve
from sio_server.api.pages import console_routes
from sio_server.api.passes import PassesOperations
from sio_server.api.people import PeopleOperations
from sio_server.api.persons import PersonsOperations
from sio_server.api.presence import PresenceOperations
from sio_server.api.publish import PublishOperations
from sio_server.api.publish_fast import FastPublish
from sio_server.api.scheduled import ScheduledOperations
from sio_server.api.stream import StreamOperations
from sio_server.api.tickets import TicketsOperations
from sio_server.api.topics import TopicsOperations
from sio_server.auth import TOKEN_SETTINGS, Authenticator, KeyFile, Keyring, KeyWatch
from sio_server.between import METRICS as SAYS_METRICS
from sio_server.between import Between, join
from sio_server.broker import Broker, Ended
from sio_server.broker.opening import open_broker
from sio_server.catalog import Catalog
from sio_server.config import Config
from sio_server.core.core import Core
from sio_server.core.limits import ConnectionLimits, PublishRate
from sio_server.core.protocols import PROTOCOLS, SOCKETIO, WS
from sio_server.core.sums import RECENT, STATS
from sio_server.core.trimming import keep_trimmed
from sio_server.engine import MAX_HTTP_FIELD, MAX_HTTP_LINE, AddressGroups, AsyncServer
from sio_server.gate import Gate, TokenCookie
from sio_server.gate.origins import OriginPolicy
from sio_server.live.admission import Admission
from sio_server.live.client_events import ClientEvents
from sio_server.live.socketio import SocketIoEndpoint
from sio_server.live.socketio_refusals import EngineRefusals
from sio_server.live.sse import SseEndpoint
from sio_server.live.websocket import WsEndpoint
from sio_server.logs import tell_left_out
from sio_server.metrics.prometheus import PrometheusMetrics
from sio_server.reloading import Reloading
from sio_server.telemetry import open_tracer

if TYPE_CHECKING:  # its libraries are an extra
    from sio_server.telemetry.tracer import Tracer

CORE: Final = web.AppKey("core", Core)
CONFIG: Final = web.AppKey("config", Config)
FRONT: Final = web.AppKey("front", FastPublish)
SERVER: Final = web.AppKey("server", AsyncServer)
RELOADING: Final = web.AppKey("reloading", Reloading)
KEYS: Final = web.AppKey("keys", KeyWatch)
METRICS: Final = web.AppKey("metrics", PrometheusMetrics)
# What is served where the metrics have an address of their own.
APART: Final = web.AppKey("apart", web.Application)
# What there is between this node and others of its log; None where there can be none.
BETWEEN: Final = web.AppKey[Between | None]("between", Between)

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
    The keys of the data directory are read. Raises `ConfigError`, when it starts `LogError`.
    """
    config = config or settings.load()
    metrics = PrometheusMetrics()
    tracer = open_tracer(os.environ)
    broker = broker or open_broker(config, committed=_hearing(metrics, tracer))
    core = Core(
        Catalog.load(config.catalog, locale=config.locale),
        broker,
        metrics=metrics,
        limits=ConnectionLimits(config.connections_per_user, config.connections_per_address),
        publish_rate=PublishRate(config.publish_rate),
        max_scheduled=config.max_scheduled,
        hello=_greeting(config),
        address_group=AddressGroups(config.ipv6_prefix).of,
        replay_high=config.send_cap // REPLAY_SHARE,
        locale=config.locale,
        tracer=tracer,
    )
    core.refusals.base_path = config.base_path
    proxies = config.trusted_proxies
    gate = Gate(OriginPolicy(config), core.refusals, trusted_proxies=proxies, base_path=config.base_path)
    app = web.Application(middlewares=[guard(gate)], handler_args=_PROTOCOL)
    app[CORE] = core
    app[CONFIG] = config
    app[RELOADING] = Reloading(config)
    app[METRICS] = metrics
    _endpoints(app, config, gate, metrics, more)
    app.on_response_prepare.append(add_headers(gate))
    return app


def _endpoints(
    app: web.Application, config: Config, gate: Gate, metrics: PrometheusMetrics, more: Iterable[object]
) -> None:
    core = app[CORE]
    keyring = Keyring()
    app[KEYS] = KeyWatch(KeyFile(config.data_dir), keyring)
    auth = Authenticator(config, guests=core.passes.guests, keyring=keyring)
    admission = _admission(app, config, gate, auth)
    socketio, ws, sse = _live(config, gate, core, admission)
    router = Below(app.router, config.base_path)
    _attach(app, socketio.server)
    callers = Callers(auth, core.connections, admission.cookie)
    app[FRONT] = FastPublish(gate, core.node, callers, max_body=config.max_body)
    _reloaded(app, auth, gate, socketio, ws)
    publish = PublishOperations(core.node, max_body=config.max_body, type_prefixes=config.cloudevents_prefix)
    counted, console = _numbers(app, config, metrics, keyring)
    notifications = _notifications(core, config)
    app[RELOADING].on(("max_body",), partial(_bound_bodies, app, (app[FRONT], publish, notifications, socketio)))
    app[RELOADING].on(("max_body", "trusted_proxies"), console.apply)
    app[RELOADING].on(("cloudevents_prefix",), partial(_name_events, publish))
    health = HealthOperations(core.node)
    app[APART] = serve_apart((counted, health), callers, Gate(OriginPolicy(Config()), core.refusals), _PROTOCOL)
    own = (
        publish,
        CatalogOperations(core.catalog),
        health,
        InboxOperations(core.inboxes),
        notifications,
        *_people(core),
        ScheduledOperations(core.schedules, core.node),
        KeysOperations(keyring),
        NodesOperations(core.nodes),
        StreamOperations(sse.handle),
        console,
        *(() if config.metrics_listen else (counted,)),
    )
    operations = serve(router, (*own, *more), callers)
    router.add_get(PROTOCOLS[WS], ws.handle, expect_handler=expect_later)
    documentation = Documentation(operations, core.catalog, open_access=config.development, base_path=config.base_path)
    for page in (*console_routes(), *documentation.routes(), *help_routes()):
        router.add_get(page.path, page.handler, expect_handler=expect_later)
    if config.base_path:
        router.add_get("", to_page, expect_handler=expect_later)
        serve(Below(app.router, ""), (health,), callers)  # probes ask the process itself, and no proxy
    gate.methods = methods_of(app.router)
    serve_elsewhere(app.router, config.base_path)
    app.cleanup_ctx.append(_lifetime(core, config, metrics, app[KEYS]))
    app.on_shutdown.append(_closing(core, ws, sse, socketio))


def _numbers(
    app: web.Application, config: Config, metrics: PrometheusMetrics, keyring: Keyring
) -> tuple[MetricsOperations, ConsoleOperations]:
    """What is counted here, and with it what other nodes count."""
    core, between = app[CORE], app[BETWEEN]
    others, of_port = (None, None) if between is None else (between.others, between.metrics)
    console = ConsoleOperations(core.operators, core.refusals, core.samples, config, others=others)
    counters = app[SERVER].counters.as_dict
    counted = MetricsOperations(metrics, core.operators, core.schedules.standing, counters, keyring, others=of_port)
    if between is not None:
        between.say({SAYS_METRICS: counted.own, STATS: console.own_stats, RECENT: console.own_samples})
    return counted, console


def _attach(app: web.Application, server: AsyncServer) -> None:
    """Serve Socket.IO, and put the node among the others on its log."""
    server.attach(app, f"{app[CONFIG].base_path}{PROTOCOLS[SOCKETIO]}")
    app[SERVER] = server
    between = app[BETWEEN] = join(app[CORE].nodes.name, app[CORE].broker, server, _PROTOCOL)
    if between is not None:
        app.on_shutdown.append(between.close)


def _people(core: Core) -> tuple[object, ...]:
    """The operations about users, and those that let them in."""
    return (
        PeopleOperations(core.operators, core.inboxes),
        TopicsOperations(core.topics),
        PersonsOperations(core.persons),
        PresenceOperations(core.attendance),
        PassesOperations(core.passes),
        TicketsOperations(core.tickets),
    )


def _admission(app: web.Application, config: Config, gate: Gate, auth: Authenticator) -> Admission:
    """Say who is let in by what; the cookie may have another name while the server runs."""
    cookie = TokenCookie(config, gate.origins)
    app[RELOADING].on(("token_cookie",), cookie.apply)
    return Admission(auth, app[CORE].tickets, cookie)


def _notifications(core: Core, config: Config) -> NotificationsOperations:
    return NotificationsOperations(core.operators, core.traces, core.changes, core.schedules, max_body=config.max_body)


def _live(
    config: Config, gate: Gate, core: Core, admission: Admission
) -> tuple[SocketIoEndpoint, WsEndpoint, SseEndpoint]:
    """Make the live connections' endpoints; each takes part in every broadcast."""
    auth = admission.auth
    events = ClientEvents(
        core.connections, core.inboxes, core.topics, core.attendance, auth=auth, refusals=core.refusals
    )
    socketio = SocketIoEndpoint(
        config,
        core.node,
        core.connections,
        events,
        auth=auth,
        cookie=admission.cookie,
        refusals=EngineRefusals(gate, core.connections, core.refusals),
        broker=core.broker,
        pages=core.pages,
    )
    ws = WsEndpoint(
        core.connections,
        events,
        admission,
        send_cap=config.send_cap,
        events_per_second=config.events_per_second,
        trusted_proxies=config.trusted_proxies,
        most_arriving=config.handshakes,
    )
    sse = SseEndpoint(core.connections, admission, gate, send_cap=config.send_cap)
    core.node.hear(Ended, socketio.recovery.ended)
    for broadcaster in (socketio, ws.streams, sse.streams):
        core.hub.register(broadcaster)
    return socketio, ws, sse


def _reloaded(
    app: web.Application, auth: Authenticator, gate: Gate, socketio: SocketIoEndpoint, ws: WsEndpoint
) -> None:
    """Say who takes which settings while the server runs."""
    reloading, core, server, front = app[RELOADING], app[CORE], app[SERVER], app[FRONT]

    def keys_changed() -> None:
        front.forget()
        socketio.leave_withdrawn()

    def who_may(config: Config) -> None:
        withdrawn = auth.apply(config)
        keys_changed()
        if withdrawn:
            core.tickets.clear()
            core.expiry.expire_soon()

    app[KEYS].changed = keys_changed

    def origins(config: Config) -> None:
        gate.apply(config)
        front.forget()
        server.trust(config.trusted_proxies)
        ws.proxies.trust(config.trusted_proxies)

    def limits(config: Config) -> None:
        core.connections.limits = ConnectionLimits(config.connections_per_user, config.connections_per_address)
        server.limit_events(config.events_per_second or None)
        ws.events_per_second = config.events_per_second

    def handshakes(config: Config) -> None:
        server.limit_arrivals(config.handshakes)
        ws.most_arriving = config.handshakes

    def publish_rate(config: Config) -> None:
        core.node.rate = PublishRate(config.publish_rate)

    reloading.on((*TOKEN_SETTINGS, "publish_keys"), who_may)
    reloading.on(("allowed_origins", "allowed_hosts", "trusted_proxies"), origins)
    reloading.on(("connections_per_user", "connections_per_address", "events_per_second"), limits)
    reloading.on(("publish_rate",), publish_rate)
    reloading.on(("max_scheduled",), lambda config: core.schedules.hold_at_most(config.max_scheduled))
    reloading.on(("log_level",), lambda config: logs.set_level(config.log_level))
    reloading.on(("handshakes",), handshakes)

    def types(config: Config) -> None:
        core.strangers.apply(allowed=config.allows_unknown_types, has_file=config.catalog is not None)

    types(reloading.config)
    reloading.on(("unknown_types", "catalog"), types)  # the file itself is read where it is needed


def _name_events(publish: PublishOperations, config: Config) -> None:
    """Take other beginnings off the types of CloudEvents from now on."""
    publish.type_prefixes = config.cloudevents_prefix


class _Bounded(Protocol):
    max_body: int


def _bound_bodies(app: web.Application, endpoints: Iterable[_Bounded], config: Config) -> None:
    """Take bodies up to another size from now on."""
    for endpoint in endpoints:
        endpoint.max_body = config.max_body
    app[CORE].connections.hello = _greeting(config)
    app[CORE].broker.room_for(config.max_body)


def _greeting(config: Config) -> dict[str, Any]:
    return {"limits": {"max_body": config.max_body}}


def _hearing(metrics: PrometheusMetrics, tracer: Tracer | None) -> Callable[[float, int], None]:
    """Who hears of commits."""
    if tracer is None:
        return metrics.committed

    def committed(seconds: float, publishes: int) -> None:
        metrics.committed(seconds, publishes)
        tracer.committed(seconds, publishes)

    return committed


def _lifetime(
    core: Core, config: Config, metrics: PrometheusMetrics, keys: KeyWatch
) -> Callable[[web.Application], AsyncIterator[None]]:
    async def run(_: web.Application) -> AsyncIterator[None]:
        await core.node.start()
        tasks = [
            asyncio.create_task(
                keep_trimmed(
                    core.broker,
                    days=config.retention_days,
                    count=config.retention_count,
                )
            ),
            asyncio.create_task(metrics.watch_loop()),
            asyncio.create_task(tell_left_out()),
            asyncio.create_task(core.expiry.watch()),
            asyncio.create_task(core.samples.run()),
            asyncio.create_task(core.schedules.run()),
            asyncio.create_task(keys.run()),
        ]
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await core.node.close()
        core.refusals.close()
        if core.tracer is not None:
            await core.tracer.close()

    return run


class _Live(Protocol):
    async def close(self) -> None:
        """End every connection that is left."""


def _closing(core: Core, *endpoints: _Live) -> Callable[[web.Application], Awaitable[None]]:
    async def close(_: web.Application) -> None:
        core.door.draining = True
        for endpoint in endpoints:
            await endpoint.close()

    return close
