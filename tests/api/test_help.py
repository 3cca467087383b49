"""The documents at /help: pages under their directories' names, in the reader's language; what is said without them."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web

from sio_server.api.help import help_routes
from sio_server.api.static_files import FOR_EVER, REVALIDATE
from tests.support.asking import asking

FILES = {
    "index.html": "<p>first",
    "keys/index.html": "<p>keys",
    "es/index.html": "<p>primera",
    "es/keys/index.html": "<p>claves",
    "assets/main.0a1b2c3d.min.css": "p {}",
    "assets/page.0a1b2c3d.min.js": "1",
    "assets/help.css": "p {}",
    "search/search_index.json": "{}",
}


@pytest.fixture
def built(tmp_path: Path) -> web.Application:
    """Return an application with a site as its build leaves it, and nothing else."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_text(text, encoding="utf-8")
    return app_of(tmp_path)


@pytest.fixture
def unbuilt(tmp_path: Path) -> web.Application:
    """Return an application whose documents were not built."""
    return app_of(tmp_path)


def app_of(build: Path) -> web.Application:
    """An application with nothing but the documents."""
    made = web.Application()
    made.add_routes(help_routes(build))
    return made


async def test_pages_and_files_are_served(built: web.Application) -> None:
    """Each page is served under its directory's name, each other file under its own, of its type."""
    expected = {
        "/help/": ("text/html; charset=utf-8", "index.html"),
        "/help/keys/": ("text/html; charset=utf-8", "keys/index.html"),
        "/help/es/keys/": ("text/html; charset=utf-8", "es/keys/index.html"),
        "/help/assets/help.css": ("text/css; charset=utf-8", "assets/help.css"),
        "/help/search/search_index.json": ("application/json; charset=utf-8", "search/search_index.json"),
    }
    async with asking(built) as client:
        for address, (kind, name) in expected.items():
            async with client.get(address) as response:
                assert (response.status, await response.text()) == (200, FILES[name])
                assert response.headers["Content-Type"] == kind
                assert "script-src 'self';" in response.headers["Content-Security-Policy"]


@pytest.mark.parametrize(("language", "page"), [("es-PE, en;q=0.5", "/help/es/"), ("en", "/help/"), ("fr", "/help/")])
async def test_the_first_page_is_of_the_readers_language(built: web.Application, language: str, page: str) -> None:
    """Who asks for /help gets the first page of the language that the browser asks for."""
    async with asking(built) as client, client.get("/help", headers={"Accept-Language": language}) as response:
        assert (response.status, response.url.path) == (200, page)


async def test_a_page_is_found_without_its_last_slash(built: web.Application) -> None:
    """An address without the last slash leads to the page, below whatever prefix it was asked for."""
    async with asking(built) as client:
        for address, place in (("/help/keys", "keys/"), ("/help/es/keys", "keys/"), ("/help/es", "es/")):
            async with client.get(address, allow_redirects=False) as response:
                assert (response.status, response.headers["Location"]) == (301, place)


async def test_nothing_else_is_served(built: web.Application) -> None:
    """What is no file of the site is not there, however it is written."""
    async with asking(built) as client:
        for address in ("/help/nothing/", "/help/%2e%2e/%2e%2e/etc/passwd", "/help//", "/help/keys/index"):
            async with client.get(address) as response:
                assert response.status == 404, address


async def test_what_has_its_digest_in_its_name_is_kept(built: web.Application) -> None:
    """A file whose name changes with its contents may be kept for ever, anything else is asked for again."""
    async with asking(built) as client:
        for name, cache in (
            ("assets/main.0a1b2c3d.min.css", FOR_EVER),
            ("assets/page.0a1b2c3d.min.js", FOR_EVER),
            ("assets/help.css", REVALIDATE),
            ("", REVALIDATE),
        ):
            async with client.get(f"/help/{name}") as response:
                assert response.headers["Cache-Control"] == cache


async def test_without_a_build_a_page_says_how_to_get_one(unbuilt: web.Application) -> None:
    """Where the documents were not built, every page of theirs says so in both languages."""
    async with asking(unbuilt) as client:
        for address in ("/help", "/help/", "/help/es/errors/"):
            async with client.get(address) as response:
                text = await response.text()
                assert (response.status, response.content_type) == (200, "text/html")
                assert text.count("make docs") == 2
