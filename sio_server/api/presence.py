"""HTTP: who is here, and when somebody was."""

from __future__ import annotations

from aiohttp import web

from sio_server.api.credentials import OBSERVER
from sio_server.api.messages import json_response
from sio_server.api.operations import Call, operation
from sio_server.auth import Publisher
from sio_server.core.attendance import Attendance
from sio_server.schemas.presence import PresenceQuerySchema, PresenceReplySchema, room_of


class PresenceOperations:
    """What operators ask of who is here."""

    def __init__(self, attendance: Attendance) -> None:
        self._attendance = attendance

    @operation(
        "GET",
        "/v1/presence",
        name="presence",
        tag="operate",
        summary="Who is here, on any node",
        description="Users with a connection, by name; of a `role` or a `topic` alone. With `user` one user, who may "
        "have left: `here` is false then, and `last_seen` says when; who was never here is in no list. What comes and "
        "goes is told live by `ns:presence`.",
        credential=OBSERVER,
        query=PresenceQuerySchema,
        reply=PresenceReplySchema,
        errors=("broker_unavailable",),
    )
    async def presence(self, call: Call[Publisher, None]) -> web.Response:
        """List who is here."""
        query = call.query
        room = room_of(query)
        if query["user"] is not None:
            return json_response(await self._attendance.of(query["user"], room))
        return json_response(await self._attendance.page(room, limit=query["limit"], after=query["after"]))
