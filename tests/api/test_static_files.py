"""Files that are served as they are: with their policy, compressed where the client takes that, asked for again."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from aiohttp import web

from sio_server.api.operations import Handler
from sio_server.api.static_files import FOR_EVER, REVALIDATE, served
from sio_server.errors import Refused
from tests.support.asking import asking

TEXT = "hola " * 1000


@web.middleware
async def told(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Answer a refusal with its code."""
    try:
        return await handler(request)
    except Refused as refused:
        return web.Response(status=refused.kind.status, text=refused.kind.code)


@pytest.fixture
def app(tmp_path: Path) -> web.Application:
    """Return an application with a page that has a compressed copy, and one that is for ever."""
    page = tmp_path / "page.html"
    page.write_text(TEXT, encoding="utf-8")
    page.with_name("page.html.gz").write_bytes(gzip.compress(TEXT.encode()))
    made = web.Application()
    made.router.add_get("/page", served(page, "text/html"))
    made.router.add_get("/for-ever", served(page, "text/plain", cache=FOR_EVER, framed_by="'self'"))
    return made


async def test_page_has_its_policy_and_type(app: web.Application) -> None:
    """A page is of the type it is said to be, loads nothing from elsewhere, and is framed by whom it allows."""
    async with asking(app) as client, client.get("/page", headers={"Accept-Encoding": "identity"}) as response:
        assert (response.status, await response.text()) == (200, TEXT)
        assert response.content_type == "text/html"
        assert response.headers["Cache-Control"] == REVALIDATE
        policy = response.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert policy.endswith("frame-ancestors 'none'")
    async with asking(app) as client, client.get("/for-ever") as response:
        assert response.headers["Cache-Control"] == FOR_EVER
        assert response.headers["Content-Security-Policy"].endswith("frame-ancestors 'self'")


async def test_compressed_copy_is_sent_to_who_takes_it(app: web.Application) -> None:
    """Who takes gzip gets the copy, of the same type; who takes none gets the file."""
    async with asking(app) as client:
        async with client.get("/page", headers={"Accept-Encoding": "gzip"}) as response:
            assert response.headers["Content-Encoding"] == "gzip"
            assert response.content_type == "text/html"
            assert gzip.decompress(await response.read()).decode() == TEXT
        async with client.get("/page", headers={"Accept-Encoding": "identity"}) as response:
            assert "Content-Encoding" not in response.headers


async def test_unchanged_file_is_not_sent_again(app: web.Application) -> None:
    """A browser that has the file is told that it has not changed, with nothing of it."""
    async with asking(app) as client:
        async with client.get("/page", headers={"Accept-Encoding": "identity"}) as response:
            tag = response.headers["ETag"]
        headers = {"If-None-Match": tag, "Accept-Encoding": "identity"}
        async with client.get("/page", headers=headers) as response:
            assert (response.status, await response.read()) == (304, b"")


async def test_file_that_cannot_be_opened_is_an_error_of_the_moment(tmp_path: Path) -> None:
    """A file that was there and cannot be opened now is told by `unavailable`, which no cache keeps, and no 404."""
    app = web.Application(middlewares=[told])
    app.router.add_get("/page", served(tmp_path / "none.html", "text/html", cache=FOR_EVER))
    async with asking(app) as client, client.get("/page") as response:
        assert (response.status, await response.text()) == (503, "unavailable")
        assert "Cache-Control" not in response.headers
