"""When a server is in development, when it refuses to start, and what never shows its secrets."""

import ipaddress
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sio_server.config import Config, is_loopback, load
from sio_server.config.schema import ConfigSchema
from sio_server.errors import ConfigError
from tests.support.settings import STRONG, isolate, refused

FOREIGN = ("0.0.0.0", "::", "192.168.1.5", "example.org", "localhost.example.org")  # noqa: S104 - none is listened on


@pytest.fixture(autouse=True)
def nothing_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give each test an empty directory to work in and no settings, and see that reading them makes no log."""
    isolate(tmp_path, monkeypatch)
    yield
    assert not Path("data").exists()


def test_printed_settings_hold_no_secret() -> None:
    """Settings that get into a log line or a traceback show no secret and no key."""
    shown = repr(Config(jwt_secret="hunter2a", jwt_secret_previous="hunter2b", publish_keys=("hunter2c",)))
    assert "hunter2" not in shown


def test_secrets_are_marked() -> None:
    """Whatever is a secret says so, so that no flag is made for it and no page shows it."""
    marked = {name for name, field in ConfigSchema().fields.items() if field.metadata["secret"]}
    assert marked == {"jwt_secret", "jwt_secret_previous", "publish_keys", "tls_key_password"}


def test_previous_secret_alone_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A previous secret without one of today would protect nothing, so the server does not start."""
    monkeypatch.setenv("SIO_SERVER_JWT_SECRET_PREVIOUS", STRONG)
    with pytest.raises(ConfigError, match="SIO_SERVER_JWT_SECRET_PREVIOUS"):
        load()


# -- development, and the refusal to start unprotected --


@pytest.mark.parametrize("host", [*FOREIGN, "127.0.0.1", "::1", "localhost"])
@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        ({}, ["SIO_SERVER_JWT_SECRET or SIO_SERVER_JWKS_URL", "SIO_SERVER_PUBLISH_KEYS"]),
        ({"publish_keys": "k"}, ["SIO_SERVER_JWT_SECRET or SIO_SERVER_JWKS_URL"]),
        ({"jwt_secret": STRONG}, ["SIO_SERVER_PUBLISH_KEYS"]),
        ({"jwks_url": "https://id.example.org/jwks"}, ["SIO_SERVER_PUBLISH_KEYS"]),
        ({"publish_keys": " , ", "jwt_secret": STRONG}, ["SIO_SERVER_PUBLISH_KEYS"]),
        ({"publish_keys": "k", "jwt_secret": "short"}, ["SIO_SERVER_JWT_SECRET of at least 32 bytes"]),
        (
            {"publish_keys": "k", "jwt_secret": STRONG, "jwt_secret_previous": "short"},
            ["SIO_SERVER_JWT_SECRET_PREVIOUS of at least 32 bytes"],
        ),
    ],
)
def test_unprotected_server_does_not_start(host: str, settings: dict[str, Any], missing: list[str]) -> None:
    """On any host the server refuses to start and names everything that is missing, and nothing else."""
    first, secrets, mode = refused(host=host, **settings).splitlines()
    assert first == "refusing to start unprotected"
    for name in ("SIO_SERVER_JWT_SECRET or SIO_SERVER_JWKS_URL", "SIO_SERVER_PUBLISH_KEYS", "at least 32 bytes"):
        assert (name in secrets) is any(name in told for told in missing)
    assert all(told in secrets for told in missing)
    assert "serve --dev" in mode
    assert "SIO_SERVER_DEV=1" in mode


@pytest.mark.parametrize("host", FOREIGN)
def test_development_is_for_this_machine_alone(host: str) -> None:
    """Development mode on a host that others reach is refused."""
    assert refused(host=host, dev=True).startswith(f"--dev on {host}: ")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("jwt_secret", STRONG),
        ("jwt_secret", "short"),
        ("jwks_url", "http://localhost/jwks"),
        ("publish_keys", STRONG),
    ],
)
def test_development_goes_with_no_secret(setting: str, value: str) -> None:
    """Development mode with a secret set is refused, since it would check nothing against it."""
    message = refused(dev=True, **{setting: value})
    assert message.startswith("--dev (SIO_SERVER_DEV) together with SIO_SERVER_" + setting.upper())
    assert STRONG not in message


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_development_is_asked_for(host: str) -> None:
    """Development mode is what was asked for, on a host of this machine with no secret."""
    assert load({"host": host, "dev": True}).development
    assert not Config(host=host).development
    assert not Config(host="0.0.0.0", dev=True).development  # noqa: S104 - nothing listens there
    assert not Config(dev=True, publish_keys=(STRONG,)).development


@pytest.mark.parametrize("verifier", [{"jwt_secret": STRONG}, {"jwks_url": "https://id.example.org/jwks"}])
def test_protected_server_starts_anywhere(verifier: dict[str, Any]) -> None:
    """With something that verifies tokens and a publisher key others may reach the server; it is not in development."""
    loaded = load({"host": "0.0.0.0", "publish_keys": STRONG, **verifier})  # noqa: S104
    assert not loaded.development
    assert loaded.warnings() == []


def test_short_publisher_key_warns() -> None:
    """A publisher key that can be guessed is allowed, and told."""
    (warning,) = load({"publish_keys": f"{STRONG},short", "jwt_secret": STRONG}).warnings()
    assert "SIO_SERVER_PUBLISH_KEYS is shorter than 32 bytes" in warning


def test_development_has_no_warnings() -> None:
    """A server in development has nothing to warn of but that it is."""
    assert load({"dev": True}).warnings() == []


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LOCALHOST",
        "localhost.",
        "app.localhost",
        "127.0.0.1",
        "127.9.9.9",
        "::1",
        "[::1]",
        "0:0:0:0:0:0:0:1",
        "::ffff:127.0.0.1",
    ],
)
def test_loopback(host: str) -> None:
    """A name or an address of this machine alone."""
    assert is_loopback(host)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "0.0.0.0",  # noqa: S104
        "::",
        "[::]",
        "notlocalhost",
        "localhost.example.org",
        "127.0.0.1.example.org",
        "127.0.0.1:80",
        "127.1",
        "2130706433",
        "0x7f.0.0.1",
        "10.0.0.1",
        "example.org",
        "local host",
    ],
)
def test_no_loopback(host: str) -> None:
    """What others can reach, or what another program might read as another address."""
    assert not is_loopback(host)


@given(st.ip_addresses(v=4) | st.ip_addresses(v=6) | st.ip_addresses(v=4, network="127.0.0.0/8"))
def test_loopback_of_addresses(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    """An address is this machine's own exactly when the standard says so."""
    assert is_loopback(str(address)) is address.is_loopback


@given(st.text())
def test_any_text_is_loopback_or_not(host: str) -> None:
    """No text makes it fail."""
    assert is_loopback(host) in (True, False)
