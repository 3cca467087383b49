"""What the live stream over HTTP is asked with in a query string."""

from __future__ import annotations

from marshmallow import EXCLUDE

from sio_server import fields
from sio_server.schemas.inbox import StatedSchema
from sio_server.schemas.loading import about


class StreamQuerySchema(StatedSchema):
    """The query of ``GET /v1/stream``. As on ``/ws``, what is not known is passed over: libraries add some."""

    class Meta:
        """Marshmallow's own options."""

        unknown = EXCLUDE

    token = fields.Str(metadata=about("The token, for an `EventSource`, which has no headers; the header is better"))
    ticket = fields.Str(metadata=about("What `POST /v1/tickets` gave, in a token's place; good once"))
    cursor = fields.Str(metadata=about("What is after it is sent first; `Last-Event-ID` counts before it"))
    locale = fields.Str(metadata=about("Language of what the server says: `es` or `en`"))
