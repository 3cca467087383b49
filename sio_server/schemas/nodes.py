"""Marshmallow schemas of the nodes that share a log."""

from __future__ import annotations

from marshmallow import Schema
from marshmallow import fields as plain

from sio_server.schemas.loading import about


class NodeSchema(Schema):
    """One node, as it describes itself."""

    name = plain.String(required=True, metadata=about("Drawn anew at each start"))
    version = plain.String(required=True)
    address = plain.String(
        required=True,
        allow_none=True,
        metadata=about(
            "Where other nodes reach it; null where they cannot, and the balancer has to keep clients at one"
        ),
    )
    started_at = plain.String(required=True, metadata=about("RFC 3339 in UTC"))
    uptime = plain.Float(required=True, metadata=about("In seconds"))
    connections = plain.Integer(required=True)
    seq = plain.Integer(required=True, metadata=about("The position that was last announced to it"))
    lag = plain.Integer(required=True, metadata=about("How many positions it is behind the one that is furthest"))
    draining = plain.Boolean(required=True, metadata=about("Whether it lets its clients go, since it ends"))
    answers = plain.Boolean(required=True, metadata=about("Whether it is the one that answers this"))


class NodesReplySchema(Schema):
    """The nodes that live, by name."""

    items = plain.List(plain.Nested(NodeSchema), required=True)
