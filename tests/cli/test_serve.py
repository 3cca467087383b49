"""``serve``."""

from __future__ import annotations

import signal
from pathlib import Path

import click
import httpx
import pytest

from sio_server.cli.check_config import check_config
from sio_server.cli.serve import serve
from sio_server.config import env_name
from sio_server.config.schema import ConfigSchema
from tests.support.commands import Done, assert_user_error, finish, line_of_errors, run, start, start_program
from tests.support.forks import Running
from tests.support.settings import STRONG
from tests.support.waiting import coming, work_of

SECRETS = [name for name, field in ConfigSchema().fields.items() if field.metadata["secret"]]


async def first_line(process: Running) -> str:
    """The first line of standard output."""
    assert process.stdout is not None
    return (await coming(process.stdout.readline(), "a first line", work_of(process))).decode().strip()


async def stop(process: Running, number: int = signal.SIGTERM) -> Done:
    """Send a signal and wait for the end."""
    process.send_signal(number)
    return await finish(process)


async def test_the_first_line_is_the_address(tmp_path: Path) -> None:
    """With a free port, the first line of output is the address at which the server answers; SIGTERM ends it with 0."""
    process = await start_program("serve", "--dev", "--port", "0", "--broker", "memory:", cwd=tmp_path)
    url = await first_line(process)
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(url + "/health/live")).status_code == 200
        assert (await client.post(url + "/notify", content=b'{"type":"test"}')).status_code == 200
    done = await stop(process)
    assert (done.code, done.out) == (0, "")
    assert "Traceback" not in done.err


@pytest.mark.parametrize("command", [serve, check_config])
def test_every_setting_but_a_secret_has_a_flag(command: click.Command) -> None:
    """Flags are the settings; a secret is named in the help as the environment variable it is."""
    flags = {parameter.name for parameter in command.params} - {"config_file", "strict", "offline", "as_json"}
    assert flags == ConfigSchema().fields.keys() - set(SECRETS)
    assert SECRETS
    for name in SECRETS:
        assert command.epilog is not None
        assert env_name(name) in command.epilog


async def test_an_address_in_use_is_one_clear_line(tmp_path: Path) -> None:
    """A second server on the same port says so."""
    process = await start("serve", "--dev", "--port", "0", "--broker", "memory:", cwd=tmp_path)
    port = (await first_line(process)).rpartition(":")[2]
    done = await run("serve", "--dev", "--port", port, "--broker", "memory:", cwd=tmp_path)
    assert_user_error(done, f"sio-server: cannot serve on 127.0.0.1 port {port}: Address already in use")
    assert (await stop(process)).code == 0


async def test_a_directory_in_use_is_one_clear_line(tmp_path: Path) -> None:
    """A second server on the same log says so."""
    process = await start("serve", "--dev", "--port", "0", cwd=tmp_path)
    await first_line(process)
    assert_user_error(
        await run("serve", "--dev", "--port", "0", cwd=tmp_path), "another sio-server uses this directory"
    )
    assert (await stop(process)).code == 0


async def test_ctrl_c_stops_the_server_without_a_traceback(tmp_path: Path) -> None:
    """SIGINT is a clean stop."""
    process = await start("serve", "--dev", "--port", "0", "--broker", "memory:", cwd=tmp_path)
    await first_line(process)
    done = await stop(process, signal.SIGINT)
    assert done.code == 0
    assert "Traceback" not in done.err


async def test_what_was_accepted_survives_kill(tmp_path: Path) -> None:
    """After ``kill -9`` right behind a 200, ``log`` shows the notification, and so does a server that starts again."""
    process = await start("serve", "--dev", "--port", "0", cwd=tmp_path)
    url = await first_line(process)
    async with httpx.AsyncClient(trust_env=False) as client:
        reply = await client.post(url + "/notify", json={"type": "test", "message": "Hola mundo", "data": {}})
        process.kill()
    assert reply.status_code == 200
    await finish(process)
    done = await run("log", "--json", cwd=tmp_path)
    assert done.code == 0, done
    assert reply.json()["id"] in done.out
    assert (await run("log", cwd=tmp_path)).out.strip().endswith("#1  test  Hola mundo")

    process = await start("serve", "--dev", "--port", "0", cwd=tmp_path)
    url = await first_line(process)
    sent = await run("send", "test", "--url", url, "--json", cwd=tmp_path)
    assert '"seq": 2' in sent.out
    assert (await stop(process)).code == 0


async def test_name_without_an_address_is_told(tmp_path: Path) -> None:
    """A host that leads nowhere is named, in words and not by a number of the system's."""
    env = {"SIO_SERVER_JWT_SECRET": STRONG, "SIO_SERVER_PUBLISH_KEYS": STRONG}
    done = await run("serve", "--host", "nowhere.invalid", "--broker", "memory:", cwd=tmp_path, env=env)
    assert_user_error(done, "cannot serve on nowhere.invalid port 8080: this name leads to no address")


async def test_start_warns_as_check_config_does(tmp_path: Path) -> None:
    """A new log at a relative path and keys that nobody answers for are told by each start, and it serves."""
    env = {"SIO_SERVER_JWKS_URL": "http://127.0.0.1:1/jwks", "SIO_SERVER_PUBLISH_KEYS": STRONG}
    process = await start("serve", "--port", "0", cwd=tmp_path, env=env)
    url = await first_line(process)
    told = ""
    while "JWKS_URL: cannot be reached" not in told:
        told += await line_of_errors(process)
    assert "there is no log in" in told
    async with httpx.AsyncClient(trust_env=False) as client:
        assert (await client.get(url + "/health/ready")).status_code == 200
    assert (await stop(process)).code == 0
