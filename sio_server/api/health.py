"""HTTP: whether the process is worth keeping, and whether it should get traffic; for whoever runs it."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from sio_server.api.credentials import PUBLIC
from sio_server.api.messages import json_response
from sio_server.api.operations import Call, operation
from sio_server.core.node import Node

_REPLY: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["status"],
    "properties": {"status": {"const": "ok"}},
}
_READY: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["status"],
    "properties": {
        "status": {"const": "ok"},
        "lost": {"type": "string", "description": "What of the log was lost since this node started; mostly absent"},
    },
}


class HealthOperations:
    """What an orchestrator or a balancer asks, without a credential."""

    def __init__(self, node: Node) -> None:
        self._node = node

    @operation(
        "GET",
        "/health/live",
        name="live",
        tag="operate",
        summary="Whether the process is worth keeping",
        credential=PUBLIC,
        reply=_REPLY,
    )
    async def live(self, _: Call[None, None]) -> web.Response:
        """Answer: the process does, which makes it worth keeping whatever else fails."""
        return json_response({"status": "ok"})

    @operation(
        "GET",
        "/health/ready",
        name="ready",
        tag="operate",
        summary="Whether this node should get traffic",
        credential=PUBLIC,
        reply=_READY,
        errors=("draining", "broker_unavailable"),
    )
    async def ready(self, call: Call[None, None]) -> web.Response:
        """Check whether this node should get traffic."""
        await self._node.check()
        lost = self._node.lost()
        return json_response({"status": "ok"} if lost is None else {"status": "ok", "lost": lost.within(call.locale)})
