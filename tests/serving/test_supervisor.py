"""What systemd is told: by a real socket of datagrams, as systemd reads it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from sio_server.serving.supervisor import Supervisor
from tests.support.servers import program
from tests.support.waiting import until


class Heard:
    """A supervisor's socket, and all that it was told."""

    def __init__(self, address: str) -> None:
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self.socket.bind("\0" + address[1:] if address.startswith("@") else address)
        self.address = address
        self._lines: list[str] = []

    def lines(self) -> list[str]:
        """Every line until now."""
        with contextlib.suppress(BlockingIOError):
            while True:
                self._lines += self.socket.recv(65_536).decode().split("\n")
        return self._lines


@pytest.fixture(params=["path", "abstract"])
def heard(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Heard]:
    """A supervisor that listens, at a path or at a name."""
    made = Heard(str(tmp_path / "notify") if request.param == "path" else f"@sio-server-{os.getpid()}-{tmp_path.name}")
    yield made
    made.socket.close()


def test_each_state_is_told(heard: Heard) -> None:
    """Ready, reloading and stopping are told as sd_notify(3) says, each in one datagram."""
    supervisor = Supervisor.of({"NOTIFY_SOCKET": heard.address}, 7)
    supervisor.ready("Serving")
    supervisor.reloading()
    supervisor.stopping()
    lines = heard.lines()
    assert lines[:3] == ["READY=1", "STATUS=Serving", "RELOADING=1"]
    assert lines[3].partition("=")[0] == "MONOTONIC_USEC"
    assert int(lines[3].partition("=")[2]) > 0
    assert lines[4:] == ["STOPPING=1", "STATUS=Draining"]


@pytest.mark.parametrize(
    ("environ", "watchdog"),
    [
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "7"}, 3.0),
        ({"WATCHDOG_USEC": "500000"}, 0.5),
        ({"WATCHDOG_USEC": "3000000", "WATCHDOG_PID": "8"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({}, None),
    ],
)
def test_watchdog_is_for_this_process(environ: dict[str, str], watchdog: float | None) -> None:
    """A watchdog counts where it is meant for this process."""
    assert Supervisor.of({"NOTIFY_SOCKET": "/x", **environ}, 7).watchdog == watchdog


@pytest.mark.parametrize("address", [None, "", "vsock:2:1234", "relative"])
async def test_nobody_to_tell_is_no_matter(address: str | None) -> None:
    """Without a supervisor nothing is told, and nothing fails; nor where the one that is named is gone."""
    supervisor = Supervisor.of({} if address is None else {"NOTIFY_SOCKET": address}, 7)
    supervisor.ready("Serving")
    supervisor.stopping()
    await supervisor.beat(lambda: "x")
    Supervisor("/nobody/here").ready("Serving")


async def test_loop_that_goes_round_is_told(heard: Heard) -> None:
    """With a watchdog a word comes in half its time at the latest, and what changed of the status with it."""
    counts = iter(range(1000))
    beating = asyncio.create_task(Supervisor(heard.address, 0.02).beat(lambda: f"{next(counts) // 3} connections"))
    try:
        await until(lambda: heard.lines().count("WATCHDOG=1") >= 9, "beats")
    finally:
        beating.cancel()
    told = [line for line in heard.lines() if line.startswith("STATUS=")]
    assert told == [f"STATUS={number} connections" for number in range(len(told))]
    assert len(told) >= 3


async def test_server_tells_its_supervisor(tmp_path: Path) -> None:
    """A server says when it answers, when it has read its settings anew, and when it stops, and beats meanwhile."""
    heard = Heard(str(tmp_path / "notify"))
    env = {"NOTIFY_SOCKET": heard.address, "WATCHDOG_USEC": "200000"}
    async with program("--broker", "memory:", env=env) as server:
        await until(lambda: heard.lines().count("WATCHDOG=1") >= 2, "beats")
        assert heard.lines()[:2] == ["READY=1", f"STATUS=Serving on {server.url}, 0 connections"]
        server.process.send_signal(signal.SIGHUP)
        await until(lambda: heard.lines().count("READY=1") == 2, "the second word of it")
        lines = [line for line in heard.lines() if line.split("=")[0] in ("READY", "RELOADING", "MONOTONIC_USEC")]
        assert [line.split("=")[0] for line in lines] == ["READY", "RELOADING", "MONOTONIC_USEC", "READY"]
        assert "STOPPING=1" not in heard.lines()
        assert await server.stop() == 0
    assert "STOPPING=1" in heard.lines()
    heard.socket.close()
