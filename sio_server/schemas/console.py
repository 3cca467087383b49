"""Marshmallow schemas of what a console shows: who asks, numbers, refusals, whom a publish would reach."""

from __future__ import annotations

from typing import Final

from marshmallow import Schema
from marshmallow import fields as plain

from sio_server import fields
from sio_server.core.operators import FIRST_REACHED
from sio_server.core.refusals import CAPACITY
from sio_server.event_types import PRIORITIES
from sio_server.schemas.keys import ScopeSchema
from sio_server.schemas.loading import about, limit_field
from sio_server.schemas.publish import AudienceReplySchema

# The default of `limit` of refusals.
ERRORS_PAGE: Final = 50


class WarningSchema(Schema):
    """What is allowed in a token and yet most likely not meant."""

    code = plain.String(
        required=True,
        validate=fields.one_of(("roles_elsewhere", "expiry_in_milliseconds")),
        metadata=about("Stable, for programs"),
    )
    detail = plain.String(required=True, metadata=about("What seems wrong and the mend, in the language asked for"))


class MaySchema(Schema):
    """What the credential lets its holder do."""

    observe = plain.Boolean(required=True, metadata=about("Look at the whole server"))
    publish = plain.Boolean(required=True)
    operate = plain.Boolean(required=True, metadata=about("Close connections and let guests in"))


class WaySchema(Schema):
    """How a request came to the server, as the server sees it."""

    address = plain.String(required=True, metadata=about("The client's own, whom a trusted proxy names"))
    peer = plain.String(required=True, metadata=about("The other end of the connection; empty for a Unix socket"))
    secure = plain.Boolean(required=True, metadata=about("Whether that connection is TLS"))
    trusted = plain.Boolean(required=True, metadata=about("Whether the other end is a trusted proxy"))
    proxied = plain.Boolean(required=True, metadata=about("Whether a header shows that a proxy passed it on"))
    forwarded_for = plain.Boolean(required=True, metadata=about("Whether X-Forwarded-For came with it"))
    forwarded_proto = plain.String(
        required=True, allow_none=True, metadata=about("What X-Forwarded-Proto says, believed or not")
    )


class SessionSchema(Schema):
    """Who asks, and of what server."""

    version = plain.String(required=True)
    development = plain.Boolean(required=True, metadata=about("Whether everybody may do everything"))
    locale = plain.String(required=True, metadata=about("The language of messages that publishers leave out"))
    credential = plain.String(
        required=True,
        allow_none=True,
        validate=fields.one_of(("development", "key", "token")),
        metadata=about("What the request came with; null where it came with nothing"),
    )
    user = plain.String(required=True, allow_none=True, metadata=about("Whose token it is"))
    roles = plain.List(plain.String(), required=True)
    warnings = plain.List(
        plain.Nested(WarningSchema), metadata=about("What the caller should know of the token; only where there is any")
    )
    publisher = plain.String(
        required=True, allow_none=True, metadata=about("The name under which the caller publishes; null who may not")
    )
    may = plain.Nested(MaySchema, required=True)
    started_at = plain.String(required=True, metadata=about("When this process started, RFC 3339 in UTC"))
    server_time = plain.String(required=True, metadata=about("Now, RFC 3339 in UTC"))
    max_body = plain.Integer(required=True, metadata=about("Largest body of one notification in bytes"))
    scope = plain.Nested(ScopeSchema, metadata=about("What the key allows; only for a key"))
    way = plain.Nested(WaySchema, metadata=about("How this request came; only for who may observe"))


class PercentilesSchema(Schema):
    """Milliseconds; each is at most 5 % above the duration it stands for."""

    p50 = plain.Float(required=True)
    p95 = plain.Float(required=True)
    p99 = plain.Float(required=True)
    count = plain.Integer(required=True, metadata=about("Publishes they are of"))


class ConnectionNumbersSchema(Schema):
    """Connections now. Who has no role counts under `none`, who has two under both."""

    total = plain.Integer(required=True)
    by_role = plain.Dict(keys=plain.String(), values=plain.Integer(), required=True)
    by_transport = plain.Dict(keys=plain.String(), values=plain.Integer(), required=True)


class UserNumbersSchema(Schema):
    """Users who are connected now."""

    total = plain.Integer(required=True)
    by_role = plain.Dict(keys=plain.String(), values=plain.Integer(), required=True)


class PublishNumbersSchema(Schema):
    """Publishes since the start."""

    accepted = plain.Integer(required=True)
    duplicates = plain.Integer(required=True)


class HeadSchema(Schema):
    """The position of the last notification in the log."""

    seq = plain.Integer(required=True)
    cursor = plain.String(required=True)


class StatsSchema(Schema):
    """The server in numbers; counts are since the start of this process."""

    connections = plain.Nested(ConnectionNumbersSchema, required=True)
    users = plain.Nested(UserNumbersSchema, required=True)
    publishes = plain.Nested(PublishNumbersSchema, required=True)
    deliveries = plain.Integer(required=True, metadata=about("Publications times the connections they were handed to"))
    head = plain.Nested(HeadSchema, required=True)
    uptime = plain.Float(required=True, metadata=about("Seconds"))
    draining = plain.Boolean(required=True)
    refused = plain.Integer(required=True, metadata=about("Requests and connections that were refused"))
    queued_bytes = plain.Integer(required=True, metadata=about("Bytes that wait for all peers to take them"))
    latency_ms = plain.Nested(
        PercentilesSchema,
        required=True,
        allow_none=True,
        metadata=about(
            "From a publish whose body was read to the moment it is in the log and handed to the sockets; of the last "
            "10 seconds and the one under way; null without a publish"
        ),
    )
    version = plain.String(required=True)
    node = plain.String(required=True, metadata=about("Name of the machine"))
    nodes = plain.Integer(required=True, metadata=about("How many nodes these numbers are of"))


class SampleLatencySchema(Schema):
    """Percentiles as in `/v1/stats`, of the publishes of one second."""

    p50 = plain.Float(required=True)
    p95 = plain.Float(required=True)


class SampleSchema(Schema):
    """The server at one moment; `published`, `delivered`, `refused`, `latency_ms` are since the sample before."""

    at = plain.Integer(required=True, metadata=about("Unix seconds"))
    connections = plain.Integer(required=True)
    users = plain.Integer(required=True)
    published = plain.Integer(required=True)
    delivered = plain.Integer(required=True)
    refused = plain.Integer(required=True)
    latency_ms = plain.Nested(SampleLatencySchema, required=True, allow_none=True)


class RecentSchema(Schema):
    """The last five minutes, the oldest first; less since a start."""

    step = plain.Integer(required=True, metadata=about("Seconds between two samples"))
    samples = plain.List(plain.Nested(SampleSchema), required=True)


class ErrorsQuerySchema(fields.Schema):
    """The query of ``GET /v1/errors``."""

    limit = limit_field(ERRORS_PAGE, CAPACITY, "Refusals in the answer")


class RefusalSchema(Schema):
    """A request or a connection that was refused, without what it carried."""

    at = plain.String(required=True, metadata=about("RFC 3339 in UTC"))
    code = plain.String(required=True)
    status = plain.Integer(required=True)
    detail = plain.String(required=True, metadata=about("In the reader's language, at most 300 characters"))
    method = plain.String(required=True, metadata=about("`CONNECT` for a connection, `EVENT` for an event"))
    path = plain.String(required=True)
    address = plain.String(required=True, metadata=about("The client's, as trusted proxies tell it"))
    request_id = plain.String(required=True, allow_none=True)


class ErrorsReplySchema(Schema):
    """The last refusals, newest first."""

    items = plain.List(plain.Nested(RefusalSchema), required=True)


class OnlineSchema(Schema):
    """Who is connected to this node now."""

    users = plain.Integer(required=True)
    sockets = plain.Integer(required=True)


class ReachedSchema(Schema):
    """One user whom a publish would reach."""

    user = plain.String(required=True)
    online = plain.Boolean(required=True, metadata=about("Whether connected now, to whichever node"))


class PreviewReplySchema(Schema):
    """Whom a publish would reach, and what it would say."""

    audience = plain.Nested(AudienceReplySchema, required=True, metadata=about("With the catalogue's templates filled"))
    users = plain.Integer(required=True, metadata=about("Users it names, and those who were seen in its rooms"))
    first = plain.List(
        plain.Nested(ReachedSchema), required=True, metadata=about(f"The first {FIRST_REACHED} of these users by name")
    )
    online = plain.Nested(OnlineSchema, required=True)
    missing = plain.List(
        plain.String(), required=True, metadata=about("Fields of `data` without which a part of the audience is empty")
    )
    warnings = plain.List(plain.String(), required=True)
    title = plain.String(required=True, allow_none=True)
    message = plain.String(
        required=True, metadata=about("As it would be published: its own, else the catalogue's with `data` in it")
    )
    priority = plain.String(required=True, validate=fields.one_of(PRIORITIES))
    texts = plain.Dict(
        keys=plain.String(),
        values=plain.Dict(),
        metadata=about(
            "What it would say otherwise in other languages, by language tag: `title`, `message`, `actions`; only "
            "where anything is"
        ),
    )
