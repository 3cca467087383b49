"""HTTP: the topics that people follow, by themselves or on a backend's behalf, and who follows what."""

from __future__ import annotations

from typing import Final

from aiohttp import web

from sio_server.api.credentials import OBSERVER, PUBLISHER, USER
from sio_server.api.messages import json_response
from sio_server.api.operations import Call, Parameter, operation
from sio_server.api.people import USER_PARAMETER
from sio_server.audience import MAX_NAME_LENGTH, Identity, name_of
from sio_server.auth import Publisher
from sio_server.core.topics import Topics
from sio_server.errors import Refused
from sio_server.schemas.inbox import StatedSchema
from sio_server.schemas.topics import (
    FollowedTopicsReplySchema,
    FollowersQuerySchema,
    FollowersReplySchema,
    FollowReplySchema,
    TopicsReplySchema,
    UserFollowReplySchema,
    UserTopicsReplySchema,
)


def _topic(text: str) -> str:
    """The topic that a path names; raises `Refused` (``not_found``) for what can be no topic's name."""
    topic = name_of(text)
    if topic is None:
        raise Refused("not_found")
    return topic


_TOPIC: Final = Parameter(
    "topic",
    "The topic; what stands for something else in an address, such as `/`, percent-encoded",
    {"type": "string", "minLength": 1, "maxLength": MAX_NAME_LENGTH},
    load=_topic,
)


class TopicsOperations:
    """What users and backends do with topics, and what operators ask of them."""

    def __init__(self, topics: Topics) -> None:
        self._topics = topics

    @operation(
        "GET",
        "/v1/topics",
        name="topics",
        tag="topics",
        summary="What the user follows, and may follow",
        credential=USER,
        query=StatedSchema,
        reply=TopicsReplySchema,
        errors=("broker_unavailable",),
    )
    async def topics(self, call: Call[Identity, None]) -> web.Response:
        """List what the caller follows."""
        return json_response(await self._topics.of(call.caller))

    @operation(
        "PUT",
        "/v1/topics/{topic}",
        name="follow",
        tag="topics",
        summary="Follow a topic",
        description="All connections of the user, on whichever protocol, get what is published to it from then on, and "
        "`ns:topics`. It lasts until it is ended. What may be followed says the catalogue.",
        credential=USER,
        parameters=(_TOPIC,),
        query=StatedSchema,
        reply=FollowReplySchema,
        errors=("not_found", "too_many_topics", "broker_unavailable"),
    )
    async def follow(self, call: Call[Identity, None]) -> web.Response:
        """Have the caller follow a topic."""
        return json_response({"status": "ok", **await self._topics.follow(call.caller, call.path["topic"])})

    @operation(
        "DELETE",
        "/v1/topics/{topic}",
        name="unfollow",
        tag="topics",
        summary="Follow a topic no more",
        description="What came with it is not in the inbox any more, unless the token names the topic.",
        credential=USER,
        parameters=(_TOPIC,),
        query=StatedSchema,
        reply=FollowReplySchema,
        errors=("not_found", "broker_unavailable"),
    )
    async def unfollow(self, call: Call[Identity, None]) -> web.Response:
        """Have the caller follow a topic no more."""
        return json_response({"status": "ok", **await self._topics.unfollow(call.caller, call.path["topic"])})

    @operation(
        "GET",
        "/v1/users/{id}/topics",
        name="userTopics",
        tag="topics",
        summary="What a user follows",
        credential=PUBLISHER,
        parameters=(USER_PARAMETER,),
        reply=UserTopicsReplySchema,
        errors=("not_found", "broker_unavailable"),
    )
    async def topics_of_user(self, call: Call[Publisher, None]) -> web.Response:
        """List what a user follows."""
        return json_response(await self._topics.of_user(call.path["id"]))

    @operation(
        "PUT",
        "/v1/users/{id}/topics/{topic}",
        name="followForUser",
        tag="topics",
        summary="Have a user follow a topic",
        description="The user need not have been here, and may not be allowed to follow it alone. The catalogue has to "
        "list the topic, and the key's scope to reach it.",
        credential=PUBLISHER,
        parameters=(USER_PARAMETER, _TOPIC),
        reply=UserFollowReplySchema,
        errors=("not_found", "forbidden_scope", "too_many_topics", "broker_unavailable"),
    )
    async def enlist(self, call: Call[Publisher, None]) -> web.Response:
        """Have a user follow a topic."""
        done = await self._topics.enlist(call.path["id"], call.path["topic"], call.caller)
        return json_response({"status": "ok", **done})

    @operation(
        "DELETE",
        "/v1/users/{id}/topics/{topic}",
        name="unfollowForUser",
        tag="topics",
        summary="Have a user follow a topic no more",
        credential=PUBLISHER,
        parameters=(USER_PARAMETER, _TOPIC),
        reply=UserFollowReplySchema,
        errors=("not_found", "forbidden_scope", "broker_unavailable"),
    )
    async def delist(self, call: Call[Publisher, None]) -> web.Response:
        """Have a user follow a topic no more."""
        done = await self._topics.delist(call.path["id"], call.path["topic"], call.caller)
        return json_response({"status": "ok", **done})

    @operation(
        "GET",
        "/v1/followers",
        name="followedTopics",
        tag="topics",
        summary="The topics that somebody follows",
        credential=OBSERVER,
        query=FollowersQuerySchema,
        reply=FollowedTopicsReplySchema,
        errors=("broker_unavailable",),
    )
    async def followed(self, call: Call[Publisher, None]) -> web.Response:
        """List topics with how many follow each."""
        return json_response(await self._topics.followers(**call.query))

    @operation(
        "GET",
        "/v1/followers/{topic}",
        name="followers",
        tag="topics",
        summary="Who follows a topic",
        credential=OBSERVER,
        parameters=(_TOPIC,),
        query=FollowersQuerySchema,
        reply=FollowersReplySchema,
        errors=("not_found", "broker_unavailable"),
    )
    async def followers(self, call: Call[Publisher, None]) -> web.Response:
        """List who follows a topic."""
        return json_response(await self._topics.followers_of(call.path["topic"], **call.query))
