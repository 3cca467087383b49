"""HTTP: a user's inbox. What is changed here, every connection of the user is told at once."""

from __future__ import annotations

from typing import Any, Final

from aiohttp import web

from sio_server.api.credentials import HttpCredentials
from sio_server.api.messages import json_response, read_json, read_query
from sio_server.api.openapi import Handler, Operation
from sio_server.broker import Action
from sio_server.core.connections import counts_dict
from sio_server.core.inboxes import Inboxes, marked_dict
from sio_server.schemas.events import MarkSchema, load_mark
from sio_server.schemas.inbox import (
    ACTIONS,
    CountsReplySchema,
    InboxPageSchema,
    InboxQuerySchema,
    MarkedSchema,
    StatedSchema,
)

# A thousand ids of 36 characters, and room to spare.
MAX_BODY: Final = 64 * 1024

_ERRORS: Final = ("invalid_token", "token_expired", "token_revoked", "keys_unavailable", "broker_unavailable")
_SUMMARIES: Final[dict[Action, str]] = {
    "seen": "Mark as seen",
    "read": "Mark as read, and so as seen",
    "unread": "Mark as unread",
    "archive": "Put into the archive, as read and seen",
    "unarchive": "Bring back from the archive",
}
_QUERY: Final = InboxQuerySchema()
_STATED: Final = StatedSchema()


class InboxEndpoint:
    """The operations on the inbox of whoever asks."""

    def __init__(self, inboxes: Inboxes, credentials: HttpCredentials) -> None:
        self._inboxes = inboxes
        self._credentials = credentials

    async def page(self, request: web.Request) -> web.Response:
        """``GET /v1/inbox``."""
        identity = await self._credentials.user(request)
        query = await read_query(request, _QUERY)
        page = await self._inboxes.page(
            identity, status=query["status"], types=query["types"], limit=query["limit"], before=query["before"]
        )
        return json_response(page)

    async def counts(self, request: web.Request) -> web.Response:
        """``GET /v1/inbox/counts``."""
        identity = await self._credentials.user(request)
        await read_query(request, _STATED)
        return json_response({"counts": counts_dict(await self._inboxes.counts(identity))})

    def _marking(self, action: Action) -> Handler:
        async def mark(request: web.Request) -> web.Response:
            identity = await self._credentials.user(request)
            await read_query(request, _STATED)
            ids, up_to = load_mark(await read_json(request, MAX_BODY))
            marked = await self._inboxes.mark(identity, action, ids, up_to=up_to)
            return json_response({"status": "ok", **marked_dict(marked)})

        return mark

    def operations(self) -> list[Operation]:
        """Everything served here."""
        return [*self._looking(), *(self._changing(action) for action in ACTIONS)]

    def _looking(self) -> list[Operation]:
        shared: dict[str, Any] = {"method": "GET", "tag": "inbox", "credential": "user"}
        return [
            Operation(
                path="/v1/inbox",
                handler=self.page,
                name="inbox",
                summary="A page of the inbox, newest first",
                description="Begins with what came after the user was first seen; what expired is left out.",
                query=InboxQuerySchema,
                reply=InboxPageSchema,
                errors=_ERRORS,
                **shared,
            ),
            Operation(
                path="/v1/inbox/counts",
                handler=self.counts,
                name="inboxCounts",
                summary="The counters",
                query=StatedSchema,
                reply=CountsReplySchema,
                errors=_ERRORS,
                **shared,
            ),
        ]

    def _changing(self, action: Action) -> Operation:
        return Operation(
            method="POST",
            path=f"/v1/inbox/{action}",
            handler=self._marking(action),
            name=f"inbox{action.capitalize()}",
            tag="inbox",
            summary=_SUMMARIES[action],
            description="Ids of others' notifications are ignored like unknown ones. Every connection of the user "
            "gets `ns:state` with the counters.",
            query=StatedSchema,
            request=MarkSchema,
            example={"all": True},
            reply=MarkedSchema,
            errors=("invalid_json", "payload_too_large", "unsupported_encoding", "invalid_data", *_ERRORS),
            credential="user",
        )
