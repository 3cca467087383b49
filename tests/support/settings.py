"""Settings of tests, read as a server reads them."""

from pathlib import Path
from typing import Any

import pytest

from sio_server.config import PROTECTION, env_name, load
from sio_server.config.schema import ConfigSchema
from sio_server.errors import ConfigError

STRONG = "0123456789abcdef0123456789abcdef"


def isolate(directory: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no setting of this machine count, and work in a directory where there is none."""
    for setting in ConfigSchema().fields:
        monkeypatch.delenv(env_name(setting), raising=False)
    monkeypatch.chdir(directory)


def protect(monkeypatch: pytest.MonkeyPatch) -> None:
    """Set the secrets without which a server does not start."""
    monkeypatch.setenv("SIO_SERVER_JWT_SECRET", STRONG)
    monkeypatch.setenv("SIO_SERVER_PUBLISH_KEYS", STRONG)


def unprotect(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take them away."""
    for setting in PROTECTION:
        monkeypatch.delenv(env_name(setting), raising=False)


def refused(**flags: Any) -> str:
    """Return how these flags are refused."""
    with pytest.raises(ConfigError) as caught:
        load(flags)
    return str(caught.value)
