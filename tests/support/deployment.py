"""What the files of ``deploy/`` name, and whether it exists."""

from __future__ import annotations

import re
from typing import Any, Final

import yaml  # type: ignore[import-untyped]  # it comes with MkDocs, without its types

from sio_server.config.schema import SETTINGS
from sio_server.config.sources import CLIENT_NAMES, ENV_PREFIX, FILE_SUFFIX
from tests.support.servers import ROOT

DEPLOY: Final = ROOT / "deploy"


def settings_named(text: str) -> set[str]:
    """Every name of a setting in a text."""
    return set(re.findall(r"\bSIO_SERVER_[A-Z_]+\b", text))


def unknown_settings(text: str) -> set[str]:
    """Those that are none."""
    known = {f"{ENV_PREFIX}{name.upper()}" for name in SETTINGS}
    return settings_named(text) - known - {f"{name}{FILE_SUFFIX}" for name in known} - CLIENT_NAMES


def documents_of(name: str) -> list[dict[str, Any]]:
    """What a file of YAML holds."""
    return list(yaml.safe_load_all((DEPLOY / name).read_text(encoding="utf-8")))
