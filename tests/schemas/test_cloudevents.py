"""CloudEvents 1.0 over HTTP: structured, binary and in batches, sent by the official SDK and by hand."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from cloudevents.core.bindings.http import to_binary_event, to_structured_event
from cloudevents.core.formats.json import JSONFormat
from cloudevents.core.v1.event import CloudEvent

from sio_server.auth import Scope
from tests.support.asking import Answer, answer_of, assert_refused
from tests.support.keys import add
from tests.support.servers import PUBLISH_KEY, Server, running, secured, token

WAYS = pytest.mark.parametrize("front", [True, False], ids=["front", "aiohttp"])
STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
EVENT: dict[str, Any] = {
    "specversion": "1.0",
    "id": "a-1",
    "source": "/backend/reservas",
    "type": "reserva_creada",
    "data": {"reserva_id": "665f", "tour_id": 7, "tour_nombre": "Lago", "personas": 2, "usuario_id": "7"},
}


async def send(
    server: Server, body: bytes, headers: dict[str, str], path: str = "/notify", key: str = PUBLISH_KEY
) -> Answer:
    """Post bytes with a publisher key."""
    headers = {"Authorization": f"Bearer {key}", "Accept-Language": "en", **headers}
    async with server.http.post(server.url + path, data=body, headers=headers) as response:
        return await answer_of(response)


async def structured(server: Server, event: object, kind: str = STRUCTURED, **more: Any) -> Answer:
    """Post an event, or a batch, in the JSON format."""
    return await send(server, orjson.dumps(event), {"Content-Type": kind}, **more)


async def binary(server: Server, body: bytes = b"{}", /, kind: str = "application/json", **attributes: str) -> Answer:
    """Post an event in binary mode; attributes left out are `EVENT`'s."""
    given = {**{name: EVENT[name] for name in ("specversion", "id", "source", "type")}, **attributes}
    headers = {f"ce-{name}": value for name, value in given.items() if value}
    return await send(server, body, {"Content-Type": kind, **headers})


async def record(server: Server, answer: Answer) -> dict[str, Any]:
    """What was stored for an accepted event, as operators see it."""
    assert answer.status == 200, answer
    url = f"{server.url}/v1/notifications/{answer.body['id']}"
    async with server.http.get(url, headers={"Authorization": f"Bearer {PUBLISH_KEY}"}) as response:
        found: dict[str, Any] = await response.json()
    return found


def problems(answer: Answer) -> dict[str, str]:
    """The attributes that were refused, with the words for each."""
    assert_refused(answer, "invalid_data")
    return {one["field"]: one["detail"] for one in answer.body["errors"]}


# -- by the official SDK ----------------------------------------------------------------------------------------------


@WAYS
@pytest.mark.parametrize("convert", [to_structured_event, to_binary_event], ids=["structured", "binary"])
async def test_event_of_the_sdk_becomes_a_notification(convert: Any, *, front: bool) -> None:
    """An event of the SDK reaches its users with all that it says, whichever mode it travels in."""
    moment = datetime(2026, 11, 24, 2, 33, 28, 123456, tzinfo=UTC)
    attributes = {
        **{name: EVENT[name] for name in ("id", "source", "type", "specversion")},
        "time": moment,
        "subject": "reserva/665f",
        "datacontenttype": "application/json",
        "message": "Reserva nº 1: ¡50 % «Lago»! 🎉",
        "title": "Nueva reserva",
        "priority": "high",
        "link": "/admin/reservas/665f",
        "audienceroles": "admin, guia",
        "audienceusers": "42",
        "audienceexcept": "9",
        "actorid": "42",
        "actorname": "Ana Pérez",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    }
    message = convert(CloudEvent(attributes, EVENT["data"]))
    async with running(secured(), front=front) as server:
        admin = await server.connect({"token": token("eva", "admin")})
        answer = await send(server, message.body, message.headers)
        (envelope,) = await admin.wait(1)
        stored = await record(server, answer)

    assert answer.body["warnings"] == []
    assert envelope["traceparent"] == attributes["traceparent"]
    assert envelope["type"] == "reserva_creada"
    assert envelope["message"] == attributes["message"]
    assert envelope["data"] == {
        **EVENT["data"],
        "subject": "reserva/665f",
        "occurred_at": "2026-11-24T02:33:28.123Z",
    }
    assert (envelope["title"], envelope["priority"], envelope["link"]) == (
        "Nueva reserva",
        "high",
        "/admin/reservas/665f",
    )
    assert envelope["actor"] == {"id": "42", "name": "Ana Pérez"}
    assert stored["source"] == "/backend/reservas"
    assert stored["audience"] == {
        "roles": ["admin", "guia"],
        "users": ["42"],
        "topics": [],
        "all": False,
        "except": {"users": ["9"]},
    }


@WAYS
async def test_modes_are_one_event(*, front: bool) -> None:
    """The same event is published once, in whichever mode it is repeated; another source or id is another event."""
    async with running(secured(), front=front) as server:
        events = [CloudEvent({**attributes}, {}) for attributes in _pairs()]
        answers = []
        for convert in (to_structured_event, to_binary_event):
            for event in events:
                message = convert(event, JSONFormat())
                answers.append(await send(server, message.body, message.headers))

    assert [answer.body["duplicate"] for answer in answers] == [False] * 4 + [True] * 4
    assert answers[4].headers["idempotent-replayed"] == "true"
    assert len({answer.body["id"] for answer in answers}) == 4


def _pairs() -> list[dict[str, Any]]:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    rest = {"type": "test", "specversion": "1.0", "time": moment, "datacontenttype": "application/json"}
    # Put together without their lengths the last two would be one.
    pairs = (("/a", "1"), ("/a", "2"), ("/a1", "2"), ("/a", "12"))
    return [{"source": source, "id": one, **rest} for source, one in pairs]


# -- what is taken ----------------------------------------------------------------------------------------------------

TAKEN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "minimal": ({"data": ...}, {"data": {}}),
    "nulls": ({"datacontenttype": None, "dataschema": None, "subject": None, "time": None, "data": None}, {"data": {}}),
    "core": (
        {"dataschema": "https://example.org/schema", "subject": "s", "time": "2018-04-05T17:31:00Z", "data": {}},
        {"data": {"subject": "s", "occurred_at": "2018-04-05T17:31:00.000Z"}},
    ),
    "nanoseconds": ({"time": "2018-04-05T17:31:00.123456789Z"}, {"data": {"occurred_at": "2018-04-05T17:31:00.123Z"}}),
    "offset": ({"time": "2018-04-05T18:31:00+01:00"}, {"data": {"occurred_at": "2018-04-05T17:31:00.000Z"}}),
    "negative offset": ({"time": "2018-04-05t16:31:00-01:00"}, {"data": {"occurred_at": "2018-04-05T17:31:00.000Z"}}),
    "own members win": (
        {"time": "2018-04-05T17:31:00Z", "subject": "s", "data": {"subject": 1, "occurred_at": 2}},
        {"data": {"subject": 1, "occurred_at": 2}},
    ),
    "relative source": ({"source": "#fragment"}, {"source": "#fragment"}),
    "text": ({"datacontenttype": "text/plain; charset=utf-8", "data": "Hola"}, {"message": "Hola", "data": {}}),
    "text and message": ({"datacontenttype": "text/plain", "data": "Hola", "message": "Yo"}, {"message": "Yo"}),
    "json suffix": ({"datacontenttype": "application/vnd.x+json", "data": {"a": 1}}, {"data": {"a": 1}}),
    "base64": ({"data": ..., "data_base64": base64.b64encode(b'{"a": [1]}').decode()}, {"data": {"a": [1]}}),
    "base64 text": (
        {"data": ..., "datacontenttype": "text/plain", "data_base64": base64.b64encode("ñ".encode()).decode()},
        {"message": "ñ"},
    ),
    "extensions": ({"extinteger": 10, "extboolean": True, "exturi": "https://x"}, {"type": "test"}),
    "number as user": ({"audienceusers": 7}, {"audience": {"users": ["7"]}}),
    "everybody": ({"audienceall": True}, {"audience": {"all": True}}),
}


@pytest.mark.parametrize(("members", "expected"), TAKEN.values(), ids=TAKEN)
async def test_structured_event_is_taken(members: dict[str, Any], expected: dict[str, Any]) -> None:
    """Each kind of event that the specification allows, and that can be a notification, becomes one."""
    event = {**EVENT, "type": "test", "data": {}, **members}
    event = {name: value for name, value in event.items() if value is not ...}
    async with running(secured()) as server:
        stored = await record(server, await structured(server, event))
    for name, value in expected.items():
        found = {part: stored[name][part] for part in value} if name == "audience" else stored[name]
        assert found == value


async def test_binary_event_is_taken() -> None:
    """A body of JSON, of text, none at all, and what curl calls a form; values may be percent-encoded or quoted."""
    async with running(secured()) as server:
        empty = await record(server, await binary(server, b"", id="1", type="test"))
        form = await record(
            server, await binary(server, b'{"a":1}', kind="application/x-www-form-urlencoded", id="2", type="test")
        )
        text = await record(server, await binary(server, "¡Hola!".encode(), kind="text/plain", id="3", type="test"))
        encoded = await record(
            server,
            await binary(server, id="4", type="test", title="Euro%20%E2%82%AC%20%F0%9F%98%80", message='"a \\"b\\""'),
        )
    assert (empty["data"], form["data"], text["message"]) == ({}, {"a": 1}, "¡Hola!")
    assert (encoded["title"], encoded["message"]) == ("Euro € 😀", 'a "b"')


async def test_expirytime_is_when_it_expires() -> None:
    """An event expires at the moment it says, and is the same event when it is repeated later."""
    moment = (datetime.now(UTC) + timedelta(hours=2)).replace(microsecond=0)
    event = {**EVENT, "expirytime": moment.isoformat()}
    async with running(secured()) as server:
        first = await structured(server, event)
        again = await structured(server, event)
        stored = await record(server, first)
        over = await structured(server, {**EVENT, "id": "2", "expirytime": "2020-01-01T00:00:00Z"})
    assert stored["expires_at"] == moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    assert again.body["duplicate"]
    assert list(problems(over)) == ["expirytime"]


async def test_same_event_with_another_content_is_told() -> None:
    """One id of one source with two contents is a mistake of the sender, and not the same event."""
    async with running(secured()) as server:
        assert (await structured(server, EVENT)).status == 200
        assert_refused(await structured(server, {**EVENT, "message": "other"}), "idempotency_mismatch")


async def test_prefix_is_taken_off_the_type() -> None:
    """A type such as com.example.reserva_creada is the catalogue's, where the settings say so; others stay whole."""
    prefixes = ("com.example.", "org.example.tours.")
    async with running(secured(cloudevents_prefix=prefixes)) as server:
        for number, event_type in enumerate(("com.example.test", "org.example.tours.test", "test")):
            answer = await structured(server, {**EVENT, "id": str(number), "type": event_type, "data": {}})
            assert answer.body["type"] == "test"
        unknown = await structured(server, {**EVENT, "type": "net.example.test"})
    assert_refused(unknown, "unknown_type")
    assert "net.example.test" in unknown.body["detail"]


# -- what is refused --------------------------------------------------------------------------------------------------

WRONG: dict[str, tuple[dict[str, Any], str]] = {
    **{f"no {name}": ({name: ...}, name) for name in ("specversion", "id", "source", "type")},
    **{
        f"empty {name}": ({name: ""}, name)
        for name in (
            "specversion",
            "id",
            "source",
            "type",
            "subject",
            "datacontenttype",
            "dataschema",
            "message",
            "title",
        )
    },
    **{f"null {name}": ({name: None}, name) for name in ("specversion", "id", "source", "type")},
    "version": ({"specversion": "0.3"}, "specversion"),
    "number as version": ({"specversion": 1.0}, "specversion"),
    "number as id": ({"id": 25}, "id"),
    "object as id": ({"id": {"x": "y"}}, "id"),
    "list as source": ({"source": ["x"]}, "source"),
    "boolean as type": ({"type": True}, "type"),
    "type": ({"type": "Reserva Creada"}, "type"),
    "long source": ({"source": "x" * 201}, "source"),
    **{
        f"time {time}": ({"time": time}, "time")
        for time in (
            "lunchtime",
            "2018-04-05T18:31Z",
            "2018-04-05T18:31:00X",
            "2018-04-05T18:31:00",
            "2018-04-05T18:31:00+25:00",
            "2018-04-05T18:31:00+xx:00",
            "2018-04-05T18:31:00+05",
            "2018-02-30T18:31:00Z",
            "2018-04-05 18:31:00Z",
            "2018-04-05T18:31:00Z\n",
        )
    },
    "number as time": ({"time": 5}, "time"),
    "media type": ({"datacontenttype": "xyz"}, "datacontenttype"),
    "xml": ({"datacontenttype": "application/xml", "data": "<x/>"}, "datacontenttype"),
    "capitals": ({"MyExtension": "bad"}, "MyExtension"),
    "point": ({"my.extension": "bad"}, "my.extension"),
    "underscore": ({"my_extension": "bad"}, "my_extension"),
    "empty name": ({"": "bad"}, ""),
    "float": ({"extension": 1.5}, "extension"),
    "object": ({"extension": {}}, "extension"),
    "two data": ({"data": {}, "data_base64": "e30="}, "data_base64"),
    "no base64": ({"data": ..., "data_base64": "%"}, "data_base64"),
    "base64 of no JSON": ({"data": ..., "data_base64": "eyA="}, "data_base64"),
    "number as base64": ({"data": ..., "data_base64": 5}, "data_base64"),
    "text as data": ({"data": "text"}, "data"),
    "list as data": ({"data": [1]}, "data"),
    "data of a wrong kind": ({"data": {**EVENT["data"], "personas": "x"}}, "data.personas"),
    "priority": ({"priority": "urgent"}, "priority"),
    "link": ({"link": "javascript:alert(1)"}, "link"),
    "audienceall": ({"audienceall": "yes"}, "audienceall"),
    "audienceroles": ({"audienceroles": "admin,,x"}, "audienceroles"),
    "audienceusers": ({"audienceusers": "x" * 129}, "audienceusers"),
    "audiencetopics": ({"audiencetopics": True}, "audiencetopics"),
    "audienceexcept": ({"audienceroles": "admin", "audienceexcept": " , "}, "audienceexcept"),
    "actor": ({"actorname": "Ana", "actorid": "x" * 129}, "actorid"),
    "expirytime": ({"expirytime": "tomorrow"}, "expirytime"),
}


@pytest.mark.parametrize(("members", "attribute"), WRONG.values(), ids=WRONG)
async def test_wrong_attribute_is_told_by_its_name(members: dict[str, Any], attribute: str) -> None:
    """Whatever is no event, or can be no notification, is refused by the name of the attribute, in both languages."""
    event = {name: value for name, value in {**EVENT, **members}.items() if value is not ...}
    async with running(secured()) as server:
        answer = await structured(server, event)
        batch = await structured(server, [event], BATCH)
    assert answer.body["code"] in ("invalid_data", "invalid_audience"), answer.body
    assert [one["field"] for one in answer.body["errors"]][:1] == [attribute]
    assert batch.body["results"][0]["error"]["errors"] == answer.body["errors"]


async def test_all_that_is_wrong_is_told_at_once() -> None:
    """Who sends half an event learns of every attribute that is missing."""
    async with running(secured()) as server:
        answer = await structured(server, {"data": {}})
        half = await binary(server, specversion="", source="", id="")
    assert list(problems(answer)) == ["specversion", "id", "source", "type"]
    assert list(problems(half)) == ["specversion", "id", "source"]


@pytest.mark.parametrize("body", [b"null", b"[]", b'"x"', b"5"], ids=repr)
async def test_what_is_no_object_is_no_event(body: bytes) -> None:
    """Other JSON than an object is refused as that."""
    async with running(secured()) as server:
        assert_refused(await send(server, body, {"Content-Type": STRUCTURED}), "invalid_data")
        assert_refused(await send(server, b"{", {"Content-Type": STRUCTURED}), "invalid_json")
        assert_refused(await binary(server, b"{"), "invalid_json")


@WAYS
@pytest.mark.parametrize(
    "kind",
    [
        "application/cloudevents+xml",
        "application/cloudevents+avro",
        "application/cloudevents",
        "Application/CloudEvents+Protobuf",
    ],
)
async def test_other_formats_are_told_as_such(kind: str, *, front: bool) -> None:
    """An event in another format is not read as a notification."""
    async with running(secured(), front=front) as server:
        answer = await send(server, b'{"type":"test"}', {"Content-Type": kind})
    assert_refused(answer, "unsupported_media_type")
    assert STRUCTURED in answer.body["detail"]


async def test_headers_of_binary_mode_are_looked_at() -> None:
    """A repeated attribute, bytes that are no UTF-8, and data in a header are refused by name."""
    async with running(secured()) as server:
        assert list(problems(await binary(server, title="%FF"))) == ["title"]
        assert "data" in problems(await binary(server, data="x"))
        assert "datacontenttype" in problems(await binary(server, datacontenttype="text/plain"))
        headers = [
            ("Authorization", f"Bearer {PUBLISH_KEY}"),
            ("Content-Type", "application/json"),
            *((f"ce-{n}", EVENT[n]) for n in ("specversion", "id", "type")),
        ]
        sources = [("ce-source", "/a"), ("ce-source", "/b")]
        async with server.http.post(f"{server.url}/notify", data=b"{}", headers=[*headers, *sources]) as response:
            twice = await answer_of(response)
    assert list(problems(twice)) == ["source"]


async def test_unknown_extension_is_a_warning() -> None:
    """A misspelt extension does not pass without a word; those of tracing do."""
    async with running(secured()) as server:
        answer = await structured(server, {**EVENT, "audienceroels": "admin", "traceparent": "x", "partitionkey": "y"})
    assert answer.body["warnings"] == ["unknown extension 'audienceroels' was ignored"]


async def test_event_has_a_key_of_its_own() -> None:
    """A header Idempotency-Key beside an event is refused: nobody could say which of the two counts."""
    async with running(secured()) as server:
        answer = await send(server, orjson.dumps(EVENT), {"Content-Type": STRUCTURED, "Idempotency-Key": "k"})
    assert list(problems(answer)) == ["Idempotency-Key"]


@WAYS
async def test_plain_notifications_are_what_they_were(*, front: bool) -> None:
    """A body of a notification is read as one whatever the Content-Type, and with headers that only look alike."""
    async with running(secured(), front=front) as server:
        for headers in (
            {},
            {"Content-Type": "text/plain"},
            {"ce-extra": "x"},
            {"Content-Type": "application/cloud+json"},
        ):
            assert (await send(server, b'{"type":"test"}', headers)).status == 200
        # In a structured event headers count for nothing.
        event = await send(server, orjson.dumps(EVENT), {"Content-Type": f"{STRUCTURED}; charset=utf-8", "ce-id": "x"})
    assert event.body["type"] == "reserva_creada"


# -- batches ----------------------------------------------------------------------------------------------------------


@WAYS
@pytest.mark.parametrize("path", ["/notify", "/v1/notifications/batch"])
async def test_batch_is_answered_event_by_event(path: str, *, front: bool) -> None:
    """Each event of a batch stands for itself, at either address; a batch may be larger than one notification."""
    large = {**EVENT, "data": {**EVENT["data"], "x": "y" * 40_000}}
    batch = [large, {**EVENT, "specversion": "2.0"}, {**large, "id": "a-2"}, large, 5]
    async with running(secured(), front=front) as server:
        answer = await structured(server, batch, BATCH, path=path)
        bodies: tuple[object, ...] = ([], {}, None, "x")
        for body in bodies:
            assert_refused(await structured(server, body, BATCH, path=path), "invalid_data")
    assert (answer.body["accepted"], answer.body["rejected"]) == (3, 2)
    results = answer.body["results"]
    assert [one["status"] for one in results] == ["ok", "error", "ok", "ok", "error"]
    assert [one.get("duplicate") for one in results] == [False, None, False, True, None]
    assert results[1]["error"]["errors"][0]["field"] == "specversion"


async def test_size_of_each_event_is_bounded() -> None:
    """An event that is larger than a notification may be is refused, alone, in a batch, and in binary mode."""
    data = {"x": "y" * 70_000}
    async with running(secured()) as server:
        assert_refused(await structured(server, {**EVENT, "data": data}), "payload_too_large")
        assert_refused(await binary(server, orjson.dumps(data)), "payload_too_large")
        batch = await structured(server, [{**EVENT, "data": data}], BATCH)
    assert batch.body["results"][0]["error"]["code"] == "payload_too_large"


async def test_event_keeps_within_the_scope_of_its_key(tmp_path: Path) -> None:
    """What a key may not publish it may not publish as an event either, and it needs a key at all."""
    key = add(tmp_path, scope=Scope(types=("test",)))
    async with running(secured(data_dir=tmp_path)) as server:
        assert_refused(await structured(server, EVENT, key=key), "forbidden_scope")
        assert_refused(await structured(server, EVENT, key="wrong"), "unauthorized")
        batch = await structured(server, [EVENT], BATCH, key=key)
    assert batch.body["results"][0]["error"]["code"] == "forbidden_scope"
