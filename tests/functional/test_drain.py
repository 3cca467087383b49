"""A server that ends lets its clients go one by one, and loses nothing of what it had accepted."""

import asyncio
import signal
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from tests.conftest import Node
from tests.support.servers import PATIENCE, PUBLISH_KEY, ROOT, SECRET, program, token, until

CLIENTS = 1000
# Milliseconds in which all are told to go, and how many of them within any one second: by what the server says, since
# when they come depends on the machine.
GONE_WITHIN = 8000
PEAK = CLIENTS // 5
BODY = {"type": "tour_creado", "data": {"nombre": "Lima"}}
ENV = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": PUBLISH_KEY}


class Crowd:
    """Many stock clients in one Node."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def line(self) -> Any:
        """The next thing it says."""
        assert self._process.stdout is not None
        return orjson.loads(await asyncio.wait_for(self._process.stdout.readline(), 60))

    async def report(self) -> dict[str, Any]:
        """How far everybody is."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"report\n")
        found: dict[str, Any] = await self.line()
        return found


async def _publish(url: str, answered: list[int]) -> None:
    """Publish every few milliseconds for as long as somebody answers, whoever it is."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {PUBLISH_KEY}"}) as session:
        while True:
            try:
                async with session.post(f"{url}/notify", json=BODY) as response:
                    if response.status == 200:
                        answered.append((await response.json())["seq"])
            except (aiohttp.ClientError, ConnectionError):
                pass
            await asyncio.sleep(0.2)  # a thousand times as many events a second have to be read by one Node


@pytest.mark.timeout(120)
async def test_crowd_moves_to_the_successor_and_misses_nothing(node: Node, tmp_path: Path) -> None:
    """On SIGTERM a thousand clients come back little by little and miss nothing; an upload that stalls holds nobody."""
    answered: list[int] = []
    directory = ("--data-dir", str(tmp_path))
    async with program(*directory, env=ENV) as first:
        port = first.url.rpartition(":")[2]
        tokens = [token(str(user), "turista") for user in range(20)]
        process = await asyncio.create_subprocess_exec(
            str(node.binary),
            str(ROOT / "tests" / "node" / "crowd.js"),
            first.url,
            str(CLIENTS),
            *tokens,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        crowd = Crowd(process)
        publisher: asyncio.Task[None] | None = None
        try:
            assert await crowd.line() == "ready"
            publisher = asyncio.create_task(_publish(first.url, answered))
            await until(lambda: len(answered) > 20, "some publishes")
            _, stalled = await asyncio.open_connection("127.0.0.1", int(port))
            stalled.write(b"POST /v1/notifications/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            first.process.send_signal(signal.SIGTERM)
            async with program(*directory, "--port", port, env=ENV):
                assert await asyncio.wait_for(first.process.wait(), PATIENCE) == 0
                stalled.close()
                report = await crowd.report()
                while report["back"] < CLIENTS:
                    await asyncio.sleep(0.2)
                    report = await crowd.report()
                publisher.cancel()
                await asyncio.gather(publisher, return_exceptions=True)
                while report["least"] < max(answered):
                    await asyncio.sleep(0.05)
                    report = await crowd.report()
        finally:
            if publisher is not None:
                publisher.cancel()
            process.kill()
            await process.wait()

    assert report["told"] == CLIENTS
    assert report["disordered"] == 0
    assert report["most"] == report["fewest"] == max(answered), "everybody has everything once"
    assert len(set(answered)) == len(answered)
    assert report["longest"] <= GONE_WITHIN, report
    assert report["peak"] <= PEAK, report


async def test_second_signal_ends_at_once(node: Node, tmp_path: Path) -> None:
    """Whoever cannot wait sends the signal again."""
    async with program("--data-dir", str(tmp_path), env=ENV) as server:
        process = await asyncio.create_subprocess_exec(
            str(node.binary),
            str(ROOT / "tests" / "node" / "crowd.js"),
            server.url,
            "200",
            *[token(str(user), "turista") for user in range(20)],
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            assert await Crowd(process).line() == "ready"
            server.process.send_signal(signal.SIGTERM)
            await until(lambda: any("draining" in line for line in server.output), "the drain")
            assert await server.stop(signal.SIGTERM) == 128 + signal.SIGTERM
        finally:
            process.kill()
            await process.wait()
