"""``scripts/mode.sh``: when `make run` and `make dev` start in development mode."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.servers import ROOT, environment


def mode(directory: Path, *arguments: str, dotenv: str | None = None, **env: str) -> str:
    """What the script says in a checkout that has nothing but it and this ``.env``."""
    scripts = directory / "scripts"
    scripts.mkdir()
    shutil.copy(ROOT / "scripts" / "mode.sh", scripts)
    if dotenv is not None:
        (directory / ".env").write_text(dotenv)
    command = [str(scripts / "mode.sh"), *arguments]
    return subprocess.run(command, env=environment(env), capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(
    ("arguments", "dotenv", "env"),
    [
        ((), None, {}),
        (("--port", "9000"), "SIO_SERVER_PORT=9\n", {"SIO_SERVER_LOCALE": "en"}),
        ((), "# SIO_SERVER_JWT_SECRET=x\nSIO_SERVER_JWT_SECRET=\n", {"SIO_SERVER_PUBLISH_KEYS": ""}),
    ],
)
def test_without_secrets_it_is_development(
    tmp_path: Path, arguments: tuple[str, ...], dotenv: str | None, env: dict[str, str]
) -> None:
    """Where nothing sets a secret, development mode is asked for."""
    assert mode(tmp_path, *arguments, dotenv=dotenv, **env) == "--dev"


@pytest.mark.parametrize(
    ("arguments", "dotenv", "env"),
    [
        ((), None, {"SIO_SERVER_JWT_SECRET": "x"}),
        ((), None, {"SIO_SERVER_PUBLISH_KEYS_FILE": "/run/secrets/keys"}),
        ((), None, {"SIO_SERVER_JWKS_URL": "https://id.example.org"}),
        ((), None, {"SIO_SERVER_CONFIG": "my.toml"}),
        ((), None, {"SIO_SERVER_DEV": "0"}),
        ((), "SIO_SERVER_PUBLISH_KEYS=x\n", {}),
        ((), "  export SIO_SERVER_JWT_SECRET = 'x'\n", {}),
        (("--config", "my.toml"), None, {}),
        (("--config=my.toml",), None, {}),
        (("--dev",), None, {}),
        (("--jwks-url", "https://id.example.org"), None, {}),
    ],
)
def test_with_secrets_the_settings_decide(
    tmp_path: Path, arguments: tuple[str, ...], dotenv: str | None, env: dict[str, str]
) -> None:
    """Where something sets a secret, or a settings file may, nothing is added to what the settings say."""
    assert mode(tmp_path, *arguments, dotenv=dotenv, **env) == ""
