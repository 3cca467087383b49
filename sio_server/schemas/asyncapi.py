"""The AsyncAPI 3.0 document: what live connections are told and may say, made of the schemas that hold their frames.

https://www.asyncapi.com/docs/reference/specification/v3.0.0. The document speaks for the server: it ``send``s what
clients get, and ``receive``s what they say.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any, Final

from marshmallow import Schema

from sio_server import __version__
from sio_server.event_types import EventType
from sio_server.schemas.described import describe
from sio_server.schemas.events import FirstSchema, HandshakeSchema
from sio_server.schemas.frames import (
    CHANGE_EVENTS,
    CLIENT_EVENTS,
    SERVER_EVENTS,
    LiveSchema,
    RefusedSchema,
    ReplySchema,
)
from sio_server.schemas.publish import AudienceSchema, ExceptSchema

Document = dict[str, Any]

SOCKETIO: Final = "socketio"
WS: Final = "ws"
SSE: Final = "sse"

# By the catalogue's types of data, as JSON carries them.
_DATA: Final[Mapping[str, Document]] = {
    "id": {"type": ["string", "integer"]},
    "string": {"type": "string"},
    "integer": {"type": "integer"},
    "number": {"type": "number"},
    "boolean": {"type": "boolean"},
    "object": {"type": "object"},
    "array": {"type": "array"},
    "date": {"type": "string", "description": "A date in ISO 8601"},
}

_QUERY: Final[Document] = {
    "type": "object",
    "properties": {
        "token": {"type": "string", "description": "A JWT; better sent as subprotocol, or in a first `ns:auth`"},
        "ticket": {"type": "string", "description": "What `POST /v1/tickets` gave, in a token's place; good once"},
        "cursor": {"type": "string", "description": "The position after which the client goes on"},
        "locale": {"type": "string", "description": "Language of errors: `es` or `en`"},
    },
}
_CHANNELS: Final[Mapping[str, Document]] = {
    SOCKETIO: {
        "address": "/socket.io/",
        "title": "Socket.IO",
        "description": (
            "Namespace `/`, Engine.IO 4. The name of a message is the name of the event, its payload the event's one "
            "argument. `auth` of the handshake is `#/components/schemas/Handshake`; a refused handshake is a "
            "`connect_error` whose `data` is a problem. Events of clients are acknowledged."
        ),
    },
    WS: {
        "address": "/ws",
        "title": "Plain WebSocket",
        "description": (
            "Text frames of JSON. What is said in Socket.IO by the name of an event is said here by the member `type`. "
            "An event of a client is answered by `ns:reply`, which repeats its `type` as `to` and its `id`."
        ),
        "bindings": {"ws": {"method": "GET", "query": _QUERY, "bindingVersion": "0.1.0"}},
    },
    SSE: {
        "address": "/v1/stream",
        "title": "Server-Sent Events",
        "description": (
            "`GET`, for `EventSource`: the name of a message is the name of the event, its payload the event's data, "
            "and the `cursor` its id. The query is that of `/ws`; `Last-Event-ID` counts before `cursor`, and the "
            "header `Authorization: Bearer` before `token`. A client says nothing here."
        ),
    },
}

# What each server speaks, by its name.
_SPOKEN: Final[Mapping[str, str]] = {"http": "ws", "https": "wss", "stream": "http", "streams": "https"}


def document(types: Iterable[EventType], *, base_path: str = "") -> Document:
    """The AsyncAPI document of a server that has these event types, and is served below this path."""
    listed = list(types)
    channels = {
        name: {**about, "servers": _servers_of(name), "messages": _messages(name, listed)}
        for name, about in _CHANNELS.items()
    }
    place = {"host": "{host}", **({"pathname": base_path} if base_path else {}), "variables": {"host": _HOST}}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "sio-server, live connections",
            "version": __version__,
            "description": "Notifications as they reach their people. What is asked over HTTP: `/openapi.json`.",
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/json",
        "servers": {name: {**place, "protocol": protocol} for name, protocol in _SPOKEN.items()},
        "channels": channels,
        "operations": {name: made for channel in channels for name, made in _operations(channel, listed)},
        "components": {"schemas": _schemas()},
    }


_HOST: Final = {"default": "localhost:8080", "description": "Where the server listens"}


def _servers_of(channel: str) -> list[Document]:
    spoken = ("http", "https") if channel == SSE else ("ws", "wss")
    return [{"$ref": f"#/servers/{name}"} for name, protocol in _SPOKEN.items() if protocol in spoken]


def _name(schema: type[Schema]) -> str:
    """How apispec calls a schema."""
    return schema.__name__.removesuffix("Schema")


def _schemas() -> Document:
    """Every schema of a payload, by its name."""
    from apispec import APISpec  # noqa: PLC0415 - most servers are never asked for this
    from apispec.ext.marshmallow import MarshmallowPlugin  # noqa: PLC0415

    plugin = MarshmallowPlugin()
    spec = APISpec("sio-server", __version__, "3.1.0", plugins=[plugin])
    describe(plugin)
    asked, answered = zip(*CLIENT_EVENTS.values(), strict=True)
    changes = chain.from_iterable(CHANGE_EVENTS.values())
    known = (LiveSchema, *changes, RefusedSchema, ReplySchema, HandshakeSchema, FirstSchema, *SERVER_EVENTS.values())
    for schema in dict.fromkeys((*known, *asked, *answered)):
        if _name(schema) not in spec.components.schemas:  # one that another one holds is there already
            spec.components.schema(_name(schema), schema=schema)
    made: Document = spec.components.schemas
    for name, schema_of in made.items():
        if name not in _CLOSED:
            schema_of.pop("additionalProperties", None)
    return made


# What has other members in these is refused. Elsewhere a later version may say more, and a frame of `/ws` has a `type`.
_CLOSED: Final = frozenset(map(_name, (AudienceSchema, ExceptSchema)))


def _of(schema: type[Schema]) -> Document:
    return {"$ref": f"#/components/schemas/{_name(schema)}"}


def _messages(channel: str, types: list[EventType]) -> Document:
    """The messages of a channel by their keys."""
    made = {_key(each.name): _notification(each) for each in types}
    for event, (named, framed) in CHANGE_EVENTS.items():
        body = _of(named) if channel == SOCKETIO else _framed(channel, event, _of(framed))
        made[_key(event)] = _message(event, _about(framed), body)
    for event, schema in SERVER_EVENTS.items():
        made[_key(event)] = _message(event, _about(schema), _framed(channel, event, _of(schema)))
    for event, (asked, answered) in _asked(channel).items():
        body = _framed(channel, event, _of(asked))
        if channel == WS:
            body["allOf"].insert(1, {"type": "object", "properties": {"id": _ID}})
        made[_asked_key(event)] = _message(event, _about(asked), body)
        made[_key(event, "answer")] = _message(event, _about(answered), _answer(channel, _of(answered)))
    if channel != SSE:
        made["refused"] = _message("refused", _about(RefusedSchema), _answer(channel, _of(RefusedSchema)))
    if channel == WS:
        made["first"] = _message("ns:auth", _about(FirstSchema), _of(FirstSchema))
    return made


def _asked(channel: str) -> Mapping[str, tuple[type[Schema], type[Schema]]]:
    """What a client may say on a channel; it publishes over Socket.IO alone, where a connection may have a key."""
    if channel == SSE:
        return {}
    return {event: pair for event, pair in CLIENT_EVENTS.items() if channel == SOCKETIO or event.startswith("ns:")}


_ID: Final = {"type": ["string", "number", "null"], "description": "What the answer repeats; 64 characters at most"}


def _key(event: str, *more: str) -> str:
    """A name that AsyncAPI takes for a key."""
    return ".".join((event.replace(":", "."), *more))


def _asked_key(event: str) -> str:
    """The key of what a client says, where the server says something by the same name, too."""
    return _key(event, "asked") if event in SERVER_EVENTS else _key(event)


def _about(schema: type[Schema]) -> str:
    """The first sentence of what a schema says of itself."""
    return inspect.cleandoc(schema.__doc__ or _name(schema)).partition("\n\n")[0].replace("``", "`").replace("\n", " ")


def _message(event: str, summary: str, payload: Document) -> Document:
    return {"name": event, "summary": summary, "payload": payload}


def _framed(channel: str, event: str, body: Document) -> Document:
    """A body as a frame of this channel."""
    named = {"type": "object", "properties": {"type": {"const": event}}, "required": ["type"]}
    return body if channel == SOCKETIO else {"allOf": [named, body]}


def _answer(channel: str, body: Document) -> Document:
    return body if channel == SOCKETIO else _framed(channel, "ns:reply", {"allOf": [_of(ReplySchema), body]})


def _notification(event_type: EventType) -> Document:
    """A notification of one type. Any field of its data may be absent or null, and others may be there."""
    data = {name: {"anyOf": [_DATA[kind], {"type": "null"}]} for name, kind in event_type.data.items()}
    own = {"type": {"const": event_type.name}, "data": {"type": "object", "properties": data}}
    return _message(event_type.name, str(event_type.description), {"allOf": [_of(LiveSchema), {"properties": own}]})


def _operations(channel: str, types: list[EventType]) -> Iterable[tuple[str, Document]]:
    """What is done on a channel, by name."""

    def refer(*keys: str) -> list[Document]:
        return [{"$ref": f"#/channels/{channel}/messages/{key}"} for key in keys]

    on = {"$ref": f"#/channels/{channel}"}
    sent = {
        "notify": (
            refer(*(_key(each.name) for each in types), *map(_key, CHANGE_EVENTS)),
            "A notification, or word of one that was changed: live, or from the log after a cursor",
        ),
        "tell": (refer(*map(_key, SERVER_EVENTS)), "Something about the connection itself"),
    }
    for name, (messages, summary) in sent.items():
        yield f"{channel}.{name}", {"action": "send", "channel": on, "messages": messages, "summary": summary}
    for event in _asked(channel):
        yield (
            f"{channel}.{_key(event)}",
            {
                "action": "receive",
                "channel": on,
                "messages": refer(_asked_key(event)),
                "reply": {"channel": on, "messages": refer(_key(event, "answer"), "refused")},
            },
        )
    if channel == WS:
        asked = {"summary": "The first message of a connection whose handshake brought no token"}
        yield f"{channel}.first", {"action": "receive", "channel": on, "messages": refer("first"), **asked}
