"""HTTP: publish one notification, or many at once. Handlers call the node and write its answer; they only raise."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from aiohttp import web

from sio_server import intake
from sio_server.api.credentials import PUBLISHER
from sio_server.api.messages import json_response, quota_headers, read_exact_json, receipt_headers, too_large
from sio_server.api.operations import Body, Call, Header, operation
from sio_server.auth import Publisher
from sio_server.core.limits import Quota
from sio_server.core.node import Node
from sio_server.errors import Refused
from sio_server.notification import PublishRequest
from sio_server.schemas.publish import (
    MAX_KEY_LENGTH,
    AcceptedSchema,
    BatchReplySchema,
    BatchSchema,
    PublishSchema,
    load_batch,
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
    "not_supported",
    "idempotency_mismatch",
    "broker_unavailable",
)


def _largest(operations: PublishOperations) -> int:
    return operations.max_body


class PublishOperations:
    """What publishers call. ``max_body`` is the largest body of one notification, in bytes."""

    def __init__(self, node: Node, *, max_body: int) -> None:
        self._node = node
        self.max_body = max_body
        """The largest body of one notification, in bytes; may be set while the server runs."""

    @operation(
        "POST",
        "/notify",
        name="notify",
        tag="publish",
        summary="Publish one notification",
        description="Answered 200 once it is in the log and handed to the sockets. The body is read as JSON "
        "whatever the Content-Type says.",
        credential=PUBLISHER,
        body=Body(schema=PublishSchema, load=load_publish, limit=_largest, headers=(_KEY,), example=_EXAMPLE),
        reply=AcceptedSchema,
        errors=_PUBLISH_ERRORS,
    )
    async def notify(self, call: Call[Publisher, PublishRequest]) -> web.Response:
        """Publish one notification; `api.publish_fast` answers most requests before they come here."""
        accepted = await self._node.publish(call.body, call.caller)
        return json_response(accepted.as_dict(call.locale), headers=receipt_headers(accepted))

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
        items, publisher, locale = call.body, call.caller, call.locale
        quota = self._node.reserve(publisher, len(items))
        results = await asyncio.gather(*(self._publish_item(item, publisher, locale, quota) for item in items))
        accepted = sum(result["status"] == "ok" for result in results)
        reply = {"status": "ok", "accepted": accepted, "rejected": len(items) - accepted, "results": results}
        return json_response(reply, headers=quota_headers(quota))

    async def _publish_item(
        self, item: object, publisher: Publisher, locale: str, quota: Quota | None
    ) -> dict[str, Any]:
        try:
            item, size = intake.measured(item)
            if size > self.max_body:
                raise too_large(self.max_body)
            accepted = await self._node.publish(load_publish(item), publisher, reserved=quota)
            return accepted.as_dict(locale)
        except Refused as refused:
            return {"status": "error", "error": refused.as_dict(locale)}
