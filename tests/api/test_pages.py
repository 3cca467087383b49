"""The console's files: the page, what lies beside it, and its assets, whose names change with their contents."""

from __future__ import annotations

from pathlib import Path

import pytest
from aiohttp import web

from sio_server.api.pages import console_routes
from sio_server.api.static_files import FOR_EVER, REVALIDATE
from tests.support.asking import asking

FILES = {
    "index.html": "<!doctype html><p>console",
    "icon.svg": "<svg/>",
    "manifest.webmanifest": "{}",
    "assets/app-0a1b.js": "export {}",
    "assets/app-0a1b.js.br": "compressed",
    "assets/app-2c3d.css": "p {}",
    "assets/font-4e5f.woff2": "font",
}


@pytest.fixture
def built(tmp_path: Path) -> web.Application:
    """Return an application with a console as its build leaves it, and nothing else."""
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return app_of(tmp_path)


@pytest.fixture
def unbuilt(tmp_path: Path) -> web.Application:
    """Return an application whose console was not built."""
    return app_of(tmp_path)


def app_of(build: Path) -> web.Application:
    """An application with nothing but the console."""
    made = web.Application()
    made.add_routes(console_routes(build))
    return made


async def test_page_and_files_of_the_build_are_served(built: web.Application) -> None:
    """Each file of the build is served under its name, of its type; text says its encoding."""
    expected = {
        "/": ("text/html", "index.html"),
        "/icon.svg": ("image/svg+xml", "icon.svg"),
        "/assets/app-0a1b.js": ("javascript", "assets/app-0a1b.js"),
        "/assets/app-2c3d.css": ("text/css; charset=utf-8", "assets/app-2c3d.css"),
        "/assets/font-4e5f.woff2": ("", "assets/font-4e5f.woff2"),
    }
    async with asking(built) as client:
        for address, (kind, name) in expected.items():
            async with client.get(address, headers={"Accept-Encoding": "identity"}) as response:
                assert (response.status, await response.text()) == (200, FILES[name])
                assert kind in response.headers["Content-Type"]


async def test_what_has_a_hash_in_its_name_is_kept(built: web.Application) -> None:
    """Assets may be kept for ever, the page and what lies beside it are asked for again."""
    async with asking(built) as client:
        for address, cache in (("/assets/app-2c3d.css", FOR_EVER), ("/", REVALIDATE), ("/icon.svg", REVALIDATE)):
            async with client.get(address) as response:
                assert response.headers["Cache-Control"] == cache


async def test_compressed_copies_have_no_address(built: web.Application) -> None:
    """A compressed copy is sent for the file it is of, and is no file of its own."""
    async with asking(built) as client:
        async with client.get("/assets/app-0a1b.js.br") as response:
            assert response.status == 404
        async with client.get("/assets/app-0a1b.js", headers={"Accept-Encoding": "br"}) as response:
            assert (response.headers["Content-Encoding"], await response.read()) == ("br", b"compressed")


async def test_without_a_build_a_page_says_so(unbuilt: web.Application) -> None:
    """Where the console was not built there is a page all the same, with its style."""
    async with asking(unbuilt) as client:
        async with client.get("/") as response:
            assert (response.status, response.content_type) == (200, "text/html")
        async with client.get("/static/page.css") as response:
            assert (response.status, response.content_type) == (200, "text/css")
