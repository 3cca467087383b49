"""What is said once for a block of code holds there, and nowhere else."""

from __future__ import annotations

import asyncio
import contextvars
import json
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider

from sio_server.client import NotifyClient, publish_context
from sio_server.client.bodies import publish_body
from sio_server.client.outbox import outbox_row
from tests.support.servers import running

ANA = {"id": "42", "name": "Ana"}
TRACE = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
EVA = {"id": "43", "name": "Eva"}


def said(**options: Any) -> dict[str, Any]:
    """Return what a publish says beside its type."""
    return {name: value for name, value in publish_body("test", **options).items() if name != "type"}


def test_it_holds_in_the_block() -> None:
    """An inner one adds to it; what a call says itself wins; afterwards nothing is left."""
    with publish_context(actor=ANA):
        assert said() == {"actor": ANA}
        with publish_context(source="/a"):
            assert said() == {"actor": ANA, "source": "/a"}
            assert said(actor=EVA, source="/b") == {"actor": EVA, "source": "/b"}
        with publish_context(actor=EVA):
            assert said() == {"actor": EVA}
        with publish_context():
            assert said() == {"actor": ANA}
        assert json.loads(outbox_row("test")["body"])["actor"] == ANA
    assert said() == {}


@pytest.mark.parametrize(
    "broken",
    ["", "00", TRACE.upper(), "ff" + TRACE[2:], TRACE + "\n", f"00-{'0' * 32}-{'1' * 16}-01"],
    ids=["empty", "short", "upper", "version", "line", "zero"],
)
def test_a_trace_that_is_none_is_left_out(broken: str) -> None:
    """Whoever makes a request chooses its headers, and a broken one costs no notification."""
    with publish_context(traceparent=TRACE):
        assert said() == {"traceparent": TRACE}
    with publish_context(actor=ANA, traceparent=broken):
        assert said() == {"actor": ANA}


async def test_it_goes_along_to_tasks_and_threads() -> None:
    """What began in the block has it, also when the block is left; what runs beside it has not."""
    go = asyncio.Event()

    async def later() -> dict[str, Any]:
        await go.wait()
        return said()

    beside = asyncio.create_task(later())
    with publish_context(actor=ANA):
        inside = asyncio.create_task(later())
        assert await asyncio.to_thread(said) == {"actor": ANA}
    go.set()
    assert (await inside, await beside) == ({"actor": ANA}, {})


def test_it_may_end_in_another_context() -> None:
    """A framework may leave it elsewhere than it entered: nothing is raised, and nothing is left here."""
    entered = publish_context(actor=ANA)
    contextvars.copy_context().run(entered.__enter__)
    entered.__exit__(None, None, None)
    assert said() == {}


async def test_clients_say_it() -> None:
    """What is published with an answer names the actor as well."""
    async with running() as server, NotifyClient(server.url) as client:
        listener = await server.connect()
        with publish_context(actor=ANA, traceparent=TRACE):
            await client.publish("test", everybody=True)
        [envelope] = await listener.wait(1)
        assert (envelope["actor"], envelope["traceparent"]) == (ANA, TRACE)


def test_current_span_of_opentelemetry_is_the_trace() -> None:
    """In a process that uses OpenTelemetry what is published belongs to the current span, without a word."""
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("tests")
    assert "traceparent" not in said()
    with tracer.start_as_current_span("a request") as span:
        context = span.get_span_context()
        here = f"00-{context.trace_id:032x}-{context.span_id:016x}-{context.trace_flags:02x}"
        assert said() == {"traceparent": here}
        assert said(traceparent=TRACE) == {"traceparent": TRACE}
        # Of two traces the one that was named holds; of one trace the span, which is within what was named.
        with publish_context(traceparent=TRACE, actor=ANA):
            assert said() == {"traceparent": TRACE, "actor": ANA}
        with publish_context(traceparent=f"00-{context.trace_id:032x}-{'1' * 16}-01"):
            assert said() == {"traceparent": here}
    with trace.use_span(trace.INVALID_SPAN):
        assert said() == {}
