"""A node asks others what they say of themselves."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from http import HTTPStatus
from typing import Final

from yarl import URL

from sio_server.between import signing
from sio_server.between.known import KnownNodes
from sio_server.between.roads import LOST, Roads
from sio_server.broker import NodeState
from sio_server.errors import BrokerUnavailable
from sio_server.logs import get_logger

logger = get_logger("nodes")

# Seconds for an answer: whoever scrapes gives up soon, and a node that hangs is left out.
PATIENCE: Final = 3.0


class Asking:
    """Signed requests of this node to others. ``own`` is its name, ``key`` gives what signs."""

    def __init__(
        self,
        own: str,
        known: KnownNodes,
        roads: Roads,
        key: Callable[[], bytes],
        *,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._own = own
        self._known = known
        self._roads = roads
        self._key = key
        self._wall = wall

    async def answers(self, target: str, addresses: Sequence[str] | None = None) -> list[bytes]:
        """What the other nodes answer to ``GET`` ``target``, those at these addresses; who says nothing is left out."""
        try:
            nodes = await self._known.all()
        except BrokerUnavailable:
            return []
        there = [node for node in nodes if node.address is not None and node.name != self._own]
        meant = [node for node in there if addresses is None or node.address in addresses]
        found = await asyncio.gather(*(self._answer(node, node.address or "", target) for node in meant))
        return [answer for answer in found if answer is not None]

    async def _answer(self, node: NodeState, address: str, target: str) -> bytes | None:
        session, base = self._roads.to(address)
        at = int(self._wall() * 1000)
        headers = {signing.HEADER: signing.sign(self._key(), to=node.name, at=at, method="GET", target=target)}
        try:
            async with asyncio.timeout(PATIENCE), session.get(URL(base + target, encoded=True), headers=headers) as got:
                if got.status == HTTPStatus.OK:
                    return await got.read()
                reason = f"status {got.status}"
        except LOST as error:
            reason = str(error) or repr(error)
        logger.warning("a node did not say how it is", node=node.name, address=address, reason=reason)
        return None
