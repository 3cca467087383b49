"""Publishing over HTTP: every code of the contract, both languages, batches and repeats."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from tests.support.publishing import KEY, SEED, assert_problem, post
from tests.support.servers import PUBLISH_KEY, running, secured, token


@pytest.mark.parametrize(
    ("body", "code", "told"),
    [
        (b"", "invalid_json", "empty"),
        (b"  \n", "invalid_json", "empty"),
        (b'{"type":"test",\n "message": oops}', "invalid_json", "Line 2, column"),
        (b'{"type":"test","data":{"x":NaN}}', "invalid_json", "Line 1, column"),
        (b'{"type":"test","data":{"x":Infinity}}', "invalid_json", "Line 1"),
        (b'{"type":"test"} {"type":"test"}', "invalid_json", "Line 1"),
        (b'{"type":"test","message":"\xff"}', "invalid_json", ""),
        (b'{"type":"test","message":"\\ud800"}', "invalid_data", "message: Holds half of a surrogate pair"),
        (b"type=test&message=Hola", "invalid_json", "Line 1, column 1"),
        ([], "invalid_data", "object"),
        ("test", "invalid_data", "object"),
        (None, "invalid_data", "object"),
        ({}, "invalid_data", "type: Required"),
        ({"type": None}, "invalid_data", "type"),
        ({"type": 5}, "invalid_data", "type"),
        ({"type": "Test"}, "invalid_data", "type"),
        ({"type": "ns:hello"}, "invalid_data", "type"),
        ({"type": "connect"}, "invalid_data", "type"),
        ({"type": "disconnect"}, "invalid_data", "type"),
        ({"type": "a" * 65}, "invalid_data", "type"),
        ({"type": "test\n"}, "invalid_data", "type"),
        ({"type": "reserva_cread"}, "unknown_type", "reserva_creada"),
        ({"type": "zzzzzzzz"}, "unknown_type", "/v1/catalog"),
        ({**SEED, "message": 5}, "invalid_data", "message"),
        ({**SEED, "data": []}, "invalid_data", "data"),
        ({**SEED, "title": "x" * 201}, "invalid_data", "title"),
        ({**SEED, "priority": "urgent"}, "invalid_data", "priority"),
        ({**SEED, "ttl": 0}, "invalid_data", "ttl"),
        ({**SEED, "ttl": 1.5}, "invalid_data", "ttl"),
        ({**SEED, "ttl": True}, "invalid_data", "ttl"),
        ({**SEED, "persist": "yes"}, "invalid_data", "persist"),
        ({**SEED, "link": "javascript:alert(1)"}, "invalid_data", "link"),
        ({**SEED, "link": "//evil.example"}, "invalid_data", "link"),
        ({**SEED, "actor": {"name": "x"}}, "invalid_data", "actor.id"),
        ({**SEED, "idempotency_key": ""}, "invalid_data", "idempotency_key"),
        ({"type": "reserva_creada", "data": {"usuario_id": 1, "personas": "dos"}}, "invalid_data", "data.personas"),
        ({"type": "reserva_creada", "data": {"usuario_id": 1, "fecha": "mañana"}}, "invalid_data", "data.fecha"),
        ({**SEED, "audience": {}}, "invalid_audience", "audience"),
        ({**SEED, "audience": {"all": False}}, "invalid_audience", "audience"),
        ({**SEED, "audience": {"roles": "admin"}}, "invalid_audience", "audience.roles"),
        ({**SEED, "audience": {"users": [1.5]}}, "invalid_audience", "audience.users.0"),
        ({**SEED, "audience": {"roles": ["x" * 129]}}, "invalid_audience", "audience.roles.0"),
        ({**SEED, "audience": {"except": {"users": ["1"]}}}, "invalid_audience", "audience"),
        ({**SEED, "audience": {"all": True, "rooms": ["x"]}}, "invalid_audience", "audience.rooms"),
        ({**SEED, "texts": {"en": {}}}, "invalid_data", "texts.en"),
        ({**SEED, "collapse_key": ""}, "invalid_data", "collapse_key"),
    ],
    ids=lambda value: str(value)[:60] if not isinstance(value, bytes) else None,
)
async def test_refusal_has_its_code_and_says_what_is_wrong(body: Any, code: str, told: str) -> None:
    """A body that cannot be published gets the code of the contract, names its field or place, and is not stored."""
    async with running(secured()) as server:
        response, reply = await post(server, "/notify", body)
        assert_problem(response, reply, code)
        assert told in reply["detail"]
        assert server.core.operators.stats()["head"]["seq"] == 0
        if "." in told and code != "invalid_json":
            assert told in [problem["field"] for problem in reply["errors"]]


async def test_unknown_type_names_the_nearest() -> None:
    """An unknown type is answered with the nearest known name as a member of its own."""
    async with running(secured()) as server:
        _, reply = await post(server, "/notify", {"type": "usuario_registrdo"})
        assert reply["nearest"] == "usuario_registrado"


@pytest.mark.parametrize(
    ("language", "title", "field"),
    [
        ("es-PE,es;q=0.9,en;q=0.5", "Un campo no es válido", "No es texto: ponlo entre comillas."),
        ("en-GB", "A field is not valid", "Not a string: put it in quotes."),
        ("fr", "A field is not valid", "Not a string: put it in quotes."),
        ("en;q=0.1, es", "Un campo no es válido", "No es texto: ponlo entre comillas."),
    ],
)
async def test_texts_follow_accept_language(language: str, title: str, field: str) -> None:
    """Title and detail are in the language that Accept-Language prefers; code and field never change."""
    async with running(secured()) as server:
        response, reply = await post(server, "/notify", {**SEED, "message": 1}, **{"Accept-Language": language})
        assert_problem(response, reply, "invalid_data")
        assert reply["title"] == title
        assert reply["errors"] == [{"field": "message", "detail": field}]


async def test_warnings_follow_accept_language() -> None:
    """An unknown field and an absent field of the audience are warnings, in the reader's language; both publish."""
    async with running(secured()) as server:
        body = {"type": "reserva_creada", "foo": 1}
        _, spanish = await post(server, "/notify", body, **{"Accept-Language": "es"})
        _, english = await post(server, "/notify", body, **{"Accept-Language": "en"})

        assert [reply["seq"] for reply in (spanish, english)] == [1, 2]
        assert "desconocido 'foo'" in spanish["warnings"][0]
        assert "data.usuario_id" in spanish["warnings"][1]
        assert "unknown field 'foo'" in english["warnings"][0]
        assert len(english["warnings"]) == 2


@pytest.mark.parametrize("path", ["/notify", "/v1/notifications/batch"])
@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer wrong", f"Basic {PUBLISH_KEY}", f"Bearer {PUBLISH_KEY}x", PUBLISH_KEY]
)
async def test_publishing_needs_a_key(path: str, header: str | None) -> None:
    """Without a publisher key, or with a wrong one, publishing is 401 and says how; nothing is stored."""
    async with running(secured()) as server:
        headers = {} if header is None else {"Authorization": header}
        async with server.http.post(server.url + path, json=SEED, headers=headers) as response:
            assert_problem(response, await response.json(content_type=None), "unauthorized")
            assert response.headers["WWW-Authenticate"] == "Bearer"
        assert server.core.operators.stats()["head"]["seq"] == 0


async def test_every_key_is_valid_and_a_tourists_token_is_none() -> None:
    """All publisher keys publish, whatever the case of the scheme; a tourist's token does not."""
    second = "another key, as long as the first one is"
    async with running(secured(publish_keys=(PUBLISH_KEY, second))) as server:
        for header, status in (
            (f"Bearer {PUBLISH_KEY}", 200),
            (f"bearer  {second}", 200),
            (f"Bearer {token('1', 'turista')}", 403),
        ):
            response, _ = await post(server, "/notify", SEED, Authorization=header)
            assert response.status == status


@pytest.mark.parametrize("chunked", [False, True])
async def test_body_over_the_limit_is_refused(chunked: bool) -> None:  # noqa: FBT001 - a parameter of pytest
    """A body of exactly the limit is taken; one byte more is 413, announced or in chunks, and nothing is stored."""
    async with running(secured(max_body=2048)) as server:
        frame = len(orjson.dumps({**SEED, "message": ""}))
        for extra, code in ((0, None), (1, "payload_too_large"), (300_000, "payload_too_large")):
            body = orjson.dumps({**SEED, "message": "x" * (2048 - frame + extra)})
            data: Any = _chunks(body) if chunked else body
            async with server.http.post(f"{server.url}/notify", data=data, headers=KEY) as response:
                reply = await response.json(content_type=None)
                if code is None:
                    assert response.status == 200
                else:
                    assert_problem(response, reply, code)
                    assert "2048" in reply["detail"]
        assert server.core.operators.stats()["head"]["seq"] == 1


async def _chunks(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), 700):
        yield body[start : start + 700]


async def test_paths_and_methods_that_are_not_there_are_problems() -> None:
    """An unknown path is 404 and a wrong method 405 with Allow, both as problem documents in the reader's language."""
    async with running(secured()) as server:
        for method, path, code in (
            ("GET", "/nothing", "not_found"),
            ("POST", "/notify/", "not_found"),
            ("GET", "/notify", "method_not_allowed"),
            ("DELETE", "/v1/stats", "method_not_allowed"),
            ("OPTIONS", "/notify", "method_not_allowed"),
        ):
            async with server.http.request(method, server.url + path, headers={"Accept-Language": "es"}) as response:
                assert_problem(response, await response.json(content_type=None), code)
                assert response.headers.get("Allow") == (
                    None if code == "not_found" else ("POST" if path == "/notify" else "GET,HEAD")
                )


async def test_ws_without_an_upgrade_is_a_problem() -> None:
    """A plain GET of /ws is told to upgrade."""
    async with running() as server, server.http.get(f"{server.url}/ws") as response:
        assert response.status == 426
        assert response.content_type == "application/problem+json"
        assert response.headers["Upgrade"] == "websocket"


@pytest.mark.parametrize("place", ["header", "body", "both"])
async def test_repeated_key_is_published_once(place: str) -> None:
    """The same key and body, whatever the order of members, give the same id and place, and one event."""
    one = {"type": "test", "message": "x", "data": {"a": 1, "b": [2]}}
    two = {"data": {"b": [2], "a": 1}, "message": "x", "type": "test"}
    headers = {} if place == "body" else {"Idempotency-Key": "k-1"}
    member = {} if place == "header" else {"idempotency_key": "k-1"}
    async with running(secured()) as server:
        client = await server.connect({"token": token()})
        first, reply = await post(server, "/notify", {**one, **member}, **headers)
        again, repeated = await post(server, "/notify", {**two, **member}, **headers)
        other, mismatch = await post(server, "/notify", {**one, **member, "message": "y"}, **headers)
        await post(server, "/notify", {**SEED, "message": "end"})
        events = await client.wait(2)

        assert (first.status, reply["duplicate"], "Idempotent-Replayed" in first.headers) == (200, False, False)
        assert (again.status, repeated["duplicate"], again.headers["Idempotent-Replayed"]) == (200, True, "true")
        assert {name: repeated[name] for name in ("id", "seq", "cursor")} == {
            name: reply[name] for name in ("id", "seq", "cursor")
        }
        assert_problem(other, mismatch, "idempotency_mismatch")
        assert [event["message"] for event in events] == ["x", "end"]


async def test_two_different_keys_in_one_request_are_refused() -> None:
    """A key in the header that differs from the body's is a mistake, not a choice."""
    async with running(secured()) as server:
        response, reply = await post(server, "/notify", {**SEED, "idempotency_key": "a"}, **{"Idempotency-Key": "b"})
        assert_problem(response, reply, "invalid_data")
        assert reply["errors"][0]["field"] == "idempotency_key"


async def test_hundred_at_once_with_one_key_are_one_event() -> None:
    """Of a hundred simultaneous publishes with one key one is the first and the others are its duplicates."""
    async with running(secured()) as server:
        replies = await asyncio.gather(
            *(post(server, "/notify", SEED, **{"Idempotency-Key": "storm"}) for _ in range(100))
        )
        assert len({reply["id"] for _, reply in replies}) == 1
        assert sorted(reply["duplicate"] for _, reply in replies) == [False] + [True] * 99
        assert server.core.operators.stats()["head"]["seq"] == 1
        assert server.core.operators.stats()["publishes"] == {"accepted": 1, "duplicates": 99}


async def test_batch_gives_each_item_its_result_in_order() -> None:
    """A bad item rejects only itself; the good ones are placed and delivered in the order of the items."""
    items: list[Any] = [
        {**SEED, "message": "0"},
        {"type": "tst"},
        {**SEED, "message": "1"},
        "no object",
        {**SEED, "audience": {}},
        {**SEED, "message": "2", "idempotency_key": "k"},
        {**SEED, "message": "2", "idempotency_key": "k"},
        {**SEED, "message": "x" * 70_000},
        {**SEED, "texts": {"en": {}}},
        {**SEED, "message": "3", "unknown": 1},
    ]
    async with running(secured()) as server:
        client = await server.connect({"token": token()})
        for body in ({"notifications": items}, items):
            response, reply = await post(server, "/v1/notifications/batch", body, **{"Accept-Language": "es"})
            results = reply["results"]
            codes = [result.get("error", {}).get("code") for result in results]

            assert response.status == 200
            assert (reply["accepted"], reply["rejected"]) == (5, 5)
            assert codes == [
                None,
                "unknown_type",
                None,
                "invalid_data",
                "invalid_audience",
                None,
                None,
                "payload_too_large",
                "invalid_data",
                None,
            ]
            assert "¿Quizá 'test'?" in results[1]["error"]["detail"]
            assert results[5]["id"] == results[6]["id"]
            assert results[6]["duplicate"] is True
            assert "desconocido" in results[9]["warnings"][0]
        events = await client.wait(7)
        assert [event["message"] for event in events] == ["0", "1", "2", "3", "0", "1", "3"]
        assert [event["seq"] for event in events] == list(range(1, 8))


async def test_batch_of_a_thousand_is_in_order() -> None:
    """A thousand items get a thousand places in the order of the items, and reach a client in that order."""
    async with running(secured()) as server:
        client = await server.connect({"token": token()})
        _, reply = await post(server, "/v1/notifications/batch", [{**SEED, "message": str(n)} for n in range(1000)])
        events = await client.wait(1000)
        assert [result["seq"] for result in reply["results"]] == list(range(1, 1001))
        assert [event["message"] for event in events] == [str(number) for number in range(1000)]


@pytest.mark.parametrize(
    "body", [[], {"notifications": []}, {}, {"notifications": {}}, "x", None, [{"type": "test"}] * 1001]
)
async def test_batch_that_is_none_is_refused_whole(body: Any) -> None:
    """No items, 1,001 items or something else than a list is 422, and nothing is stored."""
    async with running(secured()) as server:
        response, reply = await post(server, "/v1/notifications/batch", body)
        assert_problem(response, reply, "invalid_data")
        assert reply["errors"][0]["field"] == "notifications"
        assert server.core.operators.stats()["head"]["seq"] == 0


async def test_draining_refuses_and_says_when_to_come_back() -> None:
    """A node that stops is not ready, and refuses publishes and batches' items with draining and Retry-After."""
    async with running(secured()) as server:
        server.core.door.draining = True
        response, reply = await post(server, "/notify", SEED)
        assert_problem(response, reply, "draining")
        assert int(response.headers["Retry-After"]) >= 1
        assert reply["retryable"] is True
        _, batch = await post(server, "/v1/notifications/batch", [SEED])
        assert batch["results"][0]["error"]["code"] == "draining"
        async with server.http.get(f"{server.url}/health/ready") as ready:
            assert_problem(ready, await ready.json(content_type=None), "draining")
        async with server.http.get(f"{server.url}/health/live") as live:
            assert live.status == 200
