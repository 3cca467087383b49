"""The end of tokens on connections: clients are told a while before, and closed a while after."""

from __future__ import annotations

import asyncio
import contextvars
import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final, Protocol

from sio_server.audience import Identity
from sio_server.clock import StepWatch
from sio_server.core.hub import Connection, Hub

# Seconds before `exp` at which a client is told, and after it at which it is closed. Of a token with less than twice
# that left, the client is told at half of it.
EXPIRY_NOTICE: Final = 60.0
EXPIRY_GRACE: Final = 25.0
NOTICE_PART: Final = 0.5

# Seconds between two notices to one client: tokens that are over as soon as they come must not be asked for one after
# the other. Less than the grace, or a client would be closed before it was told.
NOTICE_PAUSE: Final = 5.0

# Seconds over which clients are asked for a new token when a secret was withdrawn.
RENEWAL_SPREAD: Final = 30.0

# Seconds between two looks at the clock, and after how many of them all tokens are looked at: a minute.
LOOK_EVERY: Final = 15.0
LOOKS_FOR_ALL: Final = 4

# Connections that are looked at together, before others get their turn.
_TOGETHER: Final = 500

# The system's own: nothing that draws from the generator of `random` meets these numbers, nor is met by them.
_DRAWS: Final = random.SystemRandom()

_NEVER: Final = float("inf")


class Timer(Protocol):
    """A call that is to come."""

    def cancel(self) -> None:
        """Let it not come."""


class Timers(Protocol):
    """What calls back after so many seconds: an event loop."""

    def time(self) -> float:
        """Seconds that nobody can set."""

    def call_later(
        self, delay: float, callback: Callable[..., object], *args: Any, context: contextvars.Context | None = None
    ) -> Timer:
        """See `asyncio.loop.call_later`."""


class Expiry:
    """The timers of a node's connections. ``wall`` gives Unix seconds, which tokens are in; it may be set any time.

    ``timers`` finds what calls back, by default the loop that runs.
    """

    def __init__(
        self,
        hub: Hub,
        *,
        wall: Callable[[], float] = time.time,
        timers: Callable[[], Timers] = asyncio.get_running_loop,
    ) -> None:
        self._hub = hub
        self._wall = wall
        self._timers = timers
        # One for all timers, or each would keep a copy of its own.
        self._context = contextvars.copy_context()

    # -- the token of a connection --------------------------------------------------------------------------------

    def begin(self, connection: Connection) -> None:
        """Take the token that a connection comes with; `arm` sets its timer once it is let in."""
        connection.token_end = _end_of(connection.identity)
        connection.identity = self._not_yet(connection.identity)

    def renew(self, connection: Connection, identity: Identity) -> None:
        """Go on with another token of the same user.

        One that lasts no longer than the one before changes whatever else it says, but not when the connection ends, of
        which the client knows already: it would be told for ever, and bring the same token each time. What ends with
        the one before is revoked with it, too.
        """
        end, known = _end_of(identity), connection.identity
        if end > connection.token_end:
            connection.token_end = end
            connection.identity = self._not_yet(identity)
            connection.told_of = None
            self.arm(connection)
        else:
            issued_at = _earlier(known.issued_at, identity.issued_at)
            connection.identity = replace(identity, expires_at=known.expires_at, issued_at=issued_at)

    def expire_soon(self) -> None:
        """Let every token on a connection end soon, since it may be good no more; nothing is closed now.

        Clients are told as before any expiry, each at a moment of its own within `RENEWAL_SPREAD`, and stay when they
        bring a token that is good, be it the one they have. A backend is not asked for all of them at once.
        """
        now = self._wall()
        for connection in self._hub:
            expires_at = connection.identity.expires_at
            delay = _DRAWS.uniform(0.0, RENEWAL_SPREAD)
            soon = now + EXPIRY_NOTICE + delay
            # a guest's token hangs on no setting, and there is no other to be had
            if expires_at is not None and soon < expires_at and not connection.identity.is_guest:
                connection.identity = replace(connection.identity, expires_at=soon)
                connection.token_end = -_NEVER
                connection.told_of = None
                self._set(connection, delay, self._expiring, connection)

    def _not_yet(self, identity: Identity) -> Identity:
        """The identity of a token that was found good, which expires now where it has by the clock of this machine.

        Such a token was let in for its leeway. Counted from its own moment, its connection would be closed as soon as
        it is greeted, and could bring no newer one.
        """
        expires_at = identity.expires_at
        if expires_at is None or expires_at >= (now := self._wall()):
            return identity
        return replace(identity, expires_at=now)

    # -- timers ---------------------------------------------------------------------------------------------------

    def arm(self, connection: Connection) -> None:
        """Set a connection's timer to when there is something to say about its token, or to its end."""
        expires_at = connection.identity.expires_at
        if expires_at is None:
            self.disarm(connection)
            return
        remaining = expires_at - self._wall()
        if connection.told_of == expires_at:
            self._set(connection, remaining + EXPIRY_GRACE, connection.close, "token_expired")
            return
        notice = remaining - min(EXPIRY_NOTICE, remaining * NOTICE_PART)
        paused = connection.told_at + NOTICE_PAUSE - self._timers().time()
        self._set(connection, max(notice, paused), self._expiring, connection)

    @staticmethod
    def disarm(connection: Connection) -> None:
        """Stop a connection's timer, if it has one."""
        if connection.timer is not None:
            connection.timer.cancel()
            connection.timer = None

    def _set(self, connection: Connection, delay: float, callback: Callable[..., object], *arguments: Any) -> None:
        self.disarm(connection)
        connection.timer = self._timers().call_later(max(0.0, delay), callback, *arguments, context=self._context)

    def _expiring(self, connection: Connection) -> None:
        """Tell a client, once for each end that its token has."""
        expires_at = connection.identity.expires_at or 0.0
        connection.told_of, connection.told_at = expires_at, self._timers().time()
        connection.link.control(
            "ns:auth_expiring", {"expires_in_ms": max(0, round((expires_at - self._wall()) * 1000))}
        )
        self.arm(connection)

    # -- clocks that are set --------------------------------------------------------------------------------------

    async def watch(self) -> None:
        """Look at all tokens again each minute, and soon after the clock was set or the machine woke up; no end.

        A timer counts seconds in which the machine is awake. Between such moments its own timer is enough for each
        connection, and one look at 10,000 takes some milliseconds.
        """
        steps = StepWatch(self._wall, self._timers().time)
        looks = 0
        while True:
            await asyncio.sleep(LOOK_EVERY)
            looks += 1
            if steps.look():
                await self._each(self._arm_anew)
            elif looks % LOOKS_FOR_ALL == 0:
                await self._each(self._close_expired)

    async def _each(self, look: Callable[[Connection], None]) -> None:
        for number, connection in enumerate(self._hub):
            if connection.identity.expires_at is not None and connection in self._hub:
                look(connection)
            if number % _TOGETHER == _TOGETHER - 1:
                await asyncio.sleep(0)

    def _arm_anew(self, connection: Connection) -> None:
        """Set the timer by the clock as it is now; who has been told too early is told again when it is time."""
        if (connection.identity.expires_at or 0.0) - self._wall() > EXPIRY_NOTICE:
            connection.told_of = None
        self.arm(connection)

    def _close_expired(self, connection: Connection) -> None:
        if self._wall() > (connection.identity.expires_at or 0.0) + EXPIRY_GRACE + LOOK_EVERY:
            self.disarm(connection)
            connection.close("token_expired")


def _end_of(identity: Identity) -> float:
    return _NEVER if identity.expires_at is None else identity.expires_at


def _earlier(one: float | None, other: float | None) -> float | None:
    """The earlier of two moments; None, which is before all others, where one is not known."""
    return None if one is None or other is None else min(one, other)
