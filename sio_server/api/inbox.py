"""HTTP: a user's inbox. What is changed here, every connection of the user is told at once."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from sio_server.api.credentials import USER
from sio_server.api.messages import json_response
from sio_server.api.notifications import ID_PARAMETER
from sio_server.api.operations import Body, Call, Operation, operation
from sio_server.audience import Identity
from sio_server.broker import Action
from sio_server.core.connections import counts_dict
from sio_server.core.inboxes import Inboxes, acted_dict, marked_dict
from sio_server.schemas.events import AnswerSchema, Mark, MarkSchema, load_answer, load_mark
from sio_server.schemas.inbox import (
    ActedSchema,
    CountsReplySchema,
    GroupsQuerySchema,
    GroupsReplySchema,
    InboxPageSchema,
    InboxQuerySchema,
    MarkedSchema,
    StatedSchema,
)

# A thousand ids of 36 characters, and room to spare.
MAX_BODY: Final = 64 * 1024

_MARK: Final = Body(schema=MarkSchema, load=load_mark, limit=MAX_BODY, example={"all": True})


def _marking(action: Action, summary: str) -> Operation:
    @operation(
        "POST",
        f"/v1/inbox/{action}",
        name=f"inbox{action.capitalize()}",
        tag="inbox",
        summary=summary,
        description="Ids of others' notifications are ignored like unknown ones. Every connection of the user "
        "gets `ns:state` with the counters.",
        credential=USER,
        query=StatedSchema,
        body=_MARK,
        reply=MarkedSchema,
        errors=("invalid_json", "payload_too_large", "unsupported_encoding", "invalid_data", "broker_unavailable"),
    )
    async def mark(self: InboxOperations, call: Call[Identity, Mark]) -> web.Response:
        ids, up_to, group = call.body
        marked = await self.inboxes.mark(call.caller, action, ids, up_to=up_to, group=group)
        return json_response({"status": "ok", **marked_dict(marked)})

    return mark


class InboxOperations:
    """What a user asks of their own inbox."""

    def __init__(self, inboxes: Inboxes) -> None:
        self.inboxes = inboxes

    @operation(
        "GET",
        "/v1/inbox",
        name="inbox",
        tag="inbox",
        summary="A page of the inbox, newest first",
        description="Begins with what came after the user was first seen; what expired is left out.",
        credential=USER,
        query=InboxQuerySchema,
        reply=InboxPageSchema,
        errors=("broker_unavailable",),
    )
    async def page(self, call: Call[Identity, None]) -> web.Response:
        """Give a page."""
        query = call.query
        page = await self.inboxes.page(
            call.caller,
            **{name: query[name] for name in ("status", "types", "group", "limit", "before")},
            locale=self._language(call),
        )
        return json_response(page)

    @operation(
        "GET",
        "/v1/inbox/groups",
        name="inboxGroups",
        tag="inbox",
        summary="A page of the inbox by groups, the newest first",
        description="What was published with the same `group` is one item, what was published without one is alone.",
        credential=USER,
        query=GroupsQuerySchema,
        reply=GroupsReplySchema,
        errors=("broker_unavailable",),
    )
    async def groups(self, call: Call[Identity, None]) -> web.Response:
        """Give a page of groups."""
        wanted = {name: call.query[name] for name in ("status", "limit", "before")}
        return json_response(await self.inboxes.groups(call.caller, locale=self._language(call), **wanted))

    @operation(
        "GET",
        "/v1/inbox/counts",
        name="inboxCounts",
        tag="inbox",
        summary="The counters",
        credential=USER,
        query=StatedSchema,
        reply=CountsReplySchema,
        errors=("broker_unavailable",),
    )
    async def counts(self, call: Call[Identity, None]) -> web.Response:
        """Give the counters."""
        return json_response({"counts": counts_dict(await self.inboxes.counts(call.caller))})

    def _language(self, call: Call[Identity, None]) -> str:
        return self.inboxes.language_of(call.caller, call.query["locale"], call.request.headers.get("Accept-Language"))

    seen = _marking("seen", "Mark as seen")
    read = _marking("read", "Mark as read, and so as seen")
    unread = _marking("unread", "Mark as unread")
    archive = _marking("archive", "Put into the archive, as read and seen")
    unarchive = _marking("unarchive", "Bring back from the archive")

    @operation(
        "POST",
        "/v1/inbox/{id}/act",
        name="inboxAct",
        tag="inbox",
        summary="Answer a notification with one of its actions",
        description="Marks it read and seen. The first answer stays: another one is refused with `action` and `at` of "
        "the first. Every connection of the user gets `ns:answered`, and `ns:state` with the counters.",
        credential=USER,
        parameters=(ID_PARAMETER,),
        query=StatedSchema,
        body=Body(schema=AnswerSchema, load=load_answer, limit=MAX_BODY, example={"action": "confirm"}),
        reply=ActedSchema,
        errors=(
            "invalid_json",
            "payload_too_large",
            "unsupported_encoding",
            "invalid_data",
            "not_found",
            "already_answered",
            "broker_unavailable",
        ),
    )
    async def act(self, call: Call[Identity, str]) -> web.Response:
        """Take an answer."""
        acted = await self.inboxes.act(call.caller, call.path["id"], call.body)
        return json_response({"status": "ok", **acted_dict(call.path["id"], acted)})
