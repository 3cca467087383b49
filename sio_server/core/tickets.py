"""Tickets: what stands in an address in a token's place. Each lets in once, and soon.

An address ends up in the logs of proxies and in a browser's history. What is found there later, a ticket opens nothing.
Tickets are in this process alone: a restart forgets them, and whoever held one asks for the next.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sio_server.audience import Identity
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


class Tickets:
    """Makes tickets, and changes each for the identity that asked for it, once.

    ``now`` gives seconds that nobody can set; ``wall`` Unix seconds, which tokens are in.
    """

    def __init__(self, *, now: Callable[[], float] = time.monotonic, wall: Callable[[], float] = time.time) -> None:
        self._now = now
        self._wall = wall
        # Oldest first, here and for each user; None are all who have no name, in development.
        self._held: dict[str, _Held] = {}
        self._of_user: dict[str | None, dict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._held)

    def issue(self, identity: Identity) -> Ticket:
        """A ticket for this identity, which ends with its token if that is sooner.

        Raises `Refused` (``rate_limited``) while there are too many.
        """
        self._forget_old()
        own = self._of_user.get(identity.user, {})
        if len(own) >= TICKETS_OF_ONE:
            self._take(next(iter(own)))
        if len(self._held) >= MAX_TICKETS:
            raise Refused("rate_limited", _TOO_MANY, retry_after=1)
        life = TICKET_LIFE
        if identity.expires_at is not None and (left := identity.expires_at - self._wall()) > 0:
            life = min(life, left)  # a token that is in its leeway was found good just now
        text = _PREFIX + secrets.token_urlsafe(_BYTES)
        self._held[text] = _Held(identity, self._now() + life)
        self._of_user.setdefault(identity.user, {})[text] = None
        return Ticket(text, life)

    def redeem(self, text: str) -> Identity:
        """The identity that a ticket is for. Raises `Refused` (``unauthorized``), whatever is the matter with it.

        Whether its user's tokens were revoked meanwhile is looked at when a connection is let in, as for a token.
        """
        held = self._take(text)
        if held is None or held.until <= self._now():
            raise Refused("unauthorized", _NOT_GOOD)
        return held.identity

    def clear(self) -> None:
        """Forget all: what tokens were checked with is another thing now."""
        self._held.clear()
        self._of_user.clear()

    def forget(self, user: str) -> None:
        """Forget those of one user."""
        for text in tuple(self._of_user.get(user, ())):
            self._take(text)

    def _forget_old(self) -> None:
        now = self._now()
        # Those that end sooner since their token does go with their neighbours; until then they are good for nothing.
        while self._held and (oldest := next(iter(self._held.items())))[1].until <= now:
            self._take(oldest[0])

    def _take(self, text: str) -> _Held | None:
        held = self._held.pop(text, None)
        if held is not None:
            own = self._of_user[held.identity.user]
            del own[text]
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
