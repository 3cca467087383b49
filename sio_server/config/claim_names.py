"""Where in a token's claims a value stands, by the name an operator gives it; and where roles seem to stand. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import itemgetter
from typing import Any, Final

# The names that this product gives them; a setting puts others in their place.
USER_CLAIMS: Final = ("sub",)
ROLE_CLAIMS: Final = ("role", "roles", "rol")


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """Which claims name the user (the first that is there) and the roles (all of them together)."""

    user: tuple[str, ...] = USER_CLAIMS
    roles: tuple[str, ...] = ROLE_CLAIMS


# Levels of a dotted name. A token is small, and nobody nests deeper than Keycloak's three.
_MAX_DEPTH: Final = 5

# The last word of a claim's name, camel case apart, that is likely to hold roles: the surest kind first.
_LIKELY: Final = tuple(
    re.compile(rf"(?:.*[^a-z])?(?:{words})")
    for words in (
        r"(?:user|app)?roles?|rol(?:es)?(?:_de)?(?:_usuario)?|role_?names?|rol_nombre|nombre_rol|wids",
        r"groups?|grupos?|perfil(?:es)?|cargos?|authorit(?:y|ies)|entitlements?",
        r"is_?(?:admin|staff|superuser)|es_?admin|admin|superuser|(?:user|account|member)_?type|tipo(?:_?usuario)?",
        r"permissions?|permisos?|scopes?|scp|privileges?|grants?",
    )
)
# The last word of a claim's name that is likely to name the user, the surest first.
_USERS: Final = (
    "sub",
    "user_id",
    "uid",
    "userid",
    "nameidentifier",
    "nameid",
    "usuario_id",
    "id_usuario",
    "oid",
    "preferred_username",
    "username",
    "upn",
    "unique_name",
    "email",
    "id",
    "_id",
)

_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_MAX_NAME: Final = 100


def claim(claims: Mapping[str, Any], name: str) -> Any:
    """The value of a claim, or None. A claim of just this name counts first, then the name is a dotted path.

    ``realm_access.roles`` is ``roles`` within ``realm_access``; ``https://app.example/roles`` is one name.
    """
    return _at(claims, name, _MAX_DEPTH)


def _at(claims: Mapping[str, Any], name: str, depth: int) -> Any:
    if name in claims:
        return claims[name]
    end = name.find(".")
    while end > 0 and depth:
        inner = claims.get(name[:end])
        if isinstance(inner, Mapping):
            found = _at(inner, name[end + 1 :], depth - 1)
            if found is not None:
                return found
        end = name.find(".", end + 1)
    return None


def likely_role_claim(claims: Mapping[str, Any]) -> str | None:
    """The name of the claim that seems to hold the roles, for a token in which they were not found; else None."""
    return _likeliest(claims, _as_roles)


def likely_user_claim(claims: Mapping[str, Any]) -> str | None:
    """The name of the claim that seems to name the user, for a token in which it was not found; else None."""
    return _likeliest(claims, _as_user)


def _likeliest(claims: Mapping[str, Any], likely: Callable[[str], int | None]) -> str | None:
    found = [(rank, path) for path in _paths(claims, "", 3) if (rank := likely(path)) is not None]
    if not found:
        return None
    _, path = min(found, key=itemgetter(0))
    return path[:_MAX_NAME] if path.isprintable() else None


@lru_cache(maxsize=1024)  # each token without roles is looked through, and those of a backend have the same names
def _as_roles(path: str) -> int | None:
    """How surely a claim of this name holds roles, 0 the most; None: not at all."""
    last = _last_word(path)
    return next((rank for rank, pattern in enumerate(_LIKELY) if pattern.fullmatch(last)), None)


@lru_cache(maxsize=1024)
def _as_user(path: str) -> int | None:
    last = _last_word(path).rpartition("/")[2].rpartition(":")[2]
    return _USERS.index(last) if last in _USERS else None


def _last_word(path: str) -> str:
    return _CAMEL.sub("_", path.rpartition(".")[2] or path).lower()


def _paths(claims: Mapping[str, Any], prefix: str, depth: int) -> Iterator[str]:
    """The dotted names of all claims that hold something."""
    for name, value in claims.items():
        if isinstance(value, Mapping):
            if depth:
                yield from _paths(value, f"{prefix}{name}.", depth - 1)
        elif value is not None and value is not False and value not in ("", []):
            yield prefix + name
