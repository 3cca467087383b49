"""``sio-server`` as a process that is a fork of one that has imported it: `scripts/forks.py`.

For tests of what it does once it runs. Tests of how it starts start it themselves, as users do.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from select import select
from typing import Any, Final, Protocol

_endings: list[Callable[[], None]] = []

ROOT: Final = Path(__file__).resolve().parents[2]


class Running(Protocol):
    """What tests use of a process that they started, whether it is a fork or not."""

    stdin: asyncio.StreamWriter | None
    stdout: asyncio.StreamReader | None
    stderr: asyncio.StreamReader | None

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def returncode(self) -> int | None:
        """How it ended: None while it runs, negative for a signal."""

    async def wait(self) -> int:
        """Wait for its end; how it ended."""

    async def communicate(self, input: bytes | None = None) -> tuple[bytes, bytes]:  # noqa: A002 - asyncio's name
        """Write all of its input and read all that it writes, until its end."""

    def send_signal(self, number: int, /) -> None:
        """Send it a signal."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it at once."""


async def fork(
    arguments: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    stdin: int = asyncio.subprocess.DEVNULL,
    stderr: int = asyncio.subprocess.PIPE,
) -> Running:
    """Run ``sio-server`` with these arguments, as `asyncio.create_subprocess_exec` would; its output is piped."""
    request = {"arguments": list(arguments), "environment": dict(env), "directory": str(cwd)}
    ours, theirs = socket.socketpair()
    output, said = os.pipe()
    errors, complained = os.pipe()
    asking = socket.socket(socket.AF_UNIX)
    try:
        asking.connect(_parent())
        to_errors = said if stderr == asyncio.subprocess.STDOUT else complained
        socket.send_fds(asking, [json.dumps(request).encode() + b"\n"], [theirs.fileno(), said, to_errors])
    finally:
        theirs.close()
        os.close(said)
        os.close(complained)
    if stdin != asyncio.subprocess.PIPE:
        ours.shutdown(socket.SHUT_WR)
    process = _Fork()
    await process.begin(asking, ours, output, errors)
    return process


def launch(
    module: str, arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], output: int, errors: int
) -> Child:
    """Run a module's ``main()`` for who does not run in an event loop; its streams are these descriptors."""
    asking = socket.socket(socket.AF_UNIX)
    asking.connect(_parent())
    request = {"module": module, "arguments": list(arguments), "environment": dict(env), "directory": str(cwd)}
    with open(os.devnull, "rb") as nothing:  # noqa: PTH123 - a device
        socket.send_fds(asking, [json.dumps(request).encode() + b"\n"], [nothing.fileno(), output, errors])
    return Child(asking)


class Child:
    """A process that is a child of another one, with what `subprocess.Popen` offers of it."""

    def __init__(self, asking: socket.socket) -> None:
        self._asking = asking
        self._news = asking.makefile("rb", buffering=0)  # or a line could wait where `select` does not see it
        self.pid: int = json.loads(self._news.readline())["pid"]
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """How it ended; None while it runs."""
        if self.returncode is None and select([self._asking], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; raises `subprocess.TimeoutExpired`."""
        if self.returncode is None:
            if not select([self._asking], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired("a fork", timeout or 0.0)
            self.returncode = int(json.loads(self._news.readline())["ended"])
            self._news.close()
            self._asking.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


@functools.cache
def _parent() -> str:
    """Where the process whose forks they are listens; it lasts as long as this one."""
    directory = tempfile.TemporaryDirectory(prefix="sio-forks-", ignore_cleanup_errors=True)
    path = f"{directory.name}/socket"
    child = subprocess.Popen(
        [sys.executable, "-u", str(ROOT / "scripts" / "forks.py"), path],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    if child.stdout.readline() != b"ready\n":
        raise AssertionError(f"scripts/forks.py ended with {child.wait()}")

    def end() -> None:
        child.communicate()
        directory.cleanup()

    _endings.append(end)
    return path


def end_parent() -> None:
    """End the process whose forks they are, if there is one, and with it all that it started."""
    while _endings:
        _endings.pop()()
    _parent.cache_clear()


async def _reader(pipe: int) -> asyncio.StreamReader:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), os.fdopen(pipe, "rb", 0)
    )
    return reader


class _Fork:
    """A process that is a child of another one, which tells of its end; otherwise as asyncio's own."""

    def __init__(self) -> None:
        self.stdin: asyncio.StreamWriter | None = None
        self.stdout: asyncio.StreamReader | None = None
        self.stderr: asyncio.StreamReader | None = None
        self.returncode: int | None = None
        self.pid = 0

    async def begin(self, asking: socket.socket, given: socket.socket, output: int, errors: int) -> None:
        news, self._asking = await asyncio.open_unix_connection(sock=asking)
        self.stdout, self.stderr = await _reader(output), await _reader(errors)
        _, self.stdin = await asyncio.open_connection(sock=given)
        self.pid = json.loads(await news.readline())["pid"]
        self._ended = asyncio.create_task(self._follow(news))

    async def _follow(self, news: asyncio.StreamReader) -> int:
        told: dict[str, Any] = json.loads(await news.readline())
        code: int = told["ended"]
        self.returncode = code
        self._asking.close()
        if self.stdin is not None:
            self.stdin.close()
        return code

    async def wait(self) -> int:
        return await asyncio.shield(self._ended)

    async def communicate(self, input: bytes | None = None) -> tuple[bytes, bytes]:  # noqa: A002 - asyncio's name
        assert self.stdout is not None
        assert self.stderr is not None
        if self.stdin is not None:
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                if input:
                    self.stdin.write(input)
                    await self.stdin.drain()
            self.stdin.close()
        out, err, _ = await asyncio.gather(self.stdout.read(), self.stderr.read(), self.wait())
        return out, err

    def send_signal(self, number: int, /) -> None:
        if self.returncode is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)
