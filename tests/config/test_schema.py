"""The checks of settings, one by one: what is taken, what it becomes, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import marshmallow
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sio_server.config import Config
from sio_server.config.schema import ConfigSchema
from tests.support.strategies import JSON

SCHEMA = ConfigSchema(unknown=marshmallow.RAISE)


@pytest.mark.parametrize(
    ("setting", "value", "expected"),
    [
        ("allowed_origins", "", ()),
        (
            "allowed_origins",
            " https://a.example , ,http://b.example:8080",
            ("https://a.example", "http://b.example:8080"),
        ),
        ("allowed_origins", ["*"], ("*",)),
        (
            "allowed_origins",
            "https://*.example.org,capacitor://localhost",
            ("https://*.example.org", "capacitor://localhost"),
        ),
        (
            "allowed_origins",
            "http://[2001:db8::1]:8080,http://localhost:*",
            ("http://[2001:db8::1]:8080", "http://localhost:*"),
        ),
        ("allowed_hosts", "a.example.org,2001:db8::1", ("a.example.org", "2001:db8::1")),
        ("trusted_proxies", "10.0.0.0/8, 192.0.2.1,2001:db8::/32", ("10.0.0.0/8", "192.0.2.1", "2001:db8::/32")),
        ("trusted_proxies", "10.1.2.3/8", ("10.1.2.3/8",)),
        ("port", " 80 ", 80),
        ("port", 0, 0),
        ("data_dir", "~/y", None),
        ("retention_days", "0", 0.0),
        ("send_cap", 256 * 1024, 256 * 1024),
        ("handshakes", 1, 1),
    ],
)
def test_value_is_taken(setting: str, value: Any, expected: Any) -> None:
    """Text from the environment and a file's own types mean the same; spaces and empty words do not count."""
    loaded = SCHEMA.load({setting: value})[setting]
    assert loaded == (Path(value).expanduser() if expected is None else expected)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("trusted_proxies", "10.0.0.0/33"),
        ("trusted_proxies", "proxy"),
        ("trusted_proxies", ["10.0.0.1", 5]),
        ("trusted_proxies", "*"),
        ("allowed_origins", "//a.example"),
        ("allowed_origins", "https://a.example:123456"),
        ("allowed_origins", "https://user@a.example"),
        ("allowed_hosts", "*"),
        ("port", None),
        ("data_dir", "~nobody-of-this-name/y"),
        ("catalog", ""),
        ("port", True),
        ("port", 1.0),
        ("port", "0x50"),
        ("retention_days", "nan"),
        ("retention_days", "inf"),
        ("retention_days", 3651),
        ("retention_count", 10**9 + 1),
        ("send_cap", 256 * 1024 - 1),
        ("events_per_second", 10**6 + 1),
        ("connections_per_address", 10**7 + 1),
        ("recovery", "Asking"),
        ("host", 5),
        ("jwt_secret", ""),
        ("shutdown_timeout", 601),
    ],
)
def test_value_is_refused(setting: str, value: Any) -> None:
    """A value that is none is refused by its setting."""
    assert SCHEMA.validate({setting: value}).keys() == {setting}


def test_defaults_pass_their_own_checks() -> None:
    """Every default could be written down as a setting and would mean the same."""
    config = Config()
    for name in SCHEMA.fields:
        default = getattr(config, name)
        if default is not None:
            assert SCHEMA.load({name: default})[name] == default


@given(setting=st.sampled_from(list(SCHEMA.fields)), value=JSON)
def test_any_value_is_taken_or_refused(setting: str, value: Any) -> None:
    """Whatever a file holds is loaded or refused by its setting, never anything else."""
    refused = SCHEMA.validate({setting: value})
    assert refused.keys() <= {setting}
    if not refused:
        Config(**SCHEMA.load({setting: value}))
