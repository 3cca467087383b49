"""The settings file to start from: it names every setting, and means what its comments say."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from sio_server.config import Config
from sio_server.config.sample import EXAMPLES, settings_file
from sio_server.config.schema import SECRETS, ConfigSchema

TEXT = settings_file({})
COMMENTED = {found[1]: found[0][2:] for found in re.finditer(r"^# ([a-z0-9_]+) = .*$", TEXT, re.MULTILINE)}


def test_every_setting_is_there_once() -> None:
    """Each setting but development mode has a line, after what it is for; a secret is named by its file."""
    names = {f"{name}_file" if name in SECRETS else name for name in ConfigSchema().fields} - {"dev"}
    assert COMMENTED.keys() == names
    assert len(re.findall(r"^# [a-z0-9_]+ = ", TEXT, re.MULTILINE)) == len(names)
    plain = " ".join(line.removeprefix("# ") for line in TEXT.splitlines())
    for name, kind in ConfigSchema().fields.items():
        assert name == "dev" or kind.metadata["about"] in plain


def test_as_it_is_it_changes_nothing() -> None:
    """A file that nothing was taken out of comments in sets nothing."""
    assert tomllib.loads(TEXT) == {}


@pytest.mark.parametrize("name", COMMENTED)
def test_each_comment_is_a_setting(name: str) -> None:
    """A line without its '#' is TOML and is taken; where it has no example it is the default."""
    ((key, value),) = tomllib.loads(COMMENTED[name]).items()
    if name.endswith("_file") and name.removesuffix("_file") in SECRETS:
        assert value == f"secrets/{name.removesuffix('_file')}"
        return
    loaded = ConfigSchema().load({key: value})
    default = getattr(Config(), name)
    if name not in EXAMPLES and default not in (None, ()):
        assert loaded[name] == default


def test_examples_are_of_settings_without_a_default() -> None:
    """An example stands for what nobody sets, never for another value than the default."""
    for name in EXAMPLES:
        assert getattr(Config(), name) in (None, ())


def test_what_is_given_is_in_force() -> None:
    """Values that are given stand there as settings, in TOML's own types, and no second time as a comment."""
    given = {
        "port": 9000,
        "data_dir": Path("dätä"),
        "allowed_origins": ("https://a.example", "null"),
        "jwt_secret_file": "secrets/jwt",
        "trust_clock": True,
    }
    text = settings_file(given, "my.toml")
    assert tomllib.loads(text) == {**given, "data_dir": "dätä", "allowed_origins": ["https://a.example", "null"]}
    assert text.count("allowed_origins = ") == 1
    assert "--config my.toml" in text
