"""A server whose process may have few files open: who is there is served, and one line tells why others are not."""

from __future__ import annotations

import asyncio
import resource
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import aiohttp
import pytest

from sio_server.descriptors import ENOUGH, raise_limit, warning_of
from tests.support.servers import PUBLISH_KEY, SECRET, SERVE, Program, serving_command, token
from tests.support.waiting import coming, until, until_true

FEW = 64


@pytest.mark.parametrize(
    ("limit", "handshakes", "warned"),
    [(None, 1000, False), (ENOUGH, 1000, False), (ENOUGH - 1, 1000, True), (ENOUGH, ENOUGH, True), (64, 1000, True)],
)
def test_low_limit_is_told_with_the_mend(limit: int | None, handshakes: int, warned: bool) -> None:  # noqa: FBT001
    """A limit below what is let in at once is told with its number and where to raise it; one above is not."""
    warning = warning_of(limit, handshakes)
    assert (warning is not None) == warned
    if warning is not None:
        assert str(limit) in warning
        assert "LimitNOFILE" in warning


def test_soft_limit_is_raised_to_the_hard_one() -> None:
    """After a start the process may have as many files open as its hard limit says."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 512), hard))
        assert raise_limit() in (hard, None)
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (hard, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class Small:
    """A server in a process that may have few files open."""

    def __init__(self, program: Program) -> None:
        self.process = program.process
        self.port = int(program.url.rpartition(":")[2])
        self.moves = program.moves
        self._output = program.output
        self.held: list[asyncio.StreamWriter] = []

    @property
    def lines(self) -> list[str]:
        """The lines of its log: all that it says but its address."""
        return [line for line in self._output if not line.startswith("http://")]

    async def exhaust(self) -> None:
        """Hold more connections than the process can have, until it says so."""
        for _ in range(2 * FEW):
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
            self.held.append(writer)
        await until(self.told, "the line", self.moves)

    def told(self) -> list[str]:
        """The lines about it."""
        return [line for line in self.lines if "LimitNOFILE" in line and '"level": "error"' in line]

    async def let_go(self) -> None:
        """Close what is held."""
        for writer in self.held:
            writer.transport.abort()
        self.held.clear()


@asynccontextmanager
async def small(data_dir: Path) -> AsyncIterator[Small]:
    """Run it."""
    limited = ("sh", "-c", f'ulimit -n {FEW}; exec "$@"', "sh", *SERVE)
    secrets = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": PUBLISH_KEY}
    options = ("--log-format", "json", "--data-dir", str(data_dir))
    async with serving_command(*limited, *options, env=secrets) as program:
        server = Small(program)
        try:
            yield server
        finally:
            await server.let_go()


async def test_who_is_connected_is_served_when_descriptors_run_out(tmp_path: Path) -> None:
    """Publishing and receiving go on over what is connected, a line a second tells why, and afterwards all is well."""
    async with small(tmp_path) as server, aiohttp.ClientSession() as http:
        url = f"http://127.0.0.1:{server.port}"
        body, key = {"type": "test"}, {"Authorization": f"Bearer {PUBLISH_KEY}"}
        reading = await http.ws_connect(f"{url}/ws", headers={"Authorization": f"Bearer {token('1')}"})
        assert (await reading.receive_json())["type"] == "ns:hello"
        async with http.post(f"{url}/notify", json=body, headers=key) as response:
            assert response.status == 200  # and the connection is kept
        assert (await reading.receive_json())["type"] == "test"
        begun = asyncio.get_running_loop().time()
        await server.exhaust()
        for _ in range(5):
            async with http.post(f"{url}/notify", json=body, headers=key) as response:
                assert response.status == 200
            assert (await coming(reading.receive_json(), "the notification"))["type"] == "test"
        await until(lambda: len(server.told()) >= 2)
        seconds = asyncio.get_running_loop().time() - begun
        assert len(server.told()) <= seconds + 1
        assert [line for line in server.lines if not line.startswith("{") or "Traceback" in line] == []
        await server.let_go()
        async with aiohttp.ClientSession() as another, another.get(f"{url}/health/ready") as response:
            assert response.status == 200
        await reading.close()


async def test_what_needs_a_descriptor_is_unavailable_when_there_is_none(tmp_path: Path) -> None:
    """Pages, files and what is loaded when first asked for are 503 with `Retry-After`, without a traceback."""
    async with small(tmp_path) as server:
        connector = aiohttp.TCPConnector(limit=1)
        async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}", connector=connector) as http:
            async with http.get("/health/live") as response:
                assert response.status == 200  # and the connection is kept
            await server.exhaust()
            for path in ("/", "/docs", "/static/swagger-ui-bundle.js", "/openapi.json"):
                async with http.get(path) as response:
                    assert (response.status, (await response.json(content_type=None))["code"]) == (503, "unavailable")
                    assert response.headers["Retry-After"] == "1"
                    assert response.headers["Cache-Control"] == "no-store"
            await server.let_go()
            await asyncio.sleep(0)

            async def there(path: str) -> bool:
                async with http.get(path) as response:
                    return response.status == 200

            for path in ("/docs", "/openapi.json"):
                await until_true(partial(there, path), path, server.moves)
        assert [line for line in server.lines if "Traceback" in line] == []


async def test_process_ends_when_descriptors_have_run_out(tmp_path: Path) -> None:
    """SIGTERM ends a server that has no descriptor left as it ends any other."""
    async with small(tmp_path) as server:
        await server.exhaust()
        server.process.send_signal(signal.SIGTERM)
        assert await coming(server.process.wait(), "the end of the server", server.moves) == 0
        assert [line for line in server.lines if "Traceback" in line] == []


async def test_low_limit_is_a_warning_at_the_start(tmp_path: Path) -> None:
    """A process that may have few files open says so when it starts."""
    async with small(tmp_path) as server:
        await until(lambda: [line for line in server.lines if '"warning"' in line and f" {FEW} files" in line])
