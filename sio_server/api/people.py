"""HTTP: who is connected, what is in somebody's inbox, and putting somebody out."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from sio_server.api.credentials import OBSERVER, OPERATOR
from sio_server.api.messages import json_response, read_optional_json
from sio_server.api.operations import Body, Call, Parameter, operation
from sio_server.audience import MAX_NAME_LENGTH, name_of
from sio_server.auth import Publisher
from sio_server.core.inboxes import Inboxes
from sio_server.core.operators import Operators
from sio_server.errors import Refused
from sio_server.schemas.inbox import InboxPageSchema, PageQuerySchema
from sio_server.schemas.operators import (
    ConnectionDisconnectedSchema,
    DisconnectedSchema,
    DisconnectSchema,
    UsersQuerySchema,
    UsersReplySchema,
    load_disconnect,
)

# There is nothing long to say about a disconnection.
MAX_BODY: Final = 4 * 1024


def _user(text: str) -> str:
    """The user that a path names; raises `Refused` (``not_found``) for what can be nobody's name."""
    user = name_of(text)
    if user is None:
        raise Refused("not_found")
    return user


USER_PARAMETER: Final = Parameter(
    "id", "The user", {"type": "string", "minLength": 1, "maxLength": MAX_NAME_LENGTH}, load=_user
)
_CONNECTION: Final = Parameter("id", "Id of the connection", {"type": "string", "minLength": 1, "maxLength": 32})


class PeopleOperations:
    """What operators ask of users and of connections."""

    def __init__(self, operators: Operators, inboxes: Inboxes) -> None:
        self._operators = operators
        self._inboxes = inboxes

    @operation(
        "GET",
        "/v1/users",
        name="users",
        tag="operate",
        summary="Who is connected to this node",
        credential=OBSERVER,
        query=UsersQuerySchema,
        reply=UsersReplySchema,
        errors=("broker_unavailable",),
    )
    async def users(self, call: Call[Publisher, None]) -> web.Response:
        """List who is connected."""
        return json_response(self._operators.users(**call.query))

    @operation(
        "GET",
        "/v1/users/{id}/inbox",
        name="userInbox",
        tag="operate",
        summary="The inbox as its user sees it",
        credential=OBSERVER,
        parameters=(USER_PARAMETER,),
        query=PageQuerySchema,
        reply=InboxPageSchema,
        errors=("not_found", "broker_unavailable"),
    )
    async def inbox(self, call: Call[Publisher, None]) -> web.Response:
        """Give a page of a user's inbox."""
        return json_response(await self._inboxes.page_of(call.path["id"], **call.query))

    @operation(
        "POST",
        "/v1/users/{id}/disconnect",
        name="disconnect",
        tag="operate",
        summary="Close a user's connections and refuse the tokens they were made with",
        description="Connections on this node are closed with `token_revoked`. Tokens issued before this "
        "moment and those that do not say when are refused from then on, also after a restart. A token's time "
        "is in whole seconds: one issued in the same second is refused as well.",
        credential=OPERATOR,
        parameters=(USER_PARAMETER,),
        body=Body(
            schema=DisconnectSchema,
            load=load_disconnect,
            limit=MAX_BODY,
            read=read_optional_json,
            example={"tokens_before": "now"},
        ),
        reply=DisconnectedSchema,
        errors=(
            "not_found",
            "invalid_json",
            "payload_too_large",
            "unsupported_encoding",
            "invalid_data",
            "broker_unavailable",
        ),
    )
    async def disconnect(self, call: Call[Publisher, float | None]) -> web.Response:
        """Put a user out."""
        user = call.path["id"]
        before = self._operators.revocation_moment(user) if call.body is None else call.body
        closed = await self._operators.disconnect_user(user, before)
        return json_response({"status": "ok", "user": user, "disconnected": closed, "tokens_before": before})

    @operation(
        "POST",
        "/v1/connections/{id}/disconnect",
        name="disconnectOne",
        tag="operate",
        summary="Close one connection",
        description="It is closed with `closed_by_operator`. Nothing is revoked, and its client comes back.",
        credential=OPERATOR,
        parameters=(_CONNECTION,),
        reply=ConnectionDisconnectedSchema,
        errors=("not_found", "broker_unavailable"),
    )
    async def disconnect_one(self, call: Call[Publisher, None]) -> web.Response:
        """Close one connection."""
        connection_id = call.path["id"]
        await self._operators.disconnect(connection_id)
        return json_response({"status": "ok", "id": connection_id})
