"""``sio-server`` as a process of its own, for tests of its commands."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.support.forks import Running, fork
from tests.support.servers import ROOT, environment
from tests.support.waiting import coming, work_of


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of its standard output."""
        return self.out.splitlines()


async def start(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Running:
    """Start a command in a directory of the test, with pipes to it."""
    return await fork(arguments, cwd=cwd, env=_environment(env), stdin=asyncio.subprocess.PIPE)


async def start_program(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Running:
    """Start a command as its user does: by an interpreter of its own."""
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sio_server", *arguments),
        cwd=cwd,
        env=_environment(env),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


def _environment(more: Mapping[str, str] | None) -> dict[str, str]:
    return environment({"LANG": "en_GB.UTF-8", "LC_ALL": "en_GB.UTF-8", "NO_COLOR": "1", "COLUMNS": "", **(more or {})})


async def finish(process: Running, stdin: str = "") -> Done:
    """Wait for the end of a command; kill it when it does not come."""
    try:
        out, err = await coming(process.communicate(stdin.encode()), "the end of the command", work_of(process))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Done(process.returncode, out.decode(), err.decode())


@contextlib.asynccontextmanager
async def script(code: str, *arguments: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A program of a test in a process of its own; killed at the end if it is still there."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-c", code, *arguments),
        cwd=ROOT,
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def line_of(process: asyncio.subprocess.Process) -> str:
    """The next line that a process says, without its end."""
    assert process.stdout is not None
    return (await coming(process.stdout.readline(), "a line", work_of(process))).decode().strip()


async def line_of_errors(process: Running) -> str:
    """The next line of a command's standard error."""
    assert process.stderr is not None
    return (await coming(process.stderr.readline(), "a line on standard error", work_of(process))).decode()


async def run(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None, stdin: str = "") -> Done:
    """Run a command to its end."""
    return await finish(await start(*arguments, cwd=cwd, env=env), stdin)


async def run_program(*arguments: str, cwd: Path, env: Mapping[str, str] | None = None) -> Done:
    """As `run`, by an interpreter of its own."""
    return await finish(await start_program(*arguments, cwd=cwd, env=env))


def assert_user_error(done: Done, *fragments: str) -> None:
    """Exit code 2, what is wrong on standard error, and no traceback."""
    assert done.code == 2, done
    assert "Traceback" not in done.err
    for fragment in fragments:
        assert fragment in done.err
