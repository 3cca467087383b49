"""Spans of what becomes of a notification, as a real collector gets them."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.asking import ask
from tests.support.brokers import side_by_side
from tests.support.collectors import Collector, collecting
from tests.support.logged import logging_to_stderr
from tests.support.networks import serving, silence
from tests.support.servers import PUBLISH_KEY, running, secured, token
from tests.support.waiting import until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
SAMPLED = f"00-{TRACE}-{PARENT}-01"
UNSAMPLED = f"00-{TRACE}-{PARENT}-00"

# Kinds of spans in OTLP: https://github.com/open-telemetry/opentelemetry-proto, trace.proto
INTERNAL, PRODUCER, CONSUMER = 1, 4, 5


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have spans sent soon after they ended."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "20")


@pytest.fixture
async def collector(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Collector]:
    """A collector that the servers of the test send to."""
    async with collecting() as started:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", started.url)
        yield started


async def test_publish_commit_and_delivery_are_one_trace(collector: Collector, tmp_path: Path) -> None:
    """A notification's publish continues its publisher's trace; commit and delivery follow in it."""
    before = time.time_ns()
    async with running(secured(broker="sqlite:", data_dir=tmp_path)) as server:
        await server.connect({"token": token("a", "admin")})
        await server.connect({"token": token("b", "admin")})
        body = {"type": "reserva_creada", "data": {"usuario_id": "s3cret"}, "traceparent": SAMPLED}
        _, reply = await server.notify(body)
        await until(lambda: len(collector.spans) == 3, "three spans", lambda: collector.requests)
    [publish] = collector.named("publish reserva_creada")
    [commit] = collector.named("commit")
    [deliver] = collector.named("deliver reserva_creada")
    assert {span.trace_id for span in collector.spans} == {TRACE}
    assert (publish.kind, publish.parent_id) == (PRODUCER, PARENT)
    assert (commit.kind, commit.parent_id) == (INTERNAL, publish.span_id)
    assert (deliver.kind, deliver.parent_id) == (CONSUMER, publish.span_id)
    assert before <= publish.start <= commit.start <= commit.end <= deliver.start + 1_000_000
    assert deliver.start <= deliver.end <= publish.end + 1_000_000
    of_message: dict[str, Any] = {"messaging.system": "sio-server", "messaging.destination.name": "reserva_creada"}
    of_message |= {"messaging.message.id": reply["id"], "sio_server.seq": 1, "sio_server.sockets": 2}
    named = {"messaging.operation.name": "publish", "messaging.operation.type": "send"}
    assert publish.attributes == {**of_message, **named}
    named = {"messaging.operation.name": "deliver", "messaging.operation.type": "process"}
    assert deliver.attributes == {**of_message, **named}
    assert commit.attributes == {"messaging.system": "sio-server", "messaging.batch.message_count": 1}
    assert commit.links == ((TRACE, publish.span_id),)
    assert publish.resource["service.name"] == "sio-server"
    assert "s3cret" not in str(collector.spans)


async def test_commit_of_many_is_linked_to_each(collector: Collector) -> None:
    """A commit that holds several sampled publishes is one span, with a link to each of them."""
    async with running(secured()) as server:
        items = [{"type": "test", "traceparent": f"00-{number:032x}-{PARENT}-01"} for number in range(1, 6)]
        items.append({"type": "test", "traceparent": UNSAMPLED})
        await ask(server, "POST", "/v1/notifications/batch", json=items, token=PUBLISH_KEY)
        await until(lambda: len(collector.named("commit")) == 1, "the commit", lambda: collector.requests)
        await until(lambda: len(collector.spans) == 11, "all spans", lambda: collector.requests)
    [commit] = collector.named("commit")
    published = {(span.trace_id, span.span_id) for span in collector.named("publish test")}
    assert len(published) == 5
    assert set(commit.links) == published
    assert commit.attributes["messaging.batch.message_count"] == 6


async def test_header_of_the_request_names_the_trace(collector: Collector) -> None:
    """The header traceparent counts where the body names no trace, in a batch for each item; receivers get it."""
    async with running(secured()) as server:
        admin = await server.connect({"token": token("a", "admin")})
        await server.notify({"type": "test"}, traceparent=SAMPLED)
        other = f"00-{'a' * 32}-{PARENT}-01"
        await server.notify({"type": "test", "traceparent": other}, traceparent=SAMPLED)
        await server.notify({"type": "test"}, traceparent="broken")
        traces = [event.get("traceparent") for event in await admin.wait(3)]
        await until(lambda: len(collector.named("publish test")) == 3, "the spans", lambda: collector.requests)
    assert traces == [SAMPLED, other, None]
    first, second, third = (span.trace_id for span in collector.named("publish test"))
    assert (first, second) == (TRACE, "a" * 32)
    assert third not in (first, second)


async def test_trace_that_is_not_sampled_makes_no_spans(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    """A trace whose publisher does not record it makes none here; nor does one that the sampler leaves out."""
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_always_off")
    async with running(secured()) as server:
        await server.notify({"type": "test", "traceparent": UNSAMPLED})
        await server.notify({"type": "test"})
        await server.notify({"type": "test", "traceparent": SAMPLED})
        await until(lambda: len(collector.spans) == 3, "the sampled one", lambda: collector.requests)
    assert {span.trace_id for span in collector.spans} == {TRACE}


async def test_what_is_refused_is_an_error_with_its_code(collector: Collector) -> None:
    """A publish that the server refuses is a span with the code of its error, and a duplicate is told as one."""
    async with running(secured()) as server:
        await server.notify({"type": "reserva_creda", "traceparent": SAMPLED})
        for _ in range(2):
            await server.notify({"type": "test", "traceparent": SAMPLED, "idempotency_key": "k"})
        await until(lambda: len(collector.named("publish test")) == 2, "the spans", lambda: collector.requests)
        await until(lambda: len(collector.spans) == 5, "the others", lambda: collector.requests)
    [refused] = collector.named("publish reserva_creda")
    assert refused.is_error
    assert refused.attributes["error.type"] == "unknown_type"
    first, second = collector.named("publish test")
    assert "sio_server.duplicate" not in first.attributes
    assert second.attributes["sio_server.duplicate"] is True
    assert len(collector.named("deliver test")) == 1


async def test_what_is_not_stored_has_its_spans(collector: Collector) -> None:
    """A notification that is not kept is traced like any other."""
    async with running(secured()) as server:
        await server.notify({"type": "test", "traceparent": SAMPLED, "persist": False})
        await until(lambda: len(collector.named("deliver test")) == 1, "its delivery", lambda: collector.requests)


async def test_other_nodes_tell_of_their_delivery(collector: Collector) -> None:
    """A node that did not publish it tells of its delivery, in the publisher's trace, with its own connections."""
    one, other = side_by_side()
    async with running(secured(), broker=one) as here, running(secured(), broker=other) as there:
        await there.connect({"token": token("a", "admin")})
        await here.notify({"type": "test", "traceparent": SAMPLED, "data": {"traceparent": UNSAMPLED}})
        await here.notify({"type": "test", "traceparent": UNSAMPLED})
        await here.notify({"type": "test", "traceparent": SAMPLED})
        await until(lambda: len(collector.named("deliver test")) == 4, "four deliveries", lambda: collector.requests)
    published = {span.span_id for span in collector.named("publish test")}
    told = [
        (span.parent_id == PARENT, span.attributes["sio_server.sockets"]) for span in collector.named("deliver test")
    ]
    assert sorted(told) == [(False, 0), (False, 0), (True, 1), (True, 1)]
    assert {span.parent_id for span in collector.named("deliver test")} == {*published, PARENT}


async def test_what_waits_is_sent_at_the_end(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that ends sends first what it has not sent yet."""
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "3600000")
    async with running(secured()) as server:
        await server.notify({"type": "test", "traceparent": SAMPLED})
        assert collector.spans == []
    assert len(collector.spans) == 3


@pytest.mark.parametrize("away", ["refuses", "silent", "failing"])
async def test_collector_that_is_away_holds_up_nobody(away: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Publishes are answered, what is kept has an end, and the server ends in its time, whatever the collector does."""
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "100")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "10")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    async with serving(silence) as nowhere, collecting() as failing:
        failing.status = 503
        if away != "refuses":
            url = nowhere.replace("tcp", "http") if away == "silent" else failing.url
            monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", url)
        async with running(secured()) as server:
            items = [{"type": "test"}] * 200
            answer = await ask(server, "POST", "/v1/notifications/batch", json=items, token=PUBLISH_KEY)
            assert answer.body["accepted"] == 200
            tracer = server.core.tracer
            assert tracer is not None
            assert not tracer._open
            async with asyncio.timeout(30):
                await tracer.close()


async def test_log_lines_carry_the_trace(capsys: pytest.CaptureFixture[str]) -> None:
    """A refusal's line names the trace of its request, by header or by body, with the extra or without."""
    with logging_to_stderr("json", "info"):
        async with running(secured()) as server:
            await server.notify({"type": "tst", "traceparent": SAMPLED})
            await server.notify({"type": "tst"}, traceparent=SAMPLED)
            await ask(server, "POST", "/v1/notifications/batch", token="wrong")
    lines = [line for line in capsys.readouterr().err.splitlines() if '"refused"' in line]
    assert [f'"trace_id":"{TRACE}"' in line.replace(": ", ":") for line in lines] == [True, True, False]
