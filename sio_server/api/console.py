"""HTTP: what a console asks beside notifications: who asks, the server in numbers, refusals, whom a publish reaches."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any, Final

import orjson
from aiohttp import web

from sio_server import __version__
from sio_server.api.credentials import ANYBODY, OBSERVER, Caller
from sio_server.api.messages import json_response
from sio_server.api.operations import Body, Call, operation
from sio_server.auth import Publisher
from sio_server.config import Config
from sio_server.core.operators import Operators
from sio_server.core.refusals import Refusals
from sio_server.core.samples import Samples
from sio_server.core.sums import RECENT, STATS, summed_samples, summed_stats
from sio_server.engine import TrustedProxies
from sio_server.gate.proxies import way_of
from sio_server.notification import PublishRequest, rfc3339
from sio_server.schemas.console import (
    ErrorsQuerySchema,
    ErrorsReplySchema,
    PreviewReplySchema,
    RecentSchema,
    SessionSchema,
    StatsSchema,
)
from sio_server.schemas.publish import PublishSchema, load_publish

_PREVIEW_ERRORS: Final = (
    "invalid_json",
    "payload_too_large",
    "unsupported_encoding",
    "unknown_type",
    "invalid_data",
    "invalid_audience",
    "broker_unavailable",
)


def _largest(operations: ConsoleOperations) -> int:
    return operations.max_body


class ConsoleOperations:
    """What the console asks of the server; ``config`` says what the session is told of it.

    ``others`` gives the numbers of other nodes, which are added to this one's: `STATS`, or `RECENT`.
    """

    def __init__(
        self,
        operators: Operators,
        refusals: Refusals,
        samples: Samples,
        config: Config,
        *,
        others: Callable[[str], Awaitable[list[Any]]] | None = None,
    ) -> None:
        self._operators = operators
        self._refusals = refusals
        self._samples = samples
        self._config = config
        self._others = others
        self._proxies = TrustedProxies(config.trusted_proxies)

    def apply(self, config: Config) -> None:
        """Tell of these settings in place of the ones before."""
        self._config = config
        self._proxies.trust(config.trusted_proxies)

    @property
    def max_body(self) -> int:
        """The largest body of one notification, in bytes."""
        return self._config.max_body

    @operation(
        "GET",
        "/v1/session",
        name="session",
        tag="operate",
        summary="Who asks, and what they may do",
        description="Answers without a credential, too; a wrong one is refused.",
        credential=ANYBODY,
        reply=SessionSchema,
    )
    async def session(self, call: Call[Caller, None]) -> web.Response:
        """Tell who asks, and of what server."""
        caller, config, locale = call.caller, self._config, call.locale
        scope = caller.scope
        observes = scope is not None and scope.observe
        return json_response(
            {
                "version": __version__,
                "development": config.development,
                "locale": config.locale,
                "credential": caller.credential,
                "user": caller.user,
                "roles": list(caller.roles),
                **({"warnings": [hint.as_dict(locale) for hint in caller.warnings]} if caller.warnings else {}),
                "publisher": caller.publisher,
                "may": {
                    "observe": observes,
                    "publish": scope is not None and scope.publish,
                    "operate": scope is not None and scope.operate,
                },
                "started_at": rfc3339(self._operators.started_at()),
                "server_time": rfc3339(datetime.now(UTC)),
                "max_body": config.max_body,
                **({"scope": scope.as_dict()} if scope is not None and caller.credential == "key" else {}),
                **({"way": self._way(call.request)} if observes else {}),
            },
            headers={"Cache-Control": "no-store"},
        )

    def _way(self, request: web.Request) -> dict[str, Any]:
        return way_of(request.headers, request.remote or "", self._proxies, secure=request.secure)

    @operation(
        "GET",
        "/v1/stats",
        name="stats",
        tag="operate",
        summary="Connections, users, publishes and deliveries since the start",
        description="Of all nodes that can be asked; `nodes` says of how many. A user who is connected to two of them "
        "counts as two.",
        credential=OBSERVER,
        reply=StatsSchema,
    )
    async def stats(self, _: Call[Publisher, None]) -> web.Response:
        """Give the server in numbers."""
        return json_response(summed_stats(self._operators.stats(), await self._of_others(STATS)))

    @operation(
        "GET",
        "/v1/stats/recent",
        name="statsRecent",
        tag="operate",
        summary="The last five minutes, a sample each second",
        credential=OBSERVER,
        reply=RecentSchema,
    )
    async def recent(self, _: Call[Publisher, None]) -> web.Response:
        """Give the samples of the last minutes."""
        return json_response(summed_samples(self._samples.as_dict(), await self._of_others(RECENT)))

    async def _of_others(self, what: str) -> list[Any]:
        return [] if self._others is None else await self._others(what)

    async def own_stats(self) -> bytes:
        """The numbers of this node, for others."""
        return orjson.dumps(self._operators.stats())

    async def own_samples(self) -> bytes:
        """The samples of this node, for others."""
        return orjson.dumps(self._samples.as_dict())

    @operation(
        "GET",
        "/v1/errors",
        name="errors",
        tag="operate",
        summary="The last requests and connections that were refused",
        description="The last 200, in memory, without what they carried. What a client says on a connection "
        "and is refused is not among them.",
        credential=OBSERVER,
        query=ErrorsQuerySchema,
        reply=ErrorsReplySchema,
    )
    async def errors(self, call: Call[Publisher, None]) -> web.Response:
        """List the last refusals."""
        return json_response({"items": self._refusals.newest(call.query["limit"], call.locale)})

    @operation(
        "POST",
        "/v1/audience/preview",
        name="audiencePreview",
        tag="operate",
        summary="Whom a notification would reach, and what it would say",
        description="Takes what `POST /notify` does and stores nothing. An audience of the catalogue that lacks fields "
        "of `data` is no error here: see `missing`.",
        credential=OBSERVER,
        body=Body(
            schema=PublishSchema,
            load=load_publish,
            limit=_largest,
            example={"type": "reserva_creada", "data": {"usuario_id": 123}},
        ),
        reply=PreviewReplySchema,
        errors=_PREVIEW_ERRORS,
    )
    async def preview(self, call: Call[Publisher, PublishRequest]) -> web.Response:
        """Tell whom a notification would reach."""
        found = await self._operators.preview(call.body, call.caller.scope)
        return json_response(found.as_dict(call.locale))
