"""Topics that people follow, beside those that their tokens name. Protocols only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

from sio_server.errors import Text

# Topics of one user, each of which is a room of all the user's connections: more would be felt in each query of the
# user's inbox, which merges them.
MAX_FOLLOWED: Final = 1000


@dataclass(frozen=True, slots=True)
class Follow:
    """That a user follows a topic, which is seen above ``seen_from`` (a ``seq``).

    ``since`` is in milliseconds of Unix time by the wall clock of the node that noted it. ``backend``: a backend had
    the user follow, which may be what the user may not do.
    """

    topic: str
    since: int
    seen_from: int
    backend: bool = False


@dataclass(frozen=True, slots=True)
class FollowedTopic:
    """A topic that somebody follows, and how many do."""

    topic: str
    followers: int


@dataclass(frozen=True, slots=True)
class Follower:
    """Who follows a topic, since when, as in `Follow`."""

    user: str
    since: int
    backend: bool


@dataclass(frozen=True, slots=True)
class FollowersPage:
    """How many follow a topic, and some of them by name; ``next_after`` is the ``after`` of the next ones."""

    total: int
    items: tuple[Follower, ...]
    next_after: str | None


class Follows(Protocol):
    """Who follows which topics: durable until it is ended, whether the user comes or not.

    A topic that a user follows is one of the rooms in every view of the user (`People`), whatever arrivals name: it is
    seen from the moment on at which the user began to follow it, and never missing.
    """

    async def follow(self, user: str, topic: str, *, backend: bool = False) -> Follow:
        """Have a user follow a topic from now on: what is announced later is seen. Durable when it returns.

        Who follows it already goes on with it, from when on it was. A user's own wish takes nothing from one of the
        backend. Raises `Refused` (``too_many_topics``) beyond `MAX_FOLLOWED`.

        Once it is durable, and before this returns, the broker itself has every node hear `Followed`, if the user
        follows since this call alone, or now for another reason. This node hears it when nothing is announced yet that
        is above ``seen_from``.
        """

    async def unfollow(self, user: str, topic: str) -> bool:
        """Have a user follow a topic no more; returns whether the user did. As durable and as heard of as `follow`.

        What came with it is not in the user's view any more, unless arrivals name the topic.
        """

    async def followed(self, user: str) -> tuple[Follow, ...]:
        """What a user follows, by the topics' names."""

    async def topics_followed(self, *, limit: int, after: str | None = None) -> tuple[FollowedTopic, ...]:
        """At most ``limit`` of the topics that somebody follows, by name above ``after``."""

    async def followers(self, topic: str, *, limit: int, after: str | None = None) -> FollowersPage:
        """At most ``limit`` of those who follow a topic, by name above ``after``."""


# What is said where somebody would follow one more.
TOO_MANY: Final = Text(
    f"One user follows at most {MAX_FOLLOWED} topics: end another one first.",
    f"Un usuario sigue como mucho {MAX_FOLLOWED} temas: deja antes de seguir otro.",
)
