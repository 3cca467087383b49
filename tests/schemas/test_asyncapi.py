"""The AsyncAPI document: official, and true of what a server says and takes on its live connections."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import jsonschema_rs
import pytest

from sio_server.catalog import Catalog
from sio_server.core.drain import drain
from sio_server.event_types import DATA_TYPES
from sio_server.schemas.asyncapi import document
from sio_server.schemas.frames import CLIENT_EVENTS, SERVER_EVENTS
from tests.conftest import Node
from tests.support.asking import get
from tests.support.clients import plain_socket
from tests.support.events import event_stream
from tests.support.servers import running
from tests.support.waiting import until

TYPES = Catalog.load().types
BOOKING = {"type": "reserva_creada", "data": {"usuario_id": 123, "tour_nombre": "Lima", "personas": None, "own": [1]}}


@pytest.fixture(scope="module")
def made() -> dict[str, Any]:
    """Return the document of the built-in catalogue, as JSON gives it."""
    found: dict[str, Any] = json.loads(json.dumps(document(TYPES.values())))
    return found


def test_document_is_asyncapi(made: dict[str, Any], node: Node) -> None:
    """The official schema of AsyncAPI 3.0 takes it."""
    official = json.loads((node.modules / "@asyncapi/specs/schemas/3.0.0.json").read_text("utf-8"))
    jsonschema_rs.validator_for(official).validate(made)


def test_document_says_where_it_is_served() -> None:
    """Below a base path each server has it."""
    servers = document(TYPES.values(), base_path="/rt")["servers"].values()
    assert {server["protocol"]: server["pathname"] for server in servers} == dict.fromkeys(
        ("ws", "wss", "http", "https"), "/rt"
    )


def test_references_lead_somewhere(made: dict[str, Any]) -> None:
    """Each reference names something of the document, and a message that an operation names is one of its channel's."""

    def look(value: Any) -> None:
        if isinstance(value, dict):
            if "$ref" in value:
                place: Any = made
                for part in value["$ref"].removeprefix("#/").split("/"):
                    place = place[part]
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    look(made)
    for operation in made["operations"].values():
        channel = operation["channel"]["$ref"]
        for message in [*operation["messages"], *operation.get("reply", {}).get("messages", [])]:
            assert message["$ref"].startswith(f"{channel}/messages/")


def test_every_event_is_there(made: dict[str, Any]) -> None:
    """Each channel has every event type and every control event; only a connection over Socket.IO publishes."""
    for channel, said in (("socketio", CLIENT_EVENTS), ("ws", set(CLIENT_EVENTS) - {"notify"}), ("sse", set())):
        names = {message["name"] for message in made["channels"][channel]["messages"].values()}
        assert names >= {*TYPES, *SERVER_EVENTS, *said}
        assert ("notify" in names) == (channel == "socketio")
        asked = {name for name, operation in made["operations"].items() if "reply" in operation}
        assert len([name for name in asked if name.startswith(f"{channel}.")]) == len(said)


def test_every_kind_of_data_is_told_as_the_catalogue_checks_it(made: dict[str, Any]) -> None:
    """What a field of data may hold is what its type holds, and null."""
    values = ["x", 1, 1.5, True, {}, [], "2026-01-01", None]
    seen = set()
    for name, event_type in TYPES.items():
        payload = made["channels"]["socketio"]["messages"][name]["payload"]["allOf"][1]
        fields = payload["properties"]["data"]["properties"]
        for field, kind in event_type.data.items():
            seen.add(kind)
            for value in values:
                holds = value is None or DATA_TYPES[kind].holds(value) or (kind == "date" and value == "x")
                assert jsonschema_rs.is_valid(fields[field], value) == holds, (kind, value)
    assert {"id", "string", "integer", "number", "date"} <= seen


class Told:
    """The messages of one channel of a server's own document, to hold what was said to."""

    def __init__(self, made: Mapping[str, Any], channel: str) -> None:
        self._made = made
        self._channel = channel

    def check(self, key: str, said: Any) -> None:
        """Hold what was said to the message of this key."""
        payload = self._made["channels"][self._channel]["messages"][key]["payload"]
        jsonschema_rs.validator_for({**payload, "components": self._made["components"]}).validate(said)


async def test_a_server_says_what_its_document_says() -> None:
    """All that a client hears, is answered and is refused, on every channel, fits the messages of the document."""
    said = (("ns:ack", {"seq": 1}), ("ns:seen", {"all": True}), ("ns:read", {"ids": 5}))
    async with running() as server:
        made = await get(server, "/asyncapi.json")
        over_socketio, over_ws, over_sse = Told(made, "socketio"), Told(made, "ws"), Told(made, "sse")
        listener = await server.connect({"role": "admin", "user": "1"})
        async with (
            plain_socket(server.url, {"role": "admin", "user": "1"}) as client,
            event_stream(server.url, {"role": "admin", "user": "1"}) as stream,
        ):
            await server.notify(BOOKING)
            await client.wait(1)
            for event, body in said:
                over_socketio.check(_answer(event, answer := await listener.client.call(event, body)), answer)
                await client.socket.send_json({"type": event, "id": 7, **body})
            await until(lambda: len(client.of("ns:reply")) == len(said), "the answers", client.moves)
            await drain(server.core.hub, server.core.door, spread=0.1)
            await client.wait_closed()
            await stream.wait_closed()
    heard = [event for event, _ in listener.events]
    assert {"ns:hello", "reserva_creada", "ns:state", "ns:draining"} <= set(heard)
    for event, body in listener.events:
        over_socketio.check(event.replace(":", "."), body)
    assert {"ns:hello", "reserva_creada", "ns:state", "ns:draining", "ns:closing"} <= {
        name for name, _ in stream.events
    }
    for event, body in stream.events:
        over_sse.check(event.replace(":", "."), body)
    for frame in client.frames:
        key = frame["type"].replace(":", ".")
        over_ws.check(_answer(frame["to"], frame) if frame["type"] == "ns:reply" else key, frame)


async def test_document_follows_the_catalogue() -> None:
    """The document of a server has the types of its catalogue, and is the same when it is asked for again."""
    async with running() as server:
        first, second = await get(server, "/asyncapi.json"), await get(server, "/asyncapi.json")
        assert first == second
        assert set(TYPES) <= set(first["channels"]["ws"]["messages"])
        server.core.catalog.types = {"test": TYPES["test"]}
        third = await get(server, "/asyncapi.json")
    assert set(TYPES) & set(third["channels"]["ws"]["messages"]) == {"test"}


def _answer(asked: str, answer: Mapping[str, Any]) -> str:
    return f"{asked.replace(':', '.')}.answer" if answer["ok"] else "refused"
