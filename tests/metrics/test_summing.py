"""The metrics of several processes are added up as they have to be."""

from __future__ import annotations

from prometheus_client.parser import text_string_to_metric_families

from sio_server.metrics.prometheus import PrometheusMetrics, Snapshot
from sio_server.metrics.summing import summed


def of_process(published: int, commits: list[float], **snapshot: object) -> bytes:
    """What a process says that has done so much."""
    metrics = PrometheusMetrics()
    for number in range(published):
        metrics.published("test" if number % 2 else "otro", duplicate=False)
    for seconds in commits:
        metrics.committed(seconds, 3)
    return metrics.render(Snapshot(**snapshot), "")[0]  # type: ignore[arg-type]  # members by name


def values(text: bytes, name: str) -> dict[tuple[str, ...], float]:
    """The samples of this name, by the values of their labels."""
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text.decode())
        for sample in family.samples
        if sample.name == name
    }


def test_what_is_counted_adds_up() -> None:
    """Counters, histograms and what is there now add up by their labels, also where one process has no such label."""
    one = of_process(3, [0.003, 0.2], connections={("ws", "websocket"): 4}, users=2, engine={"sessions": 1, "x": 5})
    two = of_process(1, [0.003], connections={("ws", "websocket"): 3, ("sse", "http"): 1}, users=1, engine={"x": 6})
    text, content_type = summed([one, two], "")
    assert content_type.startswith("text/plain")
    assert values(text, "sio_server_publishes_total") == {("accepted", "otro"): 3, ("accepted", "test"): 1}
    assert values(text, "sio_server_connections") == {("ws", "websocket"): 7, ("sse", "http"): 1}
    assert values(text, "sio_server_users") == {(): 3}
    assert values(text, "sio_server_engine_events_total") == {("x",): 11}
    assert values(text, "sio_server_commit_seconds_count") == {(): 3}
    buckets = values(text, "sio_server_commit_seconds_bucket")
    assert (buckets[("0.0025",)], buckets[("0.005",)], buckets[("0.25",)], buckets[("+Inf",)]) == (0, 2, 3, 3)
    assert values(text, "sio_server_workers") == {(): 2}


def test_what_is_shared_is_no_sum() -> None:
    """Of one log there is one head, floor and size; the version is one, and draining is 1 where one of them drains."""
    shared = {"floor": 2, "log_bytes": 4096, "log_notifications": 5}
    texts = [of_process(0, [], head=7, **shared), of_process(0, [], head=9, draining=True, **shared)]
    text, _ = summed(texts, "")
    for name, expected in (("head", 9), ("floor", 2), ("bytes", 4096), ("notifications", 5)):
        assert values(text, f"sio_server_log_{name}") == {(): expected}
    assert list(values(text, "sio_server_info").values()) == [1]
    assert values(text, "sio_server_draining") == {(): 1}
    started = [values(one, "process_start_time_seconds")[()] for one in texts]
    assert values(text, "process_start_time_seconds") == {(): min(started)}


def test_openmetrics_for_who_asks() -> None:
    """A scraper that accepts OpenMetrics gets it, summed as well."""
    text, content_type = summed(
        [of_process(1, [0.1]), of_process(2, [])], "application/openmetrics-text; version=1.0.0"
    )
    assert content_type.startswith("application/openmetrics-text")
    assert text.endswith(b"# EOF\n")
    assert b'sio_server_publishes_total{result="accepted",type="otro"} 2.0' in text
