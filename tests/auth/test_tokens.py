"""Tokens: what their claims say, what their signatures are worth, and when and for whom they hold."""

import asyncio
import hmac
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from sio_server.audience import Identity, name_of
from sio_server.auth import Authenticator
from sio_server.errors import Refused
from tests.support.credentials import AUTH, OTHER, STRICT, code, crafted, later, macced, outcome, part, refusal, signed
from tests.support.servers import SECRET, secured, token
from tests.support.strategies import JSON

# -- what a good token says --


async def test_claims_become_an_identity() -> None:
    """User, roles, topics and expiry are those of the claims."""
    expires = int(later())
    identity = await AUTH.identity(
        signed({"sub": "123", "role": "turista", "topics": ["tour-1", "tour-2"], "exp": expires})
    )
    assert identity == Identity("123", ("turista",), ("tour-1", "tour-2"), float(expires))


async def test_user_may_be_a_number() -> None:
    """A user that the backend counts is the text of its number."""
    assert (await AUTH.identity(token(123))).user == "123"


@pytest.mark.parametrize(
    ("claims", "roles"),
    [
        ({}, ()),
        ({"role": "admin"}, ("admin",)),
        ({"rol": "turista"}, ("turista",)),
        ({"roles": ["admin", "turista"]}, ("admin", "turista")),
        ({"roles": "admin"}, ("admin",)),
        ({"role": "admin", "roles": ["turista", "admin"], "rol": "guia"}, ("admin", "turista", "guia")),
        ({"role": None, "roles": [], "rol": ""}, ()),
    ],
)
async def test_roles_have_three_names(claims: dict[str, Any], roles: tuple[str, ...]) -> None:
    """Roles come from ``role``, ``roles`` and ``rol``, one or many, each once."""
    assert (await AUTH.identity(token("1", **claims))).roles == roles


@given(
    st.dictionaries(st.sampled_from(["sub", "role", "roles", "rol", "topics", "exp", "nbf", "iat", "aud", "iss"]), JSON)
)
def test_any_signed_claims_are_an_identity_or_refused(claims: dict[str, Any]) -> None:
    """Whatever the backend signs, a connection is somebody with at least a name, or is refused with a code."""
    for authenticator in (AUTH, STRICT):
        made = macced(SECRET.encode(), {"alg": "HS256"}, {"exp": int(later()), **claims})
        found = asyncio.run(outcome(authenticator, made))
        if isinstance(found, Refused):
            assert found.kind.code in {"invalid_token", "token_expired"}
        else:
            assert found.user is not None
            assert all(name_of(name) == name for name in (found.user, *found.roles, *found.topics))


@pytest.mark.parametrize("seconds", [10**400, -(10**400)])
async def test_impossible_expiry_is_refused(seconds: int) -> None:
    """An expiry that is no moment is refused, not a failure."""
    assert await code(signed({"sub": "1", "exp": seconds})) in {"invalid_token", "token_expired"}


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": ""},
        {"sub": "x" * 129},
        {"sub": "a\nb"},
        {"sub": 1.5},
        {"sub": True},
        {"sub": ["1"]},
        {"sub": None},
        {"role": "a\0"},
        {"role": "x" * 129},
        {"roles": [""]},
        {"roles": [["admin"]]},
        {"roles": {"admin": True}},
        {"roles": [f"r{number}" for number in range(101)]},
        {"topics": [1.5]},
        {"topics": [f"t{number}" for number in range(101)]},
    ],
)
async def test_claim_that_names_nobody_is_refused(claims: dict[str, Any]) -> None:
    """A claim that cannot be the name of a room is refused by the name of the claim."""
    refused = await refusal(signed({"sub": "1", "exp": later(), **claims}))
    assert refused.kind.code == "invalid_token"
    assert "'exp'" in refused.detail or f"'{next(iter(claims))}'" in refused.detail


# -- signatures --


async def test_wrong_key_is_refused() -> None:
    """A token that is signed with another secret is refused."""
    assert await code(signed({"sub": "1", "exp": later()}, OTHER)) == "invalid_token"


async def test_changed_claims_are_refused() -> None:
    """A token whose claims were changed after it was signed is refused."""
    header, _, signature = token("1", "turista").split(".")
    payload = part({"sub": "1", "role": "admin", "exp": later()})
    assert await code(f"{header}.{payload}.{signature}") == "invalid_token"


@pytest.mark.parametrize("algorithm", ["none", "None", "NONE", "nOnE", "", None])
@pytest.mark.parametrize("signature", [b"", b"\0" * 32])
async def test_unsigned_token_is_refused(algorithm: str | None, signature: bytes) -> None:
    """A token that says it needs no signature is refused, however it is written."""
    assert await code(crafted({"alg": algorithm, "typ": "JWT"}, signature=signature)) == "invalid_token"


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
async def test_public_key_is_no_secret(encoding: Encoding) -> None:
    """An HMAC made with a public RSA key, which everybody has, is refused, with a secret set or a JWKS address."""
    public = rsa.generate_private_key(65537, 2048).public_key()
    key = public.public_bytes(encoding, PublicFormat.SubjectPublicKeyInfo)
    forged = macced(key, {"alg": "HS256", "typ": "JWT", "kid": "rsa"})
    assert await code(forged) == "invalid_token"
    assert (
        await code(forged, Authenticator(secured(jwt_secret=None, jwks_url="http://127.0.0.1:9/"))) == "invalid_token"
    )


async def test_hmac_needs_a_secret() -> None:
    """Where no secret is set, an HMAC of nothing at all is no signature."""
    without = Authenticator(secured(jwt_secret=None, jwks_url="http://127.0.0.1:9/"))
    assert await code(macced(b"", {"alg": "HS256"}), without) == "invalid_token"
    assert await code(macced(b"None", {"alg": "HS256"}), without) == "invalid_token"


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
async def test_other_hmac_is_refused(algorithm: str) -> None:
    """An algorithm that was not agreed on is refused although the secret is right."""
    long_secret = SECRET * 3
    authenticator = Authenticator(secured(jwt_secret=long_secret))
    made = signed({"sub": "1", "exp": later()}, long_secret, algorithm)
    assert await code(made, authenticator) == "invalid_token"


@pytest.mark.parametrize("algorithm", ["RS256", "ES256", "EdDSA", "RS512", "PS256", "ES256K"])
async def test_asymmetric_token_needs_a_jwks(algorithm: str) -> None:
    """Where no JWKS address is set, no asymmetric token is accepted."""
    assert await code(crafted({"alg": algorithm})) == "invalid_token"


@pytest.mark.parametrize(
    "header",
    [
        {"alg": []},
        {"alg": ["HS256"]},
        {"alg": {}},
        {"alg": 256},
        {"alg": True},
        {},
        [],
        "HS256",
        None,
        {"alg": "HS256", "kid": 5},
        {"alg": "RS256", "kid": []},
        {"alg": "HS256", "crit": ["exp"]},
        {"alg": "HS256", "b64": False},
        {
            "alg": "HS256",
            "jwk": {"kty": "oct", "k": "AAAA"},
            "jku": "http://evil.example/",
            "x5u": "http://evil.example/",
        },
        b"[" * 5000,
        b"{",
        b"\xff\xfe",
    ],
)
async def test_malformed_header_is_refused(header: Any) -> None:
    """A token whose header is anything but what it should be is refused, never a failure."""
    assert await code(crafted(header)) == "invalid_token"


@pytest.mark.parametrize(
    "credential",
    [
        "x",
        ".",
        "..",
        "...",
        "a.b",
        "a.b.c",
        "a.b.c.d",
        "é.é.é",
        "\udcff.\udcff.\udcff",
        "\ud800",
        "a b.c.d",
        "\0.\0.\0",
        "=.=.=",
    ],
)
async def test_what_is_no_token_is_refused(credential: str) -> None:
    """Text that is no token at all is refused, whatever bytes it is made of."""
    assert await code(credential) == "invalid_token"


@given(st.text())
def test_any_text_is_refused(credential: str) -> None:
    """No text is a token by chance, and none makes the check fail."""
    with pytest.raises(Refused):
        asyncio.run(AUTH.identity(credential))


async def test_long_token_is_refused_unread() -> None:
    """A token of more than 8 KiB is refused although it is signed."""
    assert await code(token("1", padding="x" * 9000)) == "invalid_token"


@pytest.mark.parametrize("claims", [b"[]", b'"x"', b"null", b"{", b"\xff", b"[" * 5000])
async def test_signed_nonsense_is_refused(claims: bytes) -> None:
    """A good signature over what are no claims is refused."""
    text = f"{part({'alg': 'HS256'})}.{part(claims)}"
    made = f"{text}.{part(hmac.digest(SECRET.encode(), text.encode(), 'sha256'))}"
    assert await code(made) == "invalid_token"


async def test_both_secrets_are_good_while_they_rotate() -> None:
    """With two secrets set, tokens of either are accepted, and of no third."""
    rotating = Authenticator(secured(jwt_secret=OTHER, jwt_secret_previous=SECRET))
    for secret in (OTHER, SECRET):
        assert (await rotating.identity(signed({"sub": "7", "exp": later()}, secret))).user == "7"
    assert await code(signed({"sub": "7", "exp": later()}, "x" * 40), rotating) == "invalid_token"
    expired = signed({"sub": "7", "exp": later(-60)}, SECRET)
    assert await code(expired, rotating) == "token_expired"


# -- claims of time and place --


async def test_expired_token_has_a_code_of_its_own() -> None:
    """A token that has run out is refused so that a client knows to fetch another."""
    assert await code(signed({"sub": "1", "exp": later(-60)})) == "token_expired"


async def test_clocks_may_differ_a_little() -> None:
    """A few seconds between two machines' clocks refuse nobody."""
    assert (await AUTH.identity(signed({"sub": "1", "exp": later(-3), "nbf": later(3), "iat": later(3)}))).user == "1"


@pytest.mark.parametrize("claim", ["nbf", "iat"])
async def test_token_of_the_future_is_refused(claim: str) -> None:
    """A token that is not valid yet is refused."""
    refused = await refusal(signed({"sub": "1", "exp": later(), claim: later(60)}))
    assert refused.kind.code == "invalid_token"
    assert "not valid yet" in refused.detail


@pytest.mark.parametrize(("claims", "missing"), [({"sub": "1"}, "'exp'"), ({"exp": 2**32}, "'sub'"), ({}, "'exp'")])
async def test_needed_claims(claims: dict[str, Any], missing: str) -> None:
    """A token without an expiry or a user is refused by the claim that it lacks."""
    refused = await refusal(signed(claims))
    assert refused.kind.code == "invalid_token"
    assert missing in refused.detail
    assert missing in refused.detail.es


@pytest.mark.parametrize("claim", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("value", ["soon", [], {}, None])
async def test_moment_that_is_none_is_refused(claim: str, value: Any) -> None:
    """A claim of time that is no number is refused."""
    claims = {"sub": "1", "exp": later(), claim: value}
    if claim == "exp" or value is not None:
        assert await code(signed(claims)) == "invalid_token"


@pytest.mark.parametrize("audience", ["other", ["other"], [], {"tourism": 1}, 5, "tourism2", None])
async def test_token_for_another_audience_is_refused(audience: Any) -> None:
    """A token that was made for somebody else is refused by the claim ``aud``, and so is one for nobody."""
    claims = {"sub": "1", "exp": later(), "iss": "id", "aud": audience}
    refused = await refusal(signed({name: value for name, value in claims.items() if value is not None}), STRICT)
    assert refused.kind.code == "invalid_token"
    assert "'aud'" in refused.detail


@pytest.mark.parametrize("issuer", ["other", "", ["id"], 5, None])
async def test_token_of_another_issuer_is_refused(issuer: Any) -> None:
    """A token of another issuer is refused by the claim ``iss``, and so is one of none."""
    claims = {"sub": "1", "exp": later(), "aud": "tourism", "iss": issuer}
    present = {name: value for name, value in claims.items() if value is not None}
    refused = await refusal(macced(SECRET.encode(), {"alg": "HS256"}, present), STRICT)
    assert refused.kind.code == "invalid_token"
    assert "'iss'" in refused.detail


@pytest.mark.parametrize("audience", ["tourism", ["other", "tourism"]])
async def test_token_for_us_is_accepted(audience: Any) -> None:
    """A token that names us among its audience, from the issuer that is set, is accepted."""
    assert (await STRICT.identity(token("1", aud=audience, iss="id"))).user == "1"


async def test_audience_is_ignored_where_none_is_set() -> None:
    """Where no audience is set, a token may name any."""
    assert (await AUTH.identity(token("1", aud="other", iss="other"))).user == "1"
