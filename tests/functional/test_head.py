"""HEAD at every address that is served: a head and nothing else, so that the connection goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.support.asking import published
from tests.support.catalogs import following
from tests.support.servers import PUBLISH_KEY, Server, running, secured, token
from tests.support.waiting import coming

# What no route of the application has as it is asked for: the engine's own path, and files.
MORE = ("/socket.io/?EIO=4&transport=polling", "/socket.io/?EIO=3&transport=polling", "/nowhere", "/docs/nowhere")
NEXT = "/health/live"


def paths_of(server: Server, notification: str) -> list[str]:
    """Every path that a server serves, with something for what it names."""
    known = {"id": notification, "topic": "tour:1", "path": "index.html"}
    found = {
        resource.canonical
        for resource in server.app.router.resources()
        if any(route.method == "HEAD" for route in resource)
    }
    filled = [path.format_map({**known, **({"id": "ana"} if "/users/" in path else {})}) for path in found]
    return [*sorted(filled), *MORE]


async def answers(server: Server, path: str, credential: str) -> list[bytes]:
    """The heads of the answers to HEAD of a path and to the GET that follows on the same connection."""
    parts = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        for method, asked in (("HEAD", path), ("GET", NEXT)):
            lines = (f"{method} {asked} HTTP/1.1", f"Host: {parts.netloc}", f"Authorization: Bearer {credential}")
            writer.write("\r\n".join((*lines, "", "")).encode())
        heads = []
        for _ in range(2):
            try:
                heads.append(await coming(reader.readuntil(b"\r\n\r\n"), f"an answer to {path}"))
            except asyncio.IncompleteReadError as ended:
                return [*heads, ended.partial] if ended.partial else heads
        return heads
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize("credential", ["key", "token"])
async def test_head_is_a_head_alone(tmp_path: Path, credential: str) -> None:
    """After the head of the answer comes the next answer, or the end of the connection, whatever path was asked for."""
    catalog = following(tmp_path, '[topics."tour:*"]\nfollow = "anyone"\n')
    async with running(secured(catalog=catalog)) as server:
        one = await published(server, audience={"users": ["ana"]})
        shown = PUBLISH_KEY if credential == "key" else token("ana", "admin")
        good = 0
        for path in paths_of(server, one):
            first, *rest = await answers(server, path, shown)
            assert first.startswith(b"HTTP/1.1 "), (path, first)
            good += first.startswith(b"HTTP/1.1 200")
            if rest:
                assert rest[0].startswith(b"HTTP/1.1 200 "), (path, first, rest)
            else:
                assert b"\r\nconnection: close\r\n" in first.lower(), (path, first)
        assert good > 20
