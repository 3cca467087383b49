"""What ``serve`` says once it answers, to people and to programs."""

from __future__ import annotations

import asyncio
import os
import pty
import shlex
import sys
from pathlib import Path

import orjson
import pytest

from sio_server import __version__
from sio_server.cli.start_lines import UNPROTECTED, lines_of
from sio_server.config import Config
from sio_server.serving import Started
from tests.support.curl import CURL
from tests.support.servers import SECRET, environment, program
from tests.support.waiting import coming, until, work_of

DEVELOPMENT = Config(dev=True, broker="memory:")
PRODUCTION = Config(jwt_secret=SECRET, publish_keys=("k" * 32, "l" * 32))


def told(
    config: Config, url: str = "http://127.0.0.1:8080", metrics: str | None = None, stored: int = 0
) -> dict[str, str]:
    """The lines by what they are about."""
    return {line.about: line.text for line in lines_of(Started(config, url, metrics, stored))}


def standing_out(config: Config, stored: int = 0) -> list[str]:
    """What is to be seen before all else."""
    return [line.text for line in lines_of(Started(config, "http://127.0.0.1:8080", None, stored)) if line.stands_out]


def test_development_is_told_first() -> None:
    """Of a server in development, that nothing is protected stands out; nothing is said of keys."""
    assert told(DEVELOPMENT) == {
        "mode": f"sio-server {__version__}, development",
        "": UNPROTECTED,
        "console": "http://127.0.0.1:8080/",
        "log": "in memory, gone with the process",
        "try": """curl -d '{"type":"test","message":"Hola mundo","data":{}}' http://127.0.0.1:8080/notify""",
        "watch": "sio-server listen --url http://127.0.0.1:8080   (in another terminal)",
    }
    assert standing_out(DEVELOPMENT) == [UNPROTECTED]


def test_production_tells_who_may_do_what(tmp_path: Path) -> None:
    """Of a server in production: how many keys, how tokens are verified, which pages; no secret is in it."""
    config = Config(
        jwt_secret=SECRET,
        jwks_url="https://id.example.org/jwks",
        publish_keys=("k" * 32,),
        data_dir=tmp_path,
        allowed_origins=("https://app.example.org",),
    )
    lines = told(config, "https://0.0.0.0:8443", "http://127.0.0.1:9100/metrics", stored=2)
    assert lines["keys"] == "1 of the settings and 2 made with `sio-server keys`"
    assert lines["tokens"] == "verified by HS256 with the shared secret and the keys at https://id.example.org/jwks"
    assert lines["origins"] == "https://app.example.org"
    assert lines["log"] == str(tmp_path)
    assert lines["metrics"].startswith("http://127.0.0.1:9100/metrics")
    assert lines["console"] == "https://127.0.0.1:8443/"
    assert "Authorization: Bearer KEY" in lines["try"]
    assert SECRET not in str(lines)
    assert "k" * 32 not in str(lines)


def test_what_is_missing_in_production_stands_out() -> None:
    """That no page of elsewhere may connect, and that nobody can publish, is to be seen."""
    assert "SIO_SERVER_ALLOWED_ORIGINS" in standing_out(PRODUCTION)[0]
    assert standing_out(Config(jwt_secret=SECRET), stored=0)[0] == "none: nobody can publish"
    assert len(standing_out(Config(jwt_secret=SECRET, allowed_origins=("https://a.example",)), stored=1)) == 0


@pytest.mark.parametrize(
    ("url", "called"),
    [
        ("http://0.0.0.0:80", "http://127.0.0.1:80"),
        ("http://[::]:80", "http://[::1]:80"),
        ("http://[::1]:80", "http://[::1]:80"),
        ("https://example.org:443", "https://example.org:443"),
    ],
)
def test_commands_call_the_server_as_this_machine_can(url: str, called: str) -> None:
    """An address that stands for all of them is called by the one of this machine."""
    assert called in told(DEVELOPMENT, url)["try"]


def test_unix_socket_has_no_page() -> None:
    """Of a Unix socket the command is curl's for one, and no browser is sent there."""
    lines = told(DEVELOPMENT, "unix:/run/x.sock")
    assert "--unix-socket /run/x.sock http://localhost/notify" in lines["try"]
    assert "console" not in lines
    assert "watch" not in lines


async def test_command_to_try_works(tmp_path: Path) -> None:
    """On a terminal, the command that is shown publishes as it stands."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sio_server", "serve", "--dev", "--port", "0", "--broker", "memory:"),
        cwd=tmp_path,
        env={**environment(), "TERM": "xterm", "NO_COLOR": "1"},
        stdout=asyncio.subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    try:
        assert process.stdout is not None
        url = (await coming(process.stdout.readline(), "an address", work_of(process))).decode().strip()
        shown = ""
        os.set_blocking(ours, False)

        def read() -> bool:
            nonlocal shown
            try:
                shown += os.read(ours, 65_536).decode()
            except BlockingIOError:
                return False
            return "another terminal" in shown

        await until(read, "the lines")
        assert "\x1b[" not in shown
        command = next(line for line in shown.splitlines() if line.strip().startswith("try")).strip()
        words = shlex.split(command.removeprefix("try"))
        assert (words[0], words[-1]) == ("curl", f"{url}/notify")
        curl = await asyncio.create_subprocess_exec(*CURL, *words[1:], "-s", stdout=asyncio.subprocess.PIPE)
        answer, _ = await curl.communicate()
        assert orjson.loads(answer)["status"] == "ok"
    finally:
        process.terminate()
        await process.wait()
        os.close(ours)


async def test_machines_get_one_line_of_the_log() -> None:
    """Where the log is for machines, one line has it all, and nothing else comes between its lines."""
    async with program("--broker", "memory:") as server:
        await until(lambda: any(UNPROTECTED in line for line in server.output), "the lines")
        lines = [orjson.loads(line) for line in server.output[1:]]
    (line,) = [line for line in lines if line["event"] == "serving"]
    assert (line["mode"], line["address"], line["version"]) == ("development", server.url, __version__)
