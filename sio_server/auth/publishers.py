"""Who publishes, and what a publisher's key lets its holder do. Pure: no I/O."""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from sio_server.audience import Audience
from sio_server.errors import FieldProblem, Refused, Text

STORED_PREFIX: Final = "key:"
"""Before the name of a key that `sio-server keys` made: no other publisher's name begins so."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a key allows. None for a list is no limit; the names in one may hold ``*`` for any characters.

    ``users`` is whether single people may be named in an audience, ``everybody`` whether ``all`` may. ``observe`` is to
    look at the whole server, ``operate`` to close connections and to make passes as well.
    """

    publish: bool = True
    observe: bool = False
    operate: bool = False
    types: tuple[str, ...] | None = None
    roles: tuple[str, ...] | None = None
    topics: tuple[str, ...] | None = None
    users: bool = True
    everybody: bool = True

    def check_publishes(self) -> None:
        """Raise `Refused` (``forbidden_scope``) for a key that may only look."""
        if not self.publish:
            raise Refused("forbidden_scope", _ONLY_LOOKS)

    def check_observes(self) -> None:
        """Raise `Refused` (``forbidden_scope``) for a key that may not look at the server."""
        if not self.observe:
            raise Refused("forbidden_scope", _LOOKS_AT_NOTHING)

    def check_operates(self) -> None:
        """Raise `Refused` (``forbidden_scope``) for a key that may do nothing to connections and guests."""
        if not self.operate:
            raise Refused("forbidden_scope", _OPERATES_NOTHING)

    def check_type(self, event_type: str) -> None:
        """Raise `Refused` (``forbidden_scope``) for a type that a key with this scope may not publish."""
        if self.types is not None and not _matches(self.types, event_type):
            problem = FieldProblem("type", _TYPE.format(event_type, _said(self.types)))
            raise Refused.of_problems("forbidden_scope", (problem,))

    def check_topic(self, topic: str) -> None:
        """Raise `Refused` (``forbidden_scope``) for a topic that a key with this scope may not reach."""
        if self.topics is not None and not _matches(self.topics, topic):
            problem = FieldProblem("topic", _WORDS["topics"].format(topic, _said(self.topics)))
            raise Refused.of_problems("forbidden_scope", (problem,))

    def check_audience(self, audience: Audience, *, stated: bool) -> None:
        """Raise `Refused` (``forbidden_scope``) that names everybody whom a key with this scope may not reach.

        ``stated``: the publisher named them; if not, the catalogue did.
        """
        if self.roles is None and self.topics is None and self.users and self.everybody:
            return  # with most publishes, and what follows takes longer than all the rest that is asked of a scope
        problems = tuple(self._beyond(audience))
        if problems:
            if not stated:
                problems = tuple(
                    FieldProblem("audience", _OF_THE_CATALOGUE.format(problem.detail)) for problem in problems
                )
            raise Refused.of_problems("forbidden_scope", problems)

    def _beyond(self, audience: Audience) -> Iterator[FieldProblem]:
        if audience.all and not self.everybody:
            yield FieldProblem("audience.all", _EVERYBODY)
        if audience.users and not self.users:
            yield FieldProblem("audience.users", _USERS)
        for name, wanted, allowed in (
            ("roles", audience.roles, self.roles),
            ("topics", audience.topics, self.topics),
        ):
            if allowed is None:
                continue
            for place, one in enumerate(wanted):
                if not _matches(allowed, one):
                    yield FieldProblem(f"audience.{name}.{place}", _WORDS[name].format(one, _said(allowed)))

    def as_dict(self) -> dict[str, Any]:
        """The scope as JSON; a list that is no limit is null."""
        return {
            "publish": self.publish,
            "observe": self.observe,
            "operate": self.operate,
            "types": _listed(self.types),
            "roles": _listed(self.roles),
            "topics": _listed(self.topics),
            "users": self.users,
            "everybody": self.everybody,
        }


EVERYTHING: Final = Scope(observe=True, operate=True)
"""The scope of keys in the settings, of administrators, and of everybody in development."""


class Use:
    """When a credential was last used, in Unix seconds or None, and how many publishes it had accepted since a start.

    It outlives the keyring that knows the credential.
    """

    __slots__ = ("last", "published")

    def __init__(self, last: float | None = None) -> None:
        self.last = last
        self.published = 0


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who may publish. ``name`` tells publishers apart without giving a key away; quotas and idempotency keys go by it.

    It is the same for all secrets of one key, so that a rotation changes nothing. ``rate`` is how many notifications a
    second are allowed, None what the settings say. ``digest`` is the SHA-256 of the secret, ``until`` the Unix seconds
    at which that ends.
    """

    name: str
    scope: Scope = EVERYTHING
    rate: int | None = None
    digest: bytes = field(default=b"", repr=False)
    until: float | None = None
    use: Use = field(default_factory=Use, compare=False, repr=False)


DEVELOPMENT_PUBLISHER: Final = Publisher("development")


@lru_cache(maxsize=1024)  # keys are few, and each is asked for with every publish
def _pattern(pattern: str) -> re.Pattern[str]:
    # nothing but the star means anything else than itself; fnmatch's expression takes no more than linear time
    return re.compile(fnmatch.translate(pattern.replace("[", "[[]").replace("?", "[?]")))


def _matches(allowed: Sequence[str], name: str) -> bool:
    return any(one == name or ("*" in one and _pattern(one).fullmatch(name)) for one in allowed)


def _said(allowed: Sequence[str]) -> Text:
    return Text(", ".join(allowed), ", ".join(allowed)) if allowed else _NONE


def _listed(names: Sequence[str] | None) -> list[str] | None:
    return None if names is None else list(names)


_NONE: Final = Text("none", "ninguno")
_ONLY_LOOKS: Final = Text(
    "This key may look and not publish: use one that 'sio-server keys add' made without --read.",
    "Esta clave puede mirar y no publicar: usa una que 'sio-server keys add' haya creado sin --read.",
)
_LOOKS_AT_NOTHING: Final = Text(
    "This key publishes and sees nothing: use one that 'sio-server keys add --observe' made, or an administrator's "
    "token.",
    "Esta clave publica y no ve nada: usa una creada con 'sio-server keys add --observe', o el token de un "
    "administrador.",
)
_OPERATES_NOTHING: Final = Text(
    "This key may not close connections or let guests in: use one that 'sio-server keys add --operate' made, or an "
    "administrator's token.",
    "Esta clave no puede cerrar conexiones ni dejar entrar a invitados: usa una creada con 'sio-server keys add "
    "--operate', o el token de un administrador.",
)
_TYPE: Final = Text(
    "This key may not publish '{0}', only: {1}. 'sio-server keys add --types' makes one that may.",
    "Esta clave no puede publicar '{0}', solo: {1}. 'sio-server keys add --types' crea una que sí.",
)
_EVERYBODY: Final = Text(
    "This key may not reach everybody: name roles, users or topics, or use one made with --everybody.",
    "Esta clave no puede llegar a todo el mundo: nombra roles, usuarios o temas, o usa una creada con --everybody.",
)
_USERS: Final = Text(
    "This key may not reach single users: use one made with 'sio-server keys add --users'.",
    "Esta clave no puede llegar a usuarios concretos: usa una creada con 'sio-server keys add --users'.",
)
_WORDS: Final = {
    "roles": Text(
        "This key may not reach the role '{0}', only: {1}. 'sio-server keys add --roles' makes one that may.",
        "Esta clave no puede llegar al rol '{0}', solo: {1}. 'sio-server keys add --roles' crea una que sí.",
    ),
    "topics": Text(
        "This key may not reach the topic '{0}', only: {1}. 'sio-server keys add --topics' makes one that may.",
        "Esta clave no puede llegar al tema '{0}', solo: {1}. 'sio-server keys add --topics' crea una que sí.",
    ),
}
_OF_THE_CATALOGUE: Final = Text(
    "The catalogue's audience for this type is more than this key may reach: name another one. {0}",
    "La audiencia que el catálogo da a este tipo es más de lo que alcanza esta clave: nombra otra. {0}",
)
