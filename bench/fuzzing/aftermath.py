"""What has to hold once all peers have gone: nothing is left of them, and all that was accepted is in the log."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from typing import Any, Final

import aiohttp

from bench.fuzzing.watch import ANSWER, Findings
from bench.process import Credentials, Process
from tests.support.waiting import Patience, Stuck

#: seconds without a change until nothing more is waited for: a silent polling session times out after 25 + 20
GONE: Final = 120.0
_LOOK: Final = 0.25  # seconds between two looks
_PAGE: Final = 100


async def held(server: Process, credentials: Credentials) -> dict[str, int]:
    """What the server says that it holds for peers: connections, Engine.IO sessions; and its descriptors."""
    timeout = aiohttp.ClientTimeout(total=ANSWER)
    async with aiohttp.ClientSession(server.url, timeout=timeout, headers=credentials.operating()) as http:
        async with http.get("/v1/stats") as response:
            connections = (await response.json())["connections"]["total"]
        async with http.get("/metrics", headers={"Accept-Encoding": "identity"}) as response:
            text = await response.text()
    sessions = re.search(r"^sio_server_engine_sessions (\S+)", text, re.MULTILINE)
    return {
        "connections": connections,
        "sessions": int(float(sessions[1])) if sessions else -1,
        "files": server.files(),
    }


async def gone(server: Process, credentials: Credentials, before: dict[str, int], findings: Findings) -> dict[str, int]:
    """Wait until the server holds no more than ``before``; what it holds in the end."""
    now = await held(server, credentials)
    waiting = Patience("an empty server", lambda: now, GONE)
    while more := {name: now[name] - before[name] for name in before if now[name] > before[name]}:
        try:
            waiting.look(_LOOK)
        except Stuck:
            findings.add(f"left behind: {', '.join(more)}", str(more))
            break
        await asyncio.sleep(_LOOK)
        now = await held(server, credentials)
    return now


async def in_log(server: Process, credentials: Credentials, accepted: Iterable[str], findings: Findings) -> int:
    """Look for each id that was acknowledged in the log; returns how many notifications the log has."""
    there: set[str] = set()
    timeout = aiohttp.ClientTimeout(total=ANSWER)
    async with aiohttp.ClientSession(server.url, timeout=timeout, headers=credentials.operating()) as http:
        before: Any = None
        while True:
            query = {"limit": str(_PAGE), **({"before": str(before)} if before else {})}
            async with http.get("/v1/notifications", params=query) as response:
                page = await response.json()
            there.update(item["id"] for item in page["items"])
            before = page["next_before"]
            if not before:
                break
    for missing in set(accepted) - there:
        findings.add("accepted and not in the log", missing)
    return len(there)
