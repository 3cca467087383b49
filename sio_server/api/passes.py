"""HTTP: passes, which let somebody in as a guest of the try-out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from aiohttp import web

from sio_server.api.credentials import OPERATOR, PUBLIC
from sio_server.api.messages import json_response, read_optional_json
from sio_server.api.operations import Body, Call, operation
from sio_server.auth import Publisher
from sio_server.core.passes import Passes
from sio_server.notification import written
from sio_server.schemas.passes import (
    EntranceSchema,
    PassRequestSchema,
    PassSchema,
    RedeemSchema,
    load_pass_request,
    load_redeem,
)

# A pass is a hundred bytes.
MAX_BODY: Final = 1024

_BODY_ERRORS: Final = ("invalid_json", "payload_too_large", "unsupported_encoding", "invalid_data")


class PassesOperations:
    """Making passes, and changing them for tokens."""

    def __init__(self, passes: Passes) -> None:
        self._passes = passes

    @operation(
        "POST",
        "/v1/passes",
        name="issuePass",
        tag="operate",
        summary="A pass that lets somebody in as a guest",
        description="A pass is good once, for two minutes, and is changed for a token by `POST /v1/passes/redeem`. "
        "A guest gets only what names this guest, has no role, and may not publish.",
        credential=OPERATOR,
        body=Body(
            schema=PassRequestSchema, load=load_pass_request, limit=MAX_BODY, read=read_optional_json, example={}
        ),
        reply=PassSchema,
        status=HTTPStatus.CREATED,
        errors=(*_BODY_ERRORS, "broker_unavailable"),
    )
    async def issue(self, call: Call[Publisher, str | None]) -> web.Response:
        """Make a pass."""
        made = self._passes.issue(call.body)
        answer = {"pass": made.text, "user": made.user, "expires_at": written(int(made.expires_at * 1000))}
        return json_response(answer, status=HTTPStatus.CREATED)

    @operation(
        "POST",
        "/v1/passes/redeem",
        name="redeemPass",
        tag="operate",
        summary="Change a pass for the token of its guest",
        description="Needs no credential but the pass. A pass that was changed already, is over, or is not of this "
        "server is refused with `unauthorized`, whichever it is. The token is good for an hour.",
        credential=PUBLIC,
        body=Body(schema=RedeemSchema, load=load_redeem, limit=MAX_BODY),
        reply=EntranceSchema,
        errors=(*_BODY_ERRORS, "unauthorized", "broker_unavailable"),
    )
    async def redeem(self, call: Call[None, str]) -> web.Response:
        """Let the bearer of a pass in."""
        entrance = await self._passes.redeem(call.body)
        return json_response(
            {
                "token": entrance.token,
                "user": entrance.user,
                "expires_at": written(int(entrance.expires_at * 1000)),
            }
        )
