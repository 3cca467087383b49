"""HTTP: the event types that can be published."""

from __future__ import annotations

from aiohttp import web

from sio_server.api.credentials import OBSERVER
from sio_server.api.messages import json_response
from sio_server.api.operations import Call, operation
from sio_server.auth import Publisher
from sio_server.catalog import Catalog
from sio_server.schemas.catalog import CatalogSchema


class CatalogOperations:
    """What tells of the catalogue of a server."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    @operation(
        "GET",
        "/v1/catalog",
        name="catalog",
        tag="operate",
        summary="The event types",
        credential=OBSERVER,
        reply=CatalogSchema,
    )
    async def catalog(self, _: Call[Publisher, None]) -> web.Response:
        """Tell of every event type, in both languages."""
        return json_response({"types": [kind.as_dict() for kind in self._catalog.types.values()]})
