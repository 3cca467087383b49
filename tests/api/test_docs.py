"""Pages for people and the document for machines: all from this server, nothing from elsewhere."""

from __future__ import annotations

import asyncio
import re
from typing import Any
from urllib.parse import urljoin

import jsonschema_rs
import pytest

from tests.support.servers import Server, running, secured

SEED = {"type": "test", "message": "Hola mundo", "data": {}}
PAGES = ("/", "/docs")


async def get(server: Server, path: str) -> tuple[int, str, str, Any]:
    """Status, content type, body and headers."""
    async with server.http.get(server.url + path) as response:
        return response.status, response.content_type, (await response.read()).decode("latin-1"), response.headers


async def test_first_page_shows_the_curl_line() -> None:
    """The page at / shows how to publish."""
    async with running() as server:
        status, kind, text, _ = await get(server, "/")
        assert (status, kind) == (200, "text/html")
        assert "curl" in text
        assert "/notify" in text


@pytest.mark.parametrize("page", PAGES)
async def test_pages_load_nothing_from_elsewhere(page: str) -> None:
    """A page and all it links to come from this server, and its policy forbids anything else."""
    async with running() as server:
        _, _, text, headers = await get(server, page)
        policy = headers["Content-Security-Policy"]
        links = re.findall(r'(?:src|href)="([^"]+)"', text)

        assert "default-src 'none'" in policy
        assert "script-src 'self';" in policy
        # The console shows its guests' screens within itself, and nobody else's page shows any of this.
        assert policy.endswith("frame-ancestors 'self'")
        assert "unsafe-eval" not in policy
        assert not re.search(r"<script(?![^>]*\bsrc=)", text), "the policy forbids scripts in the page"
        for link in links:
            address = urljoin(server.url + page, link)
            assert address.startswith(server.url), link
            assert (await get(server, address.removeprefix(server.url)))[0] == 200, link


async def test_viewer_is_whole() -> None:
    """Every file of the viewer is served with its type."""
    async with running() as server:
        for path, kind in (
            ("/static/swagger-ui.css", "text/css"),
            ("/static/swagger-ui-bundle.js", "text/javascript"),
            ("/static/docs.js", "text/javascript"),
            ("/static/page.css", "text/css"),
            ("/favicon.ico", "image/png"),
        ):
            for _ in range(2):
                status, found, text, _headers = await get(server, path)
                assert (status, found) == (200, kind)
                assert len(text) > 100


async def document(server: Server) -> dict[str, Any]:
    """The OpenAPI document."""
    async with server.http.get(f"{server.url}/openapi.json") as response:
        made: dict[str, Any] = await response.json()
        return made


async def test_document_tells_every_operation() -> None:
    """The document is OpenAPI 3.1 with every operation, its errors and the seed's body as an example."""
    async with running(secured()) as server:
        made = await document(server)
        assert made["openapi"].startswith("3.1")
        assert {(method, path) for path, item in made["paths"].items() for method in item} >= {
            ("post", "/notify"),
            ("post", "/v1/notifications/batch"),
            ("get", "/v1/stats"),
            ("get", "/v1/catalog"),
            ("get", "/health/live"),
            ("get", "/health/ready"),
        }
        notify = made["paths"]["/notify"]["post"]
        assert notify["requestBody"]["content"]["application/json"]["example"] == SEED
        assert {"200", "400", "401", "403", "413", "422", "503"} <= notify["responses"].keys()
        assert notify["security"]


async def test_development_document_asks_for_no_key() -> None:
    """In development no operation is said to need a credential."""
    async with running() as server:
        made = await document(server)
        assert not [path for path, item in made["paths"].items() for one in item.values() if "security" in one]


async def test_answers_are_as_the_document_says() -> None:
    """Replies and problems of a running server fit the schemas that the document gives for their status."""
    async with running() as server:
        made = await document(server)
        for body in (SEED, {"type": "tst"}, {"type": 5}, "x", {**SEED, "audience": {}}):
            status, reply = await server.notify(body, key=None)
            responses = made["paths"]["/notify"]["post"]["responses"]
            (content,) = responses[str(status)]["content"].values()
            jsonschema_rs.validator_for({**content["schema"], "components": made["components"]}).validate(reply)
        async with server.http.post(f"{server.url}/v1/notifications/batch", json=[SEED, {"type": "x"}]) as response:
            content = made["paths"]["/v1/notifications/batch"]["post"]["responses"]["200"]["content"]
            schema = {**content["application/json"]["schema"], "components": made["components"]}
            jsonschema_rs.validator_for(schema).validate(await response.json())


async def test_reader_that_leaves_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    """Who asks for large files ahead and leaves in the midst of one causes no line in the log."""
    with caplog.at_level("INFO"):
        async with running() as server:
            for _ in range(20):
                reader, writer = await asyncio.open_connection("127.0.0.1", int(server.url.rpartition(":")[2]))
                writer.write(b"GET /static/swagger-ui-bundle.js HTTP/1.1\r\nHost: localhost\r\n\r\n" * 10)
                await reader.readexactly(100)
                writer.transport.abort()
            async with server.http.get(f"{server.url}/static/swagger-ui-bundle.js") as response:
                assert (response.status, len(await response.read())) == (200, response.content_length)
    assert [record.getMessage() for record in caplog.records if record.levelname != "INFO"] == []
