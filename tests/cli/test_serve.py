"""``serve`` and ``check-config``."""

from __future__ import annotations

import signal
from pathlib import Path

import click
import httpx
import pytest

from sio_server.cli.serve import check_config, serve
from sio_server.config import env_name
from sio_server.config.schema import ConfigSchema
from tests.support.commands import Done, assert_user_error, finish, run, start, start_program
from tests.support.forks import Running
from tests.support.waiting import coming, work_of

SECRETS = [name for name, field in ConfigSchema().fields.items() if field.metadata["secret"]]
LONG = "a secret of forty characters or even more"


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


async def test_settings_come_from_flags_environment_and_file(tmp_path: Path) -> None:
    """A flag wins over the environment, which wins over the file; each may set what the others leave out."""
    (tmp_path / "my.toml").write_text('locale = "en"\nmax_body = 2000\nidempotency_ttl = 100\n', "utf-8")
    env = {"SIO_SERVER_MAX_BODY": "3000", "SIO_SERVER_IDEMPOTENCY_TTL": "200", "SIO_SERVER_CONFIG": "my.toml"}
    done = await run("check-config", "--dev", "--max-body", "4000", cwd=tmp_path, env=env)
    assert done.code == 0, done
    settings = dict(line.split(None, 1) for line in done.lines[: done.lines.index("")])
    assert (settings["max_body"], settings["idempotency_ttl"], settings["locale"]) == ("4000", "200", "en")
    assert settings.keys() == ConfigSchema().fields.keys()


@pytest.mark.parametrize("command", [serve, check_config])
def test_every_setting_but_a_secret_has_a_flag(command: click.Command) -> None:
    """Flags are the settings; a secret is named in the help as the environment variable it is."""
    flags = {parameter.name for parameter in command.params} - {"config_file"}
    assert flags == ConfigSchema().fields.keys() - set(SECRETS)
    assert SECRETS
    for name in SECRETS:
        assert command.epilog is not None
        assert env_name(name) in command.epilog


async def test_check_config_hides_secrets_and_warns(tmp_path: Path) -> None:
    """Secrets are shown as set and never told; a misspelt variable is named with the nearest setting."""
    env = {
        "SIO_SERVER_JWT_SECRET": LONG,
        "SIO_SERVER_PUBLISH_KEYS": "short-key," + LONG,
        "SIO_SERVER_JWT_SECRT": "typo",
    }
    done = await run("check-config", cwd=tmp_path, env=env)
    assert done.code == 0
    assert LONG not in done.out + done.err
    assert "short-key" not in done.out + done.err
    assert "2 hidden" in done.out
    assert "SIO_SERVER_JWT_SECRT is no setting (did you mean SIO_SERVER_JWT_SECRET?)" in done.err
    assert "shorter than 32 bytes" in done.err
    assert "development mode" not in done.out


async def test_check_config_checks_the_catalogue(tmp_path: Path) -> None:
    """A catalogue that cannot be used is found before anything is served."""
    (tmp_path / "own.toml").write_text('[types.x]\ntitle = { es = "x" }\n', "utf-8")
    done = await run("check-config", "--dev", "--catalog", "own.toml", cwd=tmp_path)
    assert_user_error(done, "own.toml", "types.x.title.en")


async def test_check_config_says_that_it_is_development(tmp_path: Path) -> None:
    """Development mode is told where it was asked for, and the number of event types."""
    done = await run("check-config", "--dev", cwd=tmp_path)
    assert done.code == 0
    assert "development mode" in done.out
    assert "20 event types" in done.out


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
