"""HTTP: what a console asks beside notifications: who asks, the server in numbers, refusals, whom a publish reaches."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from aiohttp import web

from sio_server import __version__
from sio_server.api.credentials import HttpCredentials
from sio_server.api.messages import json_response, locale_of, read_json, read_query
from sio_server.api.openapi import Operation
from sio_server.config import Config
from sio_server.core.node import Node
from sio_server.core.preview import preview
from sio_server.core.samples import Samples
from sio_server.notification import rfc3339
from sio_server.schemas.console import (
    ErrorsQuerySchema,
    ErrorsReplySchema,
    PreviewReplySchema,
    RecentSchema,
    SessionSchema,
    StatsSchema,
)
from sio_server.schemas.publish import PublishSchema, load_publish

_TOKEN_ERRORS: Final = ("invalid_token", "token_expired", "token_revoked", "keys_unavailable")
_PREVIEW_ERRORS: Final = (
    "invalid_json",
    "payload_too_large",
    "unsupported_encoding",
    "unknown_type",
    "invalid_data",
    "invalid_audience",
    "not_supported",
    "broker_unavailable",
)
_ERRORS_QUERY: Final = ErrorsQuerySchema()


class OperateEndpoint:
    """Reading operations of operators; ``config`` says what the session is told of the server."""

    def __init__(self, node: Node, samples: Samples, credentials: HttpCredentials, config: Config) -> None:
        self._node = node
        self._samples = samples
        self._credentials = credentials
        self._config = config

    def apply(self, config: Config) -> None:
        """Tell of other settings from now on."""
        self._config = config

    async def session(self, request: web.Request) -> web.Response:
        """``GET /v1/session``."""
        caller = await self._credentials.caller(request)
        config, locale = self._config, locale_of(request)
        return json_response(
            {
                "version": __version__,
                "development": config.development,
                "locale": config.locale,
                "credential": caller.credential,
                "user": caller.user,
                "roles": list(caller.roles),
                **({"warnings": [hint.as_dict(locale) for hint in caller.warnings]} if caller.warnings else {}),
                "may": {"observe": caller.operator, "publish": caller.operator},
                "started_at": rfc3339(self._node.started_at),
                "server_time": rfc3339(datetime.now(UTC)),
                "max_body": config.max_body,
            },
            headers={"Cache-Control": "no-store"},
        )

    async def stats(self, request: web.Request) -> web.Response:
        """``GET /v1/stats``."""
        await self._credentials.observer(request)
        return json_response(self._node.stats())

    async def recent(self, request: web.Request) -> web.Response:
        """``GET /v1/stats/recent``."""
        await self._credentials.observer(request)
        return json_response(self._samples.as_dict())

    async def errors(self, request: web.Request) -> web.Response:
        """``GET /v1/errors``."""
        await self._credentials.observer(request)
        query = await read_query(request, _ERRORS_QUERY)
        return json_response({"items": self._node.refusals.newest(query["limit"], locale_of(request))})

    async def preview(self, request: web.Request) -> web.Response:
        """``POST /v1/audience/preview``."""
        await self._credentials.observer(request)
        publish = load_publish(await read_json(request, self._config.max_body))
        found = await preview(self._node, publish)
        return json_response(found.as_dict(locale_of(request)))

    def operations(self) -> list[Operation]:
        """Everything served here."""
        return [self._of_session(), *self._of_numbers(), self._of_preview()]

    def _of_session(self) -> Operation:
        return Operation(
            method="GET",
            path="/v1/session",
            handler=self.session,
            name="session",
            tag="operate",
            summary="Who asks, and what they may do",
            description="Answers without a credential, too; a wrong one is refused.",
            reply=SessionSchema,
            errors=("unauthorized", *_TOKEN_ERRORS),
        )

    def _of_numbers(self) -> list[Operation]:
        shared: dict[str, Any] = {"method": "GET", "tag": "operate", "credential": "observer", "errors": _TOKEN_ERRORS}
        return [
            Operation(
                path="/v1/stats",
                handler=self.stats,
                name="stats",
                summary="Connections, users, publishes and deliveries since the start",
                reply=StatsSchema,
                **shared,
            ),
            Operation(
                path="/v1/stats/recent",
                handler=self.recent,
                name="statsRecent",
                summary="The last five minutes, a sample each second",
                reply=RecentSchema,
                **shared,
            ),
            Operation(
                path="/v1/errors",
                handler=self.errors,
                name="errors",
                summary="The last requests and connections that were refused",
                description="The last 200, in memory, without what they carried. What a client says on a connection "
                "and is refused is not among them.",
                query=ErrorsQuerySchema,
                reply=ErrorsReplySchema,
                **shared,
            ),
        ]

    def _of_preview(self) -> Operation:
        return Operation(
            method="POST",
            path="/v1/audience/preview",
            handler=self.preview,
            name="audiencePreview",
            tag="operate",
            summary="Whom a notification would reach",
            description="Takes what `POST /notify` does; only `type`, `data` and `audience` count, and nothing is "
            "stored. An audience of the catalogue that lacks fields of `data` is no error here: see `missing`.",
            request=PublishSchema,
            example={"type": "reserva_creada", "data": {"usuario_id": 123}},
            reply=PreviewReplySchema,
            errors=(*_PREVIEW_ERRORS, *_TOKEN_ERRORS),
            credential="observer",
        )
