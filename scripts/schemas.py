"""Print the JSON Schemas, by name, that the web's types are made of.

``http`` has those of the OpenAPI document that a server of this checkout serves, ``live`` those of the events of live
connections.
"""

import asyncio
import sys
from collections.abc import Mapping
from typing import Any

import orjson
from aiohttp.test_utils import TestClient, TestServer
from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema
from marshmallow.fields import Field, Nested

from sio_server import __version__, logs
from sio_server.app import create_app
from sio_server.config import Config
from sio_server.schemas.described import describe
from sio_server.schemas.frames import CLIENT_EVENTS, SERVER_EVENTS, RefusedSchema


async def _http() -> dict[str, Any]:
    app = create_app(Config(dev=True, broker="memory:"))
    async with TestClient(TestServer(app)) as client:
        document = await (await client.get("/openapi.json", raise_for_status=True)).json()
    schemas: dict[str, Any] = document["components"]["schemas"]
    return schemas


def _live() -> dict[str, Any]:
    plugin = MarshmallowPlugin()
    spec = APISpec("sio-server", __version__, "3.1.0", plugins=[plugin])
    describe(plugin)
    spec.components.schema("Refused", schema=RefusedSchema)
    _by_event(spec, "ServerEvents", SERVER_EVENTS)
    _by_event(spec, "ClientEvents", {event: asked for event, (asked, _) in CLIENT_EVENTS.items()})
    _by_event(spec, "Answers", {event: answer for event, (_, answer) in CLIENT_EVENTS.items()})
    return spec.components.schemas


def _by_event(spec: APISpec, name: str, bodies: Mapping[str, type[Schema]]) -> None:
    """Add an object that has the body of each event under the event's name."""
    members: dict[str, Field[Any]] = {event: Nested(body, required=True) for event, body in bodies.items()}
    spec.components.schema(name, schema=Schema.from_dict(members))


if __name__ == "__main__":
    logs.configure(level="warning")
    sys.stdout.write(orjson.dumps({"http": asyncio.run(_http()), "live": _live()}).decode())
