"""A cluster to try: it comes up by one command, says what is where, and leaves nothing behind."""

from __future__ import annotations

import asyncio
import re
import signal
import sys

import aiohttp

from tests.serving.test_workers import alive
from tests.support.servers import ROOT, environment
from tests.support.waiting import coming, until, work_of


async def test_cluster_comes_up_and_goes() -> None:
    """Three nodes on a primary with a synchronous standby answer behind one address, and Ctrl+C ends all of it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "scripts.cluster", "--port", "0"),
        cwd=ROOT,
        env=environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    assert process.stdout is not None
    lines: list[str] = []
    try:
        while not any("Ctrl+C ends" in line for line in lines):
            line = await coming(process.stdout.readline(), "a line", work_of(process))
            assert line, lines
            lines.append(line.decode())
        said = "".join(lines)
        url, key = re.findall(r"Console: +(\S+) +\(sign in with the key (\S+)\)", said)[0]
        headers = {"Authorization": f"Bearer {key}"}
        async with aiohttp.ClientSession(headers=headers) as http:
            for _ in range(6):
                async with http.post(f"{url}/notify", json={"type": "test", "audience": {"all": True}}) as answer:
                    assert answer.status == 200
            async with http.get(f"{url}/v1/nodes") as answer:
                nodes = (await answer.json())["items"]
        assert len(nodes) == said.count("Node ") == 3
        assert all(node["address"].startswith("http://127.0.0.1:") for node in nodes)
        pids = [int(pid) for pid in re.findall(r"\(process (\d+)", said)]
        assert len(pids) == 5
        process.send_signal(signal.SIGINT)
        await coming(process.communicate(), "the end", work_of(process))
        assert process.returncode == 0
        await until(lambda: not any(map(alive, pids)), "the end of all")
    finally:
        if process.returncode is None:  # what it started has its pipe, and ends with it alone
            process.send_signal(signal.SIGINT)
            await process.communicate()
