"""What is wrong with a token or a key: seen here, and said by the server."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from sio_server.auth import Scope
from sio_server.cli.doctor.findings import Level
from tests.support.bad_proxies import bad_proxy
from tests.support.examined import examined
from tests.support.keys import add
from tests.support.servers import PUBLISH_KEY, SECRET, Server, lasting_token, running, secured, token

OTHER = "another secret of the tests, long enough as well"
GOOD = lasting_token("ana", "turista")
HOUR = 3600


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Run a server in production."""
    async with running(secured(token_audience=None)) as made:
        yield made


def signed(secret: str = SECRET, algorithm: str = "HS256", **claims: Any) -> str:
    """A token with these claims, and one that is left out where it is None."""
    made = {"sub": "ana", "role": "turista", "exp": int(time.time()) + 24 * HOUR, **claims}
    return jwt.encode({name: value for name, value in made.items() if value is not None}, secret, algorithm)


TOKENS: dict[str, tuple[Any, str, str]] = {
    "expired": (lambda: token(exp=int(time.time()) - HOUR), "it has expired", "get a new one"),
    "other secret": (lambda: signed(OTHER), "signature", "the backend signs with another secret"),
    "algorithm": (lambda: signed(OTHER * 2, "HS512"), "signed with 'HS512'", "HS256"),
    "none": (lambda: jwt.encode({"sub": "1", "exp": 9e9}, "", "none"), "signed with 'none'", "HS256"),
    "early": (lambda: token(iat=int(time.time()) + HOUR), "not valid before", "NTP"),
    "no end": (lambda: signed(exp=None), "lacks 'exp'", "Unix time"),
    "no user": (lambda: signed(sub=None), "lacks the claim 'sub'", "SIO_SERVER_USER_CLAIM"),
    "long": (lambda: signed(more="x" * 9000), "more than 8192 are not taken", "leave out claims"),
    "page": (lambda: "<!doctype html><p>404</p>", "begins with '<'", "token alone"),
    "json": (lambda: '{"token": "x"}', "It is JSON", "token alone"),
    "promise": (lambda: "[object Promise]", "'await' it first", "token alone"),
    "nothing": (lambda: "undefined", "for nothing", "token alone"),
    "word": (lambda: "hola", "This is no JWT", "token alone"),
    "odd": (lambda: "tökén", "no header carries", "copy it once more"),
}


@pytest.mark.parametrize(("made", "text", "mend"), TOKENS.values(), ids=TOKENS)
async def test_token_that_is_not_taken(server: Server, made: Any, text: str, mend: str) -> None:
    """What is wrong with a token is told with its mend, and nothing of the token."""
    given = made()
    found = await examined(server.url, token=given)
    found.assert_only("token", text, mend)
    assert len(given) < 20 or all(given not in f"{finding.text} {finding.mend}" for finding in found.all)


SETTINGS: dict[str, tuple[dict[str, Any], dict[str, Any], str, str]] = {
    "audience": ({"token_audience": "avisos"}, {"aud": "other"}, "'aud'", "SIO_SERVER_TOKEN_AUDIENCE"),
    "issuer": ({"token_issuer": "https://id.example.org"}, {"iss": "x"}, "'iss'", "SIO_SERVER_TOKEN_ISSUER"),
    "keys": ({"jwt_secret": None, "jwks_url": "http://127.0.0.1:1"}, {}, "algorithm", "SIO_SERVER_JWT_SECRET"),
}


@pytest.mark.parametrize(("settings", "claims", "text", "mend"), SETTINGS.values(), ids=SETTINGS)
async def test_token_for_somebody_else(settings: dict[str, Any], claims: dict[str, Any], text: str, mend: str) -> None:
    """A token for another audience, of another issuer, or of a kind that nothing verifies names the setting."""
    async with running(secured(**settings)) as server:
        (await examined(server.url, token=signed(**claims))).assert_only("token", text, mend)


async def test_token_that_is_taken(server: Server) -> None:
    """A good token is told with its user and roles, however it was pasted."""
    for pasted in (GOOD, f'"{GOOD}"', f"Bearer {GOOD}\n"):
        found = await examined(server.url, token=pasted)
        assert found.of("token").text == "it is taken: user 'ana', roles turista"
        assert found.faults == []


@pytest.mark.parametrize(
    ("claims", "text", "mend"),
    [
        ({"role": None, "realm_access": {"roles": ["admin"]}}, "SIO_SERVER_ROLES_CLAIM=realm_access.roles", ""),
        ({"role": None}, "without any role", "SIO_SERVER_ROLES_CLAIM"),
    ],
    ids=["elsewhere", "nowhere"],
)
async def test_token_without_roles(server: Server, claims: dict[str, Any], text: str, mend: str) -> None:
    """A token whose roles are not found is a warning, with the claim that seems to hold them."""
    found = await examined(server.url, token=signed(**claims))
    found.assert_only("token", text, mend, level=Level.WARNING)


async def test_header_that_is_lost(server: Server) -> None:
    """A proxy that takes the header Authorization away is told, for a token as for a key."""
    async with bad_proxy(server.url, drops=("authorization",), says={}) as url:
        found = await examined(url, token=GOOD, key=PUBLISH_KEY)
    assert found.faults == ["token", "key"]
    for check in found.faults:
        assert "Authorization does not come to the server" in found.of(check).text


# -- keys --


async def test_key_that_is_taken(server: Server) -> None:
    """A good key is told with what it may."""
    assert "may publish; observe; operate, to anybody" in (await examined(server.url, key=PUBLISH_KEY)).of("key").text


async def test_keys_of_a_server(tmp_path: Path) -> None:
    """A stored key is told with its name; one that was cut, or is another server's, is a fault."""
    narrow = Scope(types=("reserva_*",), roles=("admin",), topics=(), users=False, everybody=False)
    good, reader = add(tmp_path, "reservas", narrow), add(tmp_path, "prometheus", Scope(publish=False, observe=True))
    stranger = add(tmp_path / "other", "reservas")
    async with running(secured(data_dir=tmp_path)) as server:
        told = (await examined(server.url, key=good)).of("key").text
        assert told == "it is taken: key:reservas, may publish reserva_*, to role:admin"
        found = await examined(server.url, key=reader)
        found.assert_only("key", "may not publish, only observe", "sio-server keys add", level=Level.WARNING)
        (await examined(server.url, key=good[:-1])).assert_only("key", "its checksum is wrong", "copy it once more")
        (await examined(server.url, key=stranger)).assert_only("key", "not known", "of this very server")


async def test_development_checks_neither() -> None:
    """In development a token and a key are told to be checked by nobody."""
    async with running() as server:
        found = await examined(server.url, token=GOOD, key=PUBLISH_KEY)
    assert found.warnings == ["token", "key"]
    assert found.faults == []
