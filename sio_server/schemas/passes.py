"""Marshmallow schemas of passes: for whom one is made, and what it is changed for."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema, ValidationError
from marshmallow import fields as plain

from sio_server import fields
from sio_server.audience import GUEST_PATTERN, is_guest
from sio_server.errors import Text
from sio_server.schemas.loading import about, load

_GUEST_ALONE: Final = Text(
    "Only guests get a pass: 'guest:' and 16 hexadecimal digits. Leave it out, and a new guest is named.",
    "Solo hay pases para invitados: 'guest:' y 16 cifras hexadecimales. Omítelo y se dará nombre a un invitado nuevo.",
)


def _guest(value: str) -> bool:
    if not is_guest(value):
        raise ValidationError(_GUEST_ALONE)
    return True


class PassRequestSchema(fields.Schema):
    """Whom a pass is for."""

    user = fields.Str(
        validate=_guest,
        metadata=about("A guest whom another pass named; a new one where it is left out", pattern=f"^{GUEST_PATTERN}$"),
    )


class RedeemSchema(fields.Schema):
    """The pass that lets its bearer in."""

    text = fields.Str(required=True, data_key="pass", metadata=about("A pass, as `POST /v1/passes` gave it"))


_REQUEST: Final = PassRequestSchema()
_REDEEM: Final = RedeemSchema()


def load_pass_request(body: object) -> str | None:
    """The guest in a decoded JSON body, None for a new one. Raises `Refused` (``invalid_data``)."""
    user: str | None = load(_REQUEST, body, "invalid_data").get("user")
    return user


def load_redeem(body: object) -> str:
    """The pass in a decoded JSON body. Raises `Refused` (``invalid_data``)."""
    text: str = load(_REDEEM, body, "invalid_data")["text"]
    return text


# -- what is answered ---------------------------------------------------------------------------------------------


class PassSchema(Schema):
    """A pass for a guest. Who holds it first is the guest."""

    text = plain.String(required=True, data_key="pass", metadata=about("Opaque; of letters, digits, `-` and `_`"))
    user = plain.String(required=True, metadata=about("The guest"))
    expires_at = plain.String(required=True, metadata=about("Until when it is good, RFC 3339 in UTC"))


class EntranceSchema(Schema):
    """What a pass was changed for."""

    token = plain.String(required=True, metadata=about("A JWT, to connect with and to read the guest's inbox"))
    user = plain.String(required=True, metadata=about("The guest, its `sub`"))
    expires_at = plain.String(required=True, metadata=about("Until when it is good, RFC 3339 in UTC; its `exp`"))
