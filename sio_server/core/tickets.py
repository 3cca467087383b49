"""Tickets: what stands in an address in a token's place. Each lets in once, and soon.

An address ends up in the logs of proxies and in a browser's history. What is found there later, a ticket opens nothing.
Tickets are in memory alone: a restart forgets them, and whoever held one asks for the next. Where there are several
nodes, each hears of every ticket, but for its text, and which of them it lets in at is settled in the log.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import orjson

from sio_server.audience import Identity
from sio_server.broker import Broker, Ticketed
from sio_server.errors import Refused, Text

# Seconds that a ticket is good for: to open a connection right after it was asked for.
TICKET_LIFE: Final = 30.0

# Tickets that one user may hold: each tab asks for one. The newest pushes the oldest out, so that who asks in a loop
# takes none but the own.
TICKETS_OF_ONE: Final = 50

# Tickets that are kept at once, each with what its token said, as a rule 1 KB. Above it a new one has to wait.
MAX_TICKETS: Final = 10_000

# The logs hide whatever begins so.
_PREFIX: Final = "tk1_"

# More bits than anybody guesses within half a minute, or ever.
_BYTES: Final = 24


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket, and for how many seconds it is good."""

    text: str
    life: float


@dataclass(frozen=True, slots=True)
class _Held:
    identity: Identity
    until: float
    digest: str


# The members of an identity that a ticket carries from node to node.
_SAID: Final = ("user", "roles", "topics", "expires_at", "issued_at", "receives", "locale")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _identity(said: str) -> Identity:
    members = dict(zip(_SAID, orjson.loads(said), strict=True))
    return Identity(**{**members, "roles": tuple(members["roles"]), "topics": tuple(members["topics"])})


class Tickets:
    """Makes tickets, and changes each for the identity that asked for it, once.

    ``node`` is the name of this node; ``now`` gives seconds that nobody can set; ``wall`` Unix seconds, which tokens
    are in.
    """

    def __init__(
        self,
        broker: Broker,
        node: str,
        *,
        now: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._broker = broker
        self._node = node
        self._now = now
        self._wall = wall
        # By the digest of the text, oldest first, here and for each user; None are who have no name, in development.
        self._held: dict[str, _Held] = {}
        self._of_user: dict[str | None, dict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._held)

    def issue(self, identity: Identity) -> Ticket:
        """A ticket for this identity, which ends with its token if that is sooner.

        Raises `Refused` (``rate_limited``) while there are too many.
        """
        self._make_room(identity)
        if len(self._held) >= MAX_TICKETS:
            raise Refused("rate_limited", _TOO_MANY, retry_after=1)
        life = TICKET_LIFE
        if identity.expires_at is not None and (left := identity.expires_at - self._wall()) > 0:
            life = min(life, left)  # a token that is in its leeway was found good just now
        text = _PREFIX + secrets.token_urlsafe(_BYTES)
        digest = _digest(text)
        self._keep(digest, identity, life)
        if self._broker.shared():
            said = orjson.dumps([getattr(identity, name) for name in _SAID]).decode()
            self._broker.signal(Ticketed(self._node, digest, said, life))
        return Ticket(text, life)

    def heard(self, made: Ticketed) -> None:
        """Keep a ticket of another node as one's own."""
        if made.node != self._node:
            identity = _identity(made.said)
            self._make_room(identity)
            if len(self._held) < MAX_TICKETS:
                self._keep(made.digest, identity, made.life)

    async def redeem(self, text: str) -> Identity:
        """The identity that a ticket is for. Raises `Refused` (``unauthorized``), whatever is the matter with it.

        Whether its user's tokens were revoked meanwhile is looked at when a connection is let in, as for a token.
        Raises `BrokerUnavailable` where other nodes may have let in with it, and the log cannot say so now.
        """
        held = self._take(_digest(text))
        if held is None or held.until <= self._now() or not await self._is_first(held):
            raise Refused("unauthorized", _NOT_GOOD)
        return held.identity

    async def _is_first(self, held: _Held) -> bool:
        """Whether no other node has let in with this one."""
        if not self._broker.shared():
            return True
        return await self._broker.use_up(f"ticket:{held.digest}", self._broker.now() + TICKET_LIFE)

    def _keep(self, digest: str, identity: Identity, life: float) -> None:
        self._held[digest] = _Held(identity, self._now() + life, digest)
        self._of_user.setdefault(identity.user, {})[digest] = None

    def _make_room(self, identity: Identity) -> None:
        self._forget_old()
        own = self._of_user.get(identity.user, {})
        if len(own) >= TICKETS_OF_ONE:
            self._take(next(iter(own)))

    def clear(self) -> None:
        """Forget all: what tokens were checked with is another thing now."""
        self._held.clear()
        self._of_user.clear()

    def forget(self, user: str) -> None:
        """Forget those of one user."""
        for digest in tuple(self._of_user.get(user, ())):
            self._take(digest)

    def _forget_old(self) -> None:
        now = self._now()
        # Those that end sooner since their token does go with their neighbours; until then they are good for nothing.
        while self._held and (oldest := next(iter(self._held.items())))[1].until <= now:
            self._take(oldest[0])

    def _take(self, digest: str) -> _Held | None:
        held = self._held.pop(digest, None)
        if held is not None:
            own = self._of_user[held.identity.user]
            del own[digest]
            if not own:
                del self._of_user[held.identity.user]
        return held


_NOT_GOOD: Final = Text(
    "This ticket is not good: each opens one connection, once, within 30 seconds. Ask for a new one: POST /v1/tickets.",
    "Este ticket no vale: cada uno abre una sola conexión, una vez y en 30 segundos. Pide uno nuevo: POST /v1/tickets.",
)
_TOO_MANY: Final = Text(
    "Too many tickets are waiting to be used: ask again in a moment.",
    "Hay demasiados tickets sin usar: vuelve a pedirlo enseguida.",
)
