"""What HTTP endpoints share: bodies within their limit, strict JSON, queries, credentials, headers of a reply."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import orjson
import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from sio_server import fields
from sio_server.api.messages import (
    json_response,
    locale_of,
    of_http_status,
    quota_headers,
    read_json,
    read_optional_json,
    read_query,
    receipt_headers,
    too_large,
)
from sio_server.core.limits import Quota
from sio_server.core.node import Accepted
from sio_server.errors import KINDS, Refused
from sio_server.notification import Position
from sio_server.schemas.loading import Digits, types_field

LIMIT = 100

Read = Callable[[web.Request], Awaitable[Any]]


class QuerySchema(fields.Schema):
    """A query of these tests."""

    limit = Digits(load_default=5, validate=fields.between(1, 10))
    types = types_field()


async def _body(request: web.Request) -> Any:
    return await read_json(request, LIMIT)


async def _optional(request: web.Request) -> Any:
    return await read_optional_json(request, LIMIT)


async def _query(request: web.Request) -> Any:
    return await read_query(request, QuerySchema())


def _answering(read: Read) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        try:
            return json_response({"read": await read(request)})
        except Refused as refused:
            return json_response(refused.as_dict("es"), status=refused.kind.status)

    return handle


@pytest.fixture
async def url() -> AsyncIterator[str]:
    """Serve the three ways of reading on a free port."""
    app = web.Application()
    app.router.add_post("/body", _answering(_body))
    app.router.add_post("/optional", _answering(_optional))
    app.router.add_get("/query", _answering(_query))
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    await runner.cleanup()


async def ask(method: str, url: str, **options: Any) -> tuple[int, Any]:
    """Return status and decoded body."""
    async with aiohttp.ClientSession() as session, session.request(method, url, **options) as response:
        return response.status, await response.json()


async def _chunks(size: int) -> AsyncIterator[bytes]:
    for _ in range(size):
        yield b" "
        await asyncio.sleep(0)


@pytest.mark.parametrize("content_type", ["application/json", "application/x-www-form-urlencoded", "text/plain"])
async def test_body_is_json_whatever_its_type(url: str, content_type: str) -> None:
    """A body is read as JSON whatever the Content-Type says of it."""
    answer = await ask("POST", f"{url}/body", data=b'{"a":[1]}', headers={"Content-Type": content_type})

    assert answer == (200, {"read": {"a": [1]}})


@pytest.mark.parametrize("path", ["body", "optional"])
async def test_body_beyond_the_limit_is_refused(url: str, path: str) -> None:
    """A body that announces too much and one that only turns out to be too much are refused alike, at the limit."""
    fits = await ask("POST", f"{url}/{path}", data=b"1".ljust(LIMIT))
    announced = await ask("POST", f"{url}/{path}", data=b"1".ljust(LIMIT + 1))
    streamed = await ask("POST", f"{url}/{path}", data=_chunks(LIMIT + 1))

    assert fits == (200, {"read": 1})
    assert announced == streamed
    assert announced[0] == 413
    assert "100 bytes" in announced[1]["detail"]


async def test_only_an_optional_body_may_be_absent(url: str) -> None:
    """Where a body is optional none is an empty object, and where it is not none is an error with an example."""
    status, refused = await ask("POST", f"{url}/body", data=b" \n")

    assert (status, refused["code"]) == (400, "invalid_json")
    assert '{"type":"test"}' in refused["detail"]
    assert await ask("POST", f"{url}/optional") == (200, {"read": {}})
    assert await ask("POST", f"{url}/optional", data=b" \n") == (200, {"read": {}})
    assert await ask("POST", f"{url}/optional", data=b"null") == (200, {"read": None})


async def test_query_is_read_by_its_schema(url: str) -> None:
    """A query has the defaults of what is left out, and a list is parted by commas."""
    assert await ask("GET", f"{url}/query") == (200, {"read": {"limit": 5, "types": []}})
    assert await ask("GET", f"{url}/query?limit=7&type=a,b") == (200, {"read": {"limit": 7, "types": ["a", "b"]}})


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("limit=0", "limit"),
        ("limit=11", "limit"),
        ("limit=+5", "limit"),
        ("limit=5.0", "limit"),
        ("limit=\N{ARABIC-INDIC DIGIT FIVE}", "limit"),
        ("limit=" + "9" * 30, "limit"),
        ("limit=", "limit"),
        ("limti=5", "limti"),
        ("type=", "type"),
        ("type=a,,b", "type.1"),
        ("type=Ñandú", "type.0"),
        ("type=" + ",".join("a" * 21), "type"),
    ],
)
async def test_wrong_query_is_told_by_its_field(url: str, query: str, field: str) -> None:
    """A wrong value and a misspelt name are both refused, and the field is named in Spanish as everywhere."""
    status, refused = await ask("GET", f"{url}/query?{query}")

    assert (status, refused["code"]) == (400, "invalid_request")
    assert [line["field"] for line in refused["errors"]] == [field]
    assert refused["detail"].startswith(f"{field}: ")
    assert "Must" not in refused["detail"]
    assert "Not" not in refused["detail"]


def test_language_is_the_preferred_one() -> None:
    """The language of a reply is the one that the request prefers."""
    assert locale_of(make_mocked_request("GET", "/", headers={"Accept-Language": "es-EC, en;q=0.5"})) == "es"
    assert locale_of(make_mocked_request("GET", "/", headers={"Accept-Language": "en, es;q=0.5"})) == "en"


def test_reply_is_json() -> None:
    """A reply carries its body as JSON, with the status and the headers it was given."""
    response = json_response({"ñ": 1}, status=201, headers={"X-One": "1"})

    assert isinstance(response.body, bytes)
    assert orjson.loads(response.body) == {"ñ": 1}
    assert (response.status, response.content_type, response.headers["X-One"]) == (201, "application/json", "1")


def receipt(*, duplicate: bool, quota: Quota | None) -> Accepted:
    """Return the receipt of a publish."""
    return Accepted("id", "test", Position("ab" * 4, 1), 0, duplicate, (), quota)


def test_accepted_publish_tells_quota_and_repetition() -> None:
    """A reply says in its header what is left of the quota, and whether the publish was a repeated one."""
    quota = Quota(10, 7, 2)

    assert receipt_headers(receipt(duplicate=False, quota=None)) == {}
    assert receipt_headers(receipt(duplicate=True, quota=None)) == {"Idempotent-Replayed": "true"}
    assert receipt_headers(receipt(duplicate=True, quota=quota)) == {"Idempotent-Replayed": "true", **quota.headers()}
    assert quota_headers(None) == {}
    assert quota_headers(quota) == {"RateLimit-Policy": '"publish";q=10;w=1', "RateLimit": '"publish";r=7;t=2'}


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (web.HTTPNotFound(), "not_found"),
        (web.HTTPMethodNotAllowed("PUT", ["GET"]), "method_not_allowed"),
        (web.HTTPRequestEntityTooLarge(1, 2), "payload_too_large"),
        (web.HTTPUpgradeRequired(), "invalid_request"),
        (web.HTTPBadGateway(), "internal"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_error_of_the_library_has_a_code_of_ours(error: web.HTTPException, code: str) -> None:
    """What aiohttp raises by itself becomes one of the table's codes, told in both languages."""
    refused = of_http_status(error)

    assert refused.kind is KINDS[code]
    assert refused.detail.es != str(refused.detail)


def test_too_large_names_the_limit() -> None:
    """The refusal of a large body names the limit in both languages."""
    refused = too_large(4096)

    assert refused.kind.code == "payload_too_large"
    assert "4096" in str(refused.detail)
    assert "4096" in refused.detail.es
