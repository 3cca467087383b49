"""``check-config``: what is in force and where it is from, what is odd about it, and its exit code."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest

from sio_server.config import env_name
from sio_server.config.schema import ConfigSchema
from tests.support.commands import assert_user_error, run

LONG = "a-secret-of-forty-characters-or-even-more"
SECRETS = {"SIO_SERVER_JWT_SECRET": LONG, "SIO_SERVER_PUBLISH_KEYS": LONG}
# Without a data directory of its own a new log is told of.
SAFE = {**SECRETS, "SIO_SERVER_BROKER": "memory:"}


async def settings(directory: Path, *flags: str, env: dict[str, str] | None = None) -> dict[str, tuple[str, str]]:
    """What ``check-config --json`` shows of each setting: its value, and where that is from."""
    done = await run("check-config", "--json", *flags, cwd=directory, env=env or SAFE)
    found = json.loads(done.out)["settings"]
    return {name: (row["value"], row["source"]) for name, row in found.items()}


async def test_settings_come_from_flags_environment_and_file(tmp_path: Path) -> None:
    """A flag wins over the environment, which wins over the file; each may set what the others leave out."""
    (tmp_path / "my.toml").write_text('locale = "en"\nmax_body = 2000\nidempotency_ttl = 100\n', "utf-8")
    env = {"SIO_SERVER_MAX_BODY": "3000", "SIO_SERVER_IDEMPOTENCY_TTL": "200", "SIO_SERVER_CONFIG": "my.toml"}
    done = await run("check-config", "--dev", "--max-body", "4000", cwd=tmp_path, env=env)
    assert done.code == 0, done
    shown = dict(line.split(None, 2)[:2] for line in done.lines[: done.lines.index("")])
    assert (shown["max_body"], shown["idempotency_ttl"], shown["locale"]) == ("4000", "200", "en")
    assert shown.keys() == ConfigSchema().fields.keys()


async def test_each_value_says_where_it_is_from(tmp_path: Path) -> None:
    """A flag, a variable, a line of ``.env``, a file, a file of a secret and a default are told apart."""
    (tmp_path / "my.toml").write_text('locale = "en"\njwt_secret_file = "jwt"\n')
    (tmp_path / "jwt").write_text(LONG)
    (tmp_path / ".env").write_text(f"SIO_SERVER_LOG_LEVEL=debug\nSIO_SERVER_PORT=1\nSIO_SERVER_PUBLISH_KEYS={LONG}\n")
    env = {"SIO_SERVER_PORT": "8099", "SIO_SERVER_BROKER": "memory:"}
    shown = await settings(tmp_path, "--config", "my.toml", "--max-body", "4000", env=env)
    assert shown["max_body"] == ("4000", "--max-body")
    assert shown["port"] == ("8099", "SIO_SERVER_PORT in the environment")
    assert shown["log_level"] == ("debug", "SIO_SERVER_LOG_LEVEL in .env")
    assert shown["publish_keys"] == ("set (1 of 41 characters)", "SIO_SERVER_PUBLISH_KEYS in .env")
    assert shown["locale"] == ("en", "my.toml")
    assert shown["jwt_secret"] == ("set (41 characters)", f"{tmp_path / 'jwt'} named by my.toml")
    assert shown["send_cap"] == ("1048576", "default")


@pytest.mark.parametrize("named", ["by a flag", "by a variable"])
async def test_path_in_a_file_begins_at_that_file(tmp_path: Path, named: str) -> None:
    """The same settings file means the same directory wherever one starts from; it is shown from the root on."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "etc" / "my.toml").write_text('data_dir = "log"\ncatalog = "own.toml"\njwt_secret_file = "jwt"\n')
    (tmp_path / "etc" / "own.toml").write_text("[types]\n")
    (tmp_path / "etc" / "jwt").write_text(LONG)
    flags = ["--config", "../etc/my.toml"] if named == "by a flag" else []
    env = {"SIO_SERVER_PUBLISH_KEYS": LONG, **({} if flags else {"SIO_SERVER_CONFIG": "../etc/my.toml"})}
    for directory in ("elsewhere", "etc"):
        shown = await settings(tmp_path / directory, *flags, env=env)
        assert shown["data_dir"][0] == str(tmp_path / "etc" / "log")
        assert shown["catalog"][0] == str(tmp_path / "etc" / "own.toml")


async def test_secrets_are_hidden_and_warnings_told(tmp_path: Path) -> None:
    """Secrets are shown as set and never told; a misspelt variable is named with the nearest setting."""
    env = {**SAFE, "SIO_SERVER_PUBLISH_KEYS": "short-key," + LONG, "SIO_SERVER_JWT_SECRT": "typo"}
    for form in ([], ["--json"]):
        done = await run("check-config", *form, cwd=tmp_path, env=env)
        assert done.code == 0
        assert LONG not in done.out + done.err
        assert "short-key" not in done.out + done.err
        assert "set (2 of 9 and 41 characters)" in done.out
        assert "SIO_SERVER_JWT_SECRT is no setting (did you mean SIO_SERVER_JWT_SECRET?)" in done.out + done.err
        assert "shorter than 32 bytes" in done.out + done.err
        assert "development mode" not in done.out


async def test_strict_fails_by_a_warning_alone(tmp_path: Path) -> None:
    """With ``--strict`` a typing error in ``.env`` is exit code 1, for CI; settings without a warning are 0."""
    assert (await run("check-config", "--strict", cwd=tmp_path, env=SAFE)).code == 0
    (tmp_path / ".env").write_text("SIO_SERVER_PROT=9\n")
    done = await run("check-config", "--strict", cwd=tmp_path, env=SAFE)
    assert done.code == 1
    assert ".env: SIO_SERVER_PROT is no setting (did you mean SIO_SERVER_PORT?)" in done.err
    assert (await run("check-config", cwd=tmp_path, env=SAFE)).code == 0


async def test_what_stops_a_server_is_an_error(tmp_path: Path) -> None:
    """A host that leads nowhere is told by its name, and so is a directory that is none; the exit code is 2."""
    (tmp_path / "file").write_text("")
    done = await run("check-config", "--host", "nowhere.invalid", "--data-dir", "file/data", cwd=tmp_path, env=SECRETS)
    assert_user_error(done, f"{env_name('host')}: 'nowhere.invalid' leads to no address", "is no directory")


async def test_keys_address_is_asked_unless_offline(tmp_path: Path) -> None:
    """A JWKS address that does not answer is a warning, which ``--offline`` spares."""
    env = {"SIO_SERVER_PUBLISH_KEYS": LONG, "SIO_SERVER_BROKER": "memory:", "SIO_SERVER_JWKS_URL": "http://127.0.0.1:1"}
    done = await run("check-config", "--strict", cwd=tmp_path, env=env)
    assert done.code == 1
    assert "SIO_SERVER_JWKS_URL: cannot be reached" in done.err
    assert (await run("check-config", "--strict", "--offline", cwd=tmp_path, env=env)).code == 0


async def test_catalogue_is_checked(tmp_path: Path) -> None:
    """A catalogue that cannot be used is found before anything is served."""
    (tmp_path / "own.toml").write_text('[types.x]\ntitle = { es = "x" }\naudience = { nobody = true }\n', "utf-8")
    done = await run("check-config", "--dev", "--catalog", "own.toml", cwd=tmp_path)
    assert_user_error(done, "own.toml", "types.x.audience.nobody")


async def test_development_is_told(tmp_path: Path) -> None:
    """Development mode is told where it was asked for, and the number of event types."""
    done = await run("check-config", "--dev", cwd=tmp_path)
    assert done.code == 0
    assert "development mode" in done.out
    assert "20 event types" in done.out


async def test_database_is_asked_unless_offline(postgres_home: Path, tmp_path: Path) -> None:
    """What a database takes from the promises is a warning, one that does not answer an error; no password is shown."""
    where = f"postgresql://postgres:hunter2@/postgres?host={postgres_home}&schema={uuid4().hex}"
    done = await run("check-config", "--dev", "--broker", where, cwd=tmp_path)
    assert done.code == 0
    assert f"postgresql://[{postgres_home}]/postgres?schema=" in done.out
    assert "warning: SIO_SERVER_BROKER: there is no synchronous standby" in done.err
    assert "hunter2" not in done.out + done.err
    away = where.replace(str(postgres_home), str(tmp_path))
    done = await run("check-config", "--dev", "--broker", away, cwd=tmp_path)
    assert (done.code, "see that the database runs and can be reached from here" in done.err) == (2, True)
    assert "hunter2" not in done.out + done.err
    done = await run("check-config", "--dev", "--offline", "--broker", away, cwd=tmp_path)
    assert (done.code, done.err) == (0, "")
