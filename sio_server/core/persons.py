"""What is kept about one person: a copy of it for that person, and the end of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any, Final

import orjson

from sio_server.broker import Broker, Erased
from sio_server.core.hub import Hub
from sio_server.core.operators import Operators
from sio_server.core.shown import connection_dict, here_dict
from sio_server.core.tickets import Tickets
from sio_server.core.window import Window
from sio_server.logs import get_logger
from sio_server.notification import rfc3339

logger = get_logger("persons")

# Seconds in which connections that were closed are gone, those of peers that do not answer included.
GONE_WITHIN: Final = 10.0

# Seconds between two looks whether they are.
_LOOK: Final = 0.02


class Persons:
    """The use cases of privacy laws: what a person may ask to see, and to have erased."""

    def __init__(self, broker: Broker, hub: Hub, operators: Operators, *, tickets: Tickets, window: Window) -> None:
        self._broker = broker
        self._hub = hub
        self._operators = operators
        self._tickets = tickets
        self._window = window

    async def export(self, user: str) -> AsyncIterator[bytes]:
        """All that is kept about a user, as one JSON object in pieces: of each kind a list, and ``user`` and ``at``.

        Raises `BrokerUnavailable`, before the first piece where the log gives nothing at all.
        """
        parts = self._broker.export(user)
        part = await anext(parts, None)
        here = [here_dict(one) for one in await self._broker.whereabouts([user])]
        head = {
            "user": user,
            "at": rfc3339(datetime.now(UTC)),
            "presence": here,
            "connections": [connection_dict(one) for one in self._hub.of_user(user)],
        }
        yield orjson.dumps(head)[:-1]
        kind = ""
        while part is not None:
            rows = orjson.dumps(part[1])[1:-1]
            # parts of one kind come one after the other
            if part[0] == kind:
                yield b",%b" % rows
            else:
                yield b"%b,%b:[%b" % (b"]" if kind else b"", orjson.dumps(part[0]), rows)
            kind = part[0]
            part = await anext(parts, None)
        yield b"]}" if kind else b"}"

    async def erase(self, user: str, by: str) -> dict[str, Any]:
        """Put a user out, and take away all that is kept about this user; ``by`` asked for it.

        Tokens of before hold no longer: a client that is still open somewhere would begin it all anew.
        Raises `BrokerUnavailable`; it may be asked for again then.
        """
        closed = await self._operators.disconnect_user(user, self._operators.revocation_moment(user))
        for _ in range(round(GONE_WITHIN / _LOOK)):  # on other nodes, too, of which none tells when they are gone
            if not await self._broker.present(user):
                break
            await asyncio.sleep(_LOOK)
        erased = await self._broker.erase(user)
        # not the name: it would be in the log of lines for longer than it was in that of notifications
        logger.info("user erased", by=by, disconnected=closed, kinds=len(erased))
        return {"user": user, "disconnected": closed, "erased": dict(erased)}

    def erased(self, signal: Erased) -> None:
        """Forget what this node has of a user in memory."""
        self._tickets.forget(signal.user)
        self._window.begin(self._broker.head().seq)
