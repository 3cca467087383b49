"""``GET /metrics`` of a running server: who may read it, and that its numbers are those of what really happened."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from sio_server.api import metrics
from sio_server.auth import Publisher
from sio_server.core.schedules import Standing
from sio_server.metrics.prometheus import PREFIX
from sio_server.schemas.publish import load_publish
from tests.support.asking import ask, assert_refused, published
from tests.support.clients import plain_socket, refused
from tests.support.links import Core
from tests.support.servers import FOR_EVER, PUBLISH_KEY, Server, running, secured, token
from tests.support.waiting import until, until_true

KEY = PUBLISH_KEY


async def scrape(server: Server, credential: str | None = KEY) -> dict[str, float]:
    """Return every sample: its name and labels as they are written, without the prefix."""
    answer = await ask(server, "GET", "/metrics", token=credential)
    assert answer.status == 200, answer
    found = {}
    for family in text_string_to_metric_families(answer.body):
        for sample in family.samples:
            labels = ",".join(f"{name}={value}" for name, value in sorted(sample.labels.items()))
            found[f"{sample.name.removeprefix(PREFIX)}{{{labels}}}"] = sample.value
    return found


async def test_metrics_are_open_in_development() -> None:
    """In development everybody may read them, as plain text that nobody should keep."""
    async with running() as server:
        answer = await ask(server, "GET", "/metrics")

    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.headers["cache-control"] == "no-store"


async def test_metrics_need_a_credential_elsewhere() -> None:
    """A server with secrets shows them to operators alone, on a loopback address too: a proxy may be before it."""
    async with running(secured()) as server:
        assert_refused(await ask(server, "GET", "/metrics"), "unauthorized")
        assert_refused(await ask(server, "GET", "/metrics", token=token("ana", "turista")), "forbidden")
        for credential in (KEY, token("eva", "admin")):
            assert (await ask(server, "GET", "/metrics", token=credential)).status == 200


async def test_openmetrics_for_who_asks() -> None:
    """A scraper that accepts OpenMetrics is answered in it."""
    async with (
        running() as server,
        server.http.get(
            f"{server.url}/metrics", headers={"Accept": "application/openmetrics-text; version=1.0.0"}
        ) as response,
    ):
        text = await response.text()

    assert response.content_type == "application/openmetrics-text"
    assert text.endswith("# EOF\n")


async def test_numbers_are_what_happened(tmp_path: Path) -> None:
    """Publishes, deliveries, connections, refusals, commits and the log are counted as they really were."""
    async with running(secured(broker="sqlite:", data_dir=tmp_path)) as server:
        ana, eva = {"token": token("ana", "turista")}, {"token": token("eva", "admin")}
        async with plain_socket(server.url, ana):
            tabs = [await server.connect(ana), await server.connect(eva, transports=["polling"])]
            await published(server, audience={"roles": ["turista", "admin"]})
            await published(server, audience={"users": ["ana"]}, idempotency_key="k")
            await published(server, audience={"users": ["ana"]}, idempotency_key="k")
            assert (await server.notify({"type": "tst"}))[0] == 422
            await refused(server.url, {"token": "a.b.c"})
            during = await scrape(server)
        for tab in tabs:
            await tab.client.disconnect()
        await until(lambda: len(server.core.hub) == 0, "everybody to be gone")
        after = await scrape(server)

    assert during["publishes_total{result=accepted,type=test}"] == 2
    assert during["publishes_total{result=duplicate,type=test}"] == 1
    assert during["deliveries_total{}"] == 5
    assert during["refusals_total{code=unknown_type}"] == 1
    assert during["refusals_total{code=invalid_token}"] == 1
    assert during["connections{protocol=socketio,transport=websocket}"] == 1
    assert during["connections{protocol=socketio,transport=polling}"] == 1
    assert during["connections{protocol=ws,transport=websocket}"] == 1
    assert during["role_connections{role=turista}"] == 2
    assert during["users{}"] == 2
    assert during["engine_sessions{}"] == 2
    assert during["log_head{}"] == during["log_notifications{}"] == 2
    assert during["log_bytes{}"] > 0
    assert during["commit_size_sum{}"] == 3  # a duplicate takes part in its commit, too
    assert during["commit_seconds_count{}"] >= during["commit_size_count{}"] >= 2
    assert after["connections_opened_total{protocol=socketio}"] == 2
    assert after["connections_opened_total{protocol=ws}"] == 1
    assert after["users{}"] == 0
    closed = {name: value for name, value in after.items() if name.startswith("connections_closed_total")}
    assert sum(closed.values()) == 3


async def delivered_one(server: Server) -> bool:
    """Whether something that was scheduled was delivered."""
    return (await scrape(server))["scheduled_late_seconds_count{}"] > 0


async def test_what_is_scheduled_is_told() -> None:
    """How many wait is told, and how late those were that were delivered."""
    ahead = [0.0]
    async with running(secured()) as server:
        schedules = server.core.schedules
        schedules.wall = lambda: time.time() + ahead[0]
        for minutes in (1, 2, 60):
            await server.notify({"type": "test", "deliver_in": 60 * minutes})
        waiting = await scrape(server)
        ahead[0] = 130.0
        schedules.look()
        await until_true(partial(delivered_one, server), "the delivery")
        delivered = await scrape(server)

    assert (waiting["scheduled{}"], waiting["scheduled_overdue_seconds{}"]) == (3, 0)
    assert waiting["scheduled_late_seconds_count{}"] == 0
    assert (delivered["scheduled{}"], delivered["scheduled_overdue_seconds{}"]) == (1, 0)
    assert delivered["scheduled_late_seconds_count{}"] == 1
    assert 65 < delivered["scheduled_late_seconds_sum{}"] < 75


async def test_what_is_overdue_is_told(made: Core) -> None:
    """Where nothing is delivered, for how long the soonest has been due is told."""
    made.schedules.wall = lambda: 1_800_000_000.0
    assert await made.schedules.standing() == Standing(0, 0.0)
    for seconds in (90, 60):
        await made.node.publish(load_publish({"type": "test", "deliver_in": seconds}), Publisher("p"))
    assert await made.schedules.standing() == Standing(2, 0.0)
    made.schedules.wall = lambda: 1_800_000_075.0
    assert await made.schedules.standing() == Standing(2, 15.0)


async def test_recovery_is_counted() -> None:
    """A replay is counted with its size, and a cursor that is worth nothing as one that could not be recovered."""
    ana = {"token": token("ana")}
    async with running(secured()) as server:
        async with plain_socket(server.url, ana) as socket:
            cursor = socket.frames[0]["cursor"]
        for _ in range(3):
            await published(server, audience={"users": ["ana"]})
        async with plain_socket(server.url, {**ana, "cursor": cursor}) as socket:
            await until(lambda: socket.of("ns:sync"), "the replay")
        async with plain_socket(server.url, {**ana, "cursor": "nothing"}) as socket:
            await until(lambda: socket.of("ns:sync"), "the answer")
        found = await scrape(server)

    assert (found["replay_size_sum{}"], found["replay_size_count{}"]) == (3, 1)
    assert found["unrecovered_total{}"] == 1


async def test_users_are_in_no_line() -> None:
    """Nobody's name, no id and no key is anywhere in what is shown."""
    async with running(secured()) as server:
        await server.connect({"token": token("a-name-that-is-nowhere", "turista")})
        identity = await published(server, audience={"users": ["a-name-that-is-nowhere"]})
        text = (await ask(server, "GET", "/metrics", token=KEY)).body

    assert "a-name-that-is-nowhere" not in text
    assert identity not in text
    assert KEY not in text


async def test_metrics_are_shown_while_the_log_fails(tmp_path: Path) -> None:
    """When the log cannot say how big it is, its size is absent and everything else is there."""
    async with running(secured(broker="sqlite:", data_dir=tmp_path)) as server:
        await published(server)
        await server.core.broker.close()
        found = await scrape(server)

    assert "log_bytes{}" not in found
    assert found["publishes_total{result=accepted,type=test}"] == 1


async def test_size_of_the_log_is_not_counted_for_every_scrape(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Scrapes right after one another show the size that the first one counted, for it is counted now and then only."""
    monkeypatch.setattr(metrics, "SIZE_TTL", FOR_EVER)  # however slow the machine is
    async with running(secured(broker="sqlite:", data_dir=tmp_path)) as server:
        first = await scrape(server)
        await published(server)
        second = await scrape(server)

    assert (first["log_notifications{}"], first["log_head{}"]) == (0, 0)
    assert (second["log_notifications{}"], second["log_head{}"]) == (0, 1)
