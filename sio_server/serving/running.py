"""A server as a process: it listens, heeds signals, reads its settings anew, and drains."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from aiohttp import web

from sio_server import certificates, descriptors
from sio_server.app import BETWEEN, CORE, KEYS, RELOADING, create_app
from sio_server.catalog import Catalog
from sio_server.certificates import Certificate, CertificateWatch
from sio_server.config import Config, Loaded
from sio_server.core.core import Core
from sio_server.core.drain import SPREAD, drain
from sio_server.errors import ConfigError, Error
from sio_server.logs import get_logger, loop_failed
from sio_server.serving.listening import Listening, sockets_of, with_sockets
from sio_server.serving.signals import Signals
from sio_server.serving.supervisor import Supervisor
from sio_server.serving.worker import Worker

# Seconds from the first signal to the end, whatever is still open; ten are promised.
END_WITHIN: Final = 8.8

# Settings that a certificate was read by: it is put into force beside the others.
_OF_CERTIFICATES: Final = ("tls_cert", "tls_key", "tls_key_password")

logger = get_logger("serving")


@dataclass(frozen=True, slots=True)
class Started:
    """A server that answers: its address, that of its metrics where they have one, the keys in its directory."""

    config: Config
    url: str
    metrics_url: str | None
    stored_keys: int


ReadSettings = Callable[[], Loaded]


async def serve(
    config: Config,
    on_ready: Callable[[Started], None],
    read_settings: ReadSettings | None = None,
    *,
    worker: Worker | None = None,
) -> None:
    """Run a server until SIGTERM, SIGINT or SIGQUIT, then drain it; a second signal ends the process at once.

    ``on_ready`` is called once it answers. ``read_settings`` is called for each SIGHUP, in a thread, and gives
    the settings as they are by then. ``worker`` is what this process has of its parent where it is one of several.
    Raises `ConfigError`, `LogError`, and `CannotListen`.
    """
    asyncio.get_running_loop().set_exception_handler(loop_failed)
    supervisor = Supervisor.of(os.environ, os.getpid()) if worker is None else worker
    sockets = sockets_of(os.environ) if worker is None else worker.sockets
    adapt = partial(_adapted, sockets, worker)
    with Signals() as signals:
        if worker is not None:
            worker.heed(signals.stop.set)
        config = adapt(config)
        certificate = await asyncio.to_thread(certificates.load, config)
        app = await asyncio.to_thread(_application, config, worker)  # it reads the catalogue's file
        listening = Listening(app, config, certificate, sockets, () if worker is None else worker.metrics_sockets)
        deadline: float | None = None
        tasks: list[asyncio.Task[None]] = []
        try:
            await listening.open()
            _prepare(config)
            on_ready(Started(config, listening.url, listening.metrics_url, len(app[KEYS].keyring.stored)))
            told = partial(_status, app[CORE], listening.url)
            supervisor.ready(told())
            watch = _watch(config, certificate, listening)
            reload = _Reload(app, watch, read_settings, adapt)
            todo = (reload.when_asked(signals.reload, supervisor, told), supervisor.beat(told))
            tasks += map(asyncio.create_task, (*todo, *(() if watch is None else (watch.run(),))))
            await signals.stop.wait()
            deadline = asyncio.get_running_loop().time() + max(END_WITHIN, config.shutdown_timeout)
            supervisor.stopping()
            logger.info("draining", connections=len(app[CORE].hub))
            await listening.stop()
            await _drain(app)
            logger.info("stopping")
        finally:
            for task in tasks:
                task.cancel()
            # Requests that do not come to their end get what is left of the time; the log is closed by then.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(deadline):
                    await listening.close()


def _adapted(sockets: Sequence[socket.socket], worker: Worker | None, config: Config) -> Config:
    """The settings as they were read, as they are in this process."""
    config = with_sockets(config, sockets)
    return config if worker is None else worker.settings(config)


def _application(config: Config, worker: Worker | None) -> web.Application:
    app = create_app(config)
    between = app[BETWEEN]
    if worker is not None and between is not None:
        between.beside = worker.beside
    return app


def _prepare(config: Config) -> None:
    """Make the process one that serves many, for long."""
    few = descriptors.warning_of(descriptors.raise_limit(), config.handshakes)
    if few is not None:
        logger.warning(few)
    # What the start made lives as long as the process; a full collection would walk it each time, and for these
    # 15 ms or more nobody is served.
    gc.collect()
    gc.freeze()


def _status(core: Core, url: str) -> str:
    """What a supervisor shows of the server, in a line."""
    count = len(core.hub)
    return f"Serving on {url}, {count} connection{'' if count == 1 else 's'}"


def _watch(config: Config, certificate: Certificate | None, listening: Listening) -> CertificateWatch | None:
    """What keeps the certificate as its files say; it begins with what is odd about this one."""
    if certificate is None:
        return None
    for line in certificate.warnings_at(time.time()):
        certificates.logger.warning(line)
    return CertificateWatch(config, certificate, listening.renew)


class _Reload:
    """Reads the settings anew whenever it is asked to.

    ``adapt`` makes of the settings as they were read those of this process.
    """

    def __init__(
        self,
        app: web.Application,
        watch: CertificateWatch | None,
        read_settings: ReadSettings | None,
        adapt: Callable[[Config], Config],
    ) -> None:
        self._app = app
        self._watch = watch
        self._read_settings = read_settings
        self._adapt = adapt
        if watch is not None:
            app[RELOADING].on(_OF_CERTIFICATES, lambda _: None)

    async def when_asked(self, asked: asyncio.Event, supervisor: Supervisor, status: Callable[[], str]) -> None:
        """Do so until cancelled; what is wrong is told in the log, and all stays as it was."""
        while True:
            await asked.wait()
            asked.clear()
            if self._read_settings is None:
                continue
            supervisor.reloading()
            try:
                await self._reload(self._read_settings)
            except (Error, OSError) as error:
                logger.error("settings not reloaded, nothing was changed", reason=str(error))  # noqa: TRY400 - in words
            except Exception:
                logger.exception("settings not reloaded")
            supervisor.ready(status())

    async def _reload(self, read_settings: ReadSettings) -> None:
        """Put new settings, keys, certificate and catalogue into force; if one of them is wrong, all stay as they are.

        Raises `ConfigError`.
        """
        app = self._app
        loaded = await asyncio.to_thread(read_settings)
        config = self._adapt(loaded.config)
        if (config.tls_cert is None) is not (self._watch is None):
            raise ConfigError("TLS begins and ends with a restart: nothing was changed")
        certificate = await asyncio.to_thread(certificates.load, config)
        locale = app[RELOADING].config.locale  # another one counts after a restart
        catalog = await asyncio.to_thread(Catalog.load, config.catalog, locale=locale)
        await app[KEYS].look()
        changes = app[RELOADING].apply(config)
        if self._watch is not None:
            self._watch.put(config, certificate)
        renewed = [
            f"{part} of the catalogue"
            for part in ("types", "topics")
            if getattr(catalog, part) != getattr(app[CORE].catalog, part)
        ]
        app[CORE].take_catalog(catalog)
        for line in loaded.warnings:
            logger.warning(line)
        if changes.waiting:
            logger.warning("settings that count after a restart", settings=list(changes.waiting))
        logger.info("settings reloaded", changed=[*changes.applied, *renewed])


async def _drain(app: web.Application) -> None:
    """Finish what was accepted and let go of the log, so that a successor can take it; then let the clients go."""
    core, between = app[CORE], app[BETWEEN]
    if between is not None:
        between.passing.drain(SPREAD)
    emptying = asyncio.create_task(drain(core.hub, core.door))
    await asyncio.sleep(0)  # it has said that nothing new is taken
    await core.node.close()
    await emptying
