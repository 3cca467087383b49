"""One node put among the others on its log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final

import orjson
from aiohttp import web

from sio_server.between.asking import Asking
from sio_server.between.known import KnownNodes
from sio_server.between.listener import METRICS, Listener
from sio_server.between.passing import SEPARATOR, Passing
from sio_server.between.roads import Roads
from sio_server.broker import Broker
from sio_server.engine import AsyncServer

# What the key that nodes sign with is derived for.
_KEY: Final = "nodes"

# Seconds beyond a poll's longest silence that a node may take to answer one.
_SLOW: Final = 10.0


class Between:
    """What there is between this node and others: who they are, what is passed on, what they are answered by.

    ``name`` is this node's, ``app`` what is served to the others.
    """

    def __init__(self, name: str, broker: Broker, server: AsyncServer, handler_args: Mapping[str, Any]) -> None:
        def key() -> bytes:
            return broker.secret(_KEY)

        eio = server.eio
        self.known = KnownNodes(broker.nodes)
        self._roads = Roads(lambda: eio.ping_interval + eio.ping_timeout + _SLOW)
        self.passing = Passing(name, self.known, self._roads, key, server)
        self._asking = Asking(name, self.known, self._roads, key)
        self._listener = Listener(name, key, server)
        self.app = self._listener.application(handler_args)
        self.beside: Sequence[str] = ()
        """Where the workers are that serve on the same port, this one too; to be set before anybody asks."""
        eio.sid_prefix = name + SEPARATOR
        eio.pass_on = self.passing.pass_on

    def say(self, gives: Mapping[str, Callable[[], Awaitable[bytes]]]) -> None:
        """Tell other nodes what these give where they ask for a path: one for each of `listener.SAID`."""
        self._listener.says.update(gives)

    async def metrics(self) -> list[bytes]:
        """What the other workers on the same port count; those that do not answer are left out."""
        return await self._asking.answers(METRICS, self.beside) if self.beside else []

    async def others(self, path: str) -> list[Any]:
        """What the other nodes say of themselves, as JSON; those that do not answer, or cannot be reached, are not."""
        return [orjson.loads(answer) for answer in await self._asking.answers(path)]

    async def close(self, _: web.Application) -> None:
        """Close what is passed on, and the ways to the others."""
        self.passing.close()
        self.known.close()
        await self._roads.close()


def join(name: str, broker: Broker, server: AsyncServer, handler_args: Mapping[str, Any]) -> Between | None:
    """Have the sessions of this node begin with its name, and pass on what is meant for others.

    None, and nothing is changed, where no other node can be on this log.
    """
    return Between(name, broker, server, handler_args) if broker.shared() else None
