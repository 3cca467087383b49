"""Peers on their way in: how many there may be, in all and of one address, and which of them gives way."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol

from sio_server.engine.eio.addresses import AddressGroups, TrustedProxies, is_loopback

if TYPE_CHECKING:
    from sio_server.engine.limits import Limits

#: The part of all places that the sessions of one address may take.
_SHARE = 4
#: Places are short once this part of them is taken: who comes then gets less time.
_SHORT = 2


class Newcomer(Protocol):
    """A peer on its way in: a session in no namespace, or a connection whose TLS handshake is not through."""

    @property
    def joining(self) -> int:
        """CONNECT packets that wait for their handlers or are with them: while there are any, it keeps its place."""

    def give_way(self) -> None:
        """End, for the sake of somebody who came later."""


class Arrivals:
    """Peers on their way in, oldest first; below, sessions that are in no namespace.

    A peer that nobody knows can make as many as it likes, so that a full house never turns the newest away: the oldest
    one that has not sent a CONNECT gives way, before all of the same address where that has more than its part.
    Addresses of this machine and of trusted proxies stand for many peers, and have no part of their own.
    """

    __slots__ = ("_by_group", "_groups", "_places", "_proxies", "limits")

    def __init__(self, limits: Limits, proxies: TrustedProxies, groups: AddressGroups) -> None:
        self.limits = limits
        self._proxies = proxies
        self._groups = groups
        self._places: dict[Newcomer, str] = {}
        self._by_group: dict[str, dict[Newcomer, None]] = {}

    def __len__(self) -> int:
        return len(self._places)

    @property
    def timeout(self) -> float | None:
        """Seconds that a session that opens now has until its CONNECT; None: as long as it likes."""
        limits = self.limits
        most = limits.max_arriving
        if limits.connect_timeout is None or most is None or len(self._places) * _SHORT < most:
            return limits.connect_timeout
        return min(limits.connect_timeout, limits.short_connect_timeout)

    @property
    def full(self) -> bool:
        """Whether all places are taken by sessions whose CONNECT is being looked at: then none gives way."""
        most = self.limits.max_arriving
        return most is not None and len(self._places) >= most and self._oldest(self._places) is None

    def add(self, socket: Newcomer, address: str) -> None:
        """Give a session a place; where there is none left, the oldest one gives way."""
        limits = self.limits
        if limits.max_arriving is None or socket in self._places:
            return
        group = self._group(address)
        self._places[socket] = group
        if group:
            mine = self._by_group.setdefault(group, {})
            mine[socket] = None
            if len(mine) > max(1, limits.max_arriving // _SHARE):
                self._give_way(mine, socket)
        if len(self._places) > limits.max_arriving:
            self._give_way(self._places, socket)

    def discard(self, socket: Newcomer) -> None:
        """Take a session's place away: it has joined a namespace, or has ended."""
        group = self._places.pop(socket, None)
        if group:
            mine = self._by_group[group]
            del mine[socket]
            if not mine:
                del self._by_group[group]

    def _group(self, address: str) -> str:
        # a network of proxies is asked for each session: only where there are proxies at all
        if is_loopback(address) or (self._proxies and address in self._proxies):
            return ""
        return self._groups.of(address)

    def _give_way(self, places: Mapping[Newcomer, object], new: Newcomer) -> None:
        oldest = self._oldest(places)
        if oldest is not None and oldest is not new:
            oldest.give_way()

    @staticmethod
    def _oldest(places: Mapping[Newcomer, object]) -> Newcomer | None:
        return next((socket for socket in places if not socket.joining), None)
