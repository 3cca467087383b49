"""Connection state recovery as the stock JavaScript client (4.6 and later) speaks it.

The CONNECT reply carries a private id, each event the offset as a last argument; a client that comes back
with both gets what it missed and keeps its sid. Authentication is never skipped: the connect handler runs
every time.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sio_server.engine.eio.member import Member, Session, State
from sio_server.engine.reasons import Reason
from sio_server.engine.sio.recovery_log import Claim, Kept, MemoryLog, Record, RecoveryLog
from sio_server.engine.wire.packets import with_offset

if TYPE_CHECKING:
    from sio_server.engine.counters import Counters
    from sio_server.engine.eio.environ import EnvironTable
    from sio_server.engine.sio.rooms import Spaces
    from sio_server.engine.wire.packets import Wire

Identify = Callable[[dict[str, Any], Any], Awaitable[str | None] | str | None]

#: Seconds that the disconnect handler of a connection being replaced may hold up the new one.
_EVICTION_TIME = 5.0
#: Bytes of a private id: ours have about 200. A longer one is not worth decoding.
_MAX_PID = 4096
#: Reasons after which a connection does not come back.
_FOR_GOOD = (Reason.PARSE_ERROR, Reason.FLOOD, Reason.SERVER_DISCONNECT)


@dataclass(frozen=True, slots=True)
class Restored:
    """A connection on its way back: what its private id and its client say, and what was kept of it."""

    sid: str
    pid: str
    offset: str
    kept: Kept


def _asks(auth: Any) -> bool:
    """Whether a client's auth asks for recovery: for itself, or by bringing a private id."""
    return isinstance(auth, dict) and (auth.get("recovery") is True or isinstance(auth.get("pid"), str))


class Recovery:
    """Recovery of one server; without a log it does nothing at all.

    :param options: what `AsyncServer` takes as `connection_state_recovery`.
    :param possible: False where packets are not in the text encoding: an offset can be added to no other.
    """

    def __init__(
        self,
        options: Mapping[str, Any] | RecoveryLog | None,
        spaces: Spaces,
        environs: EnvironTable,
        counters: Counters,
        *,
        possible: bool,
    ) -> None:
        self._spaces = spaces
        self._environs = environs
        self._counters = counters
        self._possible = possible
        self.log: RecoveryLog | None = None
        self._identify: Identify | None = None
        self._all = False
        #: Engine.IO sid -> whom the application takes the client for, while its CONNECT is handled
        self._identities: dict[str, str | None] = {}
        if options is None:
            return
        if not isinstance(options, Mapping):
            self.log = options
            return
        rest = dict(options)
        self._identify = rest.pop("identity", None)
        clients = rest.pop("clients", "asking")
        if clients not in ("asking", "all"):
            message = "connection_state_recovery['clients'] is 'asking' or 'all'"
            raise ValueError(message)
        self._all = clients == "all"
        log = rest.pop("log", None)
        self.log = MemoryLog(**rest) if log is None else log

    def position(self) -> int:
        """The log's position, for a room that is being joined."""
        return 0 if self.log is None else self.log.position()

    def mark(
        self,
        wire: Wire,
        namespace: str,
        rooms: tuple[Any, ...] | None,
        skip: frozenset[Any],
        *,
        volatile: bool = False,
    ) -> Wire | None:
        """Remember a broadcast; the variant for clients that take an offset.

        A volatile event is not remembered but carries the current offset: a trailing string of its own would
        be taken for one by the client.
        """
        if self.log is None or not wire.text:
            return None
        offset = self.log.head() if volatile else self.log.append(Record(namespace, rooms, skip, wire))
        return None if offset is None else with_offset(wire, offset)

    # coming back

    async def ask(self, socket: Session, namespace: str, auth: Any) -> Restored | None:
        """Whether this CONNECT brings a private id that still stands for a lost connection."""
        if self.log is None:
            return None
        if not (self._all or _asks(auth)):
            return None  # whom it is taken for is of no interest: to find out may cost as much as the whole handshake
        identity = self._identities[socket.sid] = await self._identity(socket, auth)
        pid = auth.get("pid") if isinstance(auth, dict) else None
        if not isinstance(pid, str) or len(pid) > _MAX_PID:
            return None
        claim = self.log.verify(pid)
        kept = None
        known = claim is not None and (claim.namespace, claim.identity) == (namespace, identity)
        if claim is not None and known and await self._evict(claim, socket):
            kept = self.log.take(claim)
        if claim is None or kept is None:
            self._counters.recovery_refused += 1
            return None
        offset = auth.get("offset")
        return Restored(claim.sid, pid, offset if isinstance(offset, str) else claim.offset, kept)

    async def _identity(self, socket: Session, auth: Any) -> str | None:
        if self._identify is None:
            return None
        found = self._identify(self._environs[socket.sid], auth)
        return await found if inspect.isawaitable(found) else found

    async def _evict(self, claim: Claim, socket: Session) -> bool:
        """Whether the sid is free; an old link that only looks alive is cut first."""
        old = self._spaces.member(claim.sid, claim.namespace)
        if old is None:
            return True
        if old.socket is socket or old.state is State.CONNECTING:
            return False
        self._counters.recovery_evictions += 1
        old.socket.end(Reason.REPLACED)
        if old.socket.worker is not None:
            await asyncio.wait([old.socket.worker], timeout=_EVICTION_TIME)
        return self._spaces.member(claim.sid, claim.namespace) is None

    def begin(self, member: Member, restored: Restored | None, auth: Any, replay: list[Wire]) -> str | None:
        """The private id for the CONNECT reply; fills in what has to follow it. Does not suspend."""
        log = self.log
        if log is None or not self._possible:
            return None
        if restored is not None:
            missed = log.after(restored.offset, restored.kept)
            if missed is not None:
                self._restore(member, restored)
                replay.extend(missed)
                member.pid = restored.pid
                return member.pid
        if not (self._all or _asks(auth)):
            return None
        identity = self._identities.get(member.socket.sid)
        member.pid = log.sign(Claim(member.sid, member.namespace, log.head(), identity))
        return member.pid

    def _restore(self, member: Member, restored: Restored) -> None:
        self._counters.recovered += 1
        space = self._spaces[member.namespace]
        for room, position in restored.kept.rooms.items():
            space.enter(member, room, position)
        if restored.kept.session:
            merged = {**restored.kept.session, **member.socket.session.get(member.namespace, {})}
            member.socket.session[member.namespace] = merged

    def settled(self, socket: Session) -> None:
        """Forget whom the application took a client for: its CONNECT was answered."""
        self._identities.pop(socket.sid, None)

    # going

    def lost(self, member: Member, reason: str) -> None:
        """The member's transport is gone; keep what it may come back to."""
        log = self.log
        if log is None or member.pid is None or member.state is not State.CONNECTED:
            return
        claim = log.verify(member.pid)
        if claim is not None and reason not in _FOR_GOOD:
            session = member.socket.session.get(member.namespace, {})
            log.keep(Kept(claim, dict(member.rooms or {}), dict(session)))
