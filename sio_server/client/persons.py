"""What a backend asks of its users: who is here, what each follows, what is kept about somebody; and its end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import quote, urlencode

from sio_server.client.exchange import Exchange, Target, unexpected
from sio_server.client.field_types import Id

# Users in one page.
PAGE: Final = 100

# Seconds that the server may take to gather or to erase what is kept about somebody, in small steps between publishes.
PATIENCE: Final = 600.0

# A person's data are held in memory whole; `sio-server users export` writes them to a file.
MAX_EXPORT: Final = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Here:
    """Whether a user is here: connected to any node, over any protocol.

    ``since`` is when the earliest of the connections came, None of who is not here; ``last_seen`` when the last one
    ended, and now of who is here. ``roles`` are those of all connections together.
    """

    user: str
    roles: tuple[str, ...]
    connections: int
    since: datetime | None
    last_seen: datetime | None
    here: bool


@dataclass(frozen=True, slots=True)
class Followed:
    """A topic that a user follows; ``by`` is whose wish it is, ``user`` or ``backend``."""

    topic: str
    since: datetime
    by: str


@dataclass(frozen=True, slots=True)
class Erased:
    """What was erased: how much of each kind, and how many connections of the node that was asked were closed."""

    user: str
    disconnected: int
    erased: Mapping[str, int]


def _user(user: Id, more: str = "") -> str:
    return f"/v1/users/{quote(str(user), safe='')}{more}"


def _topic(user: Id, topic: str) -> str:
    return _user(user, f"/topics/{quote(topic, safe='')}")


def _presence(**asked: Id | None) -> str:
    return "/v1/presence?" + urlencode({name: value for name, value in asked.items() if value is not None})


def _export(target: Target, user: Id) -> Exchange:
    return target.request("GET", _user(user, "/export"), patience=PATIENCE, most=MAX_EXPORT)


def _erase(target: Target, user: Id) -> Exchange:
    return target.request("DELETE", _user(user), patience=PATIENCE)


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _here(item: Mapping[str, Any]) -> Here:
    try:
        return Here(
            user=str(item["user"]),
            roles=tuple(map(str, item["roles"])),
            connections=int(item["connections"]),
            since=_moment(item["since"]),
            last_seen=_moment(item["last_seen"]),
            here=bool(item["here"]),
        )
    except (KeyError, TypeError, ValueError):
        raise unexpected(HTTPStatus.OK) from None


def _one(members: Mapping[str, Any]) -> Here | None:
    items = members.get("items")
    if not isinstance(items, list):
        raise unexpected(HTTPStatus.OK)
    return _here(items[0]) if items else None


def _followed(members: Mapping[str, Any]) -> tuple[Followed, ...]:
    try:
        return tuple(
            Followed(str(item["topic"]), datetime.fromisoformat(item["since"]), str(item["by"]))
            for item in members["items"]
        )
    except (KeyError, TypeError, ValueError):
        raise unexpected(HTTPStatus.OK) from None


def _erased(members: Mapping[str, Any]) -> Erased:
    try:
        kinds = {str(kind): int(number) for kind, number in members["erased"].items()}
        return Erased(str(members["user"]), int(members["disconnected"]), kinds)
    except (AttributeError, KeyError, TypeError, ValueError):
        raise unexpected(HTTPStatus.OK) from None


class AsyncPersons:
    """The part of `NotifyClient` that asks of users.

    All of it raises `NotifyRefused` (``forbidden_scope`` where the key may not) and `NotifyUnavailable`.
    """

    _target: Target

    async def _members(self, exchange: Exchange) -> dict[str, Any]:
        raise NotImplementedError

    async def presence(self, *, role: str | None = None, topic: str | None = None) -> AsyncIterator[Here]:
        """Who is here, by name; with ``role`` or ``topic`` only who has it. It takes a key that may look."""
        after: str | None = None
        while True:
            asked = _presence(limit=PAGE, role=role, topic=topic, after=after)
            page = await self._members(self._target.request("GET", asked))
            for item in page.get("items", ()):
                yield _here(item)
            after = page.get("next_after")
            if after is None:
                return

    async def presence_of(self, user: Id) -> Here | None:
        """Whether a user is here, or when that was last; None for who never was. It takes a key that may look."""
        return _one(await self._members(self._target.request("GET", _presence(user=user))))

    async def follow(self, user: Id, topic: str) -> None:
        """Have a user follow a topic of the catalogue, who need not have been here yet; twice is no error.

        Raises `NotifyRefused` (``forbidden`` for a topic that the catalogue does not have, ``too_many_topics``), too.
        """
        await self._members(self._target.request("PUT", _topic(user, topic)))

    async def unfollow(self, user: Id, topic: str) -> None:
        """Have a user follow a topic no more; twice is no error."""
        await self._members(self._target.request("DELETE", _topic(user, topic)))

    async def topics_of(self, user: Id) -> tuple[Followed, ...]:
        """What a user follows."""
        return _followed(await self._members(self._target.request("GET", _user(user, "/topics"))))

    async def export(self, user: Id) -> dict[str, Any]:
        """All that is kept about a user, a list for each kind. It takes a key that may operate, and may take long.

        It is held in memory whole, up to 256 MiB; ``sio-server users export`` writes it to a file.
        """
        return await self._members(_export(self._target, user))

    async def erase(self, user: Id) -> Erased:
        """Erase all that is kept about a user, for good: see docs/privacy.md. It takes a key that may operate.

        It may be asked for again, and erases nothing then: where the answer was lost, the numbers are those of the
        last try.
        """
        return _erased(await self._members(_erase(self._target, user)))


class SyncPersons:
    """`AsyncPersons` for code without asyncio: the part of `SyncNotifyClient`."""

    _target: Target

    def _members(self, exchange: Exchange) -> dict[str, Any]:
        raise NotImplementedError

    def presence(self, *, role: str | None = None, topic: str | None = None) -> Iterator[Here]:
        """See `AsyncPersons.presence`."""
        after: str | None = None
        while True:
            asked = _presence(limit=PAGE, role=role, topic=topic, after=after)
            page = self._members(self._target.request("GET", asked))
            yield from map(_here, page.get("items", ()))
            after = page.get("next_after")
            if after is None:
                return

    def presence_of(self, user: Id) -> Here | None:
        """See `AsyncPersons.presence_of`."""
        return _one(self._members(self._target.request("GET", _presence(user=user))))

    def follow(self, user: Id, topic: str) -> None:
        """See `AsyncPersons.follow`."""
        self._members(self._target.request("PUT", _topic(user, topic)))

    def unfollow(self, user: Id, topic: str) -> None:
        """See `AsyncPersons.unfollow`."""
        self._members(self._target.request("DELETE", _topic(user, topic)))

    def topics_of(self, user: Id) -> tuple[Followed, ...]:
        """See `AsyncPersons.topics_of`."""
        return _followed(self._members(self._target.request("GET", _user(user, "/topics"))))

    def export(self, user: Id) -> dict[str, Any]:
        """See `AsyncPersons.export`."""
        return self._members(_export(self._target, user))

    def erase(self, user: Id) -> Erased:
        """See `AsyncPersons.erase`."""
        return _erased(self._members(_erase(self._target, user)))
