"""A token in a cookie: which one it is, and whose page may use it."""

from __future__ import annotations

import pytest

from sio_server.config import Config
from sio_server.errors import Refused
from sio_server.gate import TokenCookie
from sio_server.gate.origins import OriginPolicy
from tests.support.servers import secured

TOKEN = "eyJh.eyJz.c2ln"
HOST = "avisos.example.org"
OWN = {"origin": f"https://{HOST}"}


def outcome(config: Config, **headers: str) -> str | None:
    """The token of a cookie, None, or the code that it is refused with."""
    given = {"host": HOST, "cookie": f"a=1; avisos={TOKEN}", **headers}
    try:
        return TokenCookie(config, OriginPolicy(config)).token_of({k.replace("_", "-"): v for k, v in given.items()})
    except Refused as refused:
        told = refused
    assert "CSRF" in str(told.detail)
    assert "CSRF" in told.detail.es
    return told.kind.code


def config(*origins: str) -> Config:
    """Settings with a cookie and these allowed origins."""
    return secured(token_cookie="avisos", allowed_origins=origins)


@pytest.mark.parametrize(
    ("cookie", "found"),
    [
        (f"avisos={TOKEN}", TOKEN),
        (f'b="x;y" ; avisos="{TOKEN}"', TOKEN),
        (f"avisos={TOKEN}; avisos=eyJ.of.another", TOKEN),
        (f"xavisos={TOKEN}; Avisos={TOKEN}", None),
        ("avisos=", None),
        ("avisos", None),
        ("avisos=a-publisher-key", None),
        ("", None),
    ],
)
def test_cookie_is_found_by_its_name(cookie: str, found: str | None) -> None:
    """The first cookie of the name counts, and nothing in it but what looks like a token."""
    assert outcome(config(), cookie=cookie, **OWN) == found


def test_without_the_setting_no_cookie_counts() -> None:
    """Where no cookie is named, whatever a browser sends is no credential, and no reason to refuse."""
    assert outcome(secured(), **OWN) is None
    assert outcome(secured(), origin="https://evil.example") is None


@pytest.mark.parametrize(
    ("origins", "headers", "taken"),
    [
        ((), {"origin": f"https://{HOST}"}, True),
        ((), {"origin": "https://evil.example"}, False),
        (("https://app.example.org",), {"origin": "https://app.example.org"}, True),
        (("https://*.example.org",), {"origin": "https://app.example.org"}, True),
        (("https://*.example.org",), {"origin": "https://example.org.evil.example"}, False),
        (("*",), {"origin": "https://evil.example"}, False),
        (("*", "https://app.example.org"), {"origin": "https://app.example.org"}, True),
        (("*",), {"origin": f"https://{HOST}"}, True),
        (("null", "file://"), {"origin": "null"}, False),
        (("null", "file://"), {"origin": "file://"}, False),
        ((), {"sec_fetch_site": "same-origin"}, True),
        ((), {"sec_fetch_site": "none"}, True),
        (("*",), {"sec_fetch_site": "cross-site"}, False),
        (("https://*.example.org",), {"sec_fetch_site": "same-site"}, False),
        ((), {}, False),
    ],
    ids=str,
)
def test_only_a_page_that_may_uses_it(origins: tuple[str, ...], headers: dict[str, str], *, taken: bool) -> None:
    """The server's own pages and named origins use it; any page, pages without an address and pictures do not."""
    assert outcome(config(*origins), **headers) == (TOKEN if taken else "origin_not_allowed")


def test_any_page_beside_a_cookie_is_told() -> None:
    """Settings that let any page ask and name a cookie too are told what that means."""
    assert any("SIO_SERVER_TOKEN_COOKIE" in line for line in config("*").warnings())
    assert config("https://app.example.org").warnings() == []
