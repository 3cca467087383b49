"""What is kept about one person: handed out whole, and taken away. Protocols only."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Protocol

# A kind of what is kept, and some of it as JSON has it.
Part = tuple[str, Sequence[Mapping[str, Any]]]


class PersonalData(Protocol):
    """What a log holds about a user by the user's name. What publishers wrote into texts and ``data`` is theirs."""

    def export(self, user: str) -> AsyncIterator[Part]:
        """All of it, a part after the other, so that nobody waits for a long one; of a kind there may be several.

        Raises `BrokerUnavailable`.
        """

    async def erase(self, user: str) -> Mapping[str, int]:
        """Take all of it away, and return how much of each kind that was. Durable when this returns.

        Notifications for this user alone go from the log, also those that are to be delivered later; from what is for
        others, too, the name goes. From when on the user's tokens hold is still known, and not by the name. Works in
        small steps between commits; what is there no more is passed over, so that it may be called again after a
        failure. Every node hears `Erased`. The user should have no connection: what one of them does is noted anew.

        Raises `BrokerUnavailable`.
        """
