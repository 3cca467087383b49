"""Metrics as Prometheus reads them: numbers, names, labels, their document and the dashboard."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Iterator
from typing import Any

import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from sio_server import __version__
from sio_server.engine import Counters
from sio_server.metrics.prometheus import LAG_INTERVAL, MAX_ROLES, PREFIX, PrometheusMetrics, Snapshot
from tests.support.counting import CALLS
from tests.support.servers import ROOT
from tests.support.waiting import until

FULL = Snapshot(
    connections={("socketio", "websocket"): 3, ("socketio", "polling"): 1, ("ws", "websocket"): 2},
    roles={"admin": 2, "turista": 4},
    users=5,
    queued_bytes={"socketio": 1000, "ws": 20},
    head=42,
    floor=7,
    log_bytes=4096,
    log_notifications=35,
    scheduled=12,
    overdue=1.5,
    draining=True,
    engine=Counters().as_dict() | {"upgrades": 9, "sessions": 4},
    keys={"key:reservas": 8, "key-0123abcd": 0},
)

# How the samples of each type of metric are named.
SUFFIXES = {"histogram": ("_bucket", "_sum", "_count"), "counter": ("_total",), "gauge": ("",)}

_ROW = re.compile(r"^\| `(sio_server_\w+)` \| (\w+) \|([^|]*)\| .+ \|$", re.MULTILINE)
_EVENT = re.compile(r"^\| `(\w+)` \| [^|]+ \|$", re.MULTILINE)
_SELECTOR = re.compile(r"\b((?:sio_server|process|python)_\w+)\{([^}]*)\}")
_BY = re.compile(r"by \(([^)]*)\)")


def full() -> PrometheusMetrics:
    """Return metrics where everything has happened once."""
    metrics = PrometheusMetrics()
    for name, arguments, keywords in CALLS:
        getattr(metrics, name)(*arguments, **keywords)
    metrics.certificate(1.9e9)
    return metrics


def samples(
    metrics: PrometheusMetrics, snapshot: Snapshot = FULL
) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Return every sample that a scraper gets, by name and labels."""
    text = metrics.render(snapshot, "")[0].decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def exported() -> dict[str, tuple[str, frozenset[str]]]:
    """Return the product's metrics as they are exported: name → type and labels."""
    metrics = full()
    metrics.render(FULL, "")
    found: dict[str, tuple[str, frozenset[str]]] = {}
    for family in metrics.registry.collect():
        if family.name.startswith(PREFIX):
            labels = {label for sample in family.samples for label in sample.labels} - {"le"}
            name = family.name + ("_total" if family.type == "counter" else "")
            found[name] = (family.type, frozenset(labels))
    return found


def sample_names() -> set[str]:
    """Return the names that a query can use, those of the client library included."""
    metrics = full()
    metrics.render(FULL, "")
    return {sample.name for family in metrics.registry.collect() for sample in family.samples}


def value(metrics: PrometheusMetrics, name: str, snapshot: Snapshot = FULL, **labels: str) -> float:
    """Return one sample."""
    return samples(metrics, snapshot)[PREFIX + name, frozenset(labels.items())]


def test_what_happened_is_counted() -> None:
    """Each call adds to its counter, under the labels it was made with."""
    metrics = full()
    metrics.published("test", duplicate=True)
    metrics.delivered(4)
    metrics.disconnected("socketio", "transport close")

    assert value(metrics, "publishes_total", type="test", result="accepted") == 1
    assert value(metrics, "publishes_total", type="test", result="duplicate") == 1
    assert value(metrics, "deliveries_total") == 7
    assert value(metrics, "refusals_total", code="draining") == 1
    assert value(metrics, "connections_opened_total", protocol="ws") == 1
    assert value(metrics, "connections_closed_total", protocol="ws", reason="slow") == 1
    assert value(metrics, "connections_closed_total", protocol="socketio", reason="transport close") == 1
    assert value(metrics, "unrecovered_total") == 1
    assert value(metrics, "slow_cuts_total", protocol="ws") == 1


def test_sizes_and_durations_fall_into_buckets() -> None:
    """Replays, commits and their sizes are histograms, and a commit without publishes has no size."""
    metrics = full()
    metrics.committed(0.3, 0)

    assert value(metrics, "replay_size_bucket", le="1.0") == 0
    assert value(metrics, "replay_size_bucket", le="10.0") == 1
    assert value(metrics, "commit_seconds_bucket", le="0.0025") == 1
    assert value(metrics, "commit_seconds_count") == 2
    assert value(metrics, "commit_size_count") == 1
    assert value(metrics, "commit_size_sum") == 5
    assert value(metrics, "scheduled_late_seconds_bucket", le="0.25") == 1
    assert value(metrics, "scheduled_late_seconds_bucket", le="0.1") == 0


def test_state_is_read_off_the_snapshot() -> None:
    """What a server is at the moment comes from the snapshot of this very scrape."""
    metrics = PrometheusMetrics()

    assert value(metrics, "connections", protocol="socketio", transport="polling") == 1
    assert value(metrics, "role_connections", role="turista") == 4
    assert value(metrics, "users") == 5
    assert value(metrics, "queued_bytes", protocol="socketio") == 1000
    assert (value(metrics, "log_head"), value(metrics, "log_floor")) == (42, 7)
    assert (value(metrics, "log_bytes"), value(metrics, "log_notifications")) == (4096, 35)
    assert (value(metrics, "scheduled"), value(metrics, "scheduled_overdue_seconds")) == (12, 1.5)
    assert (value(metrics, "draining"), value(metrics, "draining", Snapshot())) == (1, 0)
    assert value(metrics, "engine_events_total", event="upgrades") == 9
    assert value(metrics, "engine_sessions") == 4
    assert value(metrics, "info", version=__version__) == 1


def test_log_that_fails_has_no_size() -> None:
    """A size that is not known is absent and not 0, which would look like a log that was emptied."""
    found = samples(PrometheusMetrics(), Snapshot())

    assert (PREFIX + "log_bytes", frozenset()) not in found
    assert (PREFIX + "log_notifications", frozenset()) not in found
    assert (PREFIX + "scheduled", frozenset()) not in found


def test_roles_are_few_series() -> None:
    """However many roles there are, the largest have a series each and the others share one."""
    roles = {f"role{number}": number for number in range(1, 101)}
    metrics = PrometheusMetrics()

    found = samples(metrics, Snapshot(roles=roles))

    series = {labels: count for (name, labels), count in found.items() if name == PREFIX + "role_connections"}
    assert len(series) == MAX_ROLES + 1
    assert sum(series.values()) == sum(roles.values())
    assert series[frozenset({("role", "role100")})] == 100
    assert frozenset({("role", "role1")}) not in series


def test_servers_do_not_mix() -> None:
    """Two servers in one process count apart."""
    one, other = full(), PrometheusMetrics()

    assert value(one, "deliveries_total") == 3
    assert value(other, "deliveries_total") == 0


@pytest.mark.parametrize(
    ("accept", "content_type", "ends"),
    [
        ("", "text/plain", False),
        ("text/html", "text/plain", False),
        ("application/openmetrics-text; version=1.0.0, text/plain", "application/openmetrics-text", True),
    ],
)
def test_format_is_what_the_scraper_asks_for(accept: str, content_type: str, *, ends: bool) -> None:
    """A scraper that takes OpenMetrics gets it, everybody else the older text."""
    body, given = full().render(FULL, accept)

    assert given.startswith(content_type)
    assert body.endswith(b"# EOF\n") is ends


def lag(metrics: PrometheusMetrics, part: str) -> float:
    """Return one number of the event loop's lag, without a look at anything else."""
    registry = metrics.registry.restricted_registry([f"{PREFIX}event_loop_lag_seconds_{part}"])
    return next(sample.value for family in registry.collect() for sample in family.samples)


async def test_late_event_loop_is_noticed() -> None:
    """A callback that holds the event loop up shows in the lag: as long as it took, less one interval."""
    metrics = PrometheusMetrics()
    watching = asyncio.create_task(metrics.watch_loop())
    try:
        await until(lambda: lag(metrics, "count") >= 1, "a first look")
        until_then = time.monotonic() + 2 * LAG_INTERVAL
        while time.monotonic() < until_then:
            pass
        seen = lag(metrics, "count")
        await until(lambda: lag(metrics, "count") > seen, "the next look")
    finally:
        watching.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await watching

    assert lag(metrics, "sum") >= LAG_INTERVAL


def test_certificate_is_told_of_where_there_is_one() -> None:
    """Until when a certificate is good is a metric once there is one, and follows each renewal."""
    metrics = PrometheusMetrics()
    assert b"tls_not_after" not in metrics.render(FULL, "")[0]
    for moment in (1.8e9, 1.9e9):
        metrics.certificate(moment)
        assert value(metrics, "tls_not_after") == moment


def test_document_lists_every_metric() -> None:
    """docs/metrics.md names each metric with its type and labels, and no other."""
    text = (ROOT / "docs" / "metrics.md").read_text()

    listed = {name: (kind, frozenset(re.findall(r"`(\w+)`", labels))) for name, kind, labels in _ROW.findall(text)}

    assert listed == exported()


def test_document_lists_every_event_of_the_engine() -> None:
    """docs/metrics.md explains each counter of the engine, and no other."""
    _, _, section = (ROOT / "docs" / "metrics.md").read_text().partition("## Events of the engine")

    listed = {name for name in _EVENT.findall(section) if name != "event"}

    assert listed == set(Counters().as_dict()) - {"sessions"}


def expressions() -> Iterator[str]:
    """Yield the queries of the dashboard."""
    dashboard: dict[str, Any] = orjson.loads((ROOT / "deploy" / "grafana.json").read_bytes())
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield target["expr"]
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            yield variable["query"]["query"]


def test_dashboard_names_metrics_that_exist() -> None:
    """Every name in the dashboard's queries is one that is exported."""
    words = {word for query in expressions() for word in re.findall(r"\b(?:sio_server|process|python)_\w+", query)}

    assert words
    assert words <= sample_names()


def test_dashboard_uses_labels_that_exist() -> None:
    """Every label that the dashboard selects or groups by is one that the metric beside it has."""
    known = exported()
    for query in expressions():
        for name, selector in _SELECTOR.findall(query):
            metric = next(
                (base for base in known if name in {base, *(base + end for end in SUFFIXES["histogram"])}), ""
            )
            has = {"job", "instance", *(known[metric][1] if metric else ())}
            if name.endswith("_bucket"):
                has.add("le")
            used = set(re.findall(r"(\w+)=~?\"", selector))
            used |= {label.strip() for group in _BY.findall(query) for label in group.split(",")}
            assert used <= has, (query, used - has)


def test_dashboard_shows_every_metric() -> None:
    """Nothing of ours is counted and then shown nowhere."""
    queries = " ".join(expressions())

    assert [name for name in exported() if name not in queries] == []


def test_no_label_can_name_a_person() -> None:
    """The labels are these and no more: none is a user, an id, an address or a topic."""
    labels = {label for _, found in exported().values() for label in found}

    assert labels == {
        "code",
        "event",
        "key",
        "locale",
        "protocol",
        "reason",
        "result",
        "role",
        "transport",
        "type",
        "version",
    }
