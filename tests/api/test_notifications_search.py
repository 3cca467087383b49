"""Notifications as a console filters them, and fills a gap with."""

from __future__ import annotations

import pytest

from tests.support.asking import ask, assert_refused, get, published
from tests.support.servers import PUBLISH_KEY, running, secured

KEY = PUBLISH_KEY


async def test_notifications_are_found_by_role_and_priority() -> None:
    """A role finds what everybody with it gets, a priority what has it, both what is both."""
    async with running(secured()) as server:
        guide = await published(server, audience={"roles": ["guia"]}, priority="high")
        admin = await published(server, audience={"roles": ["admin"]}, priority="high")
        everybody = await published(server, audience={"all": True}, priority="low")
        found = {
            query: [item["id"] for item in (await get(server, f"/v1/notifications?{query}", KEY))["items"]]
            for query in ("role=guia", "priority=high", "role=guia&priority=high", "role=guia&type=tour_creado")
        }

    assert found == {
        "role=guia": [everybody, guide],
        "priority=high": [admin, guide],
        "role=guia&priority=high": [guide],
        "role=guia&type=tour_creado": [],
    }


async def test_gap_is_filled_with_the_oldest_first() -> None:
    """From a position on, pages come in the order of publishing, up to the other end of the gap where one is given."""
    async with running(secured()) as server:
        for _ in range(8):
            await published(server)
        first = await get(server, "/v1/notifications?after=2&limit=4", KEY)
        second = await get(server, f"/v1/notifications?after={first['next_after']}&limit=4", KEY)
        between = await get(server, "/v1/notifications?after=2&before=5", KEY)

    assert [item["seq"] for page in (first, second) for item in page["items"]] == [3, 4, 5, 6, 7, 8]
    assert (first["next_before"], second["next_after"]) == (None, None)
    assert [item["seq"] for item in between["items"]] == [3, 4]


@pytest.mark.parametrize("query", ["after=-1", "after=x", "priority=urgent", "role=", "role=" + "x" * 129])
async def test_filter_that_means_nothing_is_refused(query: str) -> None:
    """A filter that could match nothing is told to be wrong."""
    async with running() as server:
        assert_refused(await ask(server, "GET", f"/v1/notifications?{query}"), "invalid_request")
