"""What is measured: each row's load, its servers, the figure that counts, and what it has to reach."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Goal:
    """A ratio to another server in the same run: at least or at most ``must``, aiming at ``aim``."""

    against: str
    must: float
    aim: float


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. ``load`` are options of the load generator; ``lower`` says that less is better."""

    name: str
    title: str
    unit: str
    figure: str
    load: dict[str, float]
    servers: tuple[str, ...]
    goals: tuple[Goal, ...]
    lower: bool = False
    quick: dict[str, float] = field(default_factory=dict)
    in_quick: tuple[str, ...] = ()
    beside: dict[str, float] = field(default_factory=dict)
    """Options of a second load of one client, to whom alone something is published: the latencies are this one's."""


ROWS = (
    Row(
        "fanout-1",
        "Deliveries per second, 1 publisher, 1,000 clients",
        "deliveries/s",
        "deliveries_per_s",
        {"clients": 1000, "publishers": 1, "seconds": 4, "warmup": 1},
        ("node", "stock", "node-uws", "node-bun", "ws", "go", "bare", "product-sqlite", "engine"),
        (Goal("node", 1.7, 2.2), Goal("stock", 7, 11)),
        quick={"seconds": 2},
        in_quick=("node", "stock"),
    ),
    Row(
        "fanout-8",
        "Deliveries per second, 8 publishers, 1,000 clients",
        "deliveries/s",
        "deliveries_per_s",
        {"clients": 1000, "publishers": 8, "seconds": 4, "warmup": 1},
        ("node", "node-uws", "node-bun", "ws", "go", "stock", "bare-joined", "product-sqlite", "engine"),
        (Goal("node", 12, 28), Goal("node-uws", 1.2, 2)),
        quick={"seconds": 2},
        in_quick=("node", "node-uws"),
    ),
    Row(
        "fanout-10k",
        "Deliveries per second, 4 publishers, 10,000 clients",
        "deliveries/s",
        "deliveries_per_s",
        {"clients": 10_000, "publishers": 4, "seconds": 5, "warmup": 1},
        ("node", "node-uws", "node-bun", "stock", "product-sqlite", "engine"),
        (Goal("node", 8, 15),),
        quick={"seconds": 2, "clients": 5000},
        in_quick=("node",),
    ),
    Row(
        "latency",
        "99th percentile at 20 notifications/s to 1,000 clients",
        "µs",
        "p99_us",
        {"clients": 1000, "publishers": 4, "rate": 20, "seconds": 10, "warmup": 1},
        ("node", "bare", "node-uws", "node-bun", "stock", "product-sqlite", "engine"),
        (Goal("node", 0.7, 0.6), Goal("bare", 1.3, 1.15)),
        lower=True,
        quick={"seconds": 3},
        in_quick=("node", "bare"),
    ),
    Row(
        "crowd",
        "99th percentile of what goes to one, 50/s, beside 4 publishers to 10,000 clients",
        "µs",
        "p99_us",
        {"clients": 10_000, "publishers": 4, "seconds": 12, "warmup": 1},
        ("product-whole", "product-sqlite"),
        (Goal("product-whole", 0.25, 0.1),),
        lower=True,
        quick={"seconds": 6},
        in_quick=("product-whole",),
        beside={"clients": 1, "publishers": 4, "rate": 50},
    ),
    Row(
        "memory",
        "Memory per idle connection, 5,000 connections",
        "KB",
        "kb_per_connection",
        {"clients": 5000, "seconds": 0},
        ("node", "stock", "node-uws", "node-bun", "go", "product-sqlite", "engine"),
        (Goal("node", 0.35, 0.25),),
        lower=True,
        quick={},
        in_quick=("node",),
    ),
    Row(
        "connects",
        "Connects per second, 5,000 connections",
        "connects/s",
        "connects_per_s",
        {"clients": 5000, "seconds": 0},
        ("node", "stock", "node-uws", "node-bun", "go", "product-sqlite", "engine"),
        (Goal("node", 2.5, 3.6),),
        in_quick=("node",),
    ),
    Row(
        "idle",
        "Server CPU while 10,000 connections say nothing but pings and pongs",
        "% of a CPU",
        "idle_cpu_percent",
        {"clients": 10_000, "seconds": 0, "idle": 60},
        ("node", "stock", "node-uws", "node-bun", "product-sqlite", "engine"),
        (Goal("node", 1.0, 0.5),),
        lower=True,
        quick={"clients": 5000, "idle": 27},
        in_quick=("node",),
    ),
    Row(
        "ingest",
        "POST /notify per second, 1 subscriber",
        "POSTs/s",
        "posts_per_s",
        {"clients": 1, "publishers": 8, "window": 64, "seconds": 4, "warmup": 1},
        ("node", "stock", "node-uws", "node-bun", "go", "product-sqlite", "engine"),
        (Goal("node", 0.6, 1.2),),
        quick={"seconds": 2},
        in_quick=("node",),
    ),
    Row(
        "leaving",
        "Server CPU when 9,000 clients leave at once",
        "s",
        "leave_cpu_s",
        {"clients": 9000, "seconds": 0, "leave": 1},
        ("stock", "node", "node-uws", "node-bun", "product-sqlite", "engine"),
        (Goal("stock", 0.15, 0.07),),
        lower=True,
        quick={"clients": 3000},
        in_quick=("stock",),
    ),
)
#: rows that one and the same load measures are run once: same options, same servers
SHARED = {"connects": "memory"}
