"""HTTP: what is kept about a person, handed out and erased."""

from __future__ import annotations

from aiohttp import hdrs, web

from sio_server.api.credentials import OPERATOR
from sio_server.api.messages import json_response
from sio_server.api.operations import Call, operation
from sio_server.api.people import USER_PARAMETER
from sio_server.auth import Publisher
from sio_server.core.persons import Persons
from sio_server.errors import Refused
from sio_server.logs import get_logger
from sio_server.schemas.persons import ErasedSchema, ExportSchema

logger = get_logger("persons")


class PersonsOperations:
    """What a person may ask for whom notifications are sent to."""

    def __init__(self, persons: Persons) -> None:
        self._persons = persons

    @operation(
        "GET",
        "/v1/users/{id}/export",
        name="exportUser",
        tag="operate",
        summary="All that is kept about a user",
        description="As one JSON object, which comes in pieces: the log is not held up by a long one. A log that fails "
        "in the middle ends the reply without its end.",
        credential=OPERATOR,
        parameters=(USER_PARAMETER,),
        reply=ExportSchema,
        errors=("not_found", "broker_unavailable"),
    )
    async def export(self, call: Call[Publisher, None]) -> web.StreamResponse:
        """Give a copy of it."""
        pieces = self._persons.export(call.path["id"])
        first = await anext(pieces)
        response = web.StreamResponse(headers={hdrs.CONTENT_TYPE: "application/json"})
        await response.prepare(call.request)
        if call.request.method == hdrs.METH_HEAD:
            return response  # whatever is written now the peer takes for the head of the next reply
        try:
            await response.write(first)
            async for piece in pieces:
                await response.write(piece)
            await response.write_eof()
        except Refused as refused:
            # a problem document would stand in the middle of the copy: the peer is to see that it has no end
            logger.warning("the copy of a user's data was broken off", code=refused.kind.code)
            if call.request.transport is not None:
                call.request.transport.abort()
        return response

    @operation(
        "DELETE",
        "/v1/users/{id}",
        name="eraseUser",
        tag="operate",
        summary="Erase what is kept about a user",
        description="Connections are closed and tokens of before are refused, as by `disconnect`; then all that is "
        "kept by the user's name goes, notifications for this user alone included. It may be asked for again. What "
        "publishers wrote into texts and `data` for others stays, and so do backups.",
        credential=OPERATOR,
        parameters=(USER_PARAMETER,),
        reply=ErasedSchema,
        errors=("not_found", "broker_unavailable"),
    )
    async def erase(self, call: Call[Publisher, None]) -> web.Response:
        """Erase it."""
        return json_response({"status": "ok", **await self._persons.erase(call.path["id"], call.caller.name)})
