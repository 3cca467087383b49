"""What a token, or a client in development, says of itself, as an `Identity`. Pure."""

from __future__ import annotations

import base64
import re
import sys
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, Final

import orjson

from sio_server.audience import MAX_NAME_LENGTH, Identity, name_of
from sio_server.config.claim_names import ROLE_CLAIMS, ClaimNames, claim, likely_user_claim
from sio_server.errors import Refused, Text
from sio_server.fields import NOT_NAME

# Each role and topic is a room that a connection is in.
MAX_NAMES: Final = 100

# How several roles stand in one text. Between spaces only where the claim's name says several: a role may have spaces.
_COMMA: Final = re.compile(r"\s*,\s*")
_COMMA_OR_SPACE: Final = re.compile(r"[\s,]+")
_ONE_ROLE: Final = frozenset({"role", "rol"})

_OURS: Final = ClaimNames()

# Beside spaces these stand around a token that was read as JSON text, or from a file of Windows.
_AROUND: Final = " \t\r\n\"'\ufeff\u200b\xa0"

# What a client may state of itself in development.
STATED: Final = (*ROLE_CLAIMS, "user", "topics")


def stated_in(query: Mapping[str, str]) -> dict[str, str]:
    """What a client states of itself in a query string."""
    return {name: query[name] for name in STATED if name in query}


MISSING_CLAIM: Final = Text("The token lacks the claim '{0}'.", "Al token le falta el dato '{0}'.")
INVALID_CLAIM: Final = Text("The claim '{0}' is not valid.", "El dato '{0}' del token no es válido.")


def identity_of_claims(claims: Mapping[str, Any], names: ClaimNames = _OURS) -> Identity:
    """The identity in verified claims: user (text or whole number), roles, ``topics``, ``exp``.

    ``names`` says which claims name the user and the roles. Raises `Refused` (``invalid_token``) that names the claim.
    """
    issued_at = claims.get("iat")
    return Identity(
        _user(claims, names.user),
        _roles(claims, names.roles),
        _names("topics", claims.get("topics")),
        float(claims["exp"]),
        None if issued_at is None else float(issued_at),
        locale=_locale(claims),
    )


def identity_stated(stated: Mapping[str, Any]) -> Identity:
    """The identity that a client gives itself in development; raises `Refused` (``invalid_token``)."""
    user = stated.get("user")
    return Identity(
        None if user in (None, "") else _name("user", user),
        _roles(stated, ROLE_CLAIMS),
        _names("topics", stated.get("topics")),
        locale=_locale(stated),
    )


def bare_token(text: str) -> str:
    """A credential without what it was pasted or stored with: ``Bearer`` in front, quotes, spaces and line ends.

    No token and no key worth its name begins or ends with these, so nothing is lost.
    """
    while (bare := _without_scheme(text.strip(_AROUND))) != text:
        text = bare
    return text


def _without_scheme(text: str) -> str:
    return text[7:] if text[:7].lower() in ("bearer ", "bearer:") else text


def unverified_claims(token: str) -> dict[str, Any]:
    """What a token says, believed as it is: for development, where a client may say of itself what it likes.

    Raises `Refused` (``invalid_token``) for what is no JWT (RFC 7519 §7.2).
    """
    claims = token_part(bare_token(token), 1)
    if claims is None:
        raise Refused("invalid_token", no_jwt(token))
    return {**claims, "user": claims.get("sub")}


def unverified_type(token: str) -> str | None:
    """The media type that a token's header gives itself (``typ``, RFC 7515 §4.1.9), short and in lower case.

    None where it says none, or is no token.
    """
    kind = (token_part(token, 0) or {}).get("typ")
    return kind.lower().removeprefix("application/") if isinstance(kind, str) else None


def token_part(token: str, number: int) -> dict[str, Any] | None:
    """A part of a token, believed as it is; None for what is no JSON object in base64url."""
    try:
        part = token.split(".")[number]
        found = orjson.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (IndexError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def _locale(claims: Mapping[str, Any]) -> str | None:
    """The claim ``locale`` (OpenID Connect Core §5.1); one that is no text says nothing."""
    locale = claims.get("locale")
    return locale if isinstance(locale, str) else None


def _user(claims: Mapping[str, Any], names: Sequence[str]) -> str:
    for name in names:
        value = claim(claims, name)
        if value is not None:
            return _name(name, value)
    found = likely_user_claim(claims)
    told = MISSING_CLAIM.format(names[0])
    raise Refused("invalid_token", told if found is None else _USER_ELSEWHERE.format(told, found))


def _roles(claims: Mapping[str, Any], names: Sequence[str]) -> tuple[str, ...]:
    found: tuple[str, ...] = ()
    for name in names:
        value = claim(claims, name)
        if isinstance(value, str) and len(value) <= MAX_NAME_LENGTH:
            found += _several_in(name, value)
        elif value is not None:
            found += _several(name, value)
    # Thousands of connections have the same few: one string for all of them.
    return tuple(dict.fromkeys(map(sys.intern, found)))


@lru_cache(maxsize=256)
def _several_in(name: str, text: str) -> tuple[str, ...]:
    return _several(name, text)


def _several(name: str, value: Any) -> tuple[str, ...]:
    """Roles as a list, or as one text that holds several."""
    if isinstance(value, str):
        parting = _COMMA if name in _ONE_ROLE else _COMMA_OR_SPACE
        value = [part for part in parting.split(value.strip()) if part]
    return _names(name, value)


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
    if len(values) > MAX_NAMES or not all(isinstance(item, str) or type(item) is int for item in values):
        raise Refused("invalid_token", _NO_NAMES.format(INVALID_CLAIM.format(claim), MAX_NAMES))
    return tuple(dict.fromkeys(_name(claim, item) for item in values))


_USER_ELSEWHERE: Final = Text(
    "{0} If '{1}' names the user, set SIO_SERVER_USER_CLAIM={1}.",
    "{0} Si '{1}' nombra al usuario, define SIO_SERVER_USER_CLAIM={1}.",
)
_NO_NAMES: Final = Text(
    "{0} It has to be a name or a list of at most {1} names, each a text.",
    "{0} Debe ser un nombre o una lista de {1} nombres como máximo, cada uno un texto.",
)
_NO_JWT = Text(
    "This is no JWT: it has to be three parts in base64url, parted by dots (RFC 7519).",
    "Esto no es un JWT: deben ser tres partes en base64url, separadas por puntos (RFC 7519).",
)

# What pages send in place of a token when they read the answer of their backend in another way than it was written.
_MISREAD: Final[tuple[tuple[re.Pattern[str], Text], ...]] = (
    (
        re.compile(r"<"),
        Text(
            "{0} It begins with '<', as a page of HTML does: look at the response's 'ok' before you take a token out "
            "of it, and at the address of the route.",
            "{0} Empieza por '<', como una página HTML: mira el 'ok' de la respuesta antes de sacar de ella un token, "
            "y la dirección de la ruta.",
        ),
    ),
    (
        re.compile(r"[{\[](?!object )"),
        Text(
            "{0} It is JSON: read the response with response.json(), and give the member that holds the token.",
            "{0} Es JSON: lee la respuesta con response.json() y pasa el campo que contiene el token.",
        ),
    ),
    (
        re.compile(r"\[object Promise\]"),
        Text("{0} It is a promise: 'await' it first.", "{0} Es una promesa: espérala antes con 'await'."),
    ),
    (
        re.compile(r"\[object "),
        Text(
            "{0} It is an object: give the member that holds the token.",
            "{0} Es un objeto: pasa el campo que contiene el token.",
        ),
    ),
    (
        re.compile(r"(undefined|null|None|NaN)\Z"),
        Text(
            "{0} It is what a program writes for nothing: whoever logs in has no token there yet.",
            "{0} Es lo que escribe un programa cuando no hay nada: ahí todavía no hay ningún token.",
        ),
    ),
    (
        re.compile(r"[\"']"),
        Text(
            "{0} It begins with a quote: return it with response.json(), not with response.text().",
            "{0} Empieza por una comilla: devuélvelo con response.json(), no con response.text().",
        ),
    ),
)


def is_misread(token: str) -> bool:
    """Whether a text begins as what a page took for a token; a whole token may be inside it."""
    return any(pattern.match(token) for pattern, _ in _MISREAD)


def no_jwt(token: str) -> Text:
    """Why a text is no JWT, as far as its beginning tells; nothing of it is repeated."""
    for pattern, text in _MISREAD:
        if pattern.match(token):
            return text.format(_NO_JWT)
    return _NO_JWT
