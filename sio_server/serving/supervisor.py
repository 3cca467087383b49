"""What a supervisor is told of the process: sd_notify(3), which systemd understands, and so do others."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from collections.abc import Callable, Mapping
from typing import Final

# Seconds between two words about how it goes, where no watchdog wants more of them.
_BEAT: Final = 10.0


class Supervisor:
    """Whoever started the process and wants to be told how it goes; nobody, where ``address`` is None.

    ``watchdog``: seconds without a word after which the process is taken for dead.
    """

    def __init__(self, address: str | None, watchdog: float | None = None) -> None:
        self.address = address
        self.watchdog = watchdog
        self._status = ""

    @classmethod
    def of(cls, environ: Mapping[str, str], pid: int) -> Supervisor:
        """The supervisor that the environment of this process names."""
        address = environ.get("NOTIFY_SOCKET", "")
        if not address.startswith(("/", "@")) or not hasattr(socket, "AF_UNIX"):
            return cls(None)
        every = environ.get("WATCHDOG_USEC", "")
        meant = environ.get("WATCHDOG_PID", str(pid)) == str(pid)
        return cls(address, int(every) / 1e6 if meant and every.isdecimal() and int(every) else None)

    def ready(self, status: str) -> None:
        """The process answers, or has read its settings anew."""
        self._status = status
        self._tell("READY=1", f"STATUS={status}")

    def reloading(self) -> None:
        """The settings are being read anew; `ready` follows."""
        self._tell("RELOADING=1", f"MONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """The process takes nothing new and will end."""
        self._tell("STOPPING=1", "STATUS=Draining")

    def alive(self, status: str) -> None:
        """Say once that the process lives, and what it does where that is another thing than before."""
        lines = [] if self.watchdog is None else ["WATCHDOG=1"]
        if status != self._status:
            self._status = status
            lines.append(f"STATUS={status}")
        if lines:
            self._tell(*lines)

    async def beat(self, status: Callable[[], str]) -> None:
        """Say again and again that the event loop goes round, and what it does, until cancelled.

        It is said on the loop itself: where that stands still, the watchdog notices.
        """
        if self.address is None:
            return
        every = _BEAT if self.watchdog is None else min(_BEAT, self.watchdog / 2)
        while True:
            self.alive(status())
            await asyncio.sleep(every)

    def _tell(self, *lines: str) -> None:
        if self.address is None:
            return
        # an abstract socket begins with a zero, which is written as '@'
        address = "\0" + self.address[1:] if self.address.startswith("@") else self.address
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as telling:
            telling.setblocking(False)  # noqa: FBT003 - the socket's own
            telling.sendto("\n".join(lines).encode(), address)
