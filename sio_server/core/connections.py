"""The life of one connection: welcome, catch up, acknowledge, renew its token, leave.

Nothing about a connection is kept beyond its end: a cursor and the log are enough to bring it up to date, on any node
and after any crash.
"""

from __future__ import annotations

import asyncio
import contextvars
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sio_server.audience import Identity
from sio_server.broker import Broker, Counts, View
from sio_server.clock import StepWatch
from sio_server.core.catchup import resume
from sio_server.core.door import Door
from sio_server.core.hub import Connection, Hub
from sio_server.core.limits import ConnectionLimits
from sio_server.core.observers import Observers
from sio_server.core.protocols import PROTOCOLS
from sio_server.core.refusals import Refusals
from sio_server.core.replays import Replays
from sio_server.errors import Refused, Text
from sio_server.logs import get_logger
from sio_server.metrics import Metrics
from sio_server.notification import Entry, Position, rfc3339

logger = get_logger("connections")

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

# Ends that are a limit's doing: of the send cap, of the events that a client may send over Socket.IO, and over `/ws`.
_CUT: Final = frozenset({"slow", "flood", "rate_limited"})


class _Place(NamedTuple):
    """Where the stream of a connection begins, and what it is told of that.

    ``at`` is the cursor that it is greeted with, ``stream_from`` the ``seq`` after which its stream begins.
    ``recovered``: it gets all that it missed. ``replays``: from here, not from Socket.IO. ``lost``: it came with a
    cursor that leads nowhere. ``late``: what is sent to it before it is live, as no replay.
    """

    at: Position
    stream_from: int
    recovered: bool = False
    replays: bool = False
    lost: bool = False
    late: Sequence[Entry] = ()


class Connections:
    """The use cases around one connection. ``hello`` gives what every ``ns:hello`` says besides.

    ``wall`` gives Unix seconds, for what tokens say of their time; it may be set at any moment.
    """

    def __init__(
        self,
        broker: Broker,
        hub: Hub,
        replays: Replays,
        observers: Observers,
        *,
        door: Door,
        metrics: Metrics,
        refusals: Refusals,
        limits: ConnectionLimits,
        hello: Mapping[str, Any],
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._broker = broker
        self._hub = hub
        self._replays = replays
        self._observers = observers
        self._door = door
        self._metrics = metrics
        self._refusals = refusals
        self.limits = limits
        """May be set while the node runs, as `hello` may."""
        self.hello = hello
        self._wall = wall
        # One for all timers, or each would keep a copy of its own.
        self._context = contextvars.copy_context()

    # -- coming ---------------------------------------------------------------------------------------------------

    def admit(self, identity: Identity, address: str) -> None:
        """Raise `Refused` (``draining``, ``token_revoked``, ``rate_limited``) for who may not connect now."""
        self._door.check()
        self.check_revoked(identity)
        self.limits.check(*self._hub.count_of(user=identity.user, address=address), address)

    def check_room(self, arriving: int, most: int) -> None:
        """Raise `Refused` (``draining``, ``rate_limited``) when no more connections are let in for the moment."""
        self._door.check()
        if arriving >= most:
            raise Refused("rate_limited", _TOO_MANY_ARRIVE, retry_after=1)

    def check_revoked(self, identity: Identity) -> None:
        """Raise `Refused` (``token_revoked``) for a token that was made before its user's were revoked."""
        if identity.user is None or identity.expires_at is None:
            return  # nothing but a token can be revoked
        before = self._broker.revoked_before(identity.user)
        if before is not None and (identity.issued_at is None or identity.issued_at < before):
            raise Refused("token_revoked")

    def refused(self, refused: Refused, protocol: str, address: str) -> None:
        """Note that a connection was not let in, for the metrics, the log and operators."""
        self._refusals.note(refused, method="CONNECT", path=PROTOCOLS[protocol], address=address)

    async def view_of(self, identity: Identity) -> View:
        """What this person may see. Who has no name sees, in development, whatever is in the rooms it states."""
        return (await self._arrive(identity))[0]

    async def _arrive(self, identity: Identity) -> tuple[View, Counts | None]:
        """What this person may see, with the counters where `People.arrive` knows them."""
        user, rooms = identity.user, identity.rooms()
        if user is None:
            return View("", dict.fromkeys(rooms, 0)), None
        return await self._broker.arrive(user, rooms)

    async def open(
        self, connection: Connection, cursor: str | None, *, recovered_from: int | None = None, locale: str = "en"
    ) -> None:
        """Greet a connection, and bring it from its cursor up to date or live at once.

        ``locale`` is the language of what the greeting warns of, ``es`` or ``en``.
        ``recovered_from``: Socket.IO restores it by itself, from this ``seq`` to the present. Raises as `admit` does.
        """
        identity = connection.identity = self._not_expired_yet(connection.identity)
        self.admit(identity, connection.address)
        connection.view, counts = await self._arrive(identity)
        if counts is None and identity.user is not None:
            counts = await self._broker.counts(connection.view)
        self.admit(identity, connection.address)
        # From here to the end nothing suspends: what is published next reaches the connection.
        place = self._place(connection.view, counts, cursor, recovered_from)
        connection.stream_from = place.stream_from
        self._count_in(connection)
        self._greet(connection, place, counts, locale)
        self._follow(connection, place)

    def _place(self, view: View, counts: Counts | None, cursor: str | None, recovered_from: int | None) -> _Place:
        """Where a connection begins that has this cursor, or that Socket.IO restores."""
        head = self._broker.head()
        if recovered_from is not None:
            return _Place(head, recovered_from, recovered=True)
        after = None if cursor is None else self._resumable(cursor, head)
        if after is not None:
            return _Place(Position(head.epoch, after), after, recovered=True, replays=True)
        # What was announced while the counters were read: they leave it out, and the connection had no room yet.
        late = () if counts is None else self._replays.pages.rest(view, counts.at_seq) or ()
        if late:
            head = Position(head.epoch, late[0].seq - 1)
        return _Place(head, head.seq, late=late, lost=cursor is not None)

    def _count_in(self, connection: Connection) -> None:
        self._hub.add(connection)
        self._broker.arrived(connection.id, connection.identity.user, connection.rooms)
        self._metrics.connected(connection.protocol)
        self._arm(connection)

    def _greet(self, connection: Connection, place: _Place, counts: Counts | None, locale: str) -> None:
        identity = connection.identity
        connection.link.control(
            "ns:hello",
            {
                "user": identity.user,
                "roles": list(identity.roles),
                "topics": list(identity.topics),
                "cursor": place.at.cursor(),
                "recovered": place.recovered,
                **({} if counts is None else {"counts": counts_dict(counts)}),
                "server_time": rfc3339(datetime.now(UTC)),
                **self.hello,
                **({"warnings": [hint.as_dict(locale) for hint in identity.warnings]} if identity.warnings else {}),
            },
        )

    def _follow(self, connection: Connection, place: _Place) -> None:
        """Send what was missed, and go live."""
        if place.replays:
            self._replays.begin(connection, place.stream_from)
            return
        connection.link.replay(place.late, replayed=False)
        connection.link.join(connection.rooms)
        if place.lost:
            self._replays.give_up(connection)

    def _resumable(self, cursor: str, head: Position) -> int | None:
        """The ``seq`` of a cursor that nothing is missing above, or None."""
        position = Position.parse(cursor)
        if position is None or position.epoch != head.epoch:
            return None
        return position.seq if resume(position.seq, head=head.seq, floor=self._broker.floor()) else None

    # -- being there ----------------------------------------------------------------------------------------------

    def observe(self, connection: Connection, *, wanted: bool) -> Position:
        """Begin or end to show a connection all that is published; returns the position above which it is shown.

        Raises `Refused` (``forbidden``).
        """
        if not connection.may_observe:
            raise Refused("forbidden", _NO_OBSERVER)
        if wanted:
            self._observers.add(connection.link)
        else:
            self._observers.discard(connection.link)
        return self._broker.head()

    def acknowledge(self, connection: Connection, seq: int) -> None:
        """The client confirms everything of its own up to ``seq``; what it cannot have had yet is not confirmed."""
        user = connection.identity.user
        if user is not None:
            self._broker.acknowledge(user, min(seq, self._reached(connection)), after=connection.stream_from)

    def _reached(self, connection: Connection) -> int:
        """The ``seq`` up to which this connection was handed everything."""
        return self._broker.head().seq if connection.catchup is None else connection.catchup.position

    def note_handed(self, connection: Connection) -> None:
        """Tell the log how far this connection was served."""
        user = connection.identity.user
        if user is not None:
            self._broker.handed(user, self._reached(connection), after=connection.stream_from)

    async def renew(self, connection: Connection, identity: Identity) -> None:
        """Go on with a newer token of the same user; the rooms follow its claims.

        Raises `Refused` (``forbidden``) for another user's, ``token_revoked`` for one that was revoked.
        """
        if identity.user != connection.identity.user:
            raise Refused("forbidden", _OTHER_USER)
        self.check_revoked(identity)
        view = await self.view_of(identity)
        if connection not in self._hub:
            return  # it left meanwhile; rooms and timers would keep it for ever
        connection.identity = self._not_expired_yet(identity)
        connection.view = view
        self._broker.arrived(connection.id, connection.identity.user, connection.rooms)
        if not connection.may_observe:
            self._observers.discard(connection.link)
        if connection.catchup is None:
            connection.link.join(connection.rooms)
        self._arm(connection)

    def expire_tokens(self) -> None:
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
                self._arm(connection)

    def _not_expired_yet(self, identity: Identity) -> Identity:
        """The identity of a token that was found good, which expires now where it has by the clock of this machine.

        Such a token was let in for its leeway. Counted from its own moment, its connection would be closed as soon as
        it is greeted, and could bring no newer one.
        """
        expires_at = identity.expires_at
        if expires_at is None or expires_at >= (now := self._wall()):
            return identity
        return replace(identity, expires_at=now)

    def _arm(self, connection: Connection) -> None:
        """Wake up when there is something to say about the token."""
        self._disarm(connection)
        expires_at = connection.identity.expires_at
        if expires_at is not None:
            loop = asyncio.get_running_loop()
            delay = max(0.0, expires_at - EXPIRY_NOTICE - self._wall())
            connection.timer = loop.call_later(delay, self._expiring, connection, context=self._context)

    @staticmethod
    def _disarm(connection: Connection) -> None:
        if connection.timer is not None:
            connection.timer.cancel()
            connection.timer = None

    def _expiring(self, connection: Connection) -> None:
        remaining = (connection.identity.expires_at or 0.0) - self._wall()
        connection.link.control("ns:auth_expiring", {"expires_in_ms": max(0, round(remaining * 1000))})
        loop = asyncio.get_running_loop()
        delay = max(0.0, remaining + EXPIRY_GRACE)
        connection.timer = loop.call_later(delay, connection.close, "token_expired")

    async def watch_tokens(self) -> None:
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
                await self._each(self._arm)
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
            self._disarm(connection)
            connection.close("token_expired")

    # -- going ----------------------------------------------------------------------------------------------------

    def left(self, connection: Connection, reason: str) -> None:
        """The connection has ended, whoever ended it."""
        self._disarm(connection)
        self._observers.discard(connection.link)
        if self._hub.remove(connection):
            self._broker.left(connection.id)
            self.note_handed(connection)
            connection.catchup = None
            self._metrics.disconnected(connection.protocol, reason)
            self._note_cut(connection, reason)

    def _note_cut(self, connection: Connection, reason: str) -> None:
        """Tell of a connection that was cut since its peer did not read, or said too much."""
        if reason not in _CUT:
            return
        if reason == "slow":
            self._metrics.slow(connection.protocol)
        else:
            path = PROTOCOLS[connection.protocol]
            self._refusals.note(Refused("rate_limited"), method="EVENT", path=path, address=connection.address)
        logger.info("connection cut", reason=reason, protocol=connection.protocol, connection=connection.id)


def counts_dict(counts: Counts) -> dict[str, int]:
    """Counters as clients get them."""
    return {"unread": counts.unread, "unseen": counts.unseen, "at_seq": counts.at_seq}


_TOO_MANY_ARRIVE: Final = Text(
    "Too many connections are on their way in: try again in a moment.",
    "Hay demasiadas conexiones entrando: vuelve a intentarlo enseguida.",
)
_NO_OBSERVER: Final = Text(
    "Only the role 'admin' or a publisher key may see what others get.",
    "Solo el rol 'admin' o una clave de publicación puede ver lo que reciben otros.",
)
_OTHER_USER: Final = Text(
    "The token is another user's: connect anew.", "El token es de otro usuario: conéctate de nuevo."
)
