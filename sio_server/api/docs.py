"""The OpenAPI document, its viewer at ``/docs``, and the AsyncAPI document. Everything is served from here, no CDN."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Final

import orjson
from aiohttp import web

from sio_server.api.openapi import document
from sio_server.api.operations import Operation
from sio_server.api.static_files import served
from sio_server.catalog import Catalog
from sio_server.schemas import asyncapi

_OURS: Final = {
    "/static/docs.js": ("docs.js", "text/javascript; charset=utf-8"),
    "/docs": ("docs.html", "text/html; charset=utf-8"),
}
_VIEWER: Final = {
    "/static/swagger-ui.css": ("swagger-ui.css", "text/css; charset=utf-8"),
    "/static/swagger-ui-bundle.js": ("swagger-ui-bundle.js", "text/javascript; charset=utf-8"),
    "/favicon.ico": ("favicon-32x32.png", "image/png"),
}


class Documentation:
    """Serves the OpenAPI document of these operations and the AsyncAPI one of this catalogue, and a viewer's files.

    ``base_path`` is where they are served; where it is empty, that is wherever a document was found.
    """

    def __init__(
        self, operations: list[Operation], catalog: Catalog, *, open_access: bool, base_path: str = ""
    ) -> None:
        self._operations = operations
        self._catalog = catalog
        self._base_path = base_path
        self._open_access = open_access
        self._document: bytes | None = None
        self._live: tuple[object, bytes] | None = None

    async def openapi(self, _: web.Request) -> web.Response:
        """``GET /openapi.json``; made on the first request, as most servers are never asked."""
        if self._document is None:
            self._document = orjson.dumps(
                document(self._operations, open_access=self._open_access, base_path=self._base_path)
            )
        return web.Response(body=self._document, content_type="application/json")

    async def asyncapi(self, _: web.Request) -> web.Response:
        """``GET /asyncapi.json``; made anew when the catalogue was read anew."""
        types = self._catalog.types
        if self._live is None or self._live[0] is not types:
            self._live = types, orjson.dumps(asyncapi.document(types.values(), base_path=self._base_path))
        return web.Response(body=self._live[1], content_type="application/json")

    def routes(self) -> list[web.RouteDef]:
        """The routes of the document, the viewer's page and its files."""
        ours = Path(__file__).parents[1] / "static"
        made = [web.get("/openapi.json", self.openapi), web.get("/asyncapi.json", self.asyncapi)]
        for path, (name, content_type) in _OURS.items():
            # The console shows the viewer in a frame of its own.
            made.append(web.get(path, served(ours / name, content_type, framed_by="'self'")))
        viewer = _viewer_directory()
        for path, (name, content_type) in _VIEWER.items():
            made.append(web.get(path, served(viewer / name, content_type)))
        return made


def _viewer_directory() -> Path:
    """Where the viewer's files were installed. Its package is found, not imported: it would bring Flask along."""
    spec = find_spec("flask_swagger_ui")
    if spec is None or not spec.submodule_search_locations:
        raise FileNotFoundError("flask_swagger_ui, which carries the API viewer's files, is not installed")
    return Path(spec.submodule_search_locations[0]) / "dist"
