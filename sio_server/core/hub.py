"""The connections of this node, and how an entry gets to them.

The hub knows who is connected; an endpoint knows how to write to its own connections: it is a `Broadcaster`, and each
of its connections has a `Link`.
"""

from __future__ import annotations

import secrets
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final, Protocol

from sio_server.audience import ADMIN_ROLE, Audience, Identity
from sio_server.broker import View
from sio_server.core.catchup import Catchup
from sio_server.core.languages import Language
from sio_server.errors import KINDS
from sio_server.notification import Entry

# Characters of what a client says it is. A browser's own text is about 120.
MAX_CLIENT: Final = 200


class Link(Protocol):
    """What the core asks of one connection's endpoint. Nothing here suspends; order of calls is order on the wire."""

    def join(self, rooms: Sequence[str]) -> None:
        """Put the connection into just these rooms: from now on it gets what is broadcast to any of them, once each."""

    def replay(self, entries: Sequence[Entry], *, replayed: bool = True) -> None:
        """Send stored entries to this connection alone."""

    def speak(self, locale: str) -> None:
        """Send entries in this language from now on, or in the nearest they are in. It is none until it is told."""

    def control(self, event: str, payload: Mapping[str, Any]) -> None:
        """Send a control event (``ns:…``)."""

    def pending(self) -> int:
        """Bytes that were sent and that the peer has not taken yet."""

    def close(self, reason: str) -> None:
        """Send what is queued, then end the transport. ``reason`` is a code of `errors.KINDS`."""

    def transport(self) -> str:
        """The transport that the connection has now, one of `protocols.TRANSPORTS`."""


# One for all connections.
_NEVER: Final = float("-inf")
_UNSAID: Final = Language("es")


class Connection:
    """One connection. ``protocol`` is one of `PROTOCOLS`; ``address`` is the peer's, ``client`` its User-Agent."""

    __slots__ = (
        "address",
        "catchup",
        "client",
        "connected_at",
        "id",
        "identity",
        "language",
        "link",
        "protocol",
        "resumed",
        "stream_from",
        "timer",
        "token_end",
        "told_at",
        "told_of",
        "trusted",
        "view",
    )

    def __init__(
        self,
        identity: Identity,
        link: Link,
        *,
        protocol: str,
        address: str = "",
        client: str = "",
        trusted: bool = False,
        language: Language = _UNSAID,
    ) -> None:
        self.id = secrets.token_hex(8)
        """What operators call it: random, and good for nothing else. Who knows a session's id could take it over."""
        self.identity = identity
        self.link = link
        self.protocol = protocol
        self.address = address
        self.client = "".join(filter(str.isprintable, client[:MAX_CLIENT]))
        self.language = language
        """What it speaks; while it is in the hub, the hub changes it."""
        self.trusted = trusted
        """Whether it holds a key that may look at the whole server, or the server is in development."""
        self.connected_at = time.time()
        """Unix seconds."""
        self.view = View(identity.user or "", {})
        """What it may see, once it is let in: the one source of its rooms."""
        self.stream_from = 0
        """The ``seq`` after which its stream begins."""
        self.resumed = False
        """Whether it goes on where an earlier one ended: its client has had what is before its stream."""
        self.catchup: Catchup[Entry] | None = None
        """While it is on its way from a cursor to live; then it is in no room."""
        self.timer: Any = None
        self.token_end = 0.0
        """The latest `exp` of the tokens it brought, as they say it: see `core.expiry`."""
        self.told_of: float | None = None
        """The moment of which it was told that its token expires then, and, by the loop's clock, when it was told."""
        self.told_at = _NEVER

    @property
    def rooms(self) -> tuple[str, ...]:
        """The rooms the connection is in, or will be once it is live; none before it is let in."""
        return tuple(self.view.seen_from)

    @property
    def locale(self) -> str:
        """The language tag in which it gets the texts of notifications."""
        return self.language.tag

    @property
    def may_observe(self) -> bool:
        """Whether the connection may see what is published to others."""
        return self.trusted or ADMIN_ROLE in self.identity.roles

    def close(self, code: str) -> None:
        """Tell the client why, and whether to come back, and end the connection. ``code`` is one of `errors.KINDS`."""
        self.link.control("ns:closing", {"code": code, "reconnect": KINDS[code].reconnect})
        self.link.close(code)


class Broadcaster(Protocol):
    """An endpoint's way to its connections."""

    def broadcast(self, batch: Sequence[Entry]) -> Sequence[int]:
        """Queue each entry, in order, for every connection that its audience's rooms hold, once for each.

        Never waits. Returns for each entry to how many connections it was handed.
        """


class Hub:
    """Who is connected to this node."""

    def __init__(self, address_group: Callable[[str], str] = str) -> None:
        """Begin with nobody. ``address_group`` says what counts as one address where addresses are counted."""
        self._address_group = address_group
        self._connections: dict[Connection, None] = {}
        # A tuple and no dictionary for each user: most have one connection, and it takes a fifth of the memory.
        self._by_user: dict[str, tuple[Connection, ...]] = {}
        self._by_address: Counter[str] = Counter()
        self._broadcasters: list[Broadcaster] = []
        self.languages: Counter[str] = Counter()
        """How many connections listen in which language."""

    def __len__(self) -> int:
        return len(self._connections)

    def __contains__(self, connection: Connection) -> bool:
        """Whether a connection is counted in."""
        return connection in self._connections

    def __iter__(self) -> Iterator[Connection]:
        """Every connection, as it is now."""
        return iter(tuple(self._connections))

    def register(self, broadcaster: Broadcaster) -> None:
        """Let an endpoint take part in every broadcast."""
        self._broadcasters.append(broadcaster)

    def add(self, connection: Connection) -> None:
        """Count a connection in."""
        self._connections[connection] = None
        self.languages[connection.locale] += 1
        self._by_address[self._address_group(connection.address)] += 1
        user = connection.identity.user
        if user is not None:
            self._by_user[user] = (*self._by_user.get(user, ()), connection)

    def remove(self, connection: Connection) -> bool:
        """Count a connection out; False when it was not in."""
        if connection not in self._connections:
            return False
        del self._connections[connection]
        self._silence(connection.locale)
        address = self._address_group(connection.address)
        self._by_address[address] -= 1
        if not self._by_address[address]:
            del self._by_address[address]
        user = connection.identity.user
        if user is not None:
            others = tuple(one for one in self._by_user[user] if one is not connection)
            if others:
                self._by_user[user] = others
            else:
                del self._by_user[user]
        return True

    def speak(self, connection: Connection, language: Language) -> None:
        """Let a connection that is here have what comes from now on in another language."""
        if connection in self._connections:
            self._silence(connection.locale)
            self.languages[language.tag] += 1
            connection.language = language
            connection.link.speak(language.tag)

    def _silence(self, locale: str) -> None:
        self.languages[locale] -= 1
        if not self.languages[locale]:
            del self.languages[locale]

    @property
    def users(self) -> int:
        """How many users are connected; a user with three tabs is one."""
        return len(self._by_user)

    def find(self, connection_id: str) -> Connection | None:
        """The connection that operators know by this id. Looks at each: nobody asks for it often."""
        return next((connection for connection in self._connections if connection.id == connection_id), None)

    def reach(self, audience: Audience) -> tuple[int, int]:
        """How many users and how many connections are here now that this audience is for."""
        rooms, but = set(audience.rooms()), set(audience.except_rooms())
        reached = [
            one.identity.user
            for one in self._connections
            if not rooms.isdisjoint(one.rooms) and but.isdisjoint(one.rooms)
        ]
        return len(set(reached) - {None}), len(reached)

    def queued(self) -> int:
        """Bytes that wait for all peers to take them."""
        return sum(connection.link.pending() for connection in self._connections)

    def of_user(self, user: str) -> tuple[Connection, ...]:
        """The connections of one user."""
        return self._by_user.get(user, ())

    def count_of(self, *, user: str | None, address: str) -> tuple[int, int]:
        """How many connections this user and this address have."""
        return len(self._by_user.get(user, ())) if user is not None else 0, self._by_address[
            self._address_group(address)
        ]

    def broadcast(self, batch: Sequence[Entry]) -> list[int]:
        """Hand entries to every endpoint; returns for each to how many connections it went."""
        totals = [0] * len(batch)
        for broadcaster in self._broadcasters:
            for index, count in enumerate(broadcaster.broadcast(batch)):
                totals[index] += count
        return totals

    def stats(self) -> dict[str, Any]:
        """Connections and users, in sum, by role and by transport. A user with three tabs is one user.

        Who has no role counts under ``none``; who has two counts under both, so the parts may exceed the sum.
        """
        connections_by_role: Counter[str] = Counter()
        by_transport: Counter[str] = Counter()
        users_by_role: dict[str, set[str]] = {}
        for connection in self._connections:
            identity = connection.identity
            by_transport[f"{connection.protocol}/{connection.link.transport()}"] += 1
            for role in identity.roles or ("none",):
                connections_by_role[role] += 1
                if identity.user is not None:
                    users_by_role.setdefault(role, set()).add(identity.user)
        return {
            "connections": {
                "total": len(self._connections),
                "by_role": dict(sorted(connections_by_role.items())),
                "by_transport": dict(sorted(by_transport.items())),
            },
            "users": {
                "total": len(self._by_user),
                "by_role": {role: len(names) for role, names in sorted(users_by_role.items())},
            },
        }
