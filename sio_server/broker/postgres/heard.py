"""What one node has heard of revocations: by signals, and with each beat from the log.

A signal tells all nodes at once. It may be lost, and no token may hold on for that: so each beat reads the rows with
greater numbers than this node knows. Numbers are given one commit after another, or a node could pass one over that is
committed later than a greater one.
"""

from __future__ import annotations

from typing import Final

from sio_server.broker.postgres.database import Connection
from sio_server.broker.revoked import VEIL, RevokedUsers
from sio_server.broker.signals import Revoked

# Revocations that a beat told of, and whose signal may still come. Beyond it one may be told twice.
MAX_FORETOLD: Final = 1000

_NEWER: Final = "SELECT user_id, before, number FROM revocation WHERE number > $1 ORDER BY number"


class Heard:
    """What one node has heard of revocations: which hold, up to which number, and what was told before its signal."""

    def __init__(self, known: RevokedUsers) -> None:
        self.known = known
        self._number = 0
        self._foretold: dict[Revoked, None] = {}

    async def load(self, connection: Connection) -> None:
        """Read those of the log."""
        rows = await connection.fetch(_NEWER, 0)
        self.known.load({user: before for user, before, _ in rows})
        self._number = rows[-1][2] if rows else 0

    def look_again(self) -> None:
        """Read all of them with the next look: the log may be a former one, which gives numbers of before again."""
        self._number = 0

    async def look(self, connection: Connection) -> list[Revoked]:
        """Those that the log has since the last look and no signal told of."""
        found = []
        for user, before, number in await connection.fetch(_NEWER, self._number):
            self._number = number
            if self.known.note(user, before) and not user.startswith(VEIL):
                found.append(Revoked(user, before))
        self._foretold.update(dict.fromkeys(found))
        while len(self._foretold) > MAX_FORETOLD:
            del self._foretold[next(iter(self._foretold))]
        return found

    def hear(self, signal: Revoked) -> bool:
        """Take a signal; returns whether it says what was not told before."""
        if signal in self._foretold:
            del self._foretold[signal]
            return False
        self.known.note(signal.user, signal.before)
        return True
