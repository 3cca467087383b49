"""A backend in a process of its own, under uvicorn or another server, and a client for it."""

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
async def served(directory: Path, *command: str, **variables: str) -> AsyncIterator[httpx.AsyncClient]:
    """What ``python -m`` and this command serve from a directory, on a free port that it tells of, without a traceback.

    One word is an application ``module:name``, which uvicorn serves.
    """
    arguments = ("uvicorn", *command, "--port", "0") if len(command) == 1 else command
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *arguments),
        cwd=directory,
        env=environment({"PYTHONPATH": f"{directory}:{ROOT}", **variables}),
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert process.stderr is not None
    said = ""
    try:
        while (address := re.search(r"http://[\d.:]+", said)) is None:
            line = (await coming(process.stderr.readline(), "a line of the backend", work_of(process))).decode()
            assert line, said
            said += line
        # What it says later is of interest where it fails, and must not fill the pipe.
        async with httpx.AsyncClient(base_url=address[0], trust_env=False, timeout=PATIENCE) as client:
            yield client
        process.terminate()
        _, rest = await coming(process.communicate(), "the end of the backend", work_of(process))
        assert b"Traceback" not in rest, rest.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
