"""HTTP: tickets, which open a connection whose address must not hold a token."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from sio_server.api.credentials import USER
from sio_server.api.messages import json_response
from sio_server.api.operations import Call, operation
from sio_server.audience import Identity
from sio_server.core.tickets import Tickets
from sio_server.schemas.tickets import TicketSchema


class TicketsOperations:
    """Making tickets; they are changed where connections are opened."""

    def __init__(self, tickets: Tickets) -> None:
        self._tickets = tickets

    @operation(
        "POST",
        "/v1/tickets",
        name="issueTicket",
        tag="inbox",
        summary="A ticket that opens one connection in this token's place",
        description="For `/ws?ticket=…` and `/v1/stream?ticket=…`, where a page cannot set a header and an address "
        "ends up in logs. It is good once and for 30 seconds, for whom the token is for, and not after a revocation.",
        credential=USER,
        reply=TicketSchema,
        status=HTTPStatus.CREATED,
        errors=("rate_limited",),
    )
    async def issue(self, call: Call[Identity, None]) -> web.Response:
        """Make a ticket."""
        made = self._tickets.issue(call.caller)
        return json_response({"ticket": made.text, "expires_in": int(made.life)}, status=HTTPStatus.CREATED)
