"""Publishing over HTTP as a backend does, and what is expected where it is refused."""

from __future__ import annotations

from collections.abc import Awaitable
from typing import Any

import aiohttp
import orjson

from sio_server.core.node import Accepted
from sio_server.core.schedules import Planned
from sio_server.errors import KINDS
from tests.support.servers import PUBLISH_KEY, Server

SEED = {"type": "test", "message": "Hola mundo", "data": {}}
KEY = {"Authorization": f"Bearer {PUBLISH_KEY}"}


async def post(server: Server, path: str, body: Any = None, **headers: str) -> tuple[aiohttp.ClientResponse, Any]:
    """POST with a publisher key; the response and its decoded body."""
    data = body if isinstance(body, bytes) else orjson.dumps(body)
    async with server.http.post(server.url + path, data=data, headers={**KEY, **headers}) as response:
        return response, orjson.loads(await response.read())


async def at_once(publishing: Awaitable[Accepted | Planned]) -> Accepted:
    """The answer to a publish that names no moment of its own."""
    answer = await publishing
    assert isinstance(answer, Accepted)
    return answer


def assert_problem(response: aiohttp.ClientResponse, body: Any, code: str) -> None:
    """A problem document of this code, its status that of the table."""
    assert body["code"] == code
    assert response.status == body["status"] == KINDS[code].status
    assert response.content_type == "application/problem+json"
    assert body["type"].endswith(code)
    assert body["title"]
    assert body["detail"]
    assert body["request_id"] == response.headers["X-Request-ID"]
