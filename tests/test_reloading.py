"""SIGHUP and other signals: settings that are read anew while the server runs, and signals that must not end it."""

from __future__ import annotations

import asyncio
import os
import pty
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import orjson
import pytest

from sio_server.app import CORE, FRONT, RELOADING
from sio_server.config import Config
from sio_server.errors import ConfigError
from tests.support.clients import plain_socket
from tests.support.keys import add
from tests.support.servers import (
    FOR_EVER,
    PUBLISH_KEY,
    SECRET,
    Program,
    environment,
    forked,
    program,
    python_client,
    running,
    secured,
    token,
)
from tests.support.waiting import coming, until, work_of

NEW_SECRET = "the secret of tomorrow, long enough for HS256 as well"
NEW_KEY = "the-publisher-key-of-tomorrow-and-long-as-well"
KEY = "the-publisher-key-of-today-which-is-long-as-well"
TEXTS = '{ es = "x", en = "x" }'
OWN = f"[types.own_type]\naudience = {{ all = true }}\ntitle = {TEXTS}\ndescription = {TEXTS}\n"


@dataclass
class Reloadable:
    """A server whose settings are a file."""

    program: Program
    file: Path
    settings: dict[str, Any]

    def write(self, **settings: Any) -> None:
        """Change settings in the file."""
        self.settings.update(settings)
        lines = [f"{name} = {orjson.dumps(value).decode()}" for name, value in self.settings.items()]
        self.file.write_text("\n".join(lines) + "\n")

    async def reload(self, told: str = "settings reloaded") -> dict[str, Any]:
        """Send SIGHUP; returns the line that tells the outcome."""
        before = len(self.program.output)
        self.program.process.send_signal(signal.SIGHUP)
        await until(lambda: any(told in line for line in self.program.output[before:]), told)
        line: dict[str, Any] = orjson.loads(next(line for line in self.program.output[before:] if told in line))
        return line

    async def status(self, key: str, body: bytes = b'{"type":"test"}') -> int:
        """The status that a publish with this key gets."""
        async with (
            aiohttp.ClientSession() as http,
            http.post(f"{self.program.url}/notify", data=body, headers={"Authorization": f"Bearer {key}"}) as reply,
        ):
            return reply.status


@asynccontextmanager
async def reloadable(directory: Path, **settings: Any) -> AsyncIterator[Reloadable]:
    """A server in production whose settings are a file in this directory."""
    file = directory / "settings.toml"
    made = Reloadable(Program(None, "", []), file, {})  # type: ignore[arg-type]  # replaced below, once there is one
    made.write(broker="memory:", jwt_secret=SECRET, publish_keys=[KEY], **settings)
    env = {"SIO_SERVER_CONFIG": str(file)}
    async with forked("serve", "--port", "0", cwd=directory, env=env) as running_:
        made.program = running_
        yield made


async def test_keys_and_secrets_are_renewed_without_a_restart(tmp_path: Path) -> None:
    """After SIGHUP new keys and secrets are good, old ones no more, also on connections that used them before."""
    async with reloadable(tmp_path) as server, aiohttp.ClientSession() as http:
        headers = {"Authorization": f"Bearer {KEY}"}
        async with http.post(f"{server.program.url}/notify", data=b'{"type":"test"}', headers=headers) as reply:
            assert reply.status == 200
        publisher = python_client()
        await publisher.connect(server.program.url, auth={"key": KEY}, transports=["websocket"], wait_timeout=FOR_EVER)
        server.write(jwt_secret=NEW_SECRET, publish_keys=[NEW_KEY])
        line = await server.reload()
        assert set(line["changed"]) == {"jwt_secret", "publish_keys"}
        async with http.post(f"{server.program.url}/notify", data=b'{"type":"test"}', headers=headers) as reply:
            assert reply.status == 401
        await until(lambda: not publisher.connected, "the publisher with the old key to be let go")
        assert await server.status(NEW_KEY) == 200
        async with plain_socket(server.program.url, {"token": token("1")}) as client:
            assert (await client.wait_closed())[0] == 4401
        for secret in (SECRET, NEW_SECRET, KEY, NEW_KEY):
            assert not any(secret in line for line in server.program.output)
        assert await server.program.stop() == 0


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ({"handshakes": "x"}, "handshakes"),
        ({"jwt_secret": "short"}, "32 bytes"),
        ({"publish_keys": []}, "SIO_SERVER_PUBLISH_KEYS"),
        ({"prot": 1}, "did you mean port?"),
        ({"catalog": "no.toml"}, "no.toml"),
        ({"jwt_secret_file": "no"}, "jwt_secret"),
    ],
)
async def test_bad_settings_change_nothing(tmp_path: Path, bad: dict[str, Any], told: str) -> None:
    """Settings that cannot be used leave all as it is, the good ones beside them, too, and one line says why."""
    async with reloadable(tmp_path) as server:
        server.write(**{"publish_keys": [NEW_KEY], **bad})
        line = await server.reload("settings not reloaded")
        assert line["level"] == "error"
        assert told in line["reason"]
        assert await server.status(KEY) == 200
        assert await server.status(NEW_KEY) == 401


async def test_damaged_keys_change_nothing(tmp_path: Path) -> None:
    """Where the stored keys cannot be read at SIGHUP nothing is put into force, and the log says which file it is."""
    stored = add(tmp_path / "data")
    async with reloadable(tmp_path) as server:
        assert await server.status(stored) == 200
        (tmp_path / "data" / "keys.json").write_text("{")
        server.write(publish_keys=[NEW_KEY])
        line = await server.reload("settings not reloaded, nothing was changed")
        assert "keys.json" in line["reason"]
        assert [await server.status(key) for key in (stored, KEY, NEW_KEY)] == [200, 200, 401]


async def test_other_settings_are_renewed(tmp_path: Path) -> None:
    """Origins, limits, the catalogue and the log level follow the file; what cannot is named, and nothing is lost."""
    own = tmp_path / "own.toml"
    own.write_text(OWN.replace("own_type", "other_type"))
    async with reloadable(tmp_path, catalog=str(own)) as server:
        assert await server.status(KEY, b'{"type":"own_type"}') == 422
        own.write_text(OWN)
        server.write(
            allowed_origins=["https://app.example.org"],
            retention_days=9,
            connections_per_user=1,
            max_body=1024,
            log_level="debug",
        )
        line = await server.reload()
        assert set(line["changed"]) == {
            "allowed_origins",
            "connections_per_user",
            "log_level",
            "max_body",
            "types of the catalogue",
        }
        waiting = next(orjson.loads(text) for text in server.program.output if "count after a restart" in text)
        assert (waiting["level"], waiting["settings"]) == ("warning", ["retention_days"])
        assert await server.status(KEY, b'{"type":"own_type"}') == 200
        assert await server.status(KEY, b'{"type":"own_type"}' + b" " * 1024) == 413
        page = {"Origin": "https://app.example.org"}
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"{server.program.url}/health/live", headers=page) as reply,
        ):
            assert reply.headers["Access-Control-Allow-Origin"] == page["Origin"]
        await until(lambda: any('"level": "debug"' in text for text in server.program.output), "a line of debug")
        async with (
            plain_socket(server.program.url, {"token": token("1")}),
            plain_socket(server.program.url, {"token": token("1")}) as second,
        ):
            assert (await second.wait_closed())[0] == 4429


@pytest.mark.parametrize(
    "name",
    [
        "SIGRTMIN",
        "SIGRTMAX",
        "SIGSTKFLT",
        "SIGHUP",
        "SIGUSR1",
        "SIGUSR2",
        "SIGALRM",
        "SIGVTALRM",
        "SIGPROF",
        "SIGIO",
        "SIGPIPE",
        "SIGCONT",
    ],
)
async def test_signal_that_ends_nothing(name: str) -> None:
    """A signal that asks for no end ends nothing: the server answers as before."""
    async with program("--broker", "memory:") as server, aiohttp.ClientSession() as http:
        for _ in range(3):
            server.process.send_signal(getattr(signal, name))
            async with http.post(f"{server.url}/notify", data=b'{"type":"test"}') as response:
                assert response.status == 200
        assert await server.stop() == 0


@pytest.mark.parametrize("name", ["SIGQUIT", "SIGPWR", "SIGXCPU"])
async def test_signal_that_drains(name: str) -> None:
    """What asks a process to end makes it drain, as SIGTERM does."""
    async with program("--broker", "memory:") as server, plain_socket(server.url) as client:
        assert await server.stop(getattr(signal, name)) == 0
        assert (await client.wait_closed())[0] == 1012


async def test_closed_terminal_ends_the_server(tmp_path: Path) -> None:
    """SIGHUP of a terminal that was closed drains: nobody is left who could stop the server."""
    ours, theirs = pty.openpty()
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "sio_server", "serve", "--dev", "--port", "0", "--broker", "memory:"),
        cwd=tmp_path,
        env=environment(),
        stdin=theirs,
        stdout=asyncio.subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    assert process.stdout is not None
    await coming(process.stdout.readline(), "an address", work_of(process))
    os.close(ours)
    process.send_signal(signal.SIGHUP)
    assert await coming(process.wait(), "the end of the server", work_of(process)) == 0


async def test_withdrawn_secret_asks_clients_for_a_new_token() -> None:
    """Who is connected by a token of a withdrawn secret is asked for another soon, and goes on with a good one."""
    async with running(secured()) as server, plain_socket(server.url, {"token": token("1")}) as client:
        (connection,) = server.core.hub.of_user("1")
        before = connection.identity.expires_at
        server.app[RELOADING].apply(secured(jwt_secret=NEW_SECRET))
        after = connection.identity.expires_at
        assert before is not None
        assert after is not None
        assert after < before - 400
        assert not client.closed


async def test_development_is_not_entered_by_a_reload() -> None:
    """Development mode neither begins nor ends while the server runs."""
    async with running(secured()) as server:
        with pytest.raises(ConfigError, match="restart"):
            server.app[RELOADING].apply(Config(dev=True, broker="memory:"))
        assert (await server.notify({"type": "test"}, key=None))[0] == 401
        assert (await server.notify({"type": "test"}, key=PUBLISH_KEY))[0] == 200
        assert server.app[CORE].node is server.node
        assert server.app[FRONT] is not None
