"""HTTP: the event types that can be published."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from sio_server.api.credentials import OBSERVER, PUBLIC
from sio_server.api.messages import json_response
from sio_server.api.operations import Call, operation
from sio_server.auth import Publisher
from sio_server.catalog import Catalog
from sio_server.catalog.json_schema import json_schema
from sio_server.schemas.catalog import CatalogSchema


class CatalogOperations:
    """What tells of the catalogue of a server."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._schema: dict[str, Any] | None = None

    @operation(
        "GET",
        "/v1/catalog",
        name="catalog",
        tag="operate",
        summary="The event types, and the topics that users may follow",
        credential=OBSERVER,
        reply=CatalogSchema,
    )
    async def catalog(self, _: Call[Publisher, None]) -> web.Response:
        """Tell of every event type, in every language that it has, and of the topics that may be followed."""
        return json_response(self._catalog.as_dict())

    @operation(
        "GET",
        "/v1/catalog/schema",
        name="catalogSchema",
        tag="operate",
        summary="The JSON Schema of a file of event types",
        description="For an editor: `#:schema http://127.0.0.1:8080/v1/catalog/schema` in the first line of the file. "
        "It says nothing of this server, and so needs no credential.",
        credential=PUBLIC,
        reply={"type": "object"},
    )
    async def schema(self, _: Call[None, None]) -> web.Response:
        """Give the schema; made on the first request, as most servers are never asked."""
        if self._schema is None:
            self._schema = json_schema()
        return json_response(self._schema)
