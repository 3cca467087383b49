"""HTTP: what was published and how far it came."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from sio_server.api.credentials import OBSERVER
from sio_server.api.messages import json_response
from sio_server.api.operations import Call, Parameter, operation
from sio_server.auth import Publisher
from sio_server.core.operators import Operators
from sio_server.core.traces import Traces
from sio_server.schemas.operators import (
    HistoryPageSchema,
    HistoryQuerySchema,
    ReceiptQuerySchema,
    RecordReplySchema,
)
from sio_server.schemas.traces import TraceQuerySchema, TraceSchema

_ID: Final = Parameter(
    "id",
    "Id of the notification",
    {"type": "string", "format": "uuid", "pattern": "^[0-9A-Fa-f-]{36}$"},
    load=str.lower,
)


class NotificationsOperations:
    """What operators ask of stored notifications."""

    def __init__(self, operators: Operators, traces: Traces) -> None:
        self._operators = operators
        self._traces = traces

    @operation(
        "GET",
        "/v1/notifications",
        name="notifications",
        tag="operate",
        summary="Stored notifications, newest first",
        description="With a user, what is for this user as it was last seen. Expired ones are among them. "
        "With `after` the oldest come first. How much is looked at for one page is bounded: it can be short, even "
        "empty, and name a next one.",
        credential=OBSERVER,
        query=HistoryQuerySchema,
        reply=HistoryPageSchema,
        errors=("broker_unavailable",),
    )
    async def search(self, call: Call[Publisher, None]) -> web.Response:
        """Search the log."""
        return json_response(await self._operators.search(**call.query))

    @operation(
        "GET",
        "/v1/notifications/{id}",
        name="notification",
        tag="operate",
        summary="A notification and how far it came",
        description="Sent: a connection of the user was handed it. Acknowledged: a client confirmed it with "
        "`ns:ack`. What was not stored is not found.",
        credential=OBSERVER,
        parameters=(_ID,),
        query=ReceiptQuerySchema,
        reply=RecordReplySchema,
        errors=("not_found", "broker_unavailable"),
    )
    async def find(self, call: Call[Publisher, None]) -> web.Response:
        """Find one notification, with its receipts."""
        return json_response(await self._operators.find(call.path["id"], **call.query))

    @operation(
        "GET",
        "/v1/notifications/{id}/trace",
        name="trace",
        tag="operate",
        summary="Where a notification has been, and why a user got it or did not",
        description="Its steps through the node that is asked, how far it came with whom and when, and with `user` the "
        "answer to why this user got it, or did not, as a code and as a sentence in the language of "
        "`Accept-Language`. What cannot be known any more is null. What was not stored is remembered by its node "
        "for a while.",
        credential=OBSERVER,
        parameters=(_ID,),
        query=TraceQuerySchema,
        reply=TraceSchema,
        errors=("not_found", "broker_unavailable"),
    )
    async def trace(self, call: Call[Publisher, None]) -> web.Response:
        """Tell where a notification has been."""
        return json_response(await self._traces.trace(call.path["id"], locale=call.locale, **call.query))
