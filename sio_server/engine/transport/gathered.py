"""Broadcasts that wait to be written together, and who gets which of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Mapping, Sequence


class Recipient(Protocol):
    """A connection as the outbox writes to it."""

    transport: asyncio.Transport
    #: frames that are gathered for this connection, each with how many broadcasts there were before it, and whether a
    #: few others get the same one
    own: list[tuple[int, bytes, bool]] | None
    #: whether what is sent has to go through `send`, which looks before it writes
    indirect: bool
    #: where the send loop in C may write, or -1
    descriptor: int

    def send(self, data: bytes, count: int) -> None:
        """Write `count` frames now."""


class Piece(NamedTuple):
    """A frame of a broadcast, and which of all broadcasts it is: they are numbered as they come."""

    number: int
    frame: bytes


class Group(NamedTuple):
    """Connections that get the same pieces. No connection is in two groups of one sending."""

    pieces: list[Piece]
    connections: Sequence[Recipient]


class Gathered:
    """Broadcasts in order, each with its list of recipients. Equal lists are mostly one object, and it is told by that.

    Where there are several lists, each connection has a number whose bits say which of them it is in: so each list is
    walked over once, when its first broadcast comes, however many broadcasts go to it.
    """

    __slots__ = ("_lists", "_masks", "_pieces", "first")

    def __init__(self, first: int) -> None:
        #: the number of the first broadcast
        self.first = first
        #: each piece, and the bit of its list
        self._pieces: list[tuple[Piece, int]] = []
        #: id of a list -> its bit, and the list, which so keeps its id
        self._lists: dict[int, tuple[int, Sequence[Recipient]]] = {}
        #: connection -> bits of the lists it is in; made once somebody has to be looked for
        self._masks: dict[Recipient, int] | None = None

    def __len__(self) -> int:
        return len(self._pieces)

    @property
    def end(self) -> int:
        """The number that the next broadcast gets."""
        return self.first + len(self._pieces)

    def add(self, frame: bytes, connections: Sequence[Recipient]) -> None:
        """Gather a broadcast. The sequence must not change afterwards."""
        found = self._lists.get(id(connections))
        if found is None:
            found = self._lists[id(connections)] = (1 << len(self._lists), connections)
            if self._masks is not None or len(self._lists) > 1:
                self._look(found)
        self._pieces.append((Piece(self.end, frame), found[0]))

    def _look(self, latest: tuple[int, Sequence[Recipient]] | None = None) -> dict[Recipient, int]:
        """The bits of each connection, with those of the latest list."""
        masks = self._masks
        if masks is None:
            masks = self._masks = {}
            lists = list(self._lists.values())
        else:
            lists = [] if latest is None else [latest]
        for bit, connections in lists:
            for connection in connections:
                masks[connection] = masks.get(connection, 0) | bit
        return masks

    def pieces_for(self, connection: Recipient, after: int) -> list[Piece]:
        """What one connection gets of the broadcasts with this number and above."""
        if not self._pieces:
            return []
        mask = (self._masks if self._masks is not None else self._look()).get(connection)
        if not mask:
            return []
        return [piece for piece, bit in self._pieces[max(0, after - self.first) :] if bit & mask]

    def groups(self, ahead: Mapping[Recipient, int]) -> list[Group]:
        """Everybody, those who get the same together. `ahead` has who got what is below a number already."""
        if len(self._lists) == 1 and not ahead:
            (_, connections) = next(iter(self._lists.values()))
            return [Group([piece for piece, _ in self._pieces], connections)]
        masks = self._masks if self._masks is not None else self._look()
        alike: dict[int, list[Recipient]] = {}
        groups = []
        for connection, mask in masks.items():
            if connection in ahead:
                pieces = self.pieces_for(connection, ahead[connection])
                if pieces:
                    groups.append(Group(pieces, [connection]))
            else:
                found = alike.get(mask)
                if found is None:
                    found = alike[mask] = []
                found.append(connection)
        for mask, connections in alike.items():
            groups.append(Group([piece for piece, bit in self._pieces if bit & mask], connections))
        # who is one of few does not wait for the many
        groups.sort(key=lambda group: len(group.connections))
        return groups
