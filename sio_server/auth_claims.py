"""What a token, or a client in development, says of itself, as an `Identity`. Pure."""

from __future__ import annotations

import base64
import sys
from collections.abc import Mapping
from typing import Any, Final

import orjson

from sio_server.audience import Identity, name_of
from sio_server.errors import Refused, Text
from sio_server.fields import NOT_NAME

# Each role and topic is a room that a connection is in.
MAX_NAMES: Final = 100

ROLE_CLAIMS: Final = ("role", "roles", "rol")

# What a client may state of itself in development.
STATED: Final = (*ROLE_CLAIMS, "user", "topics")

INVALID_CLAIM: Final = Text("The claim '{0}' is not valid.", "El dato '{0}' del token no es válido.")


def identity_of_claims(claims: Mapping[str, Any]) -> Identity:
    """The identity in verified claims: ``sub`` (text or whole number), roles, ``topics``, ``exp``.

    Raises `Refused` (``invalid_token``) that names the claim.
    """
    issued_at = claims.get("iat")
    return Identity(
        _name("sub", claims["sub"]),
        _roles(claims),
        _names("topics", claims.get("topics")),
        float(claims["exp"]),
        None if issued_at is None else float(issued_at),
    )


def identity_stated(stated: Mapping[str, Any]) -> Identity:
    """The identity that a client gives itself in development; raises `Refused` (``invalid_token``)."""
    user = stated.get("user")
    return Identity(
        None if user in (None, "") else _name("user", user), _roles(stated), _names("topics", stated.get("topics"))
    )


def unverified_claims(token: str) -> dict[str, Any]:
    """What a token says, believed as it is: for development, where a client may say of itself what it likes.

    Raises `Refused` (``invalid_token``) for what is no JWT (RFC 7519 §7.2).
    """
    try:
        part = token.split(".")[1]
        claims = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError) as error:
        raise Refused("invalid_token") from error
    if not isinstance(claims, dict):
        raise Refused("invalid_token")
    return {**claims, "user": claims.get("sub")}


def _roles(claims: Mapping[str, Any]) -> tuple[str, ...]:
    # Thousands of connections have the same few: one string for all of them.
    return tuple(dict.fromkeys(sys.intern(role) for claim in ROLE_CLAIMS for role in _names(claim, claims.get(claim))))


def _name(claim: str, value: Any) -> str:
    if type(value) is int:
        value = str(value)
    name = name_of(value) if isinstance(value, str) else None
    if name is None:
        told = INVALID_CLAIM.format(claim)
        if isinstance(value, str):
            told = Text("{0} {1}", "{0} {1}").format(told, NOT_NAME)
        raise Refused("invalid_token", told)
    return name


def _names(claim: str, value: Any) -> tuple[str, ...]:
    if value is None or value == "":
        return ()
    values = value if isinstance(value, list) else [value]
    if len(values) > MAX_NAMES:
        raise Refused("invalid_token", INVALID_CLAIM.format(claim))
    return tuple(dict.fromkeys(_name(claim, item) for item in values))
