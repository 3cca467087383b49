"""Snippets of the documents as programs: they run as they stand, and what they write can be waited for."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conftest import Node
from tests.support.servers import ROOT, Server, environment
from tests.support.waiting import until, until_true, work_of

# What a browser has and Node lacks; the snippets then run as they stand.
BROWSER = """
globalThis.WebSocket ??= (await import("ws")).WebSocket;
globalThis.token = process.env.TOKEN;
globalThis.alert = (message) => console.log("alert", message);
Object.defineProperty(globalThis, "localStorage", { value: { getItem: (name) => globalThis[name] } });
"""


def changed(code: str, old: str, new: str) -> str:
    """A snippet with the one thing changed that must be."""
    assert code.count(old) == 1, old
    return code.replace(old, new)


@dataclass
class Script:
    """A program that runs, and the lines of its output so far."""

    process: asyncio.subprocess.Process
    lines: list[str]

    def moves(self) -> object:
        """What moves while one waits for it: its lines, and its work."""
        return len(self.lines), work_of(self.process)()

    async def line(self, pattern: str) -> re.Match[str]:
        """The first line that has a match of ``pattern``, once there is one."""
        found: list[re.Match[str]] = []

        def look() -> bool:
            found[:] = [match for line in self.lines if (match := re.search(pattern, line))]
            return bool(found) or self.process.returncode is not None

        await until(look, f"a line with {pattern}", self.moves)
        assert found, self.lines
        return found[0]

    async def receives(self, server: Server, body: Mapping[str, Any], pattern: str) -> re.Match[str]:
        """Publish as soon as this program is in its rooms, which is a moment after it connected; then as `line`."""

        async def reached() -> bool:
            _, reply = await server.notify(body)
            return bool(reply["recipients"]["sockets"]) or self.process.returncode is not None

        await until_true(reached, "a program in its rooms", self.moves)
        return await self.line(pattern)


async def collect(running_script: Script) -> None:
    """Keep what a script writes."""
    assert running_script.process.stdout is not None
    async for line in running_script.process.stdout:
        running_script.lines.append(line.decode().rstrip())


@contextlib.asynccontextmanager
async def script(*command: str | Path, cwd: Path, **env: str) -> AsyncIterator[Script]:
    """A program of another language or process; killed at the end."""
    process = await asyncio.create_subprocess_exec(
        *map(str, command),
        cwd=cwd,
        env=environment({"PYTHONPATH": str(ROOT), **env}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    running_script = Script(process, [])
    reader = asyncio.create_task(collect(running_script))
    try:
        yield running_script
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await reader


def javascript(node: Node, directory: Path, code: str, **env: str) -> contextlib.AbstractAsyncContextManager[Script]:
    """A snippet in Node, where a page's globals are."""
    (directory / "node_modules").symlink_to(node.modules)
    (directory / "browser.mjs").write_text(BROWSER)
    (directory / "snippet.mjs").write_text(code)
    return script(node.binary, "--import", (directory / "browser.mjs").as_uri(), "snippet.mjs", cwd=directory, **env)


def python(directory: Path, code: str) -> contextlib.AbstractAsyncContextManager[Script]:
    """A snippet in Python."""
    (directory / "snippet.py").write_text(code)
    return script(sys.executable, "snippet.py", cwd=directory)
