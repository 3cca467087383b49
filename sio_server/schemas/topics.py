"""Marshmallow schemas of followed topics: their queries, and what is answered."""

from __future__ import annotations

from marshmallow import Schema
from marshmallow import fields as plain

from sio_server import fields
from sio_server.event_types import BACKEND
from sio_server.schemas.loading import about, limit_field, name_field


class FollowersQuerySchema(fields.Schema):
    """Which part of a list of followers, or of followed topics, is asked for."""

    limit = limit_field()
    after = name_field("Only what is above this name: `next_after` of the page before")


# -- what is answered ---------------------------------------------------------------------------------------------


def _since() -> plain.String:
    return plain.String(required=True, metadata=about("Since when, RFC 3339 in UTC"))


def _by() -> plain.String:
    return plain.String(
        required=True,
        validate=fields.one_of(("user", BACKEND)),
        metadata=about("Whose wish it is that the user follows it"),
    )


class FollowedSchema(Schema):
    """A topic that the user follows."""

    topic = plain.String(required=True)
    since = _since()


class TopicsReplySchema(Schema):
    """What the user follows, and may follow."""

    items = plain.List(plain.Nested(FollowedSchema), required=True)
    may_follow = plain.List(
        plain.String(),
        required=True,
        metadata=about("Names of topics, with `*` at the end for all that begin so, as the catalogue has them"),
    )


class FollowReplySchema(Schema):
    """What became of it."""

    status = plain.String(required=True, validate=fields.one_of(("ok",)))
    topic = plain.String(required=True)
    following = plain.Boolean(required=True, metadata=about("Whether the user follows it from now on"))
    topics = plain.List(plain.String(), required=True, metadata=about("Followed ones and those of the token, now"))


class UserFollowReplySchema(FollowReplySchema):
    """What became of it for a user."""

    user = plain.String(required=True)
    topics = plain.List(plain.String(), required=True, metadata=about("What the user follows now"))


class UserFollowedSchema(FollowedSchema):
    """A topic that a user follows."""

    by = _by()


class UserTopicsReplySchema(Schema):
    """What a user follows."""

    user = plain.String(required=True)
    items = plain.List(plain.Nested(UserFollowedSchema), required=True)


class FollowedTopicSchema(Schema):
    """A topic that somebody follows."""

    topic = plain.String(required=True)
    followers = plain.Integer(required=True, metadata=about("Users who follow it, here now or not"))


class FollowedTopicsReplySchema(Schema):
    """The topics that somebody follows, by name."""

    items = plain.List(plain.Nested(FollowedTopicSchema), required=True)
    next_after = plain.String(
        required=True, allow_none=True, metadata=about("`after` of the next page; null after the last")
    )


class FollowerSchema(Schema):
    """A user who follows a topic."""

    user = plain.String(required=True)
    since = _since()
    by = _by()


class FollowersReplySchema(Schema):
    """Who follows a topic, by name."""

    topic = plain.String(required=True)
    total = plain.Integer(required=True)
    items = plain.List(plain.Nested(FollowerSchema), required=True)
    next_after = plain.String(
        required=True, allow_none=True, metadata=about("`after` of the next page; null after the last")
    )
