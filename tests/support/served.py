"""A backend under uvicorn in a process of its own, and a client for it."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from tests.support.servers import ROOT, environment
from tests.support.waiting import PATIENCE, coming, work_of


@contextlib.asynccontextmanager
async def served(directory: Path, app: str, *options: str, **variables: str) -> AsyncIterator[httpx.AsyncClient]:
    """The application ``module:name`` of a directory on a free port; it has to end well, without a traceback."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", app, "--port", "0", *options),
        cwd=directory,
        env=environment({"PYTHONPATH": f"{directory}:{ROOT}", **variables}),
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert process.stderr is not None
    said = ""
    try:
        while (address := re.search(r"http://[\d.:]+", said)) is None:
            line = (await coming(process.stderr.readline(), "a line of uvicorn", work_of(process))).decode()
            assert line, said
            said += line
        async with httpx.AsyncClient(base_url=address[0], trust_env=False, timeout=PATIENCE) as client:
            yield client
        process.terminate()
        _, rest = await coming(process.communicate(), "the end of uvicorn", work_of(process))
        assert b"Traceback" not in rest, rest.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
