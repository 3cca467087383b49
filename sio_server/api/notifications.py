"""HTTP: what was published and how far it came."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, Final

from aiohttp import hdrs, web

from sio_server.api.credentials import OBSERVER, PUBLISHER
from sio_server.api.messages import json_response
from sio_server.api.operations import Body, Call, Header, Parameter, operation
from sio_server.auth import Publisher
from sio_server.core.changes import Change, Changes
from sio_server.core.operators import Operators
from sio_server.core.schedules import Schedules
from sio_server.core.traces import Traces
from sio_server.errors import Refused
from sio_server.schemas.changes import (
    AmendSchema,
    ChangedSchema,
    HappenedQuerySchema,
    HistoryReplySchema,
    RetractedSchema,
    load_change,
)
from sio_server.schemas.operators import (
    AnswersReplySchema,
    HistoryPageSchema,
    HistoryQuerySchema,
    ReceiptQuerySchema,
    RecordReplySchema,
)
from sio_server.schemas.schedule import EndedReplySchema, WaitingReplySchema
from sio_server.schemas.traces import PlanTraceSchema, TraceQuerySchema, TraceSchema

ID_PARAMETER: Final = Parameter(
    "id",
    "Id of the notification",
    {"type": "string", "format": "uuid", "pattern": "^[0-9A-Fa-f-]{36}$"},
    load=str.lower,
)


_IF_MATCH: Final = Header(
    "If-Match", "The revision as you know it: refused (412) where another change came first; `*` is any", 16
)
_CHANGE_ERRORS: Final = ("not_found", "replaced", "rate_limited", "draining", "broker_unavailable")


async def _done(to_scheduled: Awaitable[dict[str, Any]], to_stored: Callable[[], Awaitable[dict[str, Any]]]) -> Any:
    """What became of one that is scheduled, or else of one that is stored: what is delivered goes this way, too."""
    try:
        return await to_scheduled
    except Refused as refused:
        if refused.kind.code != "not_found":
            raise
    return await to_stored()


def _largest(operations: NotificationsOperations) -> int:
    return operations.max_body


class NotificationsOperations:
    """What operators ask of stored notifications, and publishers change in them."""

    def __init__(
        self, operators: Operators, traces: Traces, changes: Changes, schedules: Schedules, *, max_body: int
    ) -> None:
        self._operators = operators
        self._traces = traces
        self._changes = changes
        self._schedules = schedules
        self.max_body = max_body
        """The largest body of one change, in bytes; may be set while the server runs."""

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
        "`ns:ack`. One that is scheduled, or was cancelled, is told as that. What was not stored is not found.",
        credential=OBSERVER,
        parameters=(ID_PARAMETER,),
        query=ReceiptQuerySchema,
        reply={"oneOf": [RecordReplySchema, WaitingReplySchema, EndedReplySchema]},
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
        "for a while. One that is scheduled, or was cancelled, has no steps, and its history.",
        credential=OBSERVER,
        parameters=(ID_PARAMETER,),
        query=TraceQuerySchema,
        reply={"oneOf": [TraceSchema, PlanTraceSchema]},
        errors=("not_found", "broker_unavailable"),
    )
    async def trace(self, call: Call[Publisher, None]) -> web.Response:
        """Tell where a notification has been."""
        return json_response(await self._traces.trace(call.path["id"], locale=call.locale, **call.query))

    @operation(
        "PATCH",
        "/v1/notifications/{id}",
        name="amendNotification",
        tag="publish",
        summary="Change a notification where it stands",
        description="Its id, its place and its state in inboxes stay; null takes a member out. Whoever has it gets "
        "`ns:updated`, now or when they come back. One that is scheduled is changed as it waits, and can be due at "
        "another moment. A key may change what it may publish.",
        credential=PUBLISHER,
        parameters=(ID_PARAMETER,),
        body=Body(
            schema=AmendSchema,
            load=load_change,
            limit=_largest,
            headers=(_IF_MATCH,),
            example={"message": "El vuelo sale a las 10:40", "revision": 0},
        ),
        reply=ChangedSchema,
        errors=(
            "invalid_json",
            "payload_too_large",
            "unsupported_encoding",
            "invalid_data",
            "revision_mismatch",
            "precondition_failed",
            *_CHANGE_ERRORS,
        ),
    )
    async def amend(self, call: Call[Publisher, Change]) -> web.Response:
        """Change one notification."""
        identity, change, caller = call.path["id"], call.body, call.caller
        scheduled = self._schedules.change(identity, change.given, caller, revision=change.revision)
        try:
            done = await _done(scheduled, partial(self._changes.amend, identity, change, caller))
        except Refused as refused:
            if refused.kind.code == "revision_mismatch" and hdrs.IF_MATCH in call.request.headers:
                raise Refused("precondition_failed", extra=refused.extra) from None
            raise
        return json_response(done)

    @operation(
        "DELETE",
        "/v1/notifications/{id}",
        name="retractNotification",
        tag="publish",
        summary="Take a notification back, or cancel one that is scheduled",
        description="It is in no inbox, page or replay any more. Whoever has it gets `ns:removed`, now or when they "
        "come back. A second time is no error. A key may take back what it may publish.",
        credential=PUBLISHER,
        parameters=(ID_PARAMETER,),
        reply=RetractedSchema,
        errors=_CHANGE_ERRORS,
    )
    async def retract(self, call: Call[Publisher, None]) -> web.Response:
        """Take one notification back."""
        identity, caller = call.path["id"], call.caller
        retract = partial(self._changes.retract, identity, caller)
        return json_response(await _done(self._schedules.cancel(identity, caller), retract))

    @operation(
        "GET",
        "/v1/notifications/{id}/history",
        name="notificationHistory",
        tag="operate",
        summary="What became of a notification: who did what when, and what was before",
        description="Of the whole thread: of all that took each other's place, whichever is asked for. It is kept as "
        "long as the notification would be, and of one thread the newest hundred.",
        credential=OBSERVER,
        parameters=(ID_PARAMETER,),
        query=HappenedQuerySchema,
        reply=HistoryReplySchema,
        errors=("not_found", "broker_unavailable"),
    )
    async def history(self, call: Call[Publisher, None]) -> web.Response:
        """Tell what became of one notification."""
        return json_response(await self._changes.history(call.path["id"], **call.query))

    @operation(
        "GET",
        "/v1/notifications/{id}/answers",
        name="answers",
        tag="operate",
        summary="Who chose which of a notification's actions",
        credential=OBSERVER,
        parameters=(ID_PARAMETER,),
        query=ReceiptQuerySchema,
        reply=AnswersReplySchema,
        errors=("not_found", "broker_unavailable"),
    )
    async def answers(self, call: Call[Publisher, None]) -> web.Response:
        """List the answers."""
        return json_response(await self._operators.answers(call.path["id"], **call.query))
