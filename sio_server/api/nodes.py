"""HTTP: the nodes that share a log."""

from __future__ import annotations

from aiohttp import web

from sio_server.api.credentials import OBSERVER
from sio_server.api.messages import json_response
from sio_server.api.operations import Call, operation
from sio_server.auth import Publisher
from sio_server.core.nodes import Nodes
from sio_server.schemas.nodes import NodesReplySchema


class NodesOperations:
    """What operators ask of nodes."""

    def __init__(self, nodes: Nodes) -> None:
        self._nodes = nodes

    @operation(
        "GET",
        "/v1/nodes",
        name="nodes",
        tag="operate",
        summary="The nodes that share the log",
        description="Each that lives, as it described itself two seconds ago at most; one that was killed is listed "
        "for ten seconds more. Where the log is one process's alone there is one.",
        credential=OBSERVER,
        reply=NodesReplySchema,
        errors=("broker_unavailable",),
    )
    async def nodes(self, _: Call[Publisher, None]) -> web.Response:
        """List the nodes."""
        return json_response({"items": await self._nodes.all()})
