"""HTTP: what was published and how far it came."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from sio_server.api.credentials import OBSERVER
from sio_server.api.messages import json_response
from sio_server.api.operations import Call, Parameter, operation
from sio_server.core.operators import Operators
from sio_server.schemas.operators import (
    HistoryPageSchema,
    HistoryQuerySchema,
    ReceiptQuerySchema,
    RecordReplySchema,
)

_ID: Final = Parameter(
    "id",
    "Id of the notification",
    {"type": "string", "format": "uuid", "pattern": "^[0-9A-Fa-f-]{36}$"},
    load=str.lower,
)


class NotificationsOperations:
    """What operators ask of stored notifications."""

    def __init__(self, operators: Operators) -> None:
        self._operators = operators

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
    async def search(self, call: Call[None, None]) -> web.Response:
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
    async def find(self, call: Call[None, None]) -> web.Response:
        """Find one notification, with its receipts."""
        return json_response(await self._operators.find(call.path["id"], **call.query))
