"""A token that was found good is not verified again, and never counts for longer than it is good."""

from typing import Any

from sio_server.audience import Hint, Identity
from sio_server.auth import Authenticator, known_tokens
from sio_server.auth.known_tokens import KnownTokens
from sio_server.errors import Text
from tests.support.credentials import OTHER, code, later, signed
from tests.support.servers import SECRET, secured

NOW = 1_800_000_000.0


def made(user: str = "1", **members: Any) -> Identity:
    """Somebody whose token is good for a minute more, and has been for one."""
    return Identity(user, ("turista",), (), **{"expires_at": NOW + 60, "issued_at": NOW - 60, **members})


def test_token_is_known_while_it_is_good() -> None:
    """A token is known from when it was issued until it expires, and no other one is."""
    known = KnownTokens()
    known.add("a", made(), {})
    assert known.find("a", NOW) == made()
    assert known.find("a", NOW + 59.9) == made()
    assert known.find("a", NOW + 60) is None
    assert known.find("a", NOW - 61) is None
    assert known.find("b", NOW) is None


def test_token_without_expiry_or_with_another_beginning_is_not_known() -> None:
    """What does not say until when it is good, or has a beginning of its own, is looked at each time."""
    known = KnownTokens()
    known.add("a", made(expires_at=None), {})
    known.add("b", made(), {"nbf": int(NOW) - 5})
    assert known.find("a", NOW) is None
    assert known.find("b", NOW) is None


def test_token_that_is_warned_about_is_looked_at_each_time() -> None:
    """A token whose holder is to be warned is not known, so that the operator is told again."""
    known = KnownTokens()
    known.add("a", made(warnings=(Hint("x", Text("x", "x")),)), {})
    assert len(known) == 0


def test_oldest_gives_way(monkeypatch: Any) -> None:
    """Of more tokens than there are places for the oldest are forgotten."""
    monkeypatch.setattr(known_tokens, "MOST", 3)
    known = KnownTokens()
    for number in range(5):
        known.add(str(number), made(str(number)), {})
    assert [known.find(str(number), NOW) is not None for number in range(5)] == [False, False, True, True, True]
    known.clear()
    assert len(known) == 0


async def test_known_token_is_not_verified_again() -> None:
    """Who comes back with the same token is the same person, and nothing is verified for it."""
    authenticator = Authenticator(secured())
    token = signed({"sub": "7", "role": "turista", "exp": int(later())})
    first = await authenticator.identity(token)
    assert await authenticator.identity(f"Bearer {token}") is first


async def test_withdrawn_secret_ends_known_tokens() -> None:
    """A token of a secret that the settings have no more is refused, though it was known."""
    authenticator = Authenticator(secured())
    token = signed({"sub": "7", "exp": int(later())})
    assert (await authenticator.identity(token)).user == "7"
    authenticator.apply(secured(jwt_secret=OTHER, jwt_secret_previous=SECRET))
    assert (await authenticator.identity(token)).user == "7"
    authenticator.apply(secured(jwt_secret=OTHER))
    assert await code(token, authenticator) == "invalid_token"


async def test_setting_of_an_audience_ends_known_tokens() -> None:
    """A token without the audience that is asked for since then is refused, though it was known."""
    authenticator = Authenticator(secured())
    token = signed({"sub": "7", "exp": int(later())})
    assert (await authenticator.identity(token)).user == "7"
    authenticator.apply(secured(token_audience="tourism"))
    assert await code(token, authenticator) == "invalid_token"
