"""``POST /notify`` over the engine's front answers exactly like the same request over aiohttp alone."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import aiohttp
import orjson
import pytest

from sio_server.config import Config
from sio_server.core import limits
from tests.support.servers import PUBLISH_KEY, Server, running, secured
from tests.support.waiting import coming

APP = "https://app.example.org"
KEY = {"Authorization": f"Bearer {PUBLISH_KEY}"}
SEED = {"type": "test", "message": "Hola mundo", "data": {}}
LIMIT = 4096


@dataclass(frozen=True)
class Ask:
    """A request, sent as many times as it says, one after another."""

    body: bytes = orjson.dumps(SEED)
    headers: dict[str, str] = field(default_factory=lambda: dict(KEY))
    times: int = 1


ASKS: dict[str, Ask] = {
    "plain": Ask(),
    "spanish": Ask(headers={**KEY, "Accept-Language": "es-PE,es;q=0.9"}),
    "form type": Ask(headers={**KEY, "Content-Type": "application/x-www-form-urlencoded"}),
    "with warnings": Ask(orjson.dumps({"type": "reserva_creada"})),
    "an idempotency key twice": Ask(headers={**KEY, "Idempotency-Key": "k-1"}, times=2),
    "a key in the body twice": Ask(orjson.dumps({**SEED, "idempotency_key": "k-2"}), times=2),
    "both keys": Ask(orjson.dumps({**SEED, "idempotency_key": "a"}), {**KEY, "Idempotency-Key": "b"}),
    "too long an idempotency key": Ask(headers={**KEY, "Idempotency-Key": "k" * 300}),
    "own request id": Ask(headers={**KEY, "X-Request-ID": "mine-1"}),
    "bad request id": Ask(headers={**KEY, "X-Request-ID": "a b"}),
    "no key": Ask(headers={}),
    "wrong key": Ask(headers={"Authorization": "Bearer wrong"}),
    "another scheme": Ask(headers={"Authorization": f"Basic {PUBLISH_KEY}"}),
    "lower-case scheme": Ask(headers={"Authorization": f"bearer   {PUBLISH_KEY}"}),
    "empty scheme": Ask(headers={"Authorization": ""}),
    "no body": Ask(b""),
    "blanks": Ask(b" \r\n\t"),
    "not JSON": Ask(b'{"type":'),
    "not text": Ask(b'{"type":"\xff"}'),
    "NaN": Ask(b'{"type":"test","data":{"x":NaN}}'),
    "a list": Ask(b"[]"),
    "unknown type": Ask(b'{"type":"tst"}'),
    "unknown type in Spanish": Ask(b'{"type":"tst"}', {**KEY, "Accept-Language": "es"}),
    "invalid field": Ask(b'{"type":"test","ttl":-1,"priority":"x"}'),
    "audience of nobody": Ask(b'{"type":"test","audience":{}}'),
    "unknown member": Ask(b'{"type":"test","colour":"red"}'),
    "too large": Ask(orjson.dumps({**SEED, "message": "x" * LIMIT})),
    "just within": Ask(orjson.dumps(SEED) + b" " * (LIMIT - len(orjson.dumps(SEED)))),
    "one more": Ask(orjson.dumps(SEED) + b" " * (LIMIT + 1 - len(orjson.dumps(SEED)))),
    "beyond the fast route": Ask(orjson.dumps({**SEED, "message": "x" * 100_000})),
    "allowed page": Ask(headers={**KEY, "Origin": APP}),
    "allowed page refused": Ask(headers={"Origin": APP}),
    "foreign page": Ask(headers={**KEY, "Origin": "https://evil.example"}),
    "foreign host": Ask(headers={**KEY, "Host": "evil.example"}),
    "allowed host": Ask(headers={**KEY, "Host": "notify.example.org:8443"}),
    "more than the rate": Ask(headers={"Authorization": "Bearer another key, which is as long as it must be"}, times=5),
}


@pytest.fixture(autouse=True)
def standing_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nothing of a quota come back while a test is at it, however long a busy machine takes."""
    monkeypatch.setattr(limits, "time", SimpleNamespace(monotonic=lambda: 1000.0))


@pytest.fixture(scope="module")
def config() -> Config:
    """Return settings in which most can go wrong."""
    return secured(
        allowed_origins=(APP,),
        allowed_hosts=("notify.example.org",),
        max_body=LIMIT,
        publish_keys=(PUBLISH_KEY, "another key", "another key, which is as long as it must be"),
        publish_rate=2,
    )


@pytest.fixture
async def both(config: Config) -> AsyncIterator[tuple[Server, Server]]:
    """Run one server as it ships and one that is aiohttp's alone."""
    async with running(config) as front, running(config, front=False) as plain:
        yield front, plain


async def answers(server: Server, ask: Ask) -> list[tuple[int, dict[str, list[str]], Any]]:
    """What a server answers, without what differs from one request to the next."""
    found = []
    for _ in range(ask.times):
        async with aiohttp.ClientSession(skip_auto_headers=["User-Agent"]) as session:
            url = f"{server.url}/notify"
            async with session.post(url, data=ask.body, headers=ask.headers) as response:
                body = orjson.loads(await response.read())
                headers: dict[str, list[str]] = {}
                for name, value in response.headers.items():
                    headers.setdefault(name.lower(), []).append(value)
                found.append((response.status, _steady_headers(headers), _steady(body)))
    return found


def _steady_headers(headers: dict[str, list[str]]) -> dict[str, list[str]]:
    made = {name: values for name, values in headers.items() if name not in ("date", "content-length")}
    if made.get("x-request-id") != ["mine-1"]:
        made["x-request-id"] = [re.sub("[0-9a-f]", "0", value) for value in made["x-request-id"]]
    return made


def _steady(body: Any) -> Any:
    for name in ("id", "cursor", "request_id"):
        if name in body and body[name] != "mine-1":
            body[name] = re.sub("[0-9a-f]", "0", body[name])
    return body


@pytest.mark.parametrize("name", ASKS)
async def test_front_answers_as_aiohttp_does(name: str, both: tuple[Server, Server]) -> None:
    """Status, body and headers are the same whichever way a request comes in, each header as often."""
    front, plain = both
    ours, theirs = await answers(front, ASKS[name]), await answers(plain, ASKS[name])
    assert ours == theirs
    assert front.core.operators.stats()["head"]["seq"] == plain.core.operators.stats()["head"]["seq"]


async def test_requests_differ_enough(both: tuple[Server, Server]) -> None:
    """Among these requests are accepted ones and refusals of every kind that a publish can meet."""
    front, _ = both
    seen = {status for ask in ASKS.values() for status, _, _ in await answers(front, ask)}
    assert {200, 400, 401, 403, 413, 422, 429} <= seen


async def test_front_takes_what_is_plain(both: tuple[Server, Server]) -> None:
    """The front answers plain requests by itself and hands others on: both count as published, in one order."""
    front, _ = both
    handed: list[str] = []
    async with front.http.post(f"{front.url}/notify", data=orjson.dumps(SEED), headers=KEY) as response:
        handed.append((await response.json())["cursor"])
    async with front.http.post(f"{front.url}/notify?x=1", data=orjson.dumps(SEED), headers=KEY) as response:
        handed.append((await response.json())["cursor"])
    assert [cursor.rpartition("-")[2] for cursor in handed] == ["1", "2"]


async def test_mistake_of_ours_is_500_over_both(both: tuple[Server, Server], monkeypatch: pytest.MonkeyPatch) -> None:
    """An unforeseen error is answered with the problem document alone, and the next request with what it asked."""
    for server in both:
        with monkeypatch.context() as patch:
            patch.setattr(server.node, "submit", _failing)
            status, problem = await server.notify(SEED)
        assert (status, problem["code"], "MARKER" in str(problem)) == (500, "internal", False)
        assert (await server.notify(SEED))[0] == 200


def _failing(*_: object, **__: object) -> None:
    raise ValueError("MARKER")


async def test_draining_is_answered_over_both(both: tuple[Server, Server]) -> None:
    """While a node stops a publish is 503 with the time to come back, whichever way it came in."""
    found = []
    for server in both:
        server.core.door.draining = True
        found.append(await answers(server, Ask()))
    assert found[0] == found[1]
    assert (found[0][0][0], found[0][0][1]["retry-after"]) == (503, ["1"])


async def test_many_at_once_are_each_answered_once() -> None:
    """Requests that come at the same moment get different positions, with no gap and none twice."""
    async with running() as server:
        replies = await asyncio.gather(*(server.notify(SEED, key=None) for _ in range(200)))
        assert sorted(reply["seq"] for _, reply in replies) == list(range(1, 201))


@pytest.mark.parametrize("credential", [None, "Bearer wrong", f"Basic {PUBLISH_KEY}"])
@pytest.mark.parametrize("size", [60_000, 10_000_000])
async def test_body_of_a_stranger_is_not_waited_for(credential: str | None, size: int) -> None:
    """Without a good credential in the head the answer comes before the body, of which nothing is needed."""
    async with running(secured()) as server:
        line = "" if credential is None else f"Authorization: {credential}\r\n"
        head = f"POST /notify HTTP/1.1\r\nHost: x\r\n{line}Content-Length: {size}\r\n\r\n{{"
        assert (await _first_line(server, head)).startswith(b"HTTP/1.1 401 ")


async def test_body_of_a_publisher_that_is_too_large_is_not_waited_for() -> None:
    """A body that says it is larger than the setting allows is refused by its head alone."""
    async with running(secured(max_body=LIMIT)) as server:
        head = (
            f"POST /notify HTTP/1.1\r\nHost: x\r\nAuthorization: {KEY['Authorization']}\r\nContent-Length: 5000\r\n\r\n"
        )
        assert (await _first_line(server, head)).startswith(b"HTTP/1.1 413 ")


async def test_body_of_a_publisher_may_come_later() -> None:
    """A body that comes in pieces, after its head, is published once."""
    async with running(secured()) as server:
        body = orjson.dumps(SEED)
        head = (
            f"POST /notify HTTP/1.1\r\nHost: x\r\nAuthorization: {KEY['Authorization']}\r\nContent-Length: {len(body)}"
        )
        pieces = (head + "\r\n\r\n", *(body[at : at + 9].decode() for at in range(0, len(body), 9)))
        assert (await _first_line(server, *pieces)).startswith(b"HTTP/1.1 200 ")
        assert server.core.operators.stats()["head"]["seq"] == 1


async def _first_line(server: Server, *pieces: str) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
    try:
        for piece in pieces:
            writer.write(piece.encode())
            await writer.drain()
            await asyncio.sleep(0)
        return await coming(reader.readline(), "the first line of the reply")
    finally:
        writer.close()
        await writer.wait_closed()
