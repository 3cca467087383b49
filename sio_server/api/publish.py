"""HTTP: publish one notification, or many at once. Handlers call the node and write its answer; they only raise."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

from aiohttp import web

from sio_server import intake
from sio_server.api.credentials import PUBLISHER
from sio_server.api.messages import (
    json_response,
    quota_headers,
    read_body,
    read_exact_json,
    read_json,
    receipt_headers,
    too_large,
)
from sio_server.api.operations import Body, Call, Header, operation
from sio_server.auth import Publisher
from sio_server.core.limits import Quota
from sio_server.core.node import Node
from sio_server.errors import FieldProblem, Refused, Text
from sio_server.notification import PublishRequest
from sio_server.schemas.cloudevents import Mode, load_binary, load_event, mode_of
from sio_server.schemas.publish import (
    MAX_KEY_LENGTH,
    AcceptedSchema,
    BatchReplySchema,
    BatchSchema,
    PlannedSchema,
    PublishSchema,
    in_trace,
    load_batch,
    load_events,
    load_publish,
)

# A batch is at most 1,000 items; this leaves 8 KiB for each.
MAX_BATCH_BODY: Final = 8 * 1024 * 1024

_EXAMPLE: Final = {"type": "test", "message": "Hola mundo", "data": {}}
_KEY: Final = Header("Idempotency-Key", "The same key with the same body publishes once", MAX_KEY_LENGTH)
_BATCH_ERRORS: Final = (
    "invalid_json",
    "payload_too_large",
    "unsupported_encoding",
    "invalid_data",
    "rate_limited",
    "draining",
)
_PUBLISH_ERRORS: Final = (
    *_BATCH_ERRORS,
    "unknown_type",
    "invalid_audience",
    "idempotency_mismatch",
    "too_many_scheduled",
    "broker_unavailable",
)


@dataclass(frozen=True, slots=True)
class _Event:
    """What was posted to ``/notify`` as CloudEvents, read and not looked at yet."""

    mode: Mode
    value: Any = None
    """The JSON, in the structured modes."""
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()


def _largest(operations: PublishOperations) -> int:
    return operations.max_body


async def _read_posted(request: web.Request, limit: int) -> Any:
    mode = mode_of(request.headers)
    if mode is Mode.STRUCTURED:
        return _Event(mode, await read_json(request, limit))
    if mode is Mode.BATCH:
        return _Event(mode, await read_exact_json(request, MAX_BATCH_BODY))
    if mode is Mode.BINARY:
        return _Event(mode, body=await read_body(request, limit), headers=tuple(request.headers.items()))
    return await read_json(request, limit)


def _load_posted(given: object, key: str | None) -> PublishRequest | _Event:
    if not isinstance(given, _Event):
        return load_publish(given, key)
    if key is not None:
        raise Refused.of_problems("invalid_data", (FieldProblem("Idempotency-Key", _OWN_KEY),))
    return given


_OWN_KEY: Final = Text(
    "A CloudEvent has a key of its own, its source with its id: leave this one out.",
    "Un CloudEvent tiene su propia clave, su source con su id: omite esta.",
)


class PublishOperations:
    """What publishers call. ``max_body`` is the largest body of one notification, in bytes.

    ``type_prefixes`` are taken away from the types of CloudEvents.
    """

    def __init__(self, node: Node, *, max_body: int, type_prefixes: Sequence[str] = ()) -> None:
        self._node = node
        self.type_prefixes = type_prefixes
        """May be set while the server runs."""
        self.max_body = max_body
        """The largest body of one notification, in bytes; may be set while the server runs."""

    @operation(
        "POST",
        "/notify",
        name="notify",
        tag="publish",
        summary="Publish one notification",
        description="Answered 200 once it is in the log and handed to the sockets, or 202 once it is kept until the "
        "moment of `deliver_at` or `deliver_in`. The body is read as JSON "
        "whatever the Content-Type says, but for CloudEvents 1.0: structured (`application/cloudevents+json`), binary "
        "(headers `ce-…`), or a batch (`application/cloudevents-batch+json`), which is answered as "
        "`POST /v1/notifications/batch`.",
        credential=PUBLISHER,
        body=Body(
            schema=PublishSchema,
            load=_load_posted,
            limit=_largest,
            read=_read_posted,
            headers=(_KEY,),
            example=_EXAMPLE,
        ),
        reply=AcceptedSchema,
        also={202: PlannedSchema},
        errors=(*_PUBLISH_ERRORS, "unsupported_media_type"),
    )
    async def notify(self, call: Call[Publisher, PublishRequest | _Event]) -> web.Response:
        """Publish one notification; `api.publish_fast` answers most requests before they come here."""
        posted = call.body
        if isinstance(posted, _Event) and posted.mode is Mode.BATCH:
            return await self._publish_all(load_events(posted.value), call, self._load_event)
        request = in_trace(self._request_of(posted), call.request.headers.get("traceparent"))
        accepted = await self._node.publish(request, call.caller)
        return json_response(accepted.as_dict(call.locale), status=accepted.status, headers=receipt_headers(accepted))

    @operation(
        "POST",
        "/v1/notifications/batch",
        name="notifyBatch",
        tag="publish",
        summary="Publish up to 1,000 notifications",
        description="A result for each item; a bad item rejects only itself.",
        credential=PUBLISHER,
        body=Body(
            schema=BatchSchema,
            load=load_batch,
            limit=MAX_BATCH_BODY,
            read=read_exact_json,
            example={"notifications": [_EXAMPLE]},
        ),
        reply=BatchReplySchema,
        errors=_BATCH_ERRORS,
    )
    async def batch(self, call: Call[Publisher, list[object]]) -> web.Response:
        """Publish several; their positions follow the order of the items."""
        events = mode_of(call.request.headers) is Mode.BATCH
        return await self._publish_all(call.body, call, self._load_event if events else load_publish)

    def _request_of(self, posted: PublishRequest | _Event) -> PublishRequest:
        if isinstance(posted, PublishRequest):
            return posted
        if posted.mode is Mode.BINARY:
            return load_binary(posted.headers, posted.body, self.type_prefixes)
        return self._load_event(posted.value)

    def _load_event(self, event: object) -> PublishRequest:
        return load_event(event, self.type_prefixes)

    async def _publish_all(
        self, items: Sequence[object], call: Call[Publisher, Any], load: Callable[[object], PublishRequest]
    ) -> web.Response:
        quota = self._node.reserve(call.caller, len(items))
        results = await asyncio.gather(*(self._publish_item(item, call, load, quota) for item in items))
        accepted = sum(result["status"] != "error" for result in results)
        reply = {"status": "ok", "accepted": accepted, "rejected": len(items) - accepted, "results": results}
        return json_response(reply, headers=quota_headers(quota))

    async def _publish_item(
        self,
        item: object,
        call: Call[Publisher, Any],
        load: Callable[[object], PublishRequest],
        quota: Quota | None,
    ) -> dict[str, Any]:
        try:
            item, size = intake.measured(item)
            if size > self.max_body:
                raise too_large(self.max_body)
            request = in_trace(load(item), call.request.headers.get("traceparent"))
            accepted = await self._node.publish(request, call.caller, reserved=quota)
            return accepted.as_dict(call.locale)
        except Refused as refused:
            return {"status": "error", "error": refused.as_dict(call.locale)}
