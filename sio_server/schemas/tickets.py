"""Marshmallow schemas of tickets: what is answered to who asks for one."""

from __future__ import annotations

from marshmallow import Schema
from marshmallow import fields as plain

from sio_server.schemas.loading import about


class TicketSchema(Schema):
    """What opens one connection in a token's place."""

    ticket = plain.String(
        required=True,
        metadata=about("`ticket` in the query of `/ws` or `/v1/stream`; of letters, digits, `-` and `_`"),
    )
    expires_in = plain.Integer(required=True, metadata=about("Seconds that it is good for: 30, or what its token has"))
