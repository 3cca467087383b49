"""How commands beside the server find its data directory and its secrets: by flags, variables and its settings file."""

from __future__ import annotations

from pathlib import Path

import jwt
import pytest

from tests.support.commands import assert_user_error, run
from tests.support.keys import add
from tests.support.settings import STRONG


@pytest.fixture
def settings(tmp_path: Path) -> Path:
    """Write the settings of a server to a directory of their own, with a key beside them."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "etc" / "my.toml").write_text(
        'data_dir = "log"\njwt_secret_file = "jwt"\ntoken_audience = "tours"\ntoken_issuer = "https://id.example.org"\n'
    )
    (tmp_path / "etc" / "jwt").write_text(STRONG + "\n")
    add(tmp_path / "etc" / "log", "reservas")
    return tmp_path / "etc" / "my.toml"


@pytest.mark.parametrize("named", ["--config", "SIO_SERVER_CONFIG", ".env"])
async def test_settings_file_says_where_the_data_is(settings: Path, tmp_path: Path, named: str) -> None:
    """Keys and the log are those of the server, from whatever directory a command is run."""
    directory = tmp_path / "elsewhere"
    flags = [named, str(settings)] if named == "--config" else []
    env = {named: str(settings)} if named == "SIO_SERVER_CONFIG" else {}
    if named == ".env":
        (directory / ".env").write_text(f"SIO_SERVER_CONFIG={settings}\n")
    listed = await run("keys", "list", *flags, cwd=directory, env=env)
    assert "reservas" in listed.out
    assert_user_error(await run("log", *flags, cwd=directory, env=env), f"{settings.parent / 'log'}")


async def test_directory_that_is_named_goes_before_the_file(settings: Path, tmp_path: Path) -> None:
    """A flag or a variable for the data directory counts more than what stands in a settings file."""
    for flags in (["--data-dir", "other"], []):
        env = {} if flags else {"SIO_SERVER_DATA_DIR": "other"}
        done = await run("keys", "list", "--config", str(settings), *flags, cwd=tmp_path, env=env)
        assert "no keys yet" in done.err, done


async def test_token_is_signed_as_the_settings_file_says(settings: Path, tmp_path: Path) -> None:
    """The secret, the audience and the issuer of a settings file are a token's; the environment goes first."""
    done = await run("token", "--user", "7", "--config", str(settings), cwd=tmp_path)
    (signed,) = done.lines
    claims = jwt.decode(signed, STRONG, ["HS256"], audience="tours", issuer="https://id.example.org")
    assert claims["sub"] == "7"
    other = STRONG[::-1]
    done = await run(
        *("token", "--user", "7", "--config", str(settings)), cwd=tmp_path, env={"SIO_SERVER_JWT_SECRET": other}
    )
    assert jwt.decode(done.lines[0], other, ["HS256"], audience="tours")["sub"] == "7"


async def test_token_without_a_secret_names_the_mend(tmp_path: Path) -> None:
    """Who has nothing to sign with is told both ways to have it."""
    assert_user_error(await run("token", "--user", "7", cwd=tmp_path), "SIO_SERVER_JWT_SECRET", "--config")


@pytest.mark.parametrize(
    ("command", "mend"),
    [
        (("backup", "copy"), "copy it with pg_dump"),
        (("restore", "copy"), "restore it with pg_restore"),
        (("vacuum",), "PostgreSQL cleans up by itself"),
        (("log",), "GET /v1/notifications"),
    ],
)
async def test_command_for_a_file_says_what_to_use_for_a_database(
    command: tuple[str, ...], mend: str, tmp_path: Path
) -> None:
    """A command for a log in a file says where one in PostgreSQL is and what does it there, without a password."""
    done = await run(*command, cwd=tmp_path, env={"SIO_SERVER_BROKER": "postgresql://ana:hunter2@h/d"})
    assert_user_error(done, "the log is in postgresql://h/d", mend)
    assert "hunter2" not in done.err
    assert "hunter2" not in done.out
    done = await run(*command, "--data-dir", "there", cwd=tmp_path, env={"SIO_SERVER_BROKER": "postgresql://h/d"})
    assert "postgresql" not in done.err
