"""Pages and host names in development mode: those of this machine may, all others may not."""

import pytest

from sio_server.config import Config
from sio_server.gate.origins import OriginPolicy
from tests.support.origins import DEVELOPMENT, check


@pytest.mark.parametrize(
    "origin",
    [
        "http://localhost",
        "http://localhost:3000",
        "https://localhost:5173",
        "http://app.localhost:3000",
        "http://127.0.0.1:5500",
        "http://127.0.0.2",
        "http://[::1]:3000",
        "http://LOCALHOST:3000",
    ],
)
def test_local_page_may_in_development(origin: str) -> None:
    """In development a page of this machine may talk to the server, whatever its port."""
    assert check(DEVELOPMENT, origin=origin) is None


@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://localhost.evil.example",
        "http://localhost@evil.example",
        "http://evil.example:8080",
        "http://127.0.0.1.evil.example",
        "http://evil.example#localhost",
        "http://evil.example?localhost",
        "http://evil.example/localhost",
        "http://notlocalhost",
        "http://192.168.1.5",
        "http://[::2]",
        "http://[::1",
        "null",
        "file://",
        "localhost",
        "",
    ],
)
def test_foreign_page_may_not_in_development(origin: str) -> None:
    """In development a page of anywhere else is refused, however its origin looks (CSRF)."""
    assert check(DEVELOPMENT, origin=origin) == "origin_not_allowed"


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "localhost:8080",
        "127.0.0.1",
        "127.0.0.1:8080",
        "[::1]",
        "[::1]:8080",
        "LocalHost:80",
        "a.localhost",
        None,
    ],
)
def test_local_host_name_is_answered(host: str | None) -> None:
    """In development the server answers to the names of this machine, with any port."""
    assert check(DEVELOPMENT, host=host) is None


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8080",
        "localhost.evil.example:8080",
        "127.0.0.1.evil.example",
        "192.168.1.5:8080",
        "[::2]:8080",
        "::2",
        "[::1].evil.example",
        "[",
        "",
        ":8080",
        "localhost evil.example",
    ],
)
def test_foreign_host_name_is_refused(host: str) -> None:
    """In development a name that somebody pointed at this machine is refused (DNS rebinding)."""
    assert check(DEVELOPMENT, host=host) == "host_not_allowed"


def test_rebound_page_is_refused_by_its_host_name() -> None:
    """A page whose own name was pointed at this machine is refused although it looks like the same origin."""
    assert check(DEVELOPMENT, origin="http://evil.example:8080", host="evil.example:8080") == "host_not_allowed"


@pytest.mark.parametrize(
    ("fetch_site", "navigation", "code"),
    [
        ("cross-site", False, "origin_not_allowed"),
        ("cross-site", True, None),
        ("same-site", False, None),
        ("same-origin", False, None),
        ("none", False, None),
        (None, False, None),
    ],
)
def test_request_of_another_site_without_an_origin(fetch_site: str | None, navigation: bool, code: str | None) -> None:  # noqa: FBT001
    """What another site's page loads without naming itself is refused; a link that a person follows is not."""
    assert check(DEVELOPMENT, fetch_site=fetch_site, navigation=navigation) == code


def test_local_page_counts_as_another_site() -> None:
    """A local page of another name is cross-site to the browser and yet allowed, for its origin is known."""
    assert check(DEVELOPMENT, origin="http://localhost:3000", host="127.0.0.1:8080", fetch_site="cross-site") is None


def test_allowed_host_of_development() -> None:
    """In development a further name may be allowed, in any case of letters."""
    policy = OriginPolicy(Config(dev=True, allowed_hosts=("Dev.Example.org",)))
    assert check(policy, host="dev.example.org:8080") is None
    assert check(policy, host="localhost") is None
    assert check(policy, host="other.example.org") == "host_not_allowed"


def test_allowed_origin_of_development() -> None:
    """In development a further origin may be allowed."""
    policy = OriginPolicy(Config(dev=True, allowed_origins=("https://dev.example.org",)))
    assert check(policy, origin="https://dev.example.org") is None
    assert check(policy, origin="https://other.example.org") == "origin_not_allowed"
