"""Starts servers for tests that need many: all is imported once, and each server is a fork that has it already.

Standard input says what to start, a JSON object a line: a number for it, its environment, the arguments of
``sio-server``. Standard output tells of each: where it serves and its process, then, when it has ended, how. At the end
of standard input all of them are ended.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys
from contextlib import suppress
from dataclasses import dataclass
from select import select
from typing import Any, Final

import sio_server.broker.sqlite
import sio_server.cli.serve
import sio_server.serving  # noqa: F401 - all three, so that no fork imports them
from sio_server.cli import main

_STDIN: Final = 0
_CHUNK: Final = 65_536


@dataclass
class _Fork:
    number: int
    pid: int
    heard: bytes = b""
    is_told: bool = False


def next_server() -> list[str]:
    """Start what is asked for, until there is nothing more; returns in the forks alone: the arguments to run with."""
    forks: dict[int, _Fork] = {}
    asked = b""
    while True:
        for ready in select([_STDIN, *forks], [], [])[0]:
            data = os.read(ready, _CHUNK)
            if ready != _STDIN:
                _hear(forks, ready, data)
                continue
            if not data:
                for fork in forks.values():
                    os.kill(fork.pid, signal.SIGTERM)
                sys.exit(0)
            *lines, asked = (asked + data).split(b"\n")
            for line in lines:
                request = json.loads(line)
                read, write = os.pipe()
                pid = os.fork()
                if pid == 0:
                    return _become(request, write, [read, *forks])
                os.close(write)
                forks[read] = _Fork(request["number"], pid)


def _hear(forks: dict[int, _Fork], pipe: int, data: bytes) -> None:
    """Tell of a fork's first line, which is its address, and of its end."""
    fork = forks[pipe]
    fork.heard += data
    if data and b"\n" in fork.heard and not fork.is_told:
        fork.is_told = True
        _tell(number=fork.number, pid=fork.pid, url=fork.heard.split(b"\n")[0].decode())
    if not data:
        del forks[pipe]
        os.close(pipe)
        _tell(number=fork.number, ended=os.waitstatus_to_exitcode(os.waitpid(fork.pid, 0)[1]))


def _tell(**news: object) -> None:
    with suppress(BrokenPipeError):  # nobody is there any more: the end of standard input comes next
        sys.stdout.write(json.dumps(news) + "\n")
        sys.stdout.flush()


def _become(request: dict[str, Any], output: int, others: list[int]) -> list[str]:
    """Be a process of its own: with its own output and environment, and without what belongs to the other forks."""
    for pipe in others:
        os.close(pipe)
    os.dup2(output, sys.stdout.fileno())
    os.close(output)
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, _STDIN)
    os.close(nothing)
    os.environ.clear()
    os.environ.update(request["environment"])
    arguments: list[str] = request["arguments"]
    return arguments


if __name__ == "__main__":
    gc.freeze()  # no fork has to look through what all of them share
    main(next_server())
