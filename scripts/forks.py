"""Runs ``sio-server`` for tests that need it often: all is imported once, and each run is a fork that has it already.

``forks.py PATH`` listens on a Unix socket at that path and says so by a line. Each connection asks for one process, by
a JSON object in a line: `arguments` of ``sio-server``, or of a `module` that is named, whose ``main()`` is called; the
whole `environment`, the `directory` to run in. The file descriptors of standard input, output and error may come with
it; without them the first line of output, which is the address of a server, comes back as `url`, and errors are this
process's. The answers are lines, too: `pid`, then `url` where it was asked for, then `ended` with the exit code,
negative for a signal. A process whose connection ends is killed, and all of them at the end of standard input.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import signal
import socket
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from select import select
from typing import Any, Final

import sio_server.broker.sqlite
import sio_server.serving  # noqa: F401 - both, so that no fork imports them
from sio_server.cli import main
from sio_server.cli.commands import COMMANDS

_STDIN: Final = 0
_CHUNK: Final = 65_536
_STREAMS: Final = (0, 1, 2)


@dataclass(eq=False)
class _Asker:
    """A connection, and the process that it asked for; `pipe` ends when that process does."""

    connection: socket.socket
    asked: bytes = b""
    pid: int = 0
    pipe: int = -1
    heard: bytes = b""
    is_told: bool = False

    def tell(self, **news: object) -> None:
        with suppress(OSError):  # the asker has gone
            self.connection.sendall(json.dumps(news).encode() + b"\n")

    def hear(self) -> bool:
        """Read what the process writes here; false once it has ended."""
        data = os.read(self.pipe, _CHUNK)
        if self.is_told:
            return bool(data)
        self.heard += data
        if b"\n" in self.heard:
            self.is_told = True
            self.tell(url=self.heard.split(b"\n")[0].decode())
        return bool(data)

    def end(self) -> None:
        """Tell of the end of the process, and that is all of it."""
        os.close(self.pipe)
        self.tell(ended=os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1]))
        self.connection.close()


def next_run(listening: socket.socket) -> dict[str, Any]:
    """Start what is asked for, until there is nothing more; returns in the forks alone: what one is to run."""
    askers: list[_Asker] = []
    while True:
        waiting = {asker.connection.fileno(): asker for asker in askers}
        working = {asker.pipe: asker for asker in askers if asker.pid}
        for ready in select([_STDIN, listening.fileno(), *waiting, *working], [], [])[0]:
            if ready == _STDIN:
                for asker in working.values():
                    os.kill(asker.pid, signal.SIGKILL)
                sys.exit(0)
            elif ready == listening.fileno():
                askers.append(_Asker(listening.accept()[0]))
            elif (worker := working.get(ready)) is not None:
                if worker in askers and not worker.hear():
                    worker.end()
                    askers.remove(worker)
            elif (asker := waiting[ready]) in askers:
                run = _ask(asker, listening, askers)
                if run is not None:
                    return run


def _ask(asker: _Asker, listening: socket.socket, askers: list[_Asker]) -> dict[str, Any] | None:
    """Read what a connection says; in the fork that it asked for, what this is to run."""
    data, streams, _, _ = socket.recv_fds(asker.connection, _CHUNK, len(_STREAMS))
    if not data:
        if asker.pid:
            os.kill(asker.pid, signal.SIGKILL)
            os.close(asker.pipe)
            os.waitpid(asker.pid, 0)
        asker.connection.close()
        askers.remove(asker)
        return None
    asker.asked += data
    if not asker.asked.endswith(b"\n"):
        return None
    request: dict[str, Any] = json.loads(asker.asked)
    asker.pipe, ours = os.pipe()
    asker.is_told = bool(streams)
    asker.pid = os.fork()
    if asker.pid:
        for stream in (ours, *streams):
            os.close(stream)
        asker.tell(pid=asker.pid)
        return None
    listening.close()
    for other in askers:
        other.connection.close()
        if other.pipe >= 0:
            os.close(other.pipe)
    _become(request, ours, streams)
    return request


def _become(request: dict[str, Any], pipe: int, streams: list[int]) -> None:
    """Be a process of its own: with its own streams, environment and directory. The pipe stays open until its end."""
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream, given in zip(_STREAMS, streams or (nothing, pipe, sys.stderr.fileno()), strict=True):
        os.dup2(given, stream)
    for given in (nothing, *streams):
        os.close(given)
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    os.chdir(request["directory"])


def _run(module: str | None, arguments: list[str]) -> None:
    if module is None:
        main(arguments)
    sys.argv = [module, *arguments]
    sys.exit(importlib.import_module(module).main())


def _listening(path: str) -> socket.socket:
    listening = socket.socket(socket.AF_UNIX)
    listening.bind(path)
    listening.listen(64)
    for place in COMMANDS.values():
        importlib.import_module(place.module)
    gc.freeze()  # no fork has to look through what all of them share
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    return listening


if __name__ == "__main__":
    wanted = next_run(_listening(sys.argv[1]))
    _run(wanted.get("module"), wanted["arguments"])
