"""The connections of this node, and how a publication gets to them.

The hub knows who is connected; an endpoint knows how to write to its own connections and is a `Broadcaster`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sio_server.audience import Identity
from sio_server.notification import Publication


@dataclass(frozen=True, slots=True, eq=False)
class Connection:
    """One connection. ``protocol`` is ``socketio`` or ``ws``; ``transport`` tells ``polling`` or ``websocket`` now."""

    identity: Identity
    protocol: str
    transport: Callable[[], str]


class Broadcaster(Protocol):
    """An endpoint's way to its connections."""

    def broadcast(self, batch: Sequence[Publication]) -> Sequence[int]:
        """Queue each publication, in order, for every connection that its audience's rooms hold, once for each.

        Never waits. Returns for each publication to how many connections it was handed.
        """


class Hub:
    """Who is connected to this node."""

    def __init__(self) -> None:
        self._connections: set[Connection] = set()
        self._broadcasters: list[Broadcaster] = []

    def register(self, broadcaster: Broadcaster) -> None:
        """Let an endpoint take part in every broadcast."""
        self._broadcasters.append(broadcaster)

    def add(self, connection: Connection) -> None:
        """Count a connection in."""
        self._connections.add(connection)

    def remove(self, connection: Connection) -> None:
        """Count a connection out; one that is not in is no error."""
        self._connections.discard(connection)

    def broadcast(self, batch: Sequence[Publication]) -> list[int]:
        """Hand publications to every endpoint; returns for each to how many connections it went."""
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
        users: set[str] = set()
        for connection in self._connections:
            identity = connection.identity
            by_transport[f"{connection.protocol}/{connection.transport()}"] += 1
            for role in identity.roles or ("none",):
                connections_by_role[role] += 1
                if identity.user is not None:
                    users_by_role.setdefault(role, set()).add(identity.user)
            if identity.user is not None:
                users.add(identity.user)
        return {
            "connections": {
                "total": len(self._connections),
                "by_role": dict(sorted(connections_by_role.items())),
                "by_transport": dict(sorted(by_transport.items())),
            },
            "users": {
                "total": len(users),
                "by_role": {role: len(names) for role, names in sorted(users_by_role.items())},
            },
        }
