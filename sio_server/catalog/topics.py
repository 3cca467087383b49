"""Which topics users may follow, as the catalogue says it. Pure.

A pattern is the name of a topic, or the beginning of names with ``*`` at its end. Of several that fit a topic the
longest counts, a whole name before a beginning; what none fits, nobody may follow.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from sio_server.audience import Identity
from sio_server.errors import Refused, Text
from sio_server.event_types import ANYONE, BACKEND, FollowRule

ANY_END: Final = "*"


def rule_of(rules: Mapping[str, FollowRule], topic: str) -> FollowRule | None:
    """Who may follow a topic; None for nobody."""
    exact = rules.get(topic)
    if exact is not None and not topic.endswith(ANY_END):
        return exact
    fitting = [name for name in rules if name.endswith(ANY_END) and topic.startswith(name[:-1])]
    return rules[max(fitting, key=len)] if fitting else None


def may_follow(rules: Mapping[str, FollowRule], identity: Identity, topic: str) -> bool:
    """Whether a user may follow a topic by an own wish."""
    return _lets(rule_of(rules, topic), identity)


def open_to(rules: Mapping[str, FollowRule], identity: Identity) -> Sequence[str]:
    """The patterns of what a user may follow, in the catalogue's order."""
    return [name for name, rule in rules.items() if _lets(rule, identity)]


def check_follow(rules: Mapping[str, FollowRule], identity: Identity, topic: str) -> None:
    """Raise `Refused` (``forbidden``) for what a user may not follow, with the reason."""
    rule = rule_of(rules, topic)
    if not _lets(rule, identity):
        raise Refused("forbidden", _why(rule, identity, topic))


def check_listed(rules: Mapping[str, FollowRule], topic: str) -> None:
    """Raise `Refused` (``forbidden``) for what no backend may have a user follow either."""
    if rule_of(rules, topic) is None:
        raise Refused("forbidden", _NOT_LISTED.format(topic))


def _lets(rule: FollowRule | None, identity: Identity) -> bool:
    if rule is None or rule == BACKEND or not _is_person(identity):
        return False
    return rule == ANYONE or any(role in rule for role in identity.roles)


def _is_person(identity: Identity) -> bool:
    return identity.user is not None and identity.receives and not identity.is_guest


def _why(rule: FollowRule | None, identity: Identity, topic: str) -> Text:
    if identity.user is None or not identity.receives:
        return NO_USER
    if identity.is_guest:
        return GUEST
    if rule is None:
        return _NOT_LISTED.format(topic)
    if rule == BACKEND:
        return _BACKEND.format(topic)
    return _ROLES.format(topic, ", ".join(rule))


NO_USER: Final = Text(
    "Topics are followed by users: connect or ask with a token that has a 'sub', or in development state a user.",
    "Los temas los siguen usuarios: usa un token con 'sub' o, en desarrollo, indica un usuario.",
)
GUEST: Final = Text(
    "A guest gets only what names this guest, and follows nothing.",
    "Un invitado solo recibe lo que lo nombra y no sigue ningún tema.",
)
_NOT_LISTED: Final = Text(
    "Nobody may follow '{0}': no [topics] of the catalogue is for it.",
    "Nadie puede seguir '{0}': ningún [topics] del catálogo lo incluye.",
)
_BACKEND: Final = Text(
    "Who follows '{0}' is the backend's to say, by the catalogue.",
    "Quién sigue '{0}' lo decide el backend, según el catálogo.",
)
_ROLES: Final = Text(
    "By the catalogue, '{0}' may be followed with one of these roles: {1}.",
    "Según el catálogo, '{0}' se puede seguir con uno de estos roles: {1}.",
)
