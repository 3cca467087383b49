"""The start of the program: streams that are closed or full, addresses that are none, what it warns of."""

from __future__ import annotations

import asyncio
import contextlib
import os
import pty
import signal
import socket
import sys
from pathlib import Path

import aiohttp
import jwt
import pytest

from tests.support.commands import assert_user_error, run, run_program
from tests.support.servers import SERVE, environment, serving_command
from tests.support.waiting import coming, until_true, work_of

SECRETS = {"SIO_SERVER_JWT_SECRET": "s" * 32, "SIO_SERVER_PUBLISH_KEYS": "k" * 32}
SHARED = ("--dev", "--port", "0", "--broker", "memory:")


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def answers(port: int, process: asyncio.subprocess.Process) -> bool:
    """Whether the server takes a notification, once it does."""
    answered: list[int] = []
    async with aiohttp.ClientSession() as http:

        async def asked() -> bool:
            with contextlib.suppress(aiohttp.ClientConnectionError):
                async with http.post(f"http://127.0.0.1:{port}/notify", data=b'{"type":"test"}') as response:
                    answered.append(response.status)
            return bool(answered) or process.returncode is not None

        await until_true(asked, "an answer", work_of(process))
    return answered == [200]


@pytest.mark.parametrize(
    "streams",
    [">&-", "2>&-", ">&- 2>&-", "<&-", "<&- >&- 2>&-", ">/dev/full", "2>/dev/full", ">/dev/full 2>/dev/full"],
)
async def test_streams_that_nobody_reads_are_no_reason_not_to_serve(tmp_path: Path, streams: str) -> None:
    """With its standard streams closed or full the server serves, keeps its log whole and ends with 0."""
    port = free_port()
    script = f'exec "$@" {streams}'
    command = (sys.executable, "-m", "sio_server", "serve", "--dev", "--port", str(port), "--log-level", "debug")
    process = await asyncio.create_subprocess_exec("sh", "-c", script, "sh", *command, cwd=tmp_path, env=environment())
    try:
        assert await answers(port, process)
        process.send_signal(signal.SIGTERM)
        assert await coming(process.wait(), "the end of the server", work_of(process)) == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    shown = await run("log", cwd=tmp_path)
    assert (shown.code, len(shown.lines)) == (0, 1), shown


@pytest.mark.parametrize(
    ("host", "told"),
    [
        ("no.such.host.invalid", ("not known", "name resolution", "No address associated")),
        ("203.0.113.5", ("it is no address of this machine",)),
        ("a..b", ("'a..b' is no host name nor address",)),
    ],
)
async def test_address_that_is_none_is_told_in_words(tmp_path: Path, host: str, told: tuple[str, ...]) -> None:
    """A host that cannot be listened on is told as one line of words, and never as a number."""
    done = await run_program("serve", "--port", "0", "--host", host, "--broker", "memory:", cwd=tmp_path, env=SECRETS)
    assert_user_error(done, host)
    assert any(words in done.err for words in told), done.err
    assert "Unknown error" not in done.err


async def test_bracketed_address_serves() -> None:
    """``--host [::1]`` listens on the address, which is shown as a URL has it."""
    async with serving_command(*SERVE, "--dev", "--host", "[::1]", "--broker", "memory:") as server:
        assert server.url.startswith("http://[::1]:")
        async with aiohttp.ClientSession() as http, http.get(f"{server.url}/health/live") as response:
            assert response.status == 200


async def test_start_warns_of_development_and_of_names(tmp_path: Path) -> None:
    """Each start says on standard error that nothing is protected, and names what is misspelt, also in ``.env``."""
    (tmp_path / ".env").write_text("SIO_SERVER_PROT=9\n")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sio_server", "serve", *SHARED),
        cwd=tmp_path,
        env=environment({"SIO_SERVER_JWT_SECRETS": "MARKER"}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None
    first = await coming(process.stdout.readline(), "an address", work_of(process))
    process.terminate()
    _, errors = await coming(process.communicate(), "the end of the server", work_of(process))
    assert first.startswith(b"http://127.0.0.1:")
    told = errors.decode()
    assert "development mode: nothing is protected" in told
    assert ".env: SIO_SERVER_PROT is no setting (did you mean SIO_SERVER_PORT?)" in told
    assert "SIO_SERVER_JWT_SECRETS is no setting (did you mean SIO_SERVER_JWT_SECRET?)" in told
    assert "MARKER" not in told


async def test_development_is_told_in_colour_on_a_terminal(tmp_path: Path) -> None:
    """On a terminal the warning stands out: a background of its own colour, where colours are wanted."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sio_server", "serve", *SHARED),
        cwd=tmp_path,
        env={**environment(), "TERM": "xterm"},
        stdout=asyncio.subprocess.PIPE,
        stderr=theirs,
    )
    assert process.stdout is not None
    await coming(process.stdout.readline(), "an address", work_of(process))
    process.terminate()
    await coming(process.wait(), "the end of the server", work_of(process))
    shown = os.read(ours, 65536).decode()
    os.close(ours)
    os.close(theirs)
    assert "\x1b[" in shown.partition("development mode: nothing is protected")[0]


@pytest.mark.parametrize("source", ["environment", "file", "dotenv"])
async def test_token_is_signed_with_the_secret_that_the_server_has(tmp_path: Path, source: str) -> None:
    """`token` signs with the secret as the server reads it: from a file that is named, and without space around it."""
    secret, env = "s" * 40, {}
    (tmp_path / "secret").write_text(secret + " \n")
    if source == "environment":
        env = {"SIO_SERVER_JWT_SECRET": secret + "\n"}
    elif source == "file":
        env = {"SIO_SERVER_JWT_SECRET_FILE": "secret"}
    else:
        (tmp_path / ".env").write_text("SIO_SERVER_JWT_SECRET_FILE=secret\n")
    done = await run_program("token", "--user", "7", cwd=tmp_path, env=env)
    assert jwt.decode(done.out.strip(), secret, ["HS256"])["sub"] == "7"
