"""HTTP: what is delivered later, and what becomes of it until then."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from sio_server.api.credentials import OBSERVER, PUBLISHER
from sio_server.api.messages import json_response
from sio_server.api.operations import Call, Parameter, operation
from sio_server.auth import Publisher
from sio_server.core.node import Node
from sio_server.core.schedules import Schedules
from sio_server.schemas.publish import AcceptedSchema
from sio_server.schemas.schedule import (
    CancelledAllSchema,
    CancelledSchema,
    CollapseKeySchema,
    ScheduledPageSchema,
    ScheduledQuerySchema,
    ScheduledRecordSchema,
)

_ID: Final = Parameter(
    "id",
    "Id of the notification",
    {"type": "string", "format": "uuid", "pattern": "^[0-9A-Fa-f-]{36}$"},
    load=str.lower,
)


class ScheduledOperations:
    """What publishers do with what they have scheduled; changing and cancelling one is `NotificationsOperations`'."""

    def __init__(self, schedules: Schedules, node: Node) -> None:
        self._schedules = schedules
        self._node = node

    @operation(
        "GET",
        "/v1/scheduled",
        name="scheduled",
        tag="schedule",
        summary="What is delivered later, the soonest first",
        description="Each as it will be delivered when it is due.",
        credential=OBSERVER,
        query=ScheduledQuerySchema,
        reply=ScheduledPageSchema,
        errors=("broker_unavailable",),
    )
    async def page(self, call: Call[Publisher, None]) -> web.Response:
        """Give a page."""
        return json_response(await self._schedules.page(**call.query))

    @operation(
        "GET",
        "/v1/scheduled/{id}",
        name="scheduledOne",
        tag="schedule",
        summary="One that is delivered later",
        credential=OBSERVER,
        parameters=(_ID,),
        reply=ScheduledRecordSchema,
        errors=("not_found", "broker_unavailable"),
    )
    async def find(self, call: Call[Publisher, None]) -> web.Response:
        """Find one."""
        return json_response(await self._schedules.record(call.path["id"]))

    @operation(
        "DELETE",
        "/v1/scheduled/{id}",
        name="cancelScheduled",
        tag="schedule",
        summary="Cancel one that is delivered later",
        description="One that was delivered meanwhile is not found: `DELETE /v1/notifications/{id}` takes that back.",
        credential=PUBLISHER,
        parameters=(_ID,),
        reply=CancelledSchema,
        errors=("not_found", "draining", "broker_unavailable"),
    )
    async def cancel(self, call: Call[Publisher, None]) -> web.Response:
        """Cancel one."""
        return json_response(await self._schedules.cancel(call.path["id"], call.caller))

    @operation(
        "POST",
        "/v1/notifications/{id}/deliver",
        name="deliver",
        tag="schedule",
        summary="Deliver now what was to be delivered later",
        credential=PUBLISHER,
        parameters=(_ID,),
        reply=AcceptedSchema,
        errors=("not_found", "draining", "broker_unavailable"),
    )
    async def deliver(self, call: Call[Publisher, None]) -> web.Response:
        """Deliver one at once."""
        accepted = await self._node.deliver(call.path["id"], call.caller)
        return json_response(accepted.as_dict(call.locale))

    @operation(
        "DELETE",
        "/v1/scheduled",
        name="cancelAll",
        tag="schedule",
        summary="Cancel all with one collapse key",
        credential=PUBLISHER,
        query=CollapseKeySchema,
        reply=CancelledAllSchema,
        errors=("draining", "broker_unavailable"),
    )
    async def cancel_all(self, call: Call[Publisher, None]) -> web.Response:
        """Cancel all that have a key."""
        return json_response(await self._schedules.cancel_all(call.query["collapse_key"], call.caller))
