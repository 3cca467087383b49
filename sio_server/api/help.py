"""The documents at ``/help``: the site that ``make docs`` builds. Without a build, a page that says so."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from aiohttp import web

from sio_server.api.messages import locale_of
from sio_server.api.static_files import FOR_EVER, REVALIDATE, served, type_of

_STATIC: Final = Path(__file__).parents[1] / "static"
# Where `scripts/site_build.py` puts it.
BUILD: Final = _STATIC / "help"

_HTML: Final = "text/html; charset=utf-8"
# The generator puts a part of a file's digest into its name.
_HASHED: Final = re.compile(r"\.[0-9a-f]{8}(?:\.min)?\.(?:js|css)$")


def help_routes(build: Path | None = None) -> list[web.RouteDef]:
    """The site's pages and files as they are when the server starts; a page is served under its directory's name."""
    build = BUILD if build is None else build
    if not (build / "index.html").is_file():
        unbuilt = served(_STATIC / "help.html", _HTML)
        return [web.get("/help", unbuilt), web.get("/help/{path:.*}", unbuilt)]
    pages = {}
    for path in sorted(build.rglob("*")):
        if path.is_file() and path.suffix != ".gz":
            name = path.relative_to(build).as_posix()
            cache = FOR_EVER if _HASHED.search(name) else REVALIDATE
            pages[name.removesuffix("index.html")] = served(path, type_of(path), cache=cache)

    async def first(request: web.Request) -> web.StreamResponse:
        # Relative, so that it holds below any prefix that a proxy takes away.
        raise web.HTTPFound("help/es/" if locale_of(request) == "es" and "es/" in pages else "help/")

    async def page(request: web.Request) -> web.StreamResponse:
        name = request.match_info["path"]
        found = pages.get(name)
        if found is not None:
            return await found(request)
        if f"{name}/" in pages:
            raise web.HTTPMovedPermanently(f"{name.rpartition('/')[2]}/")
        raise web.HTTPNotFound

    return [web.get("/help", first), web.get("/help/{path:.*}", page)]
