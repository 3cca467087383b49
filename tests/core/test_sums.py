"""The numbers of several nodes as one."""

from __future__ import annotations

from typing import Any

from sio_server.core.sums import summed_samples, summed_stats


def node(seq: int = 0, *, total: int = 0, latency: dict[str, float] | None = None, **members: Any) -> dict[str, Any]:
    """The numbers of one node."""
    return {
        "connections": {"total": total, "by_role": {"admin": total}, "by_transport": {}},
        "users": {"total": total, "by_role": {}},
        "publishes": {"accepted": total, "duplicates": 0},
        "deliveries": total,
        "refused": 0,
        "queued_bytes": 0,
        "head": {"seq": seq, "cursor": f"e-{seq}"},
        "uptime": float(total),
        "latency_ms": latency,
        "node": "vm",
        **members,
    }


def test_numbers_add_up() -> None:
    """Counts add up by their names, the head is the furthest, and the rest is of the node that is asked."""
    found = summed_stats(node(7, total=2, node="a"), [node(9, total=3, node="b"), node(8)])
    assert found["connections"] == {"total": 5, "by_role": {"admin": 5}, "by_transport": {}}
    assert (found["publishes"]["accepted"], found["deliveries"], found["uptime"]) == (5, 5, 3.0)
    assert (found["head"], found["node"], found["nodes"]) == ({"seq": 9, "cursor": "e-9"}, "a", 3)
    assert found["latency_ms"] is None


def test_latency_is_of_all_publishes() -> None:
    """The median is a mean by how many publishes there were; of the slowest the worst node's are shown."""
    slow = {"p50": 10.0, "p95": 20.0, "p99": 30.0, "count": 1}
    fast = {"p50": 1.0, "p95": 2.0, "p99": 40.0, "count": 8}
    found = summed_stats(node(latency=slow), [node(latency=fast), node()])
    assert found["latency_ms"] == {"p50": 2.0, "p95": 20.0, "p99": 40.0, "count": 9}


def test_node_of_another_version_may_say_less() -> None:
    """What another node does not know of counts as nothing there."""
    other = node(total=1)
    del other["connections"]["by_transport"]
    other["publishes"] = {"accepted": 1}
    found = summed_stats(node(total=1), [other])
    assert (found["connections"]["total"], found["publishes"]) == (2, {"accepted": 2, "duplicates": 0})


def sample(at: int, count: int, latency: dict[str, float] | None = None) -> dict[str, Any]:
    """The numbers of a second."""
    names = ("connections", "users", "published", "delivered", "refused")
    return {"at": at, **dict.fromkeys(names, count), "latency_ms": latency}


def test_samples_add_up_by_their_moment() -> None:
    """Samples of one second add up; a second that this node has not is left out."""
    own = {"step": 1, "samples": [sample(10, 1), sample(11, 2, {"p50": 1.0, "p95": 9.0})]}
    other = {"step": 1, "samples": [sample(9, 5), sample(11, 3, {"p50": 2.0, "p95": 3.0})]}
    assert summed_samples(own, [other]) == {
        "step": 1,
        "samples": [sample(10, 1), sample(11, 5, {"p50": 2.0, "p95": 9.0})],
    }
