"""The short way of plain tokens: whatever it takes for good, PyJWT does, and says the same of it."""

import asyncio
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sio_server.auth import Authenticator
from sio_server.auth.plain_tokens import plain_claims, usable
from tests.support.credentials import OTHER, later, macced, outcome, signed
from tests.support.servers import SECRET, secured
from tests.support.strategies import JSON

SHORT = Authenticator(secured(jwt_secret_previous=OTHER))
LONG = Authenticator(secured(jwt_secret_previous=OTHER))
assert LONG._tokens is not None
LONG._tokens._plain = ()

MOMENTS = st.one_of(st.integers(-600, 600).map(lambda seconds: int(time.time()) + seconds), JSON)
CLAIMS = st.dictionaries(
    st.sampled_from(["role", "roles", "rol", "topics", "nbf", "iat", "aud", "iss", "jti", "locale"]), JSON
)
HEADERS = st.one_of(
    st.just({"alg": "HS256", "typ": "JWT"}),
    st.dictionaries(st.sampled_from(["alg", "typ", "kid", "crit", "b64", "cty"]), JSON),
)


def both(token: str) -> tuple[Any, Any]:
    """What is said of a token by the short way, and by PyJWT alone."""
    told = []
    for authenticator in (SHORT, LONG):
        assert authenticator._tokens is not None
        authenticator._tokens._known.clear()
        found = asyncio.run(outcome(authenticator, token))
        told.append(found.as_dict("en") if isinstance(found, Exception) else (found, found.locale, found.warnings))
    return told[0], told[1]


@given(CLAIMS, HEADERS, st.sampled_from([SECRET, OTHER, "a third secret, which nobody knows of"]), MOMENTS, MOMENTS)
def test_short_way_says_what_pyjwt_says(claims: Any, header: Any, secret: str, exp: Any, iat: Any) -> None:
    """Of random headers and claims, signed by a secret of ours or not, both say the same, word for word."""
    short, long = both(macced(secret.encode(), header, {"sub": "1", "exp": exp, "iat": iat, **claims}))
    assert short == long


@pytest.mark.parametrize(
    "change",
    [
        lambda token: token[:-1],
        lambda token: token + "=",
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token.replace(".", ".=", 1),
        lambda token: token[:5] + "!" + token[5:],
        lambda token: token.rpartition(".")[0] + ".",
        lambda token: ".".join(reversed(token.split("."))),
    ],
)
def test_damaged_token_is_judged_alike(change: Any) -> None:
    """Of a token that was cut, padded, changed or turned around both say the same."""
    short, long = both(change(signed({"sub": "1", "exp": int(later())})))
    assert short == long


def test_plain_token_goes_the_short_way() -> None:
    """A token as backends make them is found good without PyJWT, until it expires or before it begins."""
    now, secrets = time.time(), usable([SECRET])
    token = signed({"sub": "1", "exp": int(now) + 60, "iat": int(now) - 1})
    assert plain_claims(token, secrets, now) == {"sub": "1", "exp": int(now) + 60, "iat": int(now) - 1}
    assert plain_claims(token, secrets, now + 61) is None
    assert plain_claims(token, secrets, now - 2) is None
    assert plain_claims(token, usable([OTHER]), now) is None
    assert plain_claims(token, (), now) is None


def test_payload_that_is_no_object_is_left_to_pyjwt() -> None:
    """A payload that is signed and is no JSON object is refused as PyJWT refuses it."""
    for payload in (b"[]", b"null", b"\xff", b"{" * 10_000):
        short, long = both(macced(SECRET.encode(), {"alg": "HS256"}, payload))
        assert short == long
        assert short["code"] == "invalid_token"


def test_public_key_is_no_secret_here_either() -> None:
    """A secret that PyJWT takes for a public key or a JWK is used by neither."""
    assert usable(["-----BEGIN PUBLIC KEY-----\nMFkw\n-----END PUBLIC KEY-----", '{"kty":"oct","k":"YQ"}']) == ()
    assert usable([SECRET]) == (SECRET.encode(),)


def test_long_header_is_not_remembered() -> None:
    """A header that is longer than any plain one is PyJWT's to judge, who takes it."""
    token = macced(SECRET.encode(), {"alg": "HS256", "kid": "k" * 300}, {"sub": "1", "exp": int(later())})
    assert plain_claims(token, usable([SECRET]), time.time()) is None
    short, long = both(token)
    assert short == long
