"""HTTP: what was published and how far it came, who is connected, and putting somebody out."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from sio_server.api.credentials import HttpCredentials
from sio_server.api.messages import json_response, read_optional_json, read_query
from sio_server.api.openapi import Operation
from sio_server.audience import MAX_NAME_LENGTH, name_of
from sio_server.core.inboxes import Inboxes
from sio_server.core.node import Node
from sio_server.core.operators import Operators
from sio_server.errors import Refused
from sio_server.schemas.inbox import InboxPageSchema, PageQuerySchema
from sio_server.schemas.operators import (
    ConnectionDisconnectedSchema,
    DisconnectedSchema,
    DisconnectSchema,
    HistoryPageSchema,
    HistoryQuerySchema,
    ReceiptQuerySchema,
    RecordReplySchema,
    UsersQuerySchema,
    UsersReplySchema,
    load_disconnect,
)

# There is nothing long to say about a disconnection.
MAX_BODY: Final = 4 * 1024

_ERRORS: Final = ("invalid_token", "token_expired", "token_revoked", "keys_unavailable", "broker_unavailable")
_DISCONNECT_ERRORS: Final = (
    "not_found",
    "invalid_json",
    "payload_too_large",
    "unsupported_encoding",
    "invalid_data",
    *_ERRORS,
)
_ID: Final = ("id", "Id of the notification", {"type": "string", "format": "uuid", "pattern": "^[0-9A-Fa-f-]{36}$"})
_USER: Final = ("id", "The user", {"type": "string", "minLength": 1, "maxLength": MAX_NAME_LENGTH})
_CONNECTION: Final = ("id", "Id of the connection", {"type": "string", "minLength": 1, "maxLength": 32})
_SEARCH: Final = HistoryQuerySchema()
_RECEIPT: Final = ReceiptQuerySchema()
_USERS: Final = UsersQuerySchema()
_PAGE: Final = PageQuerySchema()


class HistoryEndpoint:
    """The operations of operators: a publisher key, or a token with the role ``admin``."""

    def __init__(self, node: Node, inboxes: Inboxes, credentials: HttpCredentials) -> None:
        self._node = node
        self._history = Operators(node)
        self._inboxes = inboxes
        self._credentials = credentials

    async def search(self, request: web.Request) -> web.Response:
        """``GET /v1/notifications``."""
        await self._credentials.observer(request)
        query = await read_query(request, _SEARCH)
        return json_response(await self._history.search(**query))

    async def find(self, request: web.Request) -> web.Response:
        """``GET /v1/notifications/{id}``."""
        await self._credentials.observer(request)
        query = await read_query(request, _RECEIPT)
        return json_response(await self._history.find(request.match_info["id"].lower(), **query))

    async def users(self, request: web.Request) -> web.Response:
        """``GET /v1/users``."""
        await self._credentials.observer(request)
        query = await read_query(request, _USERS)
        return json_response(self._history.users(**query))

    async def inbox(self, request: web.Request) -> web.Response:
        """``GET /v1/users/{id}/inbox``."""
        await self._credentials.observer(request)
        query = await read_query(request, _PAGE)
        return json_response(await self._inboxes.page_of(_user_of(request), **query))

    async def disconnect(self, request: web.Request) -> web.Response:
        """``POST /v1/users/{id}/disconnect``."""
        await self._credentials.observer(request)
        user = _user_of(request)
        given = load_disconnect(await read_optional_json(request, MAX_BODY))
        before = self._node.revocation_moment(user) if given is None else given
        closed = await self._node.disconnect_user(user, before)
        return json_response({"status": "ok", "user": user, "disconnected": closed, "tokens_before": before})

    async def disconnect_one(self, request: web.Request) -> web.Response:
        """``POST /v1/connections/{id}/disconnect``."""
        await self._credentials.observer(request)
        identity = request.match_info["id"]
        self._history.disconnect(identity)
        return json_response({"status": "ok", "id": identity})

    def operations(self) -> list[Operation]:
        """Everything served here."""
        return [*self._of_notifications(), *self._of_users(), self._of_connections()]

    def _of_notifications(self) -> list[Operation]:
        shared: dict[str, Any] = {"method": "GET", "tag": "operate", "credential": "observer"}
        return [
            Operation(
                path="/v1/notifications",
                handler=self.search,
                name="notifications",
                summary="Stored notifications, newest first",
                description="With a user, what is for this user as it was last seen. Expired ones are among them. "
                "With `after` the oldest come first.",
                query=HistoryQuerySchema,
                reply=HistoryPageSchema,
                errors=_ERRORS,
                **shared,
            ),
            Operation(
                path="/v1/notifications/{id}",
                handler=self.find,
                name="notification",
                summary="A notification and how far it came",
                description="Sent: a connection of the user was handed it. Acknowledged: a client confirmed it with "
                "`ns:ack`. What was not stored is not found.",
                path_parameters=(_ID,),
                query=ReceiptQuerySchema,
                reply=RecordReplySchema,
                errors=("not_found", *_ERRORS),
                **shared,
            ),
        ]

    def _of_users(self) -> list[Operation]:
        shared: dict[str, Any] = {"tag": "operate", "credential": "observer"}
        return [
            Operation(
                method="GET",
                path="/v1/users",
                handler=self.users,
                name="users",
                summary="Who is connected to this node",
                query=UsersQuerySchema,
                reply=UsersReplySchema,
                errors=_ERRORS,
                **shared,
            ),
            Operation(
                method="GET",
                path="/v1/users/{id}/inbox",
                handler=self.inbox,
                name="userInbox",
                summary="The inbox as its user sees it",
                path_parameters=(_USER,),
                query=PageQuerySchema,
                reply=InboxPageSchema,
                errors=("not_found", *_ERRORS),
                **shared,
            ),
            Operation(
                method="POST",
                path="/v1/users/{id}/disconnect",
                handler=self.disconnect,
                name="disconnect",
                summary="Close a user's connections and refuse the tokens they were made with",
                description="Connections on this node are closed with `token_revoked`. Tokens issued before this "
                "moment and those that do not say when are refused from then on, also after a restart. A token's time "
                "is in whole seconds: one issued in the same second is refused as well.",
                path_parameters=(_USER,),
                request=DisconnectSchema,
                request_required=False,
                example={"tokens_before": "now"},
                reply=DisconnectedSchema,
                errors=_DISCONNECT_ERRORS,
                **shared,
            ),
        ]

    def _of_connections(self) -> Operation:
        return Operation(
            method="POST",
            path="/v1/connections/{id}/disconnect",
            handler=self.disconnect_one,
            name="disconnectOne",
            tag="operate",
            summary="Close one connection",
            description="It is closed with `closed_by_operator`. Nothing is revoked, and its client comes back.",
            path_parameters=(_CONNECTION,),
            reply=ConnectionDisconnectedSchema,
            errors=("not_found", *_ERRORS),
            credential="observer",
        )


def _user_of(request: web.Request) -> str:
    """The user in the path; raises `Refused` (``not_found``) for what can be nobody's name."""
    user = name_of(request.match_info["id"])
    if user is None:
        raise Refused("not_found")
    return user
