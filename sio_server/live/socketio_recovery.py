"""Socket.IO's own connection state recovery, on the durable log.

The stock JavaScript client sends back the private id that it was given and the offset of its last event; the engine
asks here what that is worth. Nothing is remembered about a lost connection: the private id is signed with a key of the
log and carries who it was for and where the stream began, so it holds after the process was killed, on its successor.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Final

import orjson

from sio_server.audience import Identity
from sio_server.broker import Broker, Ended, Stretch, View
from sio_server.core.catchup import Catchup, resume
from sio_server.core.connections import Connections
from sio_server.core.pages import Pages, Way, size_of
from sio_server.engine import Claim, Kept, Record, RecoveryLog, Wire, private_id, read_private_id
from sio_server.live.socketio_link import Wires
from sio_server.notification import Entry, Position

# Seconds a private id is good for. It is a bearer secret, bound to its user; tokens are checked beside it all the same.
MAX_AGE: Final = 30 * 24 * 3600.0

# What one recovery may replay: the engine sends it in one piece, which has to fit well below the send cap. A client
# that is further behind is replayed the rest of the way as one with a cursor is, at its own pace.
MAX_REPLAY: Final = 1000

# Recoveries between "what was missed" and "here it is", and connections whose private id was given up.
_MAX_PREPARED: Final = 10_000
_MAX_ENDED: Final = 50_000


class Prepared:
    """The `Way` of a connection that comes back: what it missed is gathered, up to where the window has the rest."""

    def __init__(self, pages: Pages, view: View, after: Position, locale: str | None) -> None:
        self.after = after.seq
        self.epoch = after.epoch
        self.view = view
        self.locale = locale
        self.catchup: Catchup[Entry] = Catchup(after.seq)
        self._pages = pages
        self._gathered: list[Entry] = []

    def finish(self) -> bool:
        """See `Way.finish`: whoever is restored takes the rest when it is answered."""
        return self._pages.rest(self.view, self.catchup.position) is not None

    async def take(self, stretch: Stretch) -> bool:
        """See `Way.take`: no more than one recovery may replay."""
        self._gathered.extend(self.catchup.page(stretch.items, covered=stretch.covered))
        return len(self._gathered) <= MAX_REPLAY

    def overtake(self) -> None:
        """See `Way.overtake`: the window does not reach back, and so nothing is restored."""

    def missed(self) -> Sequence[Entry] | None:
        """Everything up to now; None where the window does not reach back, or it is too much for one piece."""
        rest = self._pages.rest(self.view, self.catchup.position)
        if rest is None:
            return None
        missed = (*self._gathered, *rest)
        return missed if len(missed) <= MAX_REPLAY and size_of(missed) <= self._pages.high else None


class DurableRecovery:
    """The engine's `RecoveryLog`. ``wires`` makes entries into packets, ``key`` gives the log's key once it is open.

    ``end`` ends the link of a sid where this node has it.
    """

    def __init__(
        self,
        connections: Connections,
        broker: Broker,
        pages: Pages,
        wires: Wires,
        *,
        key: Callable[[], bytes],
        end: Callable[[str], None],
    ) -> None:
        self._connections = connections
        self._broker = broker
        self._pages = pages
        self._wires = wires
        self._key = key
        self._end = end
        self._prepared: OrderedDict[str, Prepared] = OrderedDict()
        self._lost: OrderedDict[str, None] = OrderedDict()
        self._ended: OrderedDict[str, None] = OrderedDict()

    # -- before the engine asks -----------------------------------------------------------------------------------

    async def prepare(self, pid: str, offset: object, identity: Identity, *, locale: str | None = None) -> None:
        """Read what a connection that comes back has missed, as far as the window does not hold it.

        ``locale`` is the language in which it will be sent, None for that of the body.
        """
        claim = self.verify(pid)
        start = None if claim is None else self._start(claim, offset, identity)
        head = self._broker.head()
        if claim is None or start is None or start.epoch != head.epoch:
            return
        if not resume(start.seq, head=head.seq, floor=self._broker.floor()):
            return
        prepared = Prepared(self._pages, await self._connections.view_of(identity), start, locale)
        await self._pages.bring(prepared)
        if self._missed(prepared) is None:
            return
        self._prepared[claim.sid] = prepared
        while len(self._prepared) > _MAX_PREPARED:
            self._prepared.popitem(last=False)

    def _missed(self, prepared: Prepared) -> Sequence[Entry] | None:
        """What a connection gets that was prepared; None where it is restored no longer."""
        return prepared.missed() if prepared.epoch == self._broker.head().epoch else None

    def cursor_of(self, pid: object, offset: object, identity: Identity) -> str | None:
        """Where a client stands that cannot be given its session back, and has to be replayed by its cursor."""
        claim = self.verify(pid) if isinstance(pid, str) else None
        start = None if claim is None else self._start(claim, offset, identity)
        return None if start is None else start.cursor()

    @staticmethod
    def _start(claim: Claim, offset: object, identity: Identity) -> Position | None:
        if claim.identity != identity.user:
            return None
        return Position.parse(offset if isinstance(offset, str) else claim.offset)

    def prepared(self, sid: str) -> Prepared | None:
        """What was prepared for the connection of this sid, if it will be recovered."""
        found = self._prepared.get(sid)
        return found if found is not None and self._missed(found) is not None else None

    def gone(self, sid: str) -> None:
        """A connection with a private id is gone; if it was not lost, it was ended, and the id holds no longer."""
        if sid in self._lost:
            del self._lost[sid]
        elif sid not in self._ended:
            self._forget(sid)
            self._broker.signal(Ended(sid))

    def ended(self, signal: Ended) -> None:
        """Hear that a connection has ended, on whichever node; a link that still looks alive here is ended.

        A link that is ended since the bearer of its private id came back elsewhere counts as lost: the private id holds
        on. Both links live until this node has heard.
        """
        if signal.returned:
            self._end(signal.sid)
        elif signal.sid not in self._ended:
            self._forget(signal.sid)
            self._end(signal.sid)

    def _forget(self, sid: str) -> None:
        """Honour a private id no longer."""
        self._prepared.pop(sid, None)
        self._ended[sid] = None
        while len(self._ended) > _MAX_ENDED:
            self._ended.popitem(last=False)

    # -- the engine's RecoveryLog ---------------------------------------------------------------------------------

    def position(self) -> int:
        """See `RecoveryLog.position`."""
        return self._broker.head().seq

    def head(self) -> str:
        """See `RecoveryLog.head`."""
        return self._broker.head().cursor()

    def append(self, record: Record) -> str | None:
        """See `RecoveryLog.append`: what is not an entry is not replayed."""
        return None

    def after(self, offset: str, kept: Kept) -> list[Wire] | None:
        """See `RecoveryLog.after`."""
        prepared = self._prepared.pop(kept.claim.sid, None)
        missed = None if prepared is None else self._missed(prepared)
        if prepared is None or missed is None:
            return None
        return [self._wires.of(entry, replayed=True, locale=prepared.locale)[1] for entry in missed]

    def sign(self, claim: Claim) -> str:
        """See `RecoveryLog.sign`: the claim and the time, signed."""
        body = [claim.sid, claim.namespace, claim.offset, claim.identity, int(time.time())]
        return private_id(orjson.dumps(body), self._key())

    def verify(self, pid: str) -> Claim | None:
        """See `RecoveryLog.verify`."""
        body = read_private_id(pid, self._key())
        if body is None:
            return None
        sid, namespace, offset, identity, made = orjson.loads(body)
        if sid in self._ended or time.time() - made > MAX_AGE:
            return None
        return Claim(sid, namespace, offset, identity)

    def keep(self, kept: Kept) -> None:
        """See `RecoveryLog.keep`: nothing but that it was lost, until its disconnect handler runs."""
        self._lost[kept.claim.sid] = None
        while len(self._lost) > _MAX_ENDED:
            self._lost.popitem(last=False)

    def take(self, claim: Claim) -> Kept | None:
        """See `RecoveryLog.take`: rooms come from the identity, which was verified again.

        By now this node has no link for the private id. Another one may have.
        """
        self._broker.signal(Ended(claim.sid, returned=True))
        return Kept(claim, {}, {}) if claim.sid in self._prepared else None


_: type[RecoveryLog] = DurableRecovery
_way: type[Way] = Prepared
