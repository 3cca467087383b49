"""docs/sse.md: its programs run as they stand; the one for browsers does in the console's tests."""

from __future__ import annotations

import asyncio
import os
import shlex
from itertools import islice
from typing import Any

from tests.support.curl import CURL
from tests.support.documents import Document
from tests.support.servers import ROOT, running, secured, token
from tests.support.waiting import coming, until_true

PAGE = Document.read(ROOT / "docs/sse.md")
BOOKING = {"type": "reserva_creada", "data": {"usuario_id": 123, "tour_nombre": "Lima"}, "message": "uno\u2028dos"}


async def test_program_in_python_gets_events_and_goes_on_where_it_was() -> None:
    """The program of the page yields each event, and begins after the cursor that it is given."""
    made: dict[str, Any] = {}
    exec(PAGE.fence("python", "httpx.stream"), made)  # noqa: S102 - the page's own
    async with running(secured()) as server:
        first, second = [(await server.notify(BOOKING))[1]["cursor"] for _ in range(2)]

        def read() -> list[dict[str, Any]]:
            return list(islice(made["events"](token("123"), first, server.url), 3))

        hello, missed, sync = await coming(asyncio.to_thread(read), "three events")
    assert (hello["type"], sync["type"]) == ("ns:hello", "ns:sync")
    assert (missed["cursor"], missed["message"]) == (second, BOOKING["message"])


async def test_command_shows_events_as_they_come() -> None:
    """The command of the page prints events, whose lines are those that the page shows."""
    shown = [line.partition(":")[0] for line in PAGE.fence("", "reserva_creada").splitlines() if line]
    async with running(secured()) as server:
        command = (
            PAGE.fence("sh", "curl").replace("http://localhost:8080", server.url).replace("curl", shlex.join(CURL))
        )
        process = await asyncio.create_subprocess_shell(
            f"exec {command}",
            env={**os.environ, "TOKEN": token("123")},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        assert process.stdout is not None

        async def reached() -> bool:
            return bool((await server.notify(BOOKING))[1]["recipients"]["sockets"])

        await until_true(reached, "curl to be connected")
        printed: list[str] = []
        while "event: reserva_creada" not in printed or not printed[-1].startswith("data"):
            printed.append((await coming(process.stdout.readline(), "a line")).decode().rstrip("\n"))
        process.kill()
        await process.wait()
    fields = [line.partition(":")[0] for line in printed if line]
    assert fields == shown[: len(fields)] == ["retry", *["id", "event", "data"] * 2]
