"""A server that ends lets its clients go one by one, and loses nothing of what it had accepted."""

import asyncio
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import orjson

from sio_server.broker.sqlite.lock import take_directory
from sio_server.errors import LogInUse
from tests.conftest import Node
from tests.support.servers import PUBLISH_KEY, ROOT, SECRET, Program, lasting_token, program
from tests.support.waiting import Patience, coming, until, until_true, work_of

CLIENTS = 1000
# Milliseconds in which all are told to go, and how many of them within any one second: by what the server says, since
# when they come depends on the machine.
GONE_WITHIN = 8000
PEAK = CLIENTS // 5
EVERY = 0.1  # seconds between two looks at the crowd
BODY = {"type": "tour_creado", "data": {"nombre": "Lima"}}
ENV = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": PUBLISH_KEY}


class Crowd:
    """Many stock clients in one Node."""

    def __init__(self, process: asyncio.subprocess.Process, server: Program) -> None:
        self._process = process
        self._working = work_of(process, server.process)

    async def line(self) -> Any:
        """The next thing it says."""
        assert self._process.stdout is not None
        return orjson.loads(await coming(self._process.stdout.readline(), "a line of the crowd", self._working))

    async def report(self) -> dict[str, Any]:
        """How far everybody is."""
        assert self._process.stdin is not None
        self._process.stdin.write(b"report\n")
        found: dict[str, Any] = await self.line()
        return found

    async def until(self, holds: Callable[[dict[str, Any]], bool], what: str) -> dict[str, Any]:
        """How far everybody is once this holds of it; whatever changes in it is progress."""
        report = await self.report()
        waiting = Patience(what, lambda: report)
        while not holds(report):
            await asyncio.sleep(EVERY)
            report = await self.report()
            waiting.look(EVERY)
        return report


def _is_free(directory: Path) -> bool:
    """Whether no server has this directory."""
    try:
        take_directory(directory).release()
    except LogInUse:
        return False
    return True


async def _publish(url: str, answered: list[int], enough: asyncio.Event) -> None:
    """Publish every few milliseconds until there is enough, whoever answers; what is under way is waited for."""
    async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {PUBLISH_KEY}"}) as session:
        while not enough.is_set():
            try:
                async with session.post(f"{url}/notify", json=BODY) as response:
                    if response.status == 200:
                        answered.append((await response.json())["seq"])
            except (aiohttp.ClientError, ConnectionError):
                pass
            await asyncio.sleep(0.2)  # a thousand times as many events a second have to be read by one Node


async def test_crowd_moves_to_the_successor_and_misses_nothing(node: Node, tmp_path: Path) -> None:
    """On SIGTERM a thousand clients come back little by little and miss nothing; an upload that stalls holds nobody."""
    answered: list[int] = []
    enough = asyncio.Event()
    directory = ("--data-dir", str(tmp_path))
    async with program(*directory, env=ENV) as first:
        port = first.url.rpartition(":")[2]
        tokens = [lasting_token(str(user), "turista") for user in range(20)]
        process = await asyncio.create_subprocess_exec(
            str(node.binary),
            str(ROOT / "tests" / "node" / "crowd.js"),
            first.url,
            str(CLIENTS),
            *tokens,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        crowd = Crowd(process, first)
        publisher: asyncio.Task[None] | None = None
        try:
            assert await crowd.line() == "ready"
            publisher = asyncio.create_task(_publish(first.url, answered, enough))
            await until(lambda: len(answered) > 20, "some publishes", lambda: len(answered))
            _, stalled = await asyncio.open_connection("127.0.0.1", int(port))
            stalled.write(b"POST /v1/notifications/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{")
            first.process.send_signal(signal.SIGTERM)
            free = partial(asyncio.to_thread, _is_free, tmp_path)
            await until_true(free, "the first server to let go of the log", first.moves)
            async with program(*directory, "--port", port, env=ENV):
                assert await coming(first.process.wait(), "the end of the first server", first.moves) == 0
                stalled.close()
                await crowd.until(lambda report: report["back"] == CLIENTS, "everybody to come back")
                enough.set()
                await publisher
                report = await crowd.until(lambda report: report["least"] >= max(answered), "the last one")
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
            *[lasting_token(str(user), "turista") for user in range(20)],
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            assert await Crowd(process, server).line() == "ready"
            server.process.send_signal(signal.SIGTERM)
            await until(lambda: any("draining" in line for line in server.output), "the drain", server.moves)
            assert await server.stop(signal.SIGTERM) == 128 + signal.SIGTERM
        finally:
            process.kill()
            await process.wait()
