"""The stock client's own recovery at its edges: more than may wait for one client, and private ids that are none."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import Node
from tests.support.recovering import StockClient, recovering
from tests.support.servers import running, secured, seqs, token
from tests.support.waiting import until


@pytest.mark.parametrize(("count", "size"), [(60, 60_000), (1_500, 2_000)], ids=["large ones", "many"])
async def test_more_than_the_send_cap_comes_at_its_own_pace(node: Node, count: int, size: int) -> None:
    """A client that missed more bytes than may wait for it is not cut for that, and gets it all."""
    body: dict[str, Any] = {"type": "tour_creado", "message": "x" * size, "data": {}}
    async with (
        running(secured(send_cap=256 * 1024)) as server,
        recovering("stock", server.url, token("123", "turista"), node) as client,
    ):
        assert isinstance(client, StockClient)
        await server.notify(body)
        await until(lambda: client.notifications, "the first one", client.moves)
        await client.cut()
        for _ in range(count):
            await server.notify(body)
        await client.back()
        _, last = await server.notify({**body, "message": "end"})
        await until(lambda: client.notifications[-1]["message"] == "end", "the last one", client.moves)

        assert len(client.disconnects) == 1, "cut for what it was sent"
        assert client.connects[-1]["recovered"] is False, "on a new session"
        assert seqs(client.notifications) == list(range(1, last["seq"] + 1))
