"""No proxy gives a connection up before the server would."""

from __future__ import annotations

import re

import orjson
import pytest

from tests.support.deployment import DEPLOY
from tests.support.servers import running

PATTERNS = {
    "nginx.conf": r"proxy_(?:read|send)_timeout +(\d+)s;",
    "haproxy.cfg": r"timeout (?:client|server|tunnel) +(\d+)s",
    "traefik.yml": r"(?:read|idle)Timeout: (\d+)s",
    "kubernetes.yaml": r'proxy-(?:read|send)-timeout: "(\d+)"',
}


@pytest.mark.parametrize("name", PATTERNS)
async def test_a_silence_is_longer_than_pings_are_apart(name: str) -> None:
    """Each time-out is longer than the server's interval of pings and its wait for an answer together."""
    async with (
        running() as server,
        server.http.get(f"{server.url}/socket.io/", params={"EIO": "4", "transport": "polling"}) as response,
    ):
        greeting = orjson.loads((await response.text()).removeprefix("0"))
    found = re.findall(PATTERNS[name], (DEPLOY / name).read_text())
    assert len(found) >= 2
    assert min(map(int, found)) * 1000 > greeting["pingInterval"] + greeting["pingTimeout"]
