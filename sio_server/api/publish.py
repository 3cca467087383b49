"""HTTP: publish, look after the server. Handlers read a request, call the node, write its answer; they only raise."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from aiohttp import web

from sio_server import intake
from sio_server.api.credentials import HttpCredentials
from sio_server.api.messages import (
    json_response,
    locale_of,
    quota_headers,
    read_body,
    read_json,
    receipt_headers,
    too_large,
)
from sio_server.api.openapi import Handler, Operation
from sio_server.core.limits import Quota
from sio_server.core.node import Node
from sio_server.errors import Refused
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
_TOKEN_ERRORS: Final = ("invalid_token", "token_expired", "token_revoked", "keys_unavailable")
_BATCH_ERRORS: Final = (
    *_TOKEN_ERRORS,
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


class PublishEndpoint:
    """The operations over HTTP. ``max_body`` is the largest body of one notification, in bytes."""

    def __init__(self, node: Node, credentials: HttpCredentials, *, max_body: int) -> None:
        self._node = node
        self._credentials = credentials
        self.max_body = max_body
        """In bytes; may be set while it runs."""

    async def notify(self, request: web.Request) -> web.Response:
        """``POST /notify``."""
        publisher = await self._credentials.publisher(request)
        body = await read_json(request, self.max_body)
        receipt = await self._node.publish(load_publish(body, request.headers.get("Idempotency-Key")), publisher.name)
        return json_response(receipt.as_dict(locale_of(request)), headers=receipt_headers(receipt))

    async def batch(self, request: web.Request) -> web.Response:
        """``POST /v1/notifications/batch``: positions follow the order of the items."""
        publisher = await self._credentials.publisher(request)
        items = load_batch(intake.exact(await read_body(request, MAX_BATCH_BODY)))
        locale = locale_of(request)
        quota = self._node.reserve(publisher.name, len(items))
        results = await asyncio.gather(*(self._publish_item(item, publisher.name, locale, quota) for item in items))
        accepted = sum(result["status"] == "ok" for result in results)
        reply = {"status": "ok", "accepted": accepted, "rejected": len(items) - accepted, "results": results}
        return json_response(reply, headers=quota_headers(quota))

    async def _publish_item(self, item: object, publisher: str, locale: str, quota: Quota | None) -> dict[str, Any]:
        try:
            item, size = intake.measured(item)
            if size > self.max_body:
                raise too_large(self.max_body)
            receipt = await self._node.publish(load_publish(item), publisher, reserved=quota)
            return receipt.as_dict(locale)
        except Refused as refused:
            return _rejected(refused, locale)

    async def catalog(self, request: web.Request) -> web.Response:
        """``GET /v1/catalog``."""
        await self._credentials.observer(request)
        return json_response({"types": [kind.as_dict() for kind in self._node.catalog.types.values()]})

    async def live(self, _: web.Request) -> web.Response:
        """``GET /health/live``: the process answers; worth keeping whatever else fails."""
        return json_response({"status": "ok"})

    async def ready(self, _: web.Request) -> web.Response:
        """``GET /health/ready``: whether this node should get traffic."""
        await self._node.check()
        return json_response({"status": "ok"})

    def operations(self) -> list[Operation]:
        """Everything served here."""
        return [*self._publish_operations(), *self._observe_operations(), *self._health_operations()]

    def _publish_operations(self) -> list[Operation]:
        return [
            Operation(
                method="POST",
                path="/notify",
                handler=self.notify,
                name="notify",
                tag="publish",
                summary="Publish one notification",
                description="Answered 200 once it is in the log and handed to the sockets. The body is read as JSON "
                "whatever the Content-Type says.",
                request=PublishSchema,
                example=_EXAMPLE,
                reply=AcceptedSchema,
                header_parameters=(
                    ("Idempotency-Key", "The same key with the same body publishes once", MAX_KEY_LENGTH),
                ),
                errors=_PUBLISH_ERRORS,
                credential="publisher",
            ),
            Operation(
                method="POST",
                path="/v1/notifications/batch",
                handler=self.batch,
                name="notifyBatch",
                tag="publish",
                summary="Publish up to 1,000 notifications",
                description="A result for each item; a bad item rejects only itself.",
                request=BatchSchema,
                example={"notifications": [_EXAMPLE]},
                reply=BatchReplySchema,
                errors=_BATCH_ERRORS,
                credential="publisher",
            ),
        ]

    def _observe_operations(self) -> list[Operation]:
        return [
            Operation(
                method="GET",
                path="/v1/catalog",
                handler=self.catalog,
                name="catalog",
                tag="operate",
                summary="The event types",
                reply=_CATALOG_REPLY,
                errors=_TOKEN_ERRORS,
                credential="observer",
            )
        ]

    def _health_operations(self) -> list[Operation]:
        described: tuple[tuple[str, Handler, str, str, tuple[str, ...]], ...] = (
            ("/health/live", self.live, "live", "Whether the process is worth keeping", ()),
            ("/health/ready", self.ready, "ready", "Whether this node should get traffic", _NOT_READY),
        )
        return [
            Operation(
                method="GET",
                path=path,
                handler=handler,
                name=name,
                tag="operate",
                summary=summary,
                reply=_STATUS_REPLY,
                errors=errors,
            )
            for path, handler, name, summary, errors in described
        ]


_NOT_READY: Final = ("draining", "broker_unavailable")
_CATALOG_REPLY: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["types"],
    "properties": {"types": {"type": "array"}},
}
_STATUS_REPLY: Final[dict[str, Any]] = {
    "type": "object",
    "required": ["status"],
    "properties": {"status": {"const": "ok"}},
}


def _rejected(refused: Refused, locale: str) -> dict[str, Any]:
    return {"status": "error", "error": refused.as_dict(locale)}
