"""HTTP: the live stream as Server-Sent Events, as an operation like the others; `live.sse` serves it."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from sio_server.api.credentials import LISTENER
from sio_server.api.operations import Call, Handler, Header, operation
from sio_server.core.protocols import PROTOCOLS, SSE
from sio_server.schemas.stream import StreamQuerySchema

_REPLY: Final[dict[str, Any]] = {
    "type": "string",
    "description": "Events: `event` is the type or `ns:…`, `id` the cursor, `data` the envelope as JSON",
}


class StreamOperations:
    """The stream; ``serve`` is what answers it."""

    def __init__(self, serve: Handler) -> None:
        self._serve = serve

    @operation(
        "GET",
        PROTOCOLS[SSE],
        name="stream",
        tag="inbox",
        summary="What is for this user, live (Server-Sent Events)",
        description="A stream of events that does not end, for `EventSource`. The token is in the header, or `token` "
        "in the query. It goes on after `Last-Event-ID`, or after `cursor` in the query. Who asks for "
        "`text/event-stream` and may come again later is answered 200, with an event `ns:closing` that says why.",
        credential=LISTENER,
        query=StreamQuerySchema,
        headers=(Header("Last-Event-ID", "The cursor of the last event; a browser sends it by itself", 200),),
        reply=_REPLY,
        reply_type="text/event-stream",
        errors=("rate_limited", "draining", "broker_unavailable", "method_not_allowed"),
    )
    async def stream(self, call: Call[None, None]) -> web.StreamResponse:
        """Serve events until the client leaves."""
        return await self._serve(call.request)
