"""The console at ``/``: a page and its assets, built from ``web/console``. Without a build, a page that says so."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aiohttp import web

from sio_server.api.static_files import FOR_EVER, served, type_of

_STATIC: Final = Path(__file__).parents[1] / "static"
# Where `scripts/web.sh build` puts it.
BUILD = _STATIC / "console"

_HTML: Final = "text/html; charset=utf-8"
# The console shows the screens of its guests, which are this page at another address behind the `#`.
_FRAMED_BY: Final = "'self'"
_COMPRESSED: Final = (".br", ".gz")


def console_routes(build: Path | None = None) -> list[web.RouteDef]:
    """The page and the files it is made of, as they are when the server starts."""
    build = BUILD if build is None else build
    index = build / "index.html"
    if not index.is_file():
        return [
            web.get("/", served(_STATIC / "index.html", _HTML, framed_by=_FRAMED_BY)),
            web.get("/static/page.css", served(_STATIC / "page.css", "text/css; charset=utf-8")),
        ]
    beside = [path for path in sorted(build.iterdir()) if path.is_file() and path != index]
    hashed = sorted((build / "assets").glob("*"))
    return [
        web.get("/", served(index, _HTML, framed_by=_FRAMED_BY)),
        *(web.get(f"/{path.name}", served(path, type_of(path))) for path in beside if _is_plain(path)),
        *(
            web.get(f"/assets/{path.name}", served(path, type_of(path), cache=FOR_EVER))
            for path in hashed
            if _is_plain(path)
        ),
    ]


def _is_plain(path: Path) -> bool:
    return path.suffix not in _COMPRESSED
