"""A server as a process: it listens, heeds signals, reads its settings anew, and drains."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import signal
from collections.abc import Callable
from typing import Final, Self

from aiohttp import web

from sio_server import descriptors
from sio_server.app import CORE, FRONT, KEYS, RELOADING, SERVER, create_app
from sio_server.catalog import Catalog
from sio_server.config import Config, Loaded
from sio_server.core.core import Core
from sio_server.core.drain import drain
from sio_server.engine import FrontSite
from sio_server.errors import Error
from sio_server.logs import get_logger, loop_failed

# Connections that wait to be accepted. After a restart every client comes at once; the default of 128 drops most.
BACKLOG: Final = 4096

# Seconds from the first signal to the end, whatever is still open; ten are promised.
END_WITHIN: Final = 8.8

# Not each system has all of them. SIGQUIT is Ctrl-\, SIGPWR what some supervisors send, SIGBREAK Windows' own.
_ENDING: Final = ("SIGTERM", "SIGINT", "SIGQUIT", "SIGPWR", "SIGXCPU", "SIGBREAK")

# By default each of them would end the process without a word, and none means that it should.
_IGNORED: Final = ("SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGIO", "SIGSTKFLT")
_FIRST_REALTIME: Final = int(getattr(signal, "SIGRTMIN", 1))
_LAST_REALTIME: Final = int(getattr(signal, "SIGRTMAX", 0))

logger = get_logger("serving")


async def serve(
    config: Config, on_ready: Callable[[str], None], read_settings: Callable[[], Loaded] | None = None
) -> None:
    """Run a server until SIGTERM, SIGINT or SIGQUIT, then drain it; a second signal ends the process at once.

    ``on_ready`` gets its address once it answers. ``read_settings`` is called for each SIGHUP, in a thread, and gives
    the settings as they are by then. Raises `ConfigError`, `LogError`, and OSError when the address cannot be listened
    on.
    """
    asyncio.get_running_loop().set_exception_handler(loop_failed)
    with Signals() as signals:
        app = await asyncio.to_thread(create_app, config)  # it reads the catalogue's file
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=config.shutdown_timeout)
        deadline: float | None = None
        reloading: asyncio.Task[None] | None = None
        try:
            await runner.setup()
            site = _site(app, runner, config)
            await site.start()
            few = descriptors.warning_of(descriptors.raise_limit(), config.handshakes)
            if few is not None:
                logger.warning(few)
            # What the start made lives as long as the process; a full collection would walk it each time, and for these
            # 15 ms or more nobody is served.
            gc.collect()
            gc.freeze()
            on_ready(_address(config.host, runner) + config.base_path)
            reloading = asyncio.create_task(_reload_when_asked(app, signals.reload, read_settings))
            await signals.stop.wait()
            deadline = asyncio.get_running_loop().time() + max(END_WITHIN, config.shutdown_timeout)
            logger.info("draining", connections=len(app[CORE].hub))
            await site.stop()
            await _drain(app[CORE])
            logger.info("stopping")
        finally:
            if reloading is not None:
                reloading.cancel()
            # Requests that do not come to their end get what is left of the time; the log is closed by then.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(deadline):
                    await runner.cleanup()


def _site(app: web.Application, runner: web.AppRunner, config: Config) -> FrontSite:
    """What listens, with the fast way of a publish."""
    front = app[FRONT]
    return FrontSite(
        runner,
        app[SERVER],
        config.host,
        config.port,
        fast_routes={("POST", f"{config.base_path}/notify"): front.notify},
        admits=front.admits,
        unread=front.unread,
        takes=front.takes,
        backlog=BACKLOG,
    )


async def _reload_when_asked(
    app: web.Application, asked: asyncio.Event, read_settings: Callable[[], Loaded] | None
) -> None:
    while True:
        await asked.wait()
        asked.clear()
        if read_settings is None:
            continue
        try:
            await _reload(app, read_settings)
        except (Error, OSError) as error:
            logger.error("settings not reloaded, nothing was changed", reason=str(error))  # noqa: TRY400 - told in words
        except Exception:
            logger.exception("settings not reloaded")


async def _reload(app: web.Application, read_settings: Callable[[], Loaded]) -> None:
    """Put new settings, keys and the catalogue into force; what is wrong with one of them leaves all as they are."""
    loaded = await asyncio.to_thread(read_settings)
    locale = app[RELOADING].config.locale  # another one counts after a restart
    catalog = await asyncio.to_thread(Catalog.load, loaded.config.catalog, locale=locale)
    await app[KEYS].look()
    changes = app[RELOADING].apply(loaded.config)
    known = app[CORE].catalog
    renewed = catalog.types != known.types
    known.types = catalog.types
    for line in loaded.warnings:
        logger.warning(line)
    if changes.waiting:
        logger.warning("settings that count after a restart", settings=list(changes.waiting))
    logger.info("settings reloaded", changed=[*changes.applied, *(["types of the catalogue"] if renewed else [])])


async def _drain(core: Core) -> None:
    """Finish what was accepted and let go of the log, so that a successor can take it; then let the clients go."""
    emptying = asyncio.create_task(drain(core.hub, core.door))
    await asyncio.sleep(0)  # it has said that nothing new is taken
    await core.node.close()
    await emptying


class Signals:
    """What the process is asked by signals: ``stop`` is set by the first that ends it, the second ends it at once.

    ``reload`` is set by SIGHUP, unless it came since the terminal was closed that the server was started on: then
    nobody is there any more who could stop it, and it stops.
    """

    def __init__(self) -> None:
        self.stop = asyncio.Event()
        self.reload = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        self._terminals = [number for number in (0, 1, 2) if os.isatty(number)]
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        """Heed signals from now on, also while the server starts."""
        for names, handle in ((_ENDING, self._end), (_IGNORED, self._ignore), (("SIGHUP",), self._hang_up)):
            for name in names:
                number = getattr(signal, name, None)
                if number is not None:
                    self._heed(number, handle)
        for number in range(_FIRST_REALTIME, _LAST_REALTIME + 1):
            self._heed(number, self._ignore)
        return self

    def __exit__(self, *_: object) -> None:
        """Leave signals to whoever had them."""
        for number, before in self._before.items():
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                self._loop.remove_signal_handler(number)
            with contextlib.suppress(ValueError, TypeError):
                signal.signal(number, before)  # type: ignore[arg-type]  # as `getsignal` gave it

    def _heed(self, number: int, handle: Callable[[int], None]) -> None:
        before = signal.getsignal(number)
        try:
            self._loop.add_signal_handler(number, handle, number)
        except (NotImplementedError, RuntimeError, ValueError):
            # Windows' loop takes none; where this is no main thread nothing does, and nobody sends it signals.
            with contextlib.suppress(ValueError, OSError):
                signal.signal(number, lambda got, _: self._loop.call_soon_threadsafe(handle, got))
                self._before[number] = before
            return
        self._before[number] = before

    def _end(self, number: int) -> None:
        if self.stop.is_set():
            os._exit(128 + number)
        self.stop.set()

    def _hang_up(self, number: int) -> None:
        if self._terminals and not any(map(os.isatty, self._terminals)):
            self._end(number)
        else:
            self.reload.set()

    @staticmethod
    def _ignore(number: int) -> None:
        named = number in signal.Signals.__members__.values()  # of the real-time ones two have a name
        logger.info(
            "signal ignored", signal=signal.Signals(number).name if named else f"SIGRTMIN+{number - _FIRST_REALTIME}"
        )


def _address(host: str, runner: web.AppRunner) -> str:
    port = runner.addresses[0][1]
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{port}"
