"""Notifications as a console filters them, and fills a gap with."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest

from sio_server.notification import milliseconds
from tests.support.asking import ask, assert_refused, get, published
from tests.support.servers import PUBLISH_KEY, Server, running, secured
from tests.support.waiting import until

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


async def found(server: Server, **query: str) -> dict[str, Any]:
    """The answer of a search, with nothing but the ids of what was found."""
    page = await get(server, f"/v1/notifications?{urlencode(query)}", KEY)
    exact = page["exact"]
    return {"items": [item["id"] for item in page["items"]], "exact": None if exact is None else exact["id"]}


async def test_notifications_are_found_by_what_they_say() -> None:
    """Words are found in title, message and data, in any case and without accents, and every sign for itself."""
    async with running(secured()) as server:
        lagoon = await published(server, title="Reserva", message="Laguna 69 al 100 %", data={"codigo": "R-000_42"})
        canyon = await published(server, message="Anulación: Cañón", data={"turista": {"nombre": 'Rosa O\'Neil "ñ"'}})
        for text, expected in (
            ("laguna reserva", [lagoon]),
            ("ANULACION", [canyon]),
            ("cañón", [canyon]),
            ("r-000", [lagoon]),
            ("%", [lagoon]),
            ("_", [lagoon]),
            ("'", [canyon]),
            ('"', [canyon]),
            ("a", [canyon, lagoon]),
            ("%%", []),
            ("codigo", []),
            ("'; DROP TABLE notification; --", []),
            ("lagoon", []),
        ):
            assert (await found(server, q=text))["items"] == expected, text


async def test_id_and_position_are_found_at_once() -> None:
    """What has the id or the seq that was typed is told apart, beside what only speaks of it."""
    async with running(secured()) as server:
        first = await published(server, message="uno")
        second = await published(server, message="Grupo de 1")
        assert await found(server, q=first) == {"items": [first], "exact": first}
        assert await found(server, q=first[:18]) == {"items": [first], "exact": None}
        assert await found(server, q="1") == {"items": [second, first], "exact": first}
        assert await found(server, q="1", type="tour_creado") == {"items": [], "exact": None}
        assert await found(server, q="1", before="2") == {"items": [first], "exact": None}
        assert await found(server, q="77") == {"items": [], "exact": None}


async def test_notifications_are_found_by_when_they_were_published() -> None:
    """From the moment of one on it is found, before that moment it is not: the moment that its record shows."""
    async with running(secured()) as server:
        made = []
        for _ in range(3):
            made.append(await published(server))
            await until(lambda: milliseconds(datetime.now(UTC)) > moment_of(made[-1]), "the next millisecond")
        times = {item["id"]: item["timestamp"] for item in (await get(server, "/v1/notifications", KEY))["items"]}
        one, two, three = made

        assert [milliseconds(datetime.fromisoformat(times[identity])) for identity in made] == [*map(moment_of, made)]
        assert (await found(server, since=times[two]))["items"] == [three, two]
        assert (await found(server, until=times[two]))["items"] == [one]
        assert (await found(server, since=times[two], until=times[three]))["items"] == [two]
        assert (await found(server, since=times[three], until=times[two]))["items"] == []
        assert (await found(server, since="2020-01-01T00:00:00+01:00", until="2020-01-02T00:00:00Z"))["items"] == []


def moment_of(identity: str) -> int:
    """The milliseconds in an id."""
    return uuid.UUID(identity).int >> 80


HOSTILE = ["", "   ", "\x00", "a\x00b", "\x1b[2J", "x" * 201, "x" * 6000, "\u0301"]


@pytest.mark.parametrize("path", ["/v1/notifications", "/v1/users"])
async def test_text_that_nothing_can_hold_is_refused(path: str) -> None:
    """Nothing, too much, controls and bytes that are no text are refused by the name of the field, in words."""
    queries = [urlencode({"q": text}) for text in HOSTILE] + ["q=%ED%A0%80", "q=%FF", "q=a&q=b"]
    async with running(secured()) as server:
        await published(server)
        for query in queries:
            answer = await ask(server, "GET", f"{path}?{query}", token=KEY)
            assert answer.status in (200, 400), query
            if answer.status == 200:
                assert query in queries[-3:]
            else:
                assert_refused(answer, "invalid_request")
                assert [problem["field"] for problem in answer.body["errors"]] == ["q"], answer.body
        long = await ask(server, "GET", f"{path}?q={'x' * 100_000}", token=KEY)

    assert 400 <= long.status < 500


@pytest.mark.parametrize(
    "query",
    ["since=yesterday", "until=2026-11-28", "after=-1", "after=x", "priority=urgent", "role=", "role=" + "x" * 129],
)
async def test_filter_that_means_nothing_is_refused(query: str) -> None:
    """A filter that could match nothing is told to be wrong."""
    async with running() as server:
        assert_refused(await ask(server, "GET", f"/v1/notifications?{query}"), "invalid_request")
