"""A server without what only POSIX has, as on Windows: it serves, renews its certificate, and stops at Ctrl-C."""

from __future__ import annotations

import signal
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from tests.support.certificates import make_pair, serial_at, trusting
from tests.support.clients import plain_socket
from tests.support.servers import Program, serving_command
from tests.support.waiting import until_true

# Runs the program where our own modules see nothing of what Windows lacks: other libraries know Windows by themselves.
# The loop stands in for the one of Windows: it watches no sockets and heeds no signals, and says so as that one does.
WITHOUT = """
import asyncio, builtins, os, signal, socket, sys, time, types

HIDDEN = {"fcntl", "resource", "pwd", "grp", "termios", "pty", "tty", "syslog"}
THERE = {"SIGINT", "SIGTERM", "SIGABRT", "SIGFPE", "SIGILL", "SIGSEGV"}
GONE = {
    os: {"pread", "pwrite", "geteuid", "getuid", "getgid", "chown", "fchmod", "fchown", "O_CLOEXEC", "O_NONBLOCK",
         "O_DIRECTORY", "O_NOFOLLOW", "register_at_fork", "statvfs", "killpg", "setsid", "fork", "sched_getaffinity"},
    socket: {"AF_UNIX", "SO_REUSEPORT", "TCP_USER_TIMEOUT", "send_fds", "recv_fds"},
    time: {"clock_gettime", "clock_gettime_ns", "CLOCK_MONOTONIC", "CLOCK_BOOTTIME", "CLOCK_REALTIME", "tzset"},
    signal: {name for name in dir(signal) if name.startswith("SIG") and name[3:].isalnum()} - THERE,
}
POORER = {}
for module, names in GONE.items():
    POORER[module.__name__] = types.ModuleType(module.__name__)
    vars(POORER[module.__name__]).update({name: value for name, value in vars(module).items() if name not in names})
ordinary = builtins.__import__

def without(name, given=None, *more, **named):
    if str((given or {}).get("__name__", "")).startswith("sio_server"):
        if name.partition(".")[0] in HIDDEN:
            raise ImportError(name)
        if name in POORER:
            return POORER[name]
    return ordinary(name, given, *more, **named)

builtins.__import__ = without

class Loop(asyncio.SelectorEventLoop):
    def add_reader(self, *_):
        raise NotImplementedError
    remove_reader = add_writer = remove_writer = add_reader
    def add_signal_handler(self, *_):
        raise NotImplementedError
    remove_signal_handler = add_signal_handler

class Policy(asyncio.DefaultEventLoopPolicy):
    _loop_factory = Loop

asyncio.set_event_loop_policy(Policy())

from sio_server.cli import main
main(sys.argv[1:])
"""


def command(*arguments: str) -> tuple[str, ...]:
    """What serves without POSIX, in development mode on a free port."""
    return (sys.executable, "-c", WITHOUT, "serve", "--dev", "--port", "0", *arguments)


async def publish(server: Program) -> int:
    """Publish one notification; the status."""
    async with (
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=trusting())) as http,
        http.post(f"{server.url}/notify", json={"type": "test", "message": "Hola mundo"}) as response,
    ):
        return response.status


@pytest.mark.parametrize("secured", [False, True], ids=["plain", "tls"])
async def test_server_serves_without_posix(tmp_path: Path, secured: bool) -> None:  # noqa: FBT001
    """It keeps its log, publishes, is received from, and ends with 0 at Ctrl-C, twice in one directory."""
    flags = make_pair(tmp_path).flags() if secured else ()
    for _ in range(2):
        async with (
            serving_command(*command("--data-dir", str(tmp_path / "data"), *flags)) as server,
            plain_socket(server.url) as client,
        ):
            assert await publish(server) == 200
            await client.wait(1)
            assert await server.stop(signal.SIGINT) == 0
            assert (await client.wait_closed())[0] == 1012
        assert not [line for line in server.output if "Traceback" in line]


async def test_certificate_is_renewed_without_posix(tmp_path: Path) -> None:
    """Without SIGHUP, and on a loop that accepts by itself, a renewed certificate is shown to who comes then."""
    pair = make_pair(tmp_path)
    async with serving_command(*command("--broker", "memory:", *pair.flags())) as server:
        before, fresh = pair.serial(), make_pair(tmp_path, "next", not_after=datetime.now(UTC) + timedelta(days=90))
        serial = fresh.serial()
        assert await serial_at(server.url) == before
        fresh.put_over(pair)

        async def renewed() -> bool:
            return await serial_at(server.url) == serial

        await until_true(renewed, "the new certificate", server.moves)


async def test_unix_socket_is_told_to_be_missing(tmp_path: Path) -> None:
    """Where Python has no Unix sockets, a server that is to listen on one says so in a line."""
    arguments = ("serve", "--dev", "--broker", "memory:", "--unix", str(tmp_path / "s"))
    with pytest.raises(AssertionError) as caught:
        async with serving_command(sys.executable, "-c", WITHOUT, *arguments):
            pass
    assert "Python has no Unix sockets on this system" in str(caught.value)
    assert "Traceback" not in str(caught.value)
