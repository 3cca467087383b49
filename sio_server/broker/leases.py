"""Who is connected to the nodes of this process, in memory: what ends the process ends every lease with it."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple


class Lease(NamedTuple):
    """One connection of a user, and the rooms that it has."""

    node: Leases
    connection_id: str
    rooms: Collection[str]
    since: float


# The connections of one user.
Held = Sequence[Lease]


class Register:
    """The connections of all nodes of this process, by user. Written to on the loop; may be asked from any thread.

    ``now`` gives Unix seconds; ``noted`` is told of each user whose first connection came, or whose last one is gone.
    """

    def __init__(self, now: Callable[[], float] = time.time, noted: Callable[[str], None] = lambda _: None) -> None:
        self._now = now
        self._noted = noted
        self._nodes: list[Leases] = []
        # Tuples and no dictionary for each user: most have one connection, and it takes a third of the memory. Each is
        # replaced as a whole, so that a thread that reads never sees half of a change.
        self._by_user: dict[str, tuple[Lease, ...]] = {}

    def connected(self, connection_id: str) -> bool:
        """See `Presence.connected`."""
        return any(node.has(connection_id) for node in self._nodes)

    def present(self, user: str) -> bool:
        """See `Presence.present`."""
        return user in self._by_user

    def rooms_of(self, user: str) -> frozenset[str]:
        """The rooms that the connections of a user have, on whichever node."""
        leases = self._by_user.get(user)
        return _NONE if leases is None else frozenset(room for lease in leases for room in lease.rooms)

    def all(self) -> Mapping[str, Held]:
        """The connections of each user, as they are now."""
        return self._by_user.copy()

    def lease(self, node: Leases, connection_id: str, user: str) -> Lease:
        """The connection of a user that has this id."""
        return next(one for one in self._by_user[user] if one.node is node and one.connection_id == connection_id)

    def add(self, node: Leases) -> None:
        """Take in a node."""
        self._nodes.append(node)

    def remove(self, node: Leases) -> None:
        """A node is gone; it has ended its leases."""
        if node in self._nodes:
            self._nodes.remove(node)

    def note(self, node: Leases, connection_id: str, user: str, rooms: Collection[str]) -> None:
        """A connection of a user has these rooms now."""
        known = self._by_user.get(user)
        if known is None:  # most arrive alone
            self._by_user[user] = (Lease(node, connection_id, rooms, self._now()),)
            self._noted(user)
            return
        same = [lease.since for lease in known if lease.node is node and lease.connection_id == connection_id]
        lease = Lease(node, connection_id, rooms, same[0] if same else self._now())
        self._by_user[user] = (*self._without(node, connection_id, user), lease)

    def drop(self, node: Leases, connection_id: str, user: str) -> None:
        """A connection of a user is gone."""
        # Thousands leave at once, and most of them were the only connection of their user.
        others = self._without(node, connection_id, user) if len(self._by_user[user]) > 1 else ()
        if others:
            self._by_user[user] = others
        else:
            del self._by_user[user]
            self._noted(user)

    def _without(self, node: Leases, connection_id: str, user: str) -> tuple[Lease, ...]:
        leases = self._by_user[user]
        return tuple([lease for lease in leases if lease.node is not node or lease.connection_id != connection_id])


_NONE: frozenset[str] = frozenset()


class Leases:
    """The connections of one node. On the loop."""

    def __init__(self, register: Register) -> None:
        self._register = register
        self._users: dict[str, str | None] = {}
        register.add(self)

    def has(self, connection_id: str) -> bool:
        """Whether this node has a connection with this id."""
        return connection_id in self._users

    def arrived(self, connection_id: str, user: str | None, rooms: Collection[str]) -> None:
        """See `Presence.arrived`."""
        if self._users.get(connection_id, user) != user:
            self.left(connection_id)
        self._users[connection_id] = user
        if user is not None:
            self._register.note(self, connection_id, user, rooms)

    def left(self, connection_id: str) -> None:
        """See `Presence.left`."""
        user = self._users.pop(connection_id, None)
        if user is not None:
            self._register.drop(self, connection_id, user)

    def all(self) -> Sequence[str]:
        """The ids of all connections of this node."""
        return tuple(self._users)

    def lease(self, connection_id: str) -> Lease | None:
        """A connection of this node that somebody with a name has."""
        user = self._users.get(connection_id)
        return None if user is None else self._register.lease(self, connection_id, user)

    def user(self, connection_id: str) -> str | None:
        """Whose a connection of this node is; None for nobody's."""
        return self._users.get(connection_id)

    def end(self) -> None:
        """Let all of them go: the node ends."""
        for connection_id in tuple(self._users):
            self.left(connection_id)
        self._register.remove(self)
