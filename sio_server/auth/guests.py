"""Tokens of guests, which the server makes itself: each speaks for one user who has no role.

They are JWTs with a type of their own, ``guest+jwt`` (explicit typing, RFC 8725 §3.11), signed with a key that is
derived from the log's and used for nothing else. The type alone says which keys a token is checked with: a guest's is
never tried with the secret or the key set of the settings, nor any other token with this key.
"""

from __future__ import annotations

import base64
import time
from collections.abc import Callable
from typing import Any, Final

from sio_server.audience import Identity, is_guest
from sio_server.auth.claims import unverified_type
from sio_server.errors import Refused, Text

GUEST_TYPE: Final = "guest+jwt"

# Seconds that a token is good for: long enough to show somebody around, and short since there is no other to follow.
TOKEN_LIFE: Final = 3600

_ALGORITHM: Final = "HS256"

# Nothing but these: a guest's token that says anything else was not made here.
_CLAIMS: Final = frozenset({"sub", "iat", "exp"})

# Characters of a token; those that are made have less than half as many.
_LONGEST: Final = 512


def is_guest_token(token: str) -> bool:
    """Whether a token says of itself that it is a guest's. Nothing is verified."""
    return unverified_type(token) == GUEST_TYPE


class GuestTokens:
    """Makes the tokens of guests and checks them. ``key`` gives 32 bytes, once the log is open; ``wall`` Unix seconds.

    PyJWT is imported with the first of them: a server that never has a guest need not hold it.
    """

    def __init__(self, key: Callable[[], bytes], *, wall: Callable[[], float] = time.time) -> None:
        self._key = key
        self._wall = wall

    def sign(self, user: str) -> tuple[str, int]:
        """A token for a guest, and its ``exp`` (Unix seconds)."""
        import jwt  # noqa: PLC0415 - see above

        issued_at = int(self._wall())
        expires_at = issued_at + TOKEN_LIFE
        claims = {"sub": user, "iat": issued_at, "exp": expires_at}
        return jwt.encode(claims, self._key(), _ALGORITHM, {"typ": GUEST_TYPE}), expires_at

    def identity(self, token: str, *, leeway: float) -> Identity:
        """The guest whose token this is; raises `Refused`: ``invalid_token``, ``token_expired``.

        ``leeway`` is how many seconds the clock of the node that made it may be off.
        """
        claims = self._claims(token)
        if claims.keys() != _CLAIMS or not is_guest(_text(claims["sub"])):
            raise Refused("invalid_token", _NOT_OURS)
        issued_at, expires_at = claims["iat"], claims["exp"]
        if type(issued_at) is not int or type(expires_at) is not int:
            raise Refused("invalid_token", _NOT_OURS)
        now = self._wall()
        if now >= expires_at + leeway:
            raise Refused("token_expired")
        if issued_at > now + leeway:
            raise Refused("invalid_token", _EARLY)
        return Identity(claims["sub"], (), (), float(expires_at), float(issued_at))

    def _claims(self, token: str) -> dict[str, Any]:
        """What a token says that this key has signed."""
        import jwt  # noqa: PLC0415 - see above

        if len(token) > _LONGEST or not all(map(_is_exact, token.split("."))):
            raise Refused("invalid_token", _NOT_OURS)
        options: Any = {"verify_signature": True, **dict.fromkeys(_LOOKED_AT_HERE, False)}
        try:
            whole = jwt.decode_complete(token, self._key(), algorithms=[_ALGORITHM], options=options)
        except (jwt.PyJWTError, TypeError, OverflowError) as error:
            raise Refused("invalid_token", _NOT_OURS) from error
        if whole["header"].get("typ") != GUEST_TYPE:
            raise Refused("invalid_token", _NOT_OURS)
        claims: dict[str, Any] = whole["payload"]
        return claims


# By the clock that is handed in, or not among the claims at all.
_LOOKED_AT_HERE: Final = ("verify_exp", "verify_iat", "verify_nbf", "verify_aud", "verify_iss", "verify_sub")


def _is_exact(part: str) -> bool:
    """Whether a part is base64url as it is written, so that no token has a second spelling (RFC 4648 §3.5)."""
    try:
        value = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
    except ValueError:
        return False
    return base64.urlsafe_b64encode(value).rstrip(b"=").decode() == part


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


_NOT_OURS: Final = Text(
    "This guest token was not made by this server, or was changed: ask for a new pass.",
    "Este token de invitado no lo hizo este servidor, o se ha cambiado: pide un pase nuevo.",
)
_EARLY: Final = Text(
    "This guest token is of the future: the clocks of the server's nodes are too far apart.",
    "Este token de invitado es del futuro: los relojes de los nodos del servidor están demasiado separados.",
)
