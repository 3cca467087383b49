"""The end of tokens on connections: clients are told a while before, and closed a while after."""

from __future__ import annotations

import asyncio
import contextvars
import random
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from sio_server.audience import Identity
from sio_server.clock import StepWatch
from sio_server.core.hub import Connection, Hub

# Seconds before `exp` at which a client is told, and after it at which it is closed.
EXPIRY_NOTICE: Final = 60.0
EXPIRY_GRACE: Final = 25.0

# Seconds over which clients are asked for a new token when a secret was withdrawn.
RENEWAL_SPREAD: Final = 30.0

# Seconds between two looks at the clock, and after how many of them all tokens are looked at: a minute.
LOOK_EVERY: Final = 15.0
LOOKS_FOR_ALL: Final = 4

# Connections that are looked at together, before others get their turn.
_TOGETHER: Final = 500


class Expiry:
    """The timers of a node's connections. ``wall`` gives Unix seconds, which tokens are in; it may be set any time."""

    def __init__(self, hub: Hub, *, wall: Callable[[], float] = time.time) -> None:
        self._hub = hub
        self._wall = wall
        # One for all timers, or each would keep a copy of its own.
        self._context = contextvars.copy_context()

    def expire_soon(self) -> None:
        """Let every token on a connection end soon, since it may be good no more; nothing is closed now.

        Clients are told as before any expiry, each at a moment of its own within `RENEWAL_SPREAD`, and stay when they
        bring a token that is good. A backend is not asked for all of them at once.
        """
        now = self._wall()
        for connection in self._hub:
            expires_at = connection.identity.expires_at
            soon = now + EXPIRY_NOTICE + random.uniform(0.0, RENEWAL_SPREAD)  # noqa: S311 - nothing is secret in it
            if expires_at is not None and soon < expires_at:
                connection.identity = replace(connection.identity, expires_at=soon)
                self.arm(connection)

    def not_yet(self, identity: Identity) -> Identity:
        """The identity of a token that was found good, which expires now where it has by the clock of this machine.

        Such a token was let in for its leeway. Counted from its own moment, its connection would be closed as soon as
        it is greeted, and could bring no newer one.
        """
        expires_at = identity.expires_at
        if expires_at is None or expires_at >= (now := self._wall()):
            return identity
        return replace(identity, expires_at=now)

    def arm(self, connection: Connection) -> None:
        """Set a connection's timer to when there is something to say about its token."""
        self.disarm(connection)
        expires_at = connection.identity.expires_at
        if expires_at is not None:
            loop = asyncio.get_running_loop()
            delay = max(0.0, expires_at - EXPIRY_NOTICE - self._wall())
            connection.timer = loop.call_later(delay, self._expiring, connection, context=self._context)

    @staticmethod
    def disarm(connection: Connection) -> None:
        """Stop a connection's timer, if it has one."""
        if connection.timer is not None:
            connection.timer.cancel()
            connection.timer = None

    def _expiring(self, connection: Connection) -> None:
        remaining = (connection.identity.expires_at or 0.0) - self._wall()
        connection.link.control("ns:auth_expiring", {"expires_in_ms": max(0, round(remaining * 1000))})
        loop = asyncio.get_running_loop()
        delay = max(0.0, remaining + EXPIRY_GRACE)
        connection.timer = loop.call_later(delay, connection.close, "token_expired")

    async def watch(self) -> None:
        """Look at all tokens again each minute, and soon after the clock was set or the machine woke up; no end.

        A timer counts seconds in which the machine is awake. Between such moments its own timer is enough for each
        connection, and one look at 10,000 takes some milliseconds.
        """
        steps = StepWatch(self._wall, asyncio.get_running_loop().time)
        looks = 0
        while True:
            await asyncio.sleep(LOOK_EVERY)
            looks += 1
            if steps.look():
                await self._each(self.arm)
            elif looks % LOOKS_FOR_ALL == 0:
                await self._each(self._close_expired)

    async def _each(self, look: Callable[[Connection], None]) -> None:
        for number, connection in enumerate(self._hub):
            if connection.identity.expires_at is not None and connection in self._hub:
                look(connection)
            if number % _TOGETHER == _TOGETHER - 1:
                await asyncio.sleep(0)

    def _close_expired(self, connection: Connection) -> None:
        if self._wall() > (connection.identity.expires_at or 0.0) + EXPIRY_GRACE + LOOK_EVERY:
            self.disarm(connection)
            connection.close("token_expired")
