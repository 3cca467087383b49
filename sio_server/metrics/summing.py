"""The metrics of several processes as one: what is counted adds up, and what all of them share is said once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

from sio_server.metrics.prometheus import PREFIX

# What is no sum: of one log, of one version, of one certificate, or a moment.
_LARGEST: Final = frozenset(
    {
        *(PREFIX + name for name in ("log_head", "log_floor", "log_bytes", "log_notifications", "info", "draining")),
        *(PREFIX + name for name in ("scheduled", "scheduled_overdue_seconds")),
        "python_info",
    }
)
_SMALLEST: Final = frozenset({PREFIX + "tls_not_after", "process_start_time_seconds"})
_CREATED: Final = "_created"


class _Sum:
    """Families that were added up, as an encoder asks a registry for them."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def collect(self) -> Iterator[Metric]:
        """See `Collector.collect`."""
        return iter(self._families)


def summed(texts: Iterable[bytes], accept: str) -> tuple[bytes, str]:
    """What several processes say of themselves in Prometheus' plain text, added up, as ``Accept`` would have it.

    Takes milliseconds a process, so not on the event loop.
    """
    texts = list(texts)
    count = GaugeMetricFamily(PREFIX + "workers", "Processes whose metrics these are", value=len(texts))
    encode, content_type = choose_encoder(accept)
    return encode(_Sum([*_added(texts), count])), content_type


def _added(texts: Iterable[bytes]) -> Iterator[Metric]:
    families: dict[str, Metric] = {}
    values: dict[str, dict[tuple[str, tuple[tuple[str, str], ...]], float]] = {}
    for text in texts:
        for family in text_string_to_metric_families(text.decode()):
            families.setdefault(family.name, Metric(family.name, family.documentation, family.type))
            known = values.setdefault(family.name, {})
            join = _join(family.name)
            for sample in family.samples:
                key = sample.name, tuple(sample.labels.items())
                known[key] = join(known[key], sample.value) if key in known else sample.value
    for name, family in families.items():
        family.samples = [Sample(sample, dict(labels), value) for (sample, labels), value in values[name].items()]
        yield family


def _join(name: str) -> Callable[[float, float], float]:
    if name in _LARGEST:
        return max
    if name in _SMALLEST or name.endswith(_CREATED):
        return min
    return lambda one, other: one + other
