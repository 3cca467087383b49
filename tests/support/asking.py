"""Requests of tests to the operations over HTTP, and what is expected of their answers."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web

from sio_server.errors import KINDS
from tests.support.servers import Server


@dataclass(frozen=True)
class Answer:
    """A reply: its status, its decoded body, its headers by name in lower case."""

    status: int
    body: Any
    headers: dict[str, str]


async def ask(
    server: Server, method: str, path: str, *, token: str | None = None, json: Any = None, language: str = "en"
) -> Answer:
    """Ask a server, with a token or a key as the credential."""
    headers = {"Accept-Language": language, **({"Authorization": f"Bearer {token}"} if token else {})}
    async with server.http.request(method, server.url + path, json=json, headers=headers) as response:
        return await answer_of(response)


async def answer_of(response: aiohttp.ClientResponse) -> Answer:
    """Read a reply whole."""
    body = await (response.json(content_type=None) if "json" in response.content_type else response.text())
    return Answer(response.status, body, {name.lower(): value for name, value in response.headers.items()})


async def get(server: Server, path: str, token: str | None = None) -> Any:
    """The body of what must be answered 200."""
    answer = await ask(server, "GET", path, token=token)
    assert answer.status == 200, answer
    return answer.body


async def post(server: Server, path: str, json: Any = None, token: str | None = None) -> Any:
    """The body of what must be answered 200."""
    answer = await ask(server, "POST", path, json=json, token=token)
    assert answer.status == 200, answer
    return answer.body


async def published(server: Server, **body: Any) -> str:
    """The id of a notification that was published just now."""
    status, reply = await server.notify({"type": "test", **body})
    assert status == 200, reply
    identity: str = reply["id"]
    return identity


def assert_refused(answer: Answer, code: str) -> None:
    """A problem document of this code."""
    assert answer.body["code"] == code, answer.body
    assert answer.status == answer.body["status"] == KINDS[code].status
    assert answer.headers["content-type"].startswith("application/problem+json")


@asynccontextmanager
async def asking(app: web.Application) -> AsyncIterator[aiohttp.ClientSession]:
    """A client of a server of these routes that decompresses nothing by itself."""
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        async with aiohttp.ClientSession(url, auto_decompress=False) as session:
            yield session
    finally:
        await runner.cleanup()
