"""Where a server listens: for everybody, and for whoever reads its metrics."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import socket
from collections.abc import MutableMapping, Sequence
from pathlib import Path
from ssl import SSLContext
from typing import Any, Final

from aiohttp import web

from sio_server.app import APART, BETWEEN, CORE, FRONT, METRICS, SERVER
from sio_server.certificates import Certificate
from sio_server.config import Config
from sio_server.engine import FrontSite
from sio_server.logs import get_logger
from sio_server.serving.sockets import CannotListen, UnixSocket, given, path_of

# Connections that wait to be accepted. After a restart every client comes at once; the default of 128 drops most.
BACKLOG: Final = 4096


logger = get_logger("serving")

_NO_OTHERS: Final = "node_listen is not listened on: no other node can be on a log of this broker"


class Listening:
    """What a server listens on, from `open` on until `close`.

    ``sockets`` were opened by a supervisor, and take the place of what the settings name; ``metrics_sockets`` do so
    where the metrics have an address of their own.
    """

    def __init__(
        self,
        app: web.Application,
        config: Config,
        certificate: Certificate | None,
        sockets: Sequence[socket.socket],
        metrics_sockets: Sequence[socket.socket] = (),
    ) -> None:
        self.url = ""
        """Where clients find the server, once it is open: ``https://example.org:8443/rt`` or ``unix:/run/…``."""
        self.metrics_url: str | None = None
        """Where the metrics are, if at an address of their own."""
        self._app = app
        self._config = config
        self._certificate = certificate
        self._given = sockets
        self._given_for_metrics = metrics_sockets
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=config.shutdown_timeout)
        self._main: FrontSite | None = None
        self._main_socket: UnixSocket | None = None
        self._apart = contextlib.AsyncExitStack()

    async def open(self) -> None:
        """Start the application, and listen. Raises `CannotListen`, and what the application raises."""
        config, front = self._config, self._app[FRONT]
        await self._open_between()  # others are told where with the first that they are told of this node
        await self._runner.setup()
        options: dict[str, Any] = {
            "fast_routes": {("POST", f"{config.base_path}/notify"): front.notify},
            "admits": front.admits,
            "unread": front.unread,
            "takes": front.takes,
        }
        self.renew(self._certificate)
        context = None if self._certificate is None else self._certificate.context
        place = config.unix or (config.host, config.port)
        if self._given:
            self._main = await self._site(self._runner, place, self._given, context, **options)
            self.url = self._url_of(self._given[0], secured=context is not None)
        elif isinstance(place, Path):
            self._main_socket = _bound(config, place)
            self._main = await self._site(self._runner, place, [self._main_socket.socket], context, **options)
            self.url = f"unix:{place}"
        else:
            self._main = await self._site(self._runner, place, None, context, **options)
            self.url = _url(place[0], self._main.port, secured=context is not None) + config.base_path
        await self._open_apart()

    async def _open_apart(self) -> None:
        """Listen where the metrics are answered by themselves, in plain HTTP, until the process ends."""
        place = self._config.metrics_place
        if place is None:
            return
        url = await self._beside(self._app[APART], place, self._given_for_metrics)
        self.metrics_url = url if isinstance(place, Path) else f"{url}/metrics"

    async def _open_between(self) -> None:
        """Listen where other nodes are answered, in plain HTTP, until the process ends."""
        place, between = self._config.node_place, self._app[BETWEEN]
        if place is None:
            return
        if between is None:
            logger.warning(_NO_OTHERS, broker=self._config.broker.partition(":")[0] + ":")
            return
        url = await self._beside(between.app, place)
        self._app[CORE].nodes.address = self._config.node_address or url

    async def _beside(
        self, app: web.Application, place: tuple[str, int] | Path, given: Sequence[socket.socket] = ()
    ) -> str:
        """Serve another application until the process ends, on sockets that are given or of one's own; say where."""
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        self._apart.push_async_callback(runner.cleanup)
        await runner.setup()
        if given:
            await self._site(runner, place, given, None, serves_engine=False)
            path = path_of(given[0])
            return _url(*given[0].getsockname()[:2], secured=False) if path is None else f"unix:{path}"
        if isinstance(place, Path):
            bound = _bound(self._config, place)
            self._apart.callback(bound.remove)
            await self._site(runner, place, [bound.socket], None, serves_engine=False)
            return f"unix:{place}"
        site = await self._site(runner, place, None, None, serves_engine=False)
        return _url(place[0], site.port, secured=False)

    async def _site(
        self,
        runner: web.AppRunner,
        place: tuple[str, int] | Path,
        sockets: Sequence[socket.socket] | None,
        context: SSLContext | None,
        **options: Any,
    ) -> FrontSite:
        host, port = place if isinstance(place, tuple) else (None, 0)
        site = FrontSite(
            runner, self._app[SERVER], host, port, sockets=sockets, ssl_context=context, backlog=BACKLOG, **options
        )
        try:
            await site.start()
        except OSError as error:
            raise CannotListen.at(f"{host} port {port}", error) from error
        return site

    def _url_of(self, one: socket.socket, *, secured: bool) -> str:
        path = path_of(one)
        if path is not None:
            return f"unix:{path}"
        return _url(*one.getsockname()[:2], secured=secured) + self._config.base_path

    def renew(self, certificate: Certificate | None) -> None:
        """Show another certificate to connections that come from now on."""
        if certificate is None:
            return
        self._app[METRICS].certificate(certificate.not_after)
        if self._main is not None:
            self._main.renew(certificate.context)

    async def stop(self) -> None:
        """Take no new connections; the metrics are answered on, and the name of a Unix socket is a successor's."""
        if self._main is not None:
            await self._main.stop()
        if self._main_socket is not None:
            self._main_socket.remove()

    async def close(self) -> None:
        """End the application, and with it what is still open."""
        if self._main_socket is not None:
            self._main_socket.remove()
        try:
            await self._apart.aclose()
        finally:
            await self._runner.cleanup()


def _bound(config: Config, path: Path) -> UnixSocket:
    return UnixSocket(path, int(config.unix_mode[-3:], 8))


def _url(host: str, port: int, *, secured: bool) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"{'https' if secured else 'http'}://{name}:{port}"


def sockets_of(environ: MutableMapping[str, str]) -> list[socket.socket]:
    """The sockets that a supervisor opened for this process; raises `ConfigError`."""
    return given(environ, os.getpid())


def with_sockets(config: Config, sockets: Sequence[socket.socket]) -> Config:
    """The settings as these sockets have them: they say where the server listens, whatever a file says."""
    if not sockets:
        return config
    path = path_of(sockets[0])
    if path is not None:
        return dataclasses.replace(config, unix=path)
    host, port = sockets[0].getsockname()[:2]
    return dataclasses.replace(config, host=host, port=port, unix=None)
