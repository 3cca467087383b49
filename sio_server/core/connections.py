"""The life of one connection: welcome, catch up, acknowledge, renew its token, leave.

Nothing about a connection is kept beyond its end: a cursor and the log are enough to bring it up to date, on any node
and after any crash.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sio_server.audience import Identity
from sio_server.broker import Broker, Carrier, Close, Counts, View
from sio_server.core.arrivals import Arrivals, topics_of
from sio_server.core.catchup import resume
from sio_server.core.door import Door
from sio_server.core.expiry import Expiry
from sio_server.core.hub import Connection, Hub
from sio_server.core.languages import Languages, tag_of
from sio_server.core.limits import ConnectionLimits
from sio_server.core.observers import Observers
from sio_server.core.refusals import Refusals
from sio_server.core.replays import Replays
from sio_server.errors import Refused, Text
from sio_server.logs import get_logger
from sio_server.metrics import Metrics
from sio_server.notification import Entry, Position, rfc3339

logger = get_logger("connections")

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
    """The use cases around one connection. ``hello`` gives what every ``ns:hello`` says besides."""

    def __init__(
        self,
        broker: Broker,
        hub: Hub,
        replays: Replays,
        observers: Observers,
        *,
        arrivals: Arrivals,
        door: Door,
        metrics: Metrics,
        refusals: Refusals,
        limits: ConnectionLimits,
        hello: Mapping[str, Any],
        expiry: Expiry,
        languages: Languages,
    ) -> None:
        self._broker = broker
        self._hub = hub
        self._replays = replays
        self._observers = observers
        self._arrivals = arrivals
        self._door = door
        self._metrics = metrics
        self._refusals = refusals
        self.limits = limits
        """May be set while the node runs, as `hello` may."""
        self.hello = hello
        self._expiry = expiry
        self.languages = languages

    # -- coming ---------------------------------------------------------------------------------------------------

    def admit(self, identity: Identity, address: str, *, elsewhere: int = 0) -> None:
        """Raise `Refused` (``draining``, ``token_revoked``, ``rate_limited``) for who may not connect now.

        ``elsewhere`` is how many connections the user has to other nodes.
        """
        self._door.check()
        self.check_revoked(identity)
        of_user, of_address = self._hub.count_of(user=identity.user, address=address)
        self.limits.check(of_user + elsewhere, of_address, address)

    async def _elsewhere(self, identity: Identity) -> int:
        """How many connections a user has to other nodes, as of a second ago.

        It is asked for only where the user has some here: most have one, and it must not cost a query. So a user may
        have one more on each node than the limit says.
        """
        user, own = identity.user, self._hub.count_of(user=identity.user, address="")[0]
        if user is None or not (own and self.limits.per_user and self._broker.shared()):
            return 0
        found = await self._broker.whereabouts([user])
        return max(0, sum(one.connections for one in found) - own)

    def check_room(self, arriving: int, most: int) -> None:
        """Raise `Refused` (``draining``, ``rate_limited``) when no more connections are let in for the moment."""
        self._door.check()
        if arriving >= most:
            raise Refused("rate_limited", _TOO_MANY_ARRIVE, retry_after=1)

    def check_revoked(self, identity: Identity) -> None:
        """Raise `Refused` (``token_revoked``) for a token that was made before its user's were revoked.

        What was revoked on another node counts here from when this node heard it, within a second, and what was let in
        meanwhile is closed then.
        """
        if identity.user is None or identity.expires_at is None:
            return  # nothing but a token can be revoked
        before = self._broker.revoked_before(identity.user)
        if before is not None and _is_of_before(identity, before):
            raise Refused("token_revoked", _NO_IAT if identity.issued_at is None else None)

    def refused(self, refused: Refused, protocol: str, address: str) -> None:
        """Note that a connection was not let in, for the metrics, the log and operators."""
        self._refusals.note_of(protocol, refused, method="CONNECT", address=address)

    async def view_of(self, identity: Identity) -> View:
        """What this person may see: see `Arrivals.view_of`."""
        return await self._arrivals.view_of(identity)

    async def open(self, connection: Connection, cursor: str | None, *, recovered_from: int | None = None) -> None:
        """Greet a connection, and bring it from its cursor up to date or live at once.

        ``recovered_from``: Socket.IO restores it by itself, from this ``seq`` to the present. Raises as `admit` does.
        """
        self._expiry.begin(connection)
        identity = connection.identity
        self.admit(identity, connection.address)
        elsewhere = await self._elsewhere(identity)
        connection.view, counts = await self._arrivals.arrive(identity, counted=True)
        self.admit(identity, connection.address, elsewhere=elsewhere)
        # From here to the end nothing suspends: what is published next reaches the connection.
        place = self._place(connection.view, counts, cursor, recovered_from)
        connection.stream_from, connection.resumed = place.stream_from, place.recovered
        self._count_in(connection)
        self._greet(connection, place, counts)
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
        connection.link.speak(connection.locale)
        self._note_presence(connection)
        self._metrics.connected(connection.protocol)
        self._expiry.arm(connection)

    def _greet(self, connection: Connection, place: _Place, counts: Counts | None) -> None:
        identity, errors = connection.identity, connection.language.errors
        connection.link.control(
            "ns:hello",
            {
                "user": identity.user,
                "roles": list(identity.roles),
                "topics": topics_of(identity, connection.view),
                "locale": connection.locale,
                "cursor": place.at.cursor(),
                "recovered": place.recovered,
                **({} if counts is None else {"counts": counts_dict(counts)}),
                "server_time": rfc3339(datetime.now(UTC)),
                **self.hello,
                **({"warnings": [hint.as_dict(errors) for hint in identity.warnings]} if identity.warnings else {}),
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
        """The ``seq`` of a cursor, where nothing is missing above it; else None."""
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

    def speak(self, connection: Connection, locale: str) -> str:
        """Have a connection get what comes from now on in a language, a tag in its usual spelling; returns the tag."""
        self._hub.speak(connection, connection.language.then(locale, asked=True))
        return locale

    def acknowledge(self, connection: Connection, seq: int) -> None:
        """The client confirms everything of its own up to ``seq``; what it cannot have had yet is not confirmed."""
        user = connection.identity.user
        if user is not None:
            reached = min(seq, self.reached(connection))
            self._broker.acknowledge(user, reached, after=connection.stream_from, by=_carrier(connection))

    def reached(self, connection: Connection) -> int:
        """The ``seq`` up to which this connection was handed everything."""
        return self._broker.head().seq if connection.catchup is None else connection.catchup.position

    def note_handed(self, connection: Connection, ended: str | None = None) -> None:
        """Tell the log how far this connection was served, and why it ended, once it has."""
        user = connection.identity.user
        if user is not None:
            by = _carrier(connection, ended)
            self._broker.handed(user, self.reached(connection), after=connection.stream_from, by=by)

    async def renew(self, connection: Connection, identity: Identity) -> None:
        """Go on with a newer token of the same user; the rooms follow its claims, and so does the language.

        The language does unless the client said one: see `Language`.

        Raises `Refused` (``forbidden``) for another user's, ``token_revoked`` for one that was revoked.
        """
        if identity.user != connection.identity.user:
            raise Refused("forbidden", _OTHER_USER)
        self.check_revoked(identity)
        view = await self.view_of(identity)
        if connection not in self._hub:
            return  # it left meanwhile; rooms and timers would keep it for ever
        self._expiry.renew(connection, identity)
        claimed = tag_of(identity.locale)
        if claimed is not None and claimed != connection.locale and not connection.language.asked:
            self._hub.speak(connection, connection.language.then(claimed, asked=False))
        if not connection.may_observe:
            self._observers.discard(connection.link)
        self.enter(connection, view)

    def enter(self, connection: Connection, view: View) -> None:
        """Be in the rooms of this view from now on, or once the connection is live."""
        connection.view = view
        self._note_presence(connection)
        if connection.catchup is None:
            connection.link.join(connection.rooms)

    def _note_presence(self, connection: Connection) -> None:
        identity, view = connection.identity, connection.view
        # what is followed goes by no age, and needs no connection to hold it
        rooms = identity.rooms() if view.followed else view.seen_from
        self._broker.arrived(connection.id, identity.user, rooms)

    # -- what nodes tell one another ------------------------------------------------------------------------------

    def revoke(self, user: str, before: float) -> int:
        """Close what a user has connected to this node with tokens of before a moment; returns how many those are.

        Whoever is connected without a token, in development, is closed, too.
        """
        meant = [
            connection
            for connection in self._hub.of_user(user)
            if connection.identity.expires_at is None or _is_of_before(connection.identity, before)
        ]
        for connection in meant:
            connection.close("token_revoked")
        return len(meant)

    def close_one(self, signal: Close) -> None:
        """Close the connection that is meant, if this node has it."""
        connection = self._hub.find(signal.connection_id)
        if connection is not None:
            connection.close(signal.code)

    # -- going ----------------------------------------------------------------------------------------------------

    def left(self, connection: Connection, reason: str) -> None:
        """Count a connection out that has ended, whoever ended it."""
        self._expiry.disarm(connection)
        self._observers.discard(connection.link)
        if self._hub.remove(connection):
            self._broker.left(connection.id)
            self.note_handed(connection, reason)
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
            limited = Refused("rate_limited")
            self._refusals.note_of(connection.protocol, limited, method="EVENT", address=connection.address)
        logger.info("connection cut", reason=reason, protocol=connection.protocol, connection=connection.id)


def _carrier(connection: Connection, ended: str | None = None) -> Carrier:
    return Carrier(connection.protocol, int(connection.connected_at * 1000), ended)


def _is_of_before(identity: Identity, before: float) -> bool:
    """Whether a token was issued before a moment, or does not say when."""
    return identity.issued_at is None or identity.issued_at < before


def counts_dict(counts: Counts) -> dict[str, int]:
    """Counters as clients get them."""
    return {"unread": counts.unread, "unseen": counts.unseen, "at_seq": counts.at_seq}


_TOO_MANY_ARRIVE: Final = Text(
    "Too many connections are on their way in: try again in a moment.",
    "Hay demasiadas conexiones entrando: vuelve a intentarlo enseguida.",
)
_NO_OBSERVER: Final = Text(
    "Only the role 'admin', or a key that may observe, sees what others get.",
    "Solo el rol 'admin', o una clave que puede observar, ve lo que reciben otros.",
)
_NO_IAT: Final = Text(
    "This user's tokens were revoked, and this one does not say when it was issued: have the backend put 'iat' into "
    "it.",
    "Los tokens de este usuario fueron revocados, y este no dice cuándo se emitió: haz que el backend le ponga 'iat'.",
)
_OTHER_USER: Final = Text(
    "The token is another user's: connect anew.", "El token es de otro usuario: conéctate de nuevo."
)
