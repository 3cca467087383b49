"""Who is connected, where the only node is this process: what ends it ends every lease with it."""

from __future__ import annotations

from collections.abc import Sequence


class Register:
    """Connections by id and by user. May be asked from any thread, written to on the loop."""

    def __init__(self) -> None:
        self._connections: dict[str, tuple[str | None, tuple[str, ...]]] = {}
        self._by_user: dict[str, dict[str, None]] = {}

    def arrived(self, connection_id: str, user: str | None, rooms: Sequence[str]) -> None:
        """See `Presence.arrived`."""
        self._connections[connection_id] = user, tuple(rooms)
        if user is not None:
            self._by_user.setdefault(user, {})[connection_id] = None

    def left(self, connection_id: str) -> None:
        """See `Presence.left`."""
        user, _ = self._connections.pop(connection_id, (None, ()))
        if user is not None:
            others = self._by_user[user]
            del others[connection_id]
            if not others:
                del self._by_user[user]

    def connected(self, connection_id: str) -> bool:
        """See `Presence.connected`."""
        return connection_id in self._connections

    def present(self, user: str) -> bool:
        """See `Presence.present`."""
        return user in self._by_user
