"""Several processes on one port: they are made, watched, made anew where one dies, and ended together."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import aiohttp
import pytest

from tests.support.clients import ended
from tests.support.servers import Program, serving_command
from tests.support.waiting import until

# The command as it is, on logs in memory: each worker has one of its own, and can be told from the others by its epoch.
SCRIPT = """
import sys
from sio_server.broker import opening
opening._OF_ONE_PROCESS = frozenset()
from sio_server.cli.commands import main
main(["serve", "--broker", "memory:", "--dev", *sys.argv[1:]])
"""
EVENT = b'{"type":"test","message":"Hola mundo"}'
COUNT = 3


@contextlib.asynccontextmanager
async def workers(*arguments: str, env: Mapping[str, str] | None = None) -> AsyncIterator[Program]:
    """A server of three processes on a free port."""
    command = (sys.executable, "-c", SCRIPT, "--port", "0", "--workers", str(COUNT), *arguments)
    async with serving_command(*command, env={"SIO_SERVER_LOG_FORMAT": "json", **(env or {})}) as server:
        yield server


def children_of(pid: int) -> list[int]:
    """The processes that a process has made, and that are there."""
    with contextlib.suppress(OSError):
        return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return []


def alive(pid: int) -> bool:
    """Whether a process is there, and no zombie."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    return False


async def epoch_of(url: str, connector: aiohttp.BaseConnector | None = None) -> str:
    """The epoch of whichever worker takes a new connection."""
    async with aiohttp.ClientSession(connector=connector) as http, http.post(f"{url}/notify", data=EVENT) as answer:
        assert answer.status == 200
        cursor: str = (await answer.json())["cursor"]
        return cursor.rpartition("-")[0]


async def all_epochs(url: str) -> set[str]:
    """The epochs of all workers, once each has taken a connection."""
    found: set[str] = set()
    while len(found) < COUNT:
        found.add(await epoch_of(url))
    return found


async def test_all_serve_on_one_port() -> None:
    """So many processes as were asked for share out the connections to one port, and one line says where it is."""
    async with workers() as server:
        assert len(children_of(server.process.pid)) == COUNT
        assert len(await all_epochs(server.url)) == COUNT
        assert [line for line in server.output if line.startswith("http")] == [server.url]
        assert await server.stop() == 0


async def test_worker_that_dies_is_made_anew() -> None:
    """Where a worker is killed, whoever connects meanwhile is served, and soon there are as many as before."""
    async with workers() as server:
        before, (victim, *others) = await all_epochs(server.url), children_of(server.process.pid)
        os.kill(victim, signal.SIGKILL)
        served = await asyncio.gather(*(epoch_of(server.url) for _ in range(30)))
        assert len(served) == 30
        await until(lambda: len(children_of(server.process.pid)) == COUNT, "another worker", server.moves)
        assert set(others) < set(children_of(server.process.pid))
        after = await all_epochs(server.url)
        assert len(after & before) == COUNT - 1
        assert any("worker ended, and is made anew" in line and '"SIGKILL"' in line for line in server.output)


async def test_worker_that_dies_again_and_again_waits() -> None:
    """A worker that ends soon is made anew at once the first time, and after a pause the next; the log says so."""
    async with workers() as server:
        first = children_of(server.process.pid)
        for number in (1, 2):
            (victim,) = [one for one in children_of(server.process.pid) if one not in first[1:]]
            os.kill(victim, signal.SIGKILL)
            await until(lambda number=number: len(told(server)) == number, "the line", server.moves)  # type: ignore[misc]
            await until(
                lambda victim=victim: len(set(children_of(server.process.pid)) - {victim}) == COUNT,  # type: ignore[misc]
                "another worker",
                server.moves,
            )
        assert ['"in_s": 0.0' in told(server)[0], '"in_s": 1.0' in told(server)[1]] == [True, True]


def told(server: Program) -> list[str]:
    """The lines about workers that ended."""
    return [line for line in server.output if "worker ended, and is made anew" in line]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_signal_drains_all(number: int) -> None:
    """SIGTERM and Ctrl-C drain every worker; the parent ends after them, with 0, and the port is free."""
    async with workers() as server:
        pids = children_of(server.process.pid)
        assert await server.stop(number) == 0
        assert not any(map(alive, pids))
        assert sum('"stopping"' in line for line in server.output) == COUNT
        assert not any("made anew" in line for line in server.output)
        with socket.create_server(("127.0.0.1", int(server.url.rpartition(":")[2]))):
            pass


async def test_second_signal_ends_all_at_once() -> None:
    """A second signal ends every process without waiting for anybody."""
    async with workers() as server, aiohttp.ClientSession() as http:
        sockets = [await http.ws_connect(f"{server.url}/ws?role=admin") for _ in range(6)]
        pids = children_of(server.process.pid)
        server.process.send_signal(signal.SIGTERM)
        await until(lambda: any('"draining"' in line for line in server.output), "the first", server.moves)
        assert await server.stop() == 128 + signal.SIGTERM
        await until(lambda: not any(map(alive, pids)), "the end of all")
        for one in sockets:
            await one.close()


async def test_signal_to_all_of_them_is_one() -> None:
    """A supervisor that sends its signal to every process drains them as one that sends it to the parent alone."""
    async with workers() as server:
        for pid in (*children_of(server.process.pid), server.process.pid):
            os.kill(pid, signal.SIGTERM)
        assert await server.process.wait() == 0
        assert sum('"stopping"' in line for line in server.output) >= 1


async def test_workers_end_with_their_parent() -> None:
    """Where the parent is killed, its workers drain and end: nobody could end them any more."""
    async with workers() as server:
        pids = children_of(server.process.pid)
        server.process.kill()
        await until(lambda: not any(map(alive, pids)), "the end of the workers")


async def test_settings_are_read_anew_by_all(tmp_path: Path) -> None:
    """SIGHUP has every worker read the settings anew, and one that is made later has them, too."""
    file = tmp_path / "settings.toml"
    file.write_text("max_body = 2048\n")
    async with workers("--config", str(file)) as server:
        file.write_text("max_body = 4096\n")
        server.process.send_signal(signal.SIGHUP)
        await until(
            lambda: sum('"settings reloaded"' in line for line in server.output) == COUNT, "the lines", server.moves
        )
        os.kill(children_of(server.process.pid)[0], signal.SIGKILL)
        await until(lambda: len(children_of(server.process.pid)) == COUNT, "another worker", server.moves)
        body = b'{"type":"test","message":"' + b"x" * 3000 + b'"}'
        for _ in range(20):
            async with aiohttp.ClientSession() as http, http.post(f"{server.url}/notify", data=body) as answer:
                assert answer.status == 200


async def test_metrics_at_an_address_of_their_own() -> None:
    """Whichever worker takes the connection answers where the metrics have an address of their own."""
    async with workers("--metrics-listen", "127.0.0.1:0") as server:
        (line,) = [line for line in server.output if '"metrics"' in line]
        url = line.partition('"metrics": "')[2].partition('"')[0]
        for _ in range(6):
            async with aiohttp.ClientSession() as http, http.get(url) as answer:
                assert "sio_server_connections" in await answer.text()


async def test_unix_socket_is_shared(tmp_path: Path) -> None:
    """All workers take connections of one Unix socket, whose name is gone when they have ended."""
    path = tmp_path / "http.sock"
    command = (sys.executable, "-c", SCRIPT, "--unix", str(path), "--workers", str(COUNT))
    async with serving_command(*command, env={"SIO_SERVER_LOG_FORMAT": "json"}) as server:
        assert server.url == f"unix:{path}"
        found: set[str] = set()
        while len(found) < COUNT:
            connectors = [aiohttp.UnixConnector(str(path)) for _ in range(8)]
            found.update(await asyncio.gather(*(epoch_of("http://localhost", one) for one in connectors)))
        assert await server.stop() == 0
        assert not path.exists()


async def test_supervisor_hears_of_the_parent_alone(tmp_path: Path) -> None:
    """Systemd is told by the parent: that all answer, that it lives, that it ends."""
    heard = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    heard.bind(str(tmp_path / "notify"))
    env = {"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "400000"}
    lines: list[str] = []

    def say() -> list[str]:
        with contextlib.suppress(BlockingIOError):
            while True:
                lines.extend(heard.recv(65_536).decode().split("\n"))
        return lines

    async with workers(env=env) as server:
        await until(lambda: say().count("WATCHDOG=1") >= 2, "the watchdog", server.moves)
        assert lines[:2] == ["READY=1", f"STATUS={COUNT} of {COUNT} workers answer"]
        assert await server.stop() == 0
        assert say().count("READY=1") == 1
        assert lines.count("STOPPING=1") == 1
    heard.close()


async def test_what_cannot_start_is_told_once_and_ends(tmp_path: Path) -> None:
    """Where workers cannot start the server ends with their exit code, and makes none anew."""
    wrong = tmp_path / "wrong.toml"
    wrong.write_text("[types.")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", SCRIPT, "--port", "0", "--workers", "2", "--catalog", str(wrong)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 2
    assert b"wrong.toml" in output
    assert b"made anew" not in output


async def test_port_of_somebody_else_is_not_shared() -> None:
    """A port that is listened on already is refused, also where the other shares it."""
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-c", SCRIPT, "--port", str(other.getsockname()[1]), "--workers", "2"),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await process.communicate()
    assert process.returncode == 2
    assert b"cannot serve on 127.0.0.1 port" in output


@pytest.mark.parametrize("command", ["serve", "check-config"])
@pytest.mark.parametrize("broker", ["sqlite:", "memory:"])
async def test_log_of_one_process_is_no_log_for_workers(command: str, broker: str, tmp_path: Path) -> None:
    """With a log that is one process's alone several are refused, in a line that names both ways out."""
    given = ("--broker", broker, "--data-dir", str(tmp_path))
    code, output = await ended(command, "--dev", "--workers", "2", *given)
    assert code == 2
    assert "--workers: 2 processes cannot share a log" in output
    assert "postgresql://" in output
    assert "at 1" in output
