"""One of several processes that serve on one port: what it has of the process that made it, and what it tells that."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import socket
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from sio_server.config import Config
from sio_server.config.checks import BY_UNIX_SOCKET, place_of
from sio_server.serving.supervisor import Supervisor

# Seconds without a word after which a worker is taken for hung, and killed: its event loop stands still. A machine that
# is short of everything is no reason for it.
HUNG: Final = 60.0


class Worker(Supervisor):
    """What a worker process has of its parent. It tells that how it goes, as a process tells its supervisor.

    ``sockets`` are what it listens on, ``metrics_sockets`` where the metrics have an address of their own; ``place`` is
    where it answers the other nodes, as the setting ``node_listen`` has it, and ``beside`` how all workers of this
    server are found there.
    """

    def __init__(
        self,
        number: int,
        channel: socket.socket,
        *,
        sockets: Sequence[socket.socket],
        metrics_sockets: Sequence[socket.socket],
        places: Sequence[tuple[str, str]],
    ) -> None:
        super().__init__("parent", watchdog=HUNG / 3)
        self.number = number
        self.sockets = sockets
        self.metrics_sockets = metrics_sockets
        self.place, self.called = places[number]
        self.beside: Final = tuple(called for _, called in places)
        self._channel = channel
        channel.setblocking(False)  # noqa: FBT003 - the socket's own

    def settings(self, config: Config) -> Config:
        """The settings as this worker has them: each has a place of its own for the other nodes."""
        return dataclasses.replace(config, node_listen=self.place, node_address=self.called)

    def started(self, members: Mapping[str, Any]) -> None:
        """Tell that this worker answers, and where."""
        self._say({"started": dict(members)})

    def heed(self, stop: Callable[[], None]) -> None:
        """Have ``stop`` called once the parent wants this worker to end, or is gone itself."""
        asyncio.get_running_loop().add_reader(self._channel.fileno(), self._hear, stop)

    def _hear(self, stop: Callable[[], None]) -> None:
        with contextlib.suppress(BlockingIOError, ConnectionError):
            if self._channel.recv(64):
                return
        asyncio.get_running_loop().remove_reader(self._channel.fileno())
        stop()

    def _tell(self, *lines: str) -> None:
        said = dict(line.partition("=")[::2] for line in lines)
        self._say({"status": said.get("STATUS", "")})

    def _say(self, what: Mapping[str, Any]) -> None:
        with contextlib.suppress(OSError):  # nobody reads: the parent is gone, which is heard of
            self._channel.send(json.dumps(what).encode() + b"\n")


def places_of(config: Config, directory: Path) -> list[tuple[str, str]]:
    """Where each worker answers other nodes, and how it is called there.

    Where the settings name a port it is that one and those that follow; otherwise Unix sockets in ``directory``, which
    reach no further than this machine.
    """
    place = config.node_place
    if not isinstance(place, tuple):
        paths = [f"{BY_UNIX_SOCKET}{directory / f'worker-{number}.sock'}" for number in range(config.workers)]
        return [(path, path) for path in paths]
    host, first = place
    shown = f"[{host}]" if ":" in host else host
    named, port = f"http://{shown}", first
    if config.node_address is not None:
        called = place_of(config.node_address.removeprefix("http://"))
        if isinstance(called, tuple):
            named, port = f"http://{called[0]}", called[1]
    return [(f"{shown}:{first + number}", f"{named}:{port + number}") for number in range(config.workers)]
