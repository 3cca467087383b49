"""What a process is asked by signals."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable
from typing import Final, Self

from sio_server.logs import get_logger

# Not each system has all of them. SIGQUIT is Ctrl-\, SIGPWR what some supervisors send, SIGBREAK Windows' own.
_ENDING: Final = ("SIGTERM", "SIGINT", "SIGQUIT", "SIGPWR", "SIGXCPU", "SIGBREAK")

# By default each of them would end the process without a word, and none means that it should.
_IGNORED: Final = ("SIGUSR1", "SIGUSR2", "SIGALRM", "SIGVTALRM", "SIGPROF", "SIGIO", "SIGSTKFLT")
_FIRST_REALTIME: Final = int(getattr(signal, "SIGRTMIN", 1))
_LAST_REALTIME: Final = int(getattr(signal, "SIGRTMAX", 0))

logger = get_logger("serving")


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
