"""The numbers of several nodes as one. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

# What nodes ask one another for these by.
STATS: Final = "/stats"
RECENT: Final = "/stats/recent"

# What adds up, of ``GET /v1/stats`` and of a sample.
_TOTALS: Final = ("deliveries", "refused", "queued_bytes")
_OF_SAMPLE: Final = ("connections", "users", "published", "delivered", "refused")


def summed_stats(own: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The numbers of this node and of others as ``GET /v1/stats`` answers; what is no number is this node's own."""
    nodes = [own, *others]
    return {
        **own,
        "connections": _added([node["connections"] for node in nodes]),
        "users": _added([node["users"] for node in nodes]),
        "publishes": _added([node["publishes"] for node in nodes]),
        **{name: sum(node[name] for node in nodes) for name in _TOTALS},
        "head": max((node["head"] for node in nodes), key=lambda head: int(head["seq"])),
        "uptime": max(node["uptime"] for node in nodes),
        "latency_ms": _latency([node["latency_ms"] for node in nodes]),
        "nodes": len(nodes),
    }


def summed_samples(own: Mapping[str, Any], others: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The samples of this node and of others as ``GET /v1/stats/recent`` answers, for the moments that this one has."""
    by_moment: dict[int, list[Mapping[str, Any]]] = {sample["at"]: [sample] for sample in own["samples"]}
    for node in others:
        for sample in node["samples"]:
            if sample["at"] in by_moment:
                by_moment[sample["at"]].append(sample)
    return {
        "step": own["step"],
        "samples": [
            {
                "at": at,
                **{name: sum(sample[name] for sample in samples) for name in _OF_SAMPLE},
                "latency_ms": _worst([sample["latency_ms"] for sample in samples]),
            }
            for at, samples in by_moment.items()
        ],
    }


def _added(numbers: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Numbers by name, and numbers by name by name, added up."""
    found: dict[str, Any] = {}
    for name, value in numbers[0].items():
        if isinstance(value, Mapping):
            total: Counter[str] = Counter()
            for one in numbers:
                total.update(one.get(name, {}))  # a node of another version may not know of it
            found[name] = dict(sorted(total.items()))
        else:
            found[name] = sum(one.get(name, 0) for one in numbers)
    return found


def _latency(found: Sequence[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    """Percentiles of all: the median as a mean by how many there were, the others the worst of a node's."""
    known = [one for one in found if one is not None]
    count = sum(one["count"] for one in known)
    if not count:
        return None
    median = sum(one["p50"] * one["count"] for one in known) / count
    return {
        "p50": round(median, 3),
        "p95": max(one["p95"] for one in known),
        "p99": max(one["p99"] for one in known),
        "count": count,
    }


def _worst(found: Sequence[Mapping[str, Any] | None]) -> dict[str, Any] | None:
    known = [one for one in found if one is not None]
    return {name: max(one[name] for one in known) for name in ("p50", "p95")} if known else None
