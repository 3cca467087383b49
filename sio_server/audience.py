"""Who gets a notification, and which rooms a person is in. Pure: no I/O, no clock.

Rooms: ``all``, ``role:<r>``, ``user:<id>``, ``topic:<t>``. Clients never name a room; they come from an `Identity`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final

from sio_server.errors import Text

ROOM_ALL = "all"
ROLE_PREFIX = "role:"
USER_PREFIX = "user:"
TOPIC_PREFIX = "topic:"

# Who has it may look at the whole server.
ADMIN_ROLE: Final = "admin"

# A name of a role, user or topic is the key of a room, in memory and in the log.
MAX_NAME_LENGTH: Final = 128

# Characters of a name before it is composed: a letter can have several marks of its own.
_LONGEST_SPELLING: Final = 4 * MAX_NAME_LENGTH


# What is no printable character to Python and yet part of names: spaces of other scripts, the joiners of Persian, of
# Indic scripts and of emoji, and the tags that make flags of regions. Controls and what turns the direction are not.
_IN_NAMES: Final = dict.fromkeys(
    (0xA0, 0x1680, *range(0x2000, 0x200B), 0x200C, 0x200D, 0x202F, 0x205F, 0x3000, *range(0xE0020, 0xE0080))
)


def name_of(value: str) -> str | None:
    """The name of a role, user or topic as it is kept, or None for what cannot be one.

    1 to `MAX_NAME_LENGTH` characters in NFC (Unicode Standard Annex #15), so that one name has one spelling; no control
    characters, nothing that turns the direction of writing, no space at either end.
    """
    if not value.isascii():
        if len(value) > _LONGEST_SPELLING:
            return None
        value = unicodedata.normalize("NFC", value)
        seen = value.translate(_IN_NAMES)
        if not seen.isprintable() or not seen:
            return None
    elif not value.isprintable():
        return None
    return value if 0 < len(value) <= MAX_NAME_LENGTH and value == value.strip() else None


# Nobody's `sub` looks like this by chance, and no token of a backend may claim it: see `is_guest`.
GUEST_PREFIX: Final = "guest:"
GUEST_PATTERN: Final = f"{GUEST_PREFIX}[0-9a-f]{{16}}"
_GUEST: Final = re.compile(GUEST_PATTERN)


def is_guest(user: str | None) -> bool:
    """Whether a user is a guest: somebody whom the server itself has named, for a try-out.

    A guest is in the personal room alone, whatever a token says: real notifications are not for guests.
    """
    return user is not None and _GUEST.fullmatch(user) is not None


@lru_cache(maxsize=256)  # one string for all who are in it
def role_room(role: str) -> str:
    """The room of everybody with this role."""
    return ROLE_PREFIX + role


def user_room(user: str) -> str:
    """The room of one person's connections."""
    return USER_PREFIX + user


def topic_room(topic: str) -> str:
    """The room of everybody who follows this topic."""
    return TOPIC_PREFIX + topic


@dataclass(frozen=True, slots=True)
class Hint:
    """What is allowed in a token and yet most likely not meant, for whoever develops a client. ``code`` is stable."""

    code: str
    detail: Text

    def as_dict(self, locale: str) -> dict[str, str]:
        """The hint as a client gets it, in ``es`` or ``en``."""
        return {"code": self.code, "detail": self.detail.within(locale)}


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a connection speaks for, as verified claims say it. ``user`` is None for a nameless one in development."""

    user: str | None
    roles: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    expires_at: float | None = None
    """Unix seconds after which the token no longer holds; None where there is no token."""
    issued_at: float | None = None
    """Unix seconds at which the token was made, where it says so."""
    receives: bool = True
    """False for a backend that is connected to publish only: it is in no room."""
    locale: str | None = field(default=None, compare=False)
    """The language that its holder reads, as the token says it, unchecked."""
    warnings: tuple[Hint, ...] = field(default=(), compare=False)
    """What its holder should know of the token."""

    @property
    def is_guest(self) -> bool:
        """Whether it is a guest's."""
        return is_guest(self.user)

    def rooms(self) -> tuple[str, ...]:
        """The rooms this person is in, each once."""
        if not self.receives:
            return ()
        if self.user is not None and self.is_guest:
            return (user_room(self.user),)
        rooms = [ROOM_ALL, *map(role_room, self.roles)]
        if self.user is not None:
            rooms.append(user_room(self.user))
        rooms.extend(map(topic_room, self.topics))
        return tuple(dict.fromkeys(rooms))


def _ordered(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


@dataclass(frozen=True, slots=True)
class Audience:
    """Whom a notification is for: the union of everything named, less ``except_users``."""

    roles: tuple[str, ...] = ()
    users: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    all: bool = False
    except_users: tuple[str, ...] = ()

    @classmethod
    def of(
        cls,
        *,
        roles: Iterable[str] = (),
        users: Iterable[str] = (),
        topics: Iterable[str] = (),
        everybody: bool = False,
        except_users: Iterable[str] = (),
    ) -> Audience:
        """An audience with repeated names dropped, in the order they were given."""
        return cls(_ordered(roles), _ordered(users), _ordered(topics), everybody, _ordered(except_users))

    def is_empty(self) -> bool:
        """Whether nobody is named; an audience of nobody is a mistake of the publisher."""
        return not (self.all or self.roles or self.users or self.topics)

    def rooms(self) -> tuple[str, ...]:
        """The rooms to publish to, each once. ``all`` holds everybody whom the others could name, but for guests."""
        if self.all:
            return (ROOM_ALL, *map(user_room, filter(is_guest, self.users))) if self.users else (ROOM_ALL,)
        return (*map(role_room, self.roles), *map(user_room, self.users), *map(topic_room, self.topics))

    def except_rooms(self) -> tuple[str, ...]:
        """The rooms whose members get nothing, whatever else they are in."""
        return tuple(map(user_room, self.except_users)) if self.except_users else ()

    def includes(self, identity: Identity) -> bool:
        """Whether this person is meant: what the rooms say, worked out without rooms."""
        if not identity.receives or (identity.user is not None and identity.user in self.except_users):
            return False
        if identity.is_guest:
            return identity.user in self.users
        return (
            self.all
            or identity.user in self.users
            or any(role in self.roles for role in identity.roles)
            or any(topic in self.topics for topic in identity.topics)
        )

    def as_dict(self) -> dict[str, object]:
        """The audience as it is written in a request."""
        return {
            "roles": list(self.roles),
            "users": list(self.users),
            "topics": list(self.topics),
            "all": self.all,
            "except": {"users": list(self.except_users)},
        }

    @classmethod
    def from_dict(cls, value: dict[str, object]) -> Audience:
        """The inverse of `as_dict`, for what this program wrote itself."""
        names = {key: tuple(map(str, _list(value.get(key)))) for key in ("roles", "users", "topics")}
        excepted = value.get("except")
        users = tuple(map(str, _list(excepted.get("users")))) if isinstance(excepted, dict) else ()
        return cls(**names, all=bool(value.get("all")), except_users=users)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
