"""Several processes that serve on one port: they are made, watched, made anew where one dies, and ended together.

The parent opens a socket for each with SO_REUSEPORT, once, and keeps it: connections that come while a worker is made
anew wait in its queue. It serves nothing itself, has no event loop and no threads, and forks: workers share its memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import selectors
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import orjson

from sio_server.config import Config
from sio_server.errors import ConfigError, Error
from sio_server.logs import get_logger
from sio_server.serving.listening import sockets_of, with_sockets
from sio_server.serving.running import END_WITHIN, ReadSettings, Started, serve
from sio_server.serving.shared_sockets import bound_for_each
from sio_server.serving.supervisor import Supervisor
from sio_server.serving.worker import HUNG, Worker, places_of

# Seconds to the next try where a worker ends again and again: none at first, then these.
BACK_OFF: Final = (0.0, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)

# Seconds that a worker has to live for its end to be a first one.
SETTLED: Final = 60.0

# Seconds that workers have beyond their own time to end.
MERCY: Final = 2.0

# Bytes that are read of what a worker says at once; a line of its own is a fraction of this.
_READ: Final = 65_536

_ENDING: Final = ("SIGTERM", "SIGINT", "SIGQUIT", "SIGPWR", "SIGXCPU")

logger = get_logger("serving")


@dataclass
class _Seat:
    """What one worker after another has: a number, and its sockets."""

    number: int
    sockets: Sequence[socket.socket]
    metrics_sockets: Sequence[socket.socket]
    pid: int = 0
    channel: socket.socket | None = None
    came: bytearray = field(default_factory=bytearray)
    born: float = 0.0
    heard: float = 0.0
    ready: bool = False
    ends: int = 0
    """How many workers ended here one after the other without having lived for long."""
    due: float | None = None
    """When the next worker is made, where there is none."""
    status: str = ""


class Workers:
    """The parent of so many workers as the settings say. ``announce`` is called once all of them answer.

    Raises `ConfigError`, and `CannotListen` where there is no listening at what the settings name.
    """

    def __init__(self, config: Config, announce: Callable[[Started], None]) -> None:
        if not hasattr(os, "fork") or not hasattr(socket, "SO_REUSEPORT"):
            raise ConfigError("workers: this system cannot have several processes on one port: leave it at 1")
        self._supervisor = Supervisor.of(os.environ, os.getpid())
        os.environ.pop("NOTIFY_SOCKET", None)  # this process speaks for all of them
        given = sockets_of(os.environ)
        self._config = with_sockets(config, given)
        self._announce = announce
        self._announced = False
        self._stack = contextlib.ExitStack()
        self._directory = Path(tempfile.mkdtemp(prefix="sio-server-"))
        self._stack.callback(shutil.rmtree, self._directory, ignore_errors=True)
        try:
            main, metrics = bound_for_each(self._config, given, self._stack)
        except BaseException:
            self._stack.close()
            raise
        self._seats = [_Seat(number, main[number], metrics[number]) for number in range(config.workers)]
        self._selector = selectors.DefaultSelector()
        self._signals: list[int] = []
        self._wakeup, self._woken = socket.socketpair()
        self._terminals = [number for number in (0, 1, 2) if os.isatty(number)]
        self._stopping: float | None = None
        self._code = 0
        self._beaten = 0.0

    def run(self) -> Worker | int:
        """In the parent: watch until all have ended, and return its exit code. In each worker: return what it has."""
        gc.collect()
        gc.freeze()  # what is there now is shared by all: the collector leaves it alone
        self._heed()
        for seat in self._seats:
            worker = self._fork(seat)
            if worker is not None:
                return worker
        while any(seat.pid for seat in self._seats) or self._stopping is None:
            worker = self._turn()
            if worker is not None:
                return worker
        self._selector.close()
        self._stack.close()
        return self._code

    # -- a turn ---------------------------------------------------------------------------------------------------

    def _turn(self) -> Worker | None:
        """Wait for something, and do what it asks for; in a worker that was made, return what it has."""
        for key, _ in self._selector.select(self._patience()):
            if key.data is None:
                with contextlib.suppress(BlockingIOError):
                    self._woken.recv(4096)
            else:
                self._listen(key.data)
        while self._signals:
            self._signal(self._signals.pop(0))
        self._bury()
        self._look_after(time.monotonic())
        for seat in self._seats:
            if seat.due is not None and self._stopping is None and time.monotonic() >= seat.due:
                worker = self._fork(seat)
                if worker is not None:
                    return worker
        return None

    def _patience(self) -> float:
        now = time.monotonic()
        due = [seat.due - now for seat in self._seats if seat.due is not None]
        return max(0.0, min([*due, 1.0]))

    def _look_after(self, now: float) -> None:
        for seat in self._seats:
            if seat.pid and seat.ready and now - seat.heard > HUNG:
                logger.error("worker hangs, and is killed", worker=seat.number, pid=seat.pid, silent_s=HUNG)
                seat.heard = now
                _kill(seat.pid, signal.SIGKILL)
        if self._stopping is not None and now > self._stopping:
            self._stopping = now + MERCY
            for seat in self._seats:
                if seat.pid:
                    logger.error("worker does not end, and is killed", worker=seat.number, pid=seat.pid)
                    _kill(seat.pid, signal.SIGKILL)
        if self._announced and now - self._beaten >= min(10.0, (self._supervisor.watchdog or 20.0) / 2):
            self._beaten = now
            self._supervisor.alive(self._status())

    # -- workers --------------------------------------------------------------------------------------------------

    def _fork(self, seat: _Seat) -> Worker | None:
        ours, theirs = socket.socketpair()
        seat.due = None
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                with contextlib.suppress(OSError, ValueError):
                    stream.flush()  # or each process would write what waits there
        try:
            pid = os.fork()
        except OSError as error:  # no memory, or no more processes: for a while, most likely
            ours.close()
            theirs.close()
            seat.due = time.monotonic() + BACK_OFF[-1]
            logger.error("worker cannot be made", worker=seat.number, reason=error.strerror, in_s=BACK_OFF[-1])  # noqa: TRY400 - in words
            return None
        if pid == 0:
            ours.close()
            return self._become(seat, theirs)
        theirs.close()
        ours.setblocking(False)  # noqa: FBT003 - the socket's own
        seat.pid, seat.channel, seat.ready, seat.status = pid, ours, False, ""
        seat.born = seat.heard = time.monotonic()
        seat.came.clear()
        self._selector.register(ours, selectors.EVENT_READ, seat)
        return None

    def _become(self, own: _Seat, channel: socket.socket) -> Worker:
        """Let go of all that is the parent's, or another worker's."""
        signal.set_wakeup_fd(-1)
        for name in (*_ENDING, "SIGHUP", "SIGCHLD"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.default_int_handler)
        self._selector.close()
        self._wakeup.close()
        self._woken.close()
        kept = {id(one) for one in (*own.sockets, *own.metrics_sockets)}
        for seat in self._seats:
            if seat.channel is not None:
                seat.channel.close()
            for one in (*seat.sockets, *seat.metrics_sockets):
                if id(one) not in kept:
                    one.close()
        return Worker(
            own.number,
            channel,
            sockets=own.sockets,
            metrics_sockets=own.metrics_sockets,
            places=places_of(self._config, self._directory),
        )

    def _listen(self, seat: _Seat) -> None:
        """Read what a worker says; whoever says nothing more has ended, or is about to."""
        assert seat.channel is not None  # noqa: S101 - for mypy: it is listened to
        try:
            said = seat.channel.recv(_READ)
        except BlockingIOError:
            return
        except ConnectionError:
            said = b""
        if not said:
            self._selector.unregister(seat.channel)
            seat.channel.close()
            seat.channel = None
            return
        seat.came += said
        *lines, rest = bytes(seat.came).split(b"\n")
        seat.came[:] = rest
        seat.heard = time.monotonic()
        for line in lines:
            self._take(seat, orjson.loads(line))

    def _take(self, seat: _Seat, said: dict[str, Any]) -> None:
        if "started" not in said:
            seat.status = said.get("status") or seat.status
            return
        seat.ready = True
        if seat.ends:
            logger.info("worker answers", worker=seat.number, pid=seat.pid)
        if not self._announced and all(one.ready for one in self._seats):
            self._announced = True
            self._announce(Started(self._config, **said["started"]))
            self._supervisor.ready(self._status())

    def _status(self) -> str:
        """What a supervisor shows of them all, in a line."""
        there = sum(seat.ready and seat.pid != 0 for seat in self._seats)
        return f"{there} of {len(self._seats)} workers answer"

    def _bury(self) -> None:
        for seat in self._seats:
            if not seat.pid:
                continue
            pid, status = os.waitpid(seat.pid, os.WNOHANG)
            if pid:
                if seat.channel is not None:
                    self._listen_to_the_end(seat)
                self._ended(seat, os.waitstatus_to_exitcode(status))

    def _listen_to_the_end(self, seat: _Seat) -> None:
        while seat.channel is not None:
            before = len(seat.came)
            self._listen(seat)
            if len(seat.came) == before and seat.channel is not None:
                self._selector.unregister(seat.channel)
                seat.channel.close()
                seat.channel = None

    def _ended(self, seat: _Seat, code: int) -> None:
        now, pid = time.monotonic(), seat.pid
        seat.pid = 0
        if self._stopping is not None:
            return
        if not self._announced:  # it cannot start, and has said why
            self._code = code if code > 0 else 1
            self._stop()
            return
        if not seat.ready or now - seat.born < SETTLED:
            seat.ends += 1
        else:
            seat.ends = 1
        wait = BACK_OFF[min(seat.ends, len(BACK_OFF)) - 1]
        seat.due = now + wait
        logger.error("worker ended, and is made anew", worker=seat.number, pid=pid, exit=_how(code), in_s=wait)

    # -- signals --------------------------------------------------------------------------------------------------

    def _heed(self) -> None:
        self._wakeup.setblocking(False)  # noqa: FBT003 - the socket's own
        self._woken.setblocking(False)  # noqa: FBT003 - the socket's own
        self._selector.register(self._woken, selectors.EVENT_READ, None)
        signal.set_wakeup_fd(self._wakeup.fileno(), warn_on_full_buffer=False)
        for name in (*_ENDING, "SIGHUP", "SIGCHLD"):
            if hasattr(signal, name):
                signal.signal(getattr(signal, name), lambda number, _: self._signals.append(number))

    def _signal(self, number: int) -> None:
        if number == signal.SIGCHLD:
            return  # they are looked at in each turn
        if number == signal.SIGHUP and not (self._terminals and not any(map(os.isatty, self._terminals))):
            self._supervisor.reloading()
            for seat in self._seats:
                if seat.pid:
                    _kill(seat.pid, signal.SIGHUP)
            self._supervisor.ready(self._status())
            return
        if self._stopping is not None:
            for seat in self._seats:
                if seat.pid:
                    _kill(seat.pid, signal.SIGKILL)
            self._stack.close()
            os._exit(128 + number)
        self._supervisor.stopping()
        logger.info("draining", workers=sum(seat.pid != 0 for seat in self._seats))
        self._stop()

    def _stop(self) -> None:
        """Have every worker drain and end: each hears that the parent says nothing more."""
        self._stopping = time.monotonic() + max(END_WITHIN, self._config.shutdown_timeout) + MERCY
        for seat in self._seats:
            for one in (*seat.sockets, *seat.metrics_sockets):
                one.close()  # or the system would go on giving connections to it, once its worker has let go
            if seat.channel is not None:
                with contextlib.suppress(OSError):
                    seat.channel.shutdown(socket.SHUT_WR)


def become_worker(config: Config, announce: Callable[[Started], None]) -> Worker | None:
    """Make as many processes as the settings say; returns in each of them, with what it has of its parent.

    The parent ends in here, once all of them have: SystemExit. None where there is to be one process. Raises
    `ConfigError` and `CannotListen`.
    """
    if config.workers == 1:
        return None
    found = Workers(config, announce).run()
    if isinstance(found, int):
        raise SystemExit(found)
    return found


async def run_worker(config: Config, read_settings: ReadSettings, worker: Worker) -> None:
    """Serve as one of several processes, by the settings as they are now; see `serve`."""
    try:
        config = (await asyncio.to_thread(read_settings)).config
    except Error as error:  # while others go on by the settings of before, this one does, too
        logger.error("settings not read anew, those of the start count", reason=str(error))  # noqa: TRY400 - in words

    def started(found: Started) -> None:
        worker.started({"url": found.url, "metrics_url": found.metrics_url, "stored_keys": found.stored_keys})

    await serve(config, started, read_settings, worker=worker)


def _kill(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


def _how(code: int) -> str:
    """How a process ended: a number, or the name of a signal."""
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return str(code)
