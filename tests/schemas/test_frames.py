"""What a server says on live connections is what the schemas of frames describe: all members and no others."""

from __future__ import annotations

import ast
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

from marshmallow import RAISE, Schema

from sio_server.core.drain import drain
from sio_server.live.client_events import ClientEvents
from sio_server.schemas.frames import (
    CHANGE_EVENTS,
    CLIENT_EVENTS,
    SERVER_EVENTS,
    DoneSchema,
    ObservedItemSchema,
    ObservedRemovalSchema,
    RefusedSchema,
    RemovedSchema,
    ReplySchema,
    UpdatedSchema,
)
from tests.support.asking import ask, post
from tests.support.catalogs import following
from tests.support.clients import PlainSocket, plain_socket
from tests.support.servers import PUBLISH_KEY, Listener, Server, running, secured, token
from tests.support.sources import SOURCES
from tests.support.waiting import until

SEED = {"type": "test", "message": "Hola", "data": {}}
OFFER = {"actions": [{"id": "si", "label": "Sí"}]}


class Heard:
    """What was said, by the schema that describes it, each body checked as it comes."""

    def __init__(self) -> None:
        self.members: dict[type[Schema], set[str]] = defaultdict(set)

    def take(self, schema: type[Schema], body: dict[str, Any]) -> None:
        """Check a body: nothing that has to be there is missing, nothing else is there, each is of its kind."""
        assert schema(unknown=RAISE).validate(body) == {}, (schema, body)
        self.members[schema] |= set(body)

    def events(self, listener: Listener) -> None:
        """Take the control events of a Socket.IO client."""
        for event, body in listener.events:
            if event.startswith("ns:"):
                self.take(CHANGE_EVENTS[event][0] if event in CHANGE_EVENTS else SERVER_EVENTS[event], body)

    def frames(self, client: PlainSocket) -> None:
        """Take the control frames of a plain WebSocket."""
        for frame in client.frames:
            body = {name: value for name, value in frame.items() if name != "type"}
            if frame["type"] == "ns:reply":
                carrier = {name: body.pop(name) for name in ("to", "id")}
                self.take(ReplySchema, carrier)
                self.take(CLIENT_EVENTS[carrier["to"]][1] if body["ok"] else RefusedSchema, body)
            elif frame["type"].startswith("ns:"):
                event = frame["type"]
                self.take(CHANGE_EVENTS[event][1] if event in CHANGE_EVENTS else SERVER_EVENTS[event], body)

    async def answers(self, listener: Listener, *asked: tuple[str, dict[str, Any]]) -> None:
        """Let a client say something, and take the answer."""
        for event, body in asked:
            reply = await listener.client.call(event, body)
            self.take(CLIENT_EVENTS[event][1], reply)

    def whole(self, *schemas: type[Schema]) -> None:
        """Hold against these schemas that each of their members was there once."""
        for schema in schemas:
            named = {field.data_key or name for name, field in schema().fields.items()}
            assert self.members[schema] == named, schema


async def test_control_events_are_as_described(tmp_path: Path) -> None:
    """Every control event, over both protocols, has the members of its schema, and no member is never there."""
    heard = Heard()
    async with running(secured(catalog=following(tmp_path))) as server:
        warned = await server.connect({"token": token("ana", groups=["admin"]), "locale": "en"})
        behind = await _behind(server)
        await behind.client.call("ns:follow", {"topic": "tour:1"})
        ending = await server.connect({"token": token("bo", exp=int(time.time()) + 30)})
        backend = await server.connect({"key": PUBLISH_KEY})
        await post(server, "/v1/users/ana/disconnect", {"tokens_before": 1}, token=PUBLISH_KEY)
        async with plain_socket(server.url, {"token": token("dan")}) as told:
            await _looked_on(backend, server)
            await until(lambda: told.of("ns:removed"))
        async with plain_socket(server.url, {"token": "none"}) as refused:
            await refused.wait_closed()
        await until(lambda: ending.of("ns:auth_expiring") and warned.of("ns:closing"))
        async with plain_socket(server.url, {"token": token("eva")}) as plain:
            await drain(server.core.hub, server.core.door, spread=0.1)
            await until(lambda: plain.of("ns:closing"))
        for listener in (warned, behind, ending, backend):
            heard.events(listener)
        for client in (told, refused, plain):
            heard.frames(client)

    heard.whole(*SERVER_EVENTS.values(), RemovedSchema, UpdatedSchema)
    for bundle in backend.of("ns:observed"):
        for item in bundle["items"]:
            heard.take(ObservedItemSchema, item)
        for one in bundle.get("removed", ()):
            heard.take(ObservedRemovalSchema, one)
    heard.whole(ObservedItemSchema, ObservedRemovalSchema)


async def _behind(server: Server) -> Listener:
    """A client that came with a cursor and missed one, and then marked it in both ways."""
    first = await server.connect({"token": token("cleo")})
    _, accepted = await server.notify({**SEED, **OFFER, "audience": {"users": ["cleo"]}})
    cursor = first.of("ns:hello")[0]["cursor"]
    behind = await server.connect({"token": token("cleo"), "cursor": cursor})
    await until(lambda: behind.of("ns:sync"))
    await behind.client.call("ns:read", {"ids": [accepted["id"]]})
    await behind.client.call("ns:archive", {"all": True})
    await behind.client.call("ns:act", {"id": accepted["id"], "action": "si"})
    await until(lambda: len(behind.of("ns:state")) == 3)
    return behind


async def _looked_on(backend: Listener, server: Server) -> None:
    """Let a connection look on while one that is kept and one that is not are published."""
    await backend.client.call("ns:observe", {"on": True})
    await backend.client.call("ns:presence", {"wanted": True})
    await server.connect({"token": token("dora")})
    await until(lambda: backend.of("ns:presence"))
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    shown = {"collapse_key": "a", "group": "b", "actions": [{"id": "c", "label": "C"}], "icon": "d", "category": "e"}
    more = {
        **shown,
        "image": "https://example.org/f.png",
        "actor": {"id": "7"},
        "traceparent": trace,
        "texts": {"en": {"title": "T"}},
    }
    await server.notify({**SEED, "audience": {"all": True}, **more})
    _, one = await server.notify({**SEED, "audience": {"all": True}, **more})  # in the place of the first
    path = f"/v1/notifications/{one['id']}"
    assert (await ask(server, "PATCH", path, token=PUBLISH_KEY, json={"message": "x"})).status == 200
    assert (await ask(server, "DELETE", path, token=PUBLISH_KEY)).status == 200
    await server.notify({**SEED, "audience": {"all": True}, "persist": False})
    await until(lambda: sum(len(bundle["items"]) for bundle in backend.of("ns:observed")) == 4)


async def test_answers_are_as_described(tmp_path: Path) -> None:
    """The answer to each event, over both protocols, and to what is refused, has just the members of its schema."""
    heard = Heard()
    async with running(secured(catalog=following(tmp_path))) as server:
        user = await server.connect({"token": token("ana", role="admin")})
        backend = await server.connect({"key": PUBLISH_KEY})
        marks = [(f"ns:{action}", {"all": True}) for action in ("seen", "read", "unread", "archive", "unarchive")]
        renewal = ("ns:auth", {"token": token("ana", role="admin")})
        await heard.answers(user, ("ns:ack", {"seq": 0}), renewal, ("ns:observe", {"on": True}), *marks)
        await heard.answers(user, ("ns:follow", {"topic": "tour:1"}), ("ns:unfollow", {"topic": "tour:1"}))
        await heard.answers(user, ("ns:presence", {"wanted": True, "role": "admin"}))
        later = {**SEED, "deliver_in": 3600, "collapse_key": "k"}
        await heard.answers(backend, ("notify", SEED), ("notify", later), ("notify", later))
        await heard.answers(backend, *2 * [("notify", {**SEED, "collapse_key": "a"})])
        await heard.answers(user, ("ns:locale", {"locale": "pt-br"}))
        reply = await backend.client.call("notify", {**SEED, **OFFER, "audience": {"users": ["ana"]}})
        await heard.answers(user, ("ns:act", {"id": reply["id"], "action": "si"}))
        heard.take(RefusedSchema, await user.client.call("notify", SEED))
        async with plain_socket(server.url, {"token": token("bo")}) as client:
            for said in ({"type": "ns:ack", "seq": 0, "id": 1}, {"type": "ns:observe", "on": True}):
                await client.socket.send_json(said)
            await until(lambda: len(client.of("ns:reply")) == 2)
            heard.frames(client)

    heard.whole(DoneSchema, RefusedSchema, ReplySchema, *(answer for _, answer in CLIENT_EVENTS.values()))


def test_every_event_is_described() -> None:
    """What any module sends as a control event is described, and so is each event that a client may send."""
    sent = {
        node.args[0].value
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "control"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }
    nothing: Any = None
    events = ClientEvents(nothing, nothing, nothing, nothing, auth=nothing, refusals=nothing)

    assert sent == {*SERVER_EVENTS, "ns:reply"}
    assert {*events.handlers, "notify"} == set(CLIENT_EVENTS)
