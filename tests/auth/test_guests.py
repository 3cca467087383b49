"""Tokens of guests: who they are for, what they are checked with, and that no other token is taken for one."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given
from hypothesis import strategies as st

from sio_server.audience import Identity
from sio_server.auth import Authenticator, GuestTokens
from sio_server.auth.guests import TOKEN_LIFE, is_guest_token
from sio_server.config import Config
from sio_server.errors import Refused
from tests.support.credentials import OTHER, crafted, later, macced, part, refusal, signed
from tests.support.servers import SECRET, secured, token
from tests.support.strategies import JSON

KEY = b"the key of a log, of 32 bytes..."
GUEST = "guest:0123456789abcdef"
GUESTS = GuestTokens(lambda: KEY)
HEADER = {"alg": "HS256", "typ": "guest+jwt"}

# Whatever else a server verifies tokens with.
SETTINGS: dict[str, Config] = {
    "a secret": secured(),
    "two secrets": secured(jwt_secret_previous="the secret of yesterday, long enough as well"),
    "a key set": secured(jwt_secret=None, jwks_url="http://127.0.0.1:9/jwks.json"),
    "both": secured(jwks_url="http://127.0.0.1:9/jwks.json"),
    "nothing": secured(jwt_secret=None),
    "claims elsewhere": secured(
        user_claim=("email",), roles_claim=("realm_access.roles",), token_audience="a", token_issuer="i"
    ),
    "development": Config(dev=True),
}


def checking(config: Config, guests: GuestTokens = GUESTS) -> Authenticator:
    """Return what checks tokens by these settings, and guests' by a key of its own."""
    return Authenticator(config, guests=guests)


def claims(**other: Any) -> dict[str, Any]:
    """Return what a guest's token says, with what is another or is left out (None)."""
    now = int(time.time())
    made = {"sub": GUEST, "iat": now, "exp": now + 600, **other}
    return {name: value for name, value in made.items() if value is not None}


def outcome(credential: str) -> str | Refused | None:
    """Return whose token it is, or how it is refused; anything else is a failure."""
    try:
        return GUESTS.identity(credential, leeway=0).user
    except Refused as refusal:
        return refusal


async def refused(credential: str, config: Config | None = None) -> str:
    """Return the code that a token is refused with, having seen both languages."""
    return (await refusal(credential, checking(config or secured()))).kind.code


@pytest.mark.parametrize("config", SETTINGS.values(), ids=SETTINGS)
async def test_guest_is_known_whatever_is_set_up(config: Config) -> None:
    """A guest's token is taken beside secrets, beside a key set, with neither, and in development."""
    made, expires_at = GUESTS.sign(GUEST)
    expected = Identity(GUEST, (), (), float(expires_at), float(expires_at - TOKEN_LIFE))
    auth = checking(config)
    assert await auth.identity(made) == await auth.identity(f'"Bearer {made}"') == expected
    assert expected.rooms() == (f"user:{GUEST}",)
    if not config.development:
        assert await auth.token(made) == expected


@pytest.mark.parametrize("config", [config for config in SETTINGS.values() if not config.development])
async def test_guest_neither_observes_nor_publishes(config: Config) -> None:
    """A guest's token is refused as any that is no administrator's, where one looks at the server or publishes."""
    made, _ = GUESTS.sign(GUEST)
    auth = checking(config)
    for ask in (auth.operator, auth.administrator):
        with pytest.raises(Refused) as caught:
            await ask(made)
        assert caught.value.kind.code == "forbidden"


def test_token_says_what_it_is() -> None:
    """The token has a type of its own, the guest, when it was made and an hour, and nothing more."""
    made, expires_at = GUESTS.sign(GUEST)
    assert jwt.get_unverified_header(made) == HEADER
    assert jwt.decode(made, KEY, ["HS256"]) == {"sub": GUEST, "iat": expires_at - 3600, "exp": expires_at}
    assert is_guest_token(made)
    assert not is_guest_token(token())


@pytest.mark.parametrize(
    "making",
    [
        lambda: claims(sub="1"),
        lambda: claims(sub=1),
        lambda: claims(sub=None),
        lambda: claims(sub="guest:0123456789ABCDEF"),
        lambda: claims(sub="guest:0123456789abcdef "),
        lambda: claims(sub="guest:0123456789abcdef\n"),
        lambda: claims(sub="guest:0123456789abcdefa"),
        lambda: claims(sub="admin"),
        lambda: claims(sub=[GUEST]),
        lambda: claims(role="admin"),
        lambda: claims(roles=["admin"]),
        lambda: claims(rol=""),
        lambda: claims(topics=["tour-1"]),
        lambda: claims(aud="a"),
        lambda: claims(nbf=0),
        lambda: claims(iat=None),
        lambda: claims(exp=None),
        lambda: claims(exp="9999999999"),
        lambda: claims(exp=float("inf")),
        lambda: claims(exp=True),
        lambda: claims(iat=later(600)),
        lambda: claims(iat=int(later(600))),
        lambda: claims(iat=[]),
        lambda: [GUEST],
        lambda: "text",
        lambda: None,
    ],
)
async def test_guest_with_anything_else_is_refused(making: Callable[[], Any]) -> None:
    """Signed with the right key, a token that says anything but what the server writes is refused: no role gets in."""
    assert await refused(macced(KEY, HEADER, making())) == "invalid_token"


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none", "typ": "guest+jwt"},
        {"alg": "None", "typ": "guest+jwt"},
        {"alg": "HS384", "typ": "guest+jwt"},
        {"alg": "RS256", "typ": "guest+jwt"},
        {"typ": "guest+jwt"},
        {"alg": ["HS256"], "typ": "guest+jwt"},
        {"alg": "HS256", "typ": "GUEST+JWT"},
        {"alg": "HS256", "typ": "application/guest+jwt"},
        {"alg": "HS256", "typ": "JWT"},
        {"alg": "HS256", "typ": ""},
        {"alg": "HS256", "typ": ["guest+jwt"]},
        {"alg": "HS256"},
        {"alg": "HS256", "typ": "guest+jwt", "crit": ["x"], "x": 1},
    ],
    ids=str,
)
@pytest.mark.parametrize("key", [KEY, SECRET.encode(), b""], ids=["log", "settings", "none"])
async def test_another_header_is_refused(header: dict[str, Any], key: bytes) -> None:
    """A guest's claims under another algorithm or another type are refused, whichever key has signed them."""
    made = macced(key, header, claims())
    assert await refused(made) == await refused(made.rpartition(".")[0] + ".") == "invalid_token"


@pytest.mark.parametrize("name", ["a secret", "two secrets", "both"])
async def test_keys_are_not_mixed_up(name: str) -> None:
    """A secret of the settings signs no guest, and the log's key nobody else; nor does the key of another log."""
    config = SETTINGS[name]
    for secret in filter(None, (config.jwt_secret, config.jwt_secret_previous)):
        assert await refused(macced(secret.encode(), HEADER, claims()), config) == "invalid_token"
    real = {"sub": "1", "role": "admin", "exp": int(later())}
    for typ in ("JWT", "at+jwt", None):
        header = {"alg": "HS256", **({"typ": typ} if typ else {})}
        assert await refused(macced(KEY, header, real), config) == "invalid_token"
        assert await refused(macced(KEY, header, claims()), config) == "invalid_token"
    other, _ = GuestTokens(lambda: b"the key of another log, 32 bytes").sign(GUEST)
    assert await refused(other, config) == "invalid_token"


async def test_key_set_signs_no_guest() -> None:
    """Neither a private key of an identity provider nor its public one, taken for a secret, makes a guest."""
    key = rsa.generate_private_key(65537, 2048)
    made = jwt.encode(claims(), key, "RS256", {"typ": "guest+jwt"})
    assert await refused(made, SETTINGS["a key set"]) == "invalid_token"
    assert await refused(made, SETTINGS["development"]) == "invalid_token"


async def test_token_that_is_changed_anywhere_is_refused() -> None:
    """A guest's token of which any sign is another is refused, also where that sign says nothing."""
    made, _ = GUESTS.sign(GUEST)
    auth = checking(secured())
    for at, sign in enumerate(made):
        for other in "ABCDEFGH._-=":
            if other != sign:
                with pytest.raises(Refused):
                    await auth.identity(made[:at] + other + made[at + 1 :])
    for longer in (made + "=", made + "A", made + ".", made + ".AAAA", "A" + made, made + "\u00e9"):
        with pytest.raises(Refused):
            await auth.identity(longer)


@pytest.mark.parametrize("config", SETTINGS.values(), ids=SETTINGS)
async def test_token_ends_by_the_clock(config: Config) -> None:
    """A guest's token is over after its hour and the leeway that is set, and is told as one that has expired."""
    now = [1_000_000.0]
    guests = GuestTokens(lambda: KEY, wall=lambda: now[0])
    made, expires_at = guests.sign(GUEST)
    auth = checking(config, guests)
    now[0] = expires_at + config.token_leeway - 0.5
    assert (await auth.identity(made)).expires_at == expires_at
    now[0] += 0.5
    assert (await refusal(made, auth)).kind.code == "token_expired"
    now[0] = expires_at - TOKEN_LIFE - config.token_leeway - 1
    assert (await refusal(made, auth)).kind.code == "invalid_token"


@pytest.mark.parametrize(
    ("settings", "claimed"),
    [
        ({}, {"sub": GUEST}),
        ({}, {"sub": GUEST, "role": "admin"}),
        ({"user_claim": ("email",)}, {"sub": "1", "email": GUEST}),
        ({"jwt_secret_previous": OTHER}, {"sub": GUEST}),
    ],
)
async def test_backend_cannot_name_a_guest(settings: dict[str, Any], claimed: dict[str, Any]) -> None:
    """A token of the backend's that claims a guest's name is refused, and the refusal says what to do."""
    found = await refusal(signed({**claimed, "exp": later()}), checking(secured(**settings)))
    assert found.kind.code == "invalid_token"
    assert "guest:" in found.detail


@pytest.mark.parametrize("name", ["guest", "guest:", "guest:7", "guest:ana", f"{GUEST}0", "Guest:0123456789abcdef"])
async def test_other_names_are_the_backends(name: str) -> None:
    """Only the very form of a guest's name is taken: a backend may call its users anything else."""
    identity = await checking(secured()).identity(token(name, "turista"))
    assert (identity.user, identity.rooms()) == (name, ("all", "role:turista", f"user:{name}"))


async def test_reading_settings_anew_keeps_guests() -> None:
    """Other secrets, another way to verify, another leeway: a guest stays good."""
    made, _ = GUESTS.sign(GUEST)
    auth = checking(secured())
    for config in SETTINGS.values():
        if not config.development:
            auth.apply(config)
            assert (await auth.identity(made)).user == GUEST


@given(JSON, JSON)
def test_any_claims_are_a_guest_or_refused(header: Any, body: Any) -> None:
    """Whatever is signed with the key, it is a guest of the right form or is refused with a code."""
    for made in (macced(KEY, HEADER, body), macced(KEY, header, claims()), crafted(HEADER, claims())):
        found = outcome(made)
        assert (
            found == GUEST if not isinstance(found, Refused) else found.kind.code in {"invalid_token", "token_expired"}
        )


@given(st.text() | st.text(f"{part(HEADER)}.=", max_size=100))
def test_any_text_is_refused(text: str) -> None:
    """Whatever text is taken for a guest's token is refused with a code."""
    with pytest.raises(Refused):
        GUESTS.identity(text, leeway=0)
    assert hmac.compare_digest(
        str(is_guest_token(text)), str(text.startswith(part(HEADER) + ".") or text == part(HEADER))
    )
