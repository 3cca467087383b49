"""One node put among the others on its log."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from sio_server.between.known import KnownNodes
from sio_server.between.listener import Listener
from sio_server.between.passing import SEPARATOR, Passing
from sio_server.broker import Broker
from sio_server.engine import AsyncServer

# What the key that nodes sign with is derived for.
_KEY: Final = "nodes"


@dataclass(frozen=True, slots=True)
class Between:
    """What there is between this node and others: who they are, what is passed on, what they are answered by."""

    known: KnownNodes
    passing: Passing
    app: web.Application

    async def close(self, _: web.Application) -> None:
        """Close what is passed on, and the ways to the others."""
        await self.passing.close()


def join(name: str, broker: Broker, server: AsyncServer, handler_args: Mapping[str, Any]) -> Between | None:
    """Have the sessions of this node begin with its name, and pass on what is meant for others.

    None, and nothing is changed, where no other node can be on this log.
    """
    if not broker.shared():
        return None
    known = KnownNodes(broker.nodes)

    def key() -> bytes:
        return broker.secret(_KEY)

    passing = Passing(name, known, key, server)
    server.eio.sid_prefix = name + SEPARATOR
    server.eio.pass_on = passing.pass_on
    return Between(known, passing, Listener(name, key, server).application(handler_args))
