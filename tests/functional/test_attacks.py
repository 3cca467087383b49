"""Peers that attack a server that runs: honest clients are served meanwhile, and it holds and logs little for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from bench.attacking.attacks import ATTACKS
from bench.attacks import beside
from tests.support.forks import launch

SECONDS = 1.2
# Nothing here is about being fast: whoever is answered late is answered.
PATIENCE = 120.0

# One line a second of each kind and a few at first; the attacks make hundreds of requests in that time.
MAX_LINES = 100
LINES_A_SECOND = 10
BYTES_A_LINE = 1_000

# Bytes that the server may allocate more at its peak, as it counts them itself; what an attack that is held to it sends
# is several times as much.
MAX_MEMORY = 40_000_000

Told = Mapping[str, Any]


# So few that even a slow attacker takes all of them in the time.
SETTINGS = {"half-made": {"SIO_SERVER_HANDSHAKES": "100"}, "left-namespace": {"SIO_SERVER_HANDSHAKES": "20"}}


def statuses(told: Told) -> set[str]:
    """The statuses that the attacker was answered."""
    return {name.removeprefix("status ") for name in told["attack"] if name.startswith("status ")}


def most_lines(told: Told) -> int:
    """Lines that the server may have logged, in the time that it took: on a busy machine that is longer."""
    return int(MAX_LINES + LINES_A_SECOND * max(0.0, told["seconds"] - SECONDS))


def cost(told: Told) -> float:
    """Seconds of CPU for each request of the attacker that came to an end."""
    seconds: float = told["cpu"]
    answered: int = sum(count for name, count in told["attack"].items() if name.startswith("status "))
    return seconds / max(1, answered)


# What the attacker himself has to have seen.
OUTCOMES: dict[str, Callable[[Told], bool]] = {
    "pipelining-read": lambda told: told["attack"].get("answers", 0) > 0,
    "nested-polling": lambda told: statuses(told) <= {"400", "429"},
    "tiny-packets": lambda told: statuses(told) <= {"400", "413", "429"} and cost(told) < 0.2,
    "large-frames": lambda told: told["attack"]["open at the end"] == 0 < told["attack"]["frames taken"],
    "large-bodies": lambda told: 2 * told["attack"].get("answered", 0) > told["attack"]["bodies sent"] > 0,
    "odd-ids": lambda told: told["attack"].get("HTTP in a websocket", 0) == 0 < told["attack"]["sent"],
    "wrong-encoding": lambda told: statuses(told) <= {"401", "none"},
    "gzip-bombs": lambda told: statuses(told) <= {"401", "413", "none"} and cost(told) < 0.1,
    "surrogates": lambda told: told["attack"].get("acknowledged", 0) == told["attack"]["sent"] > 0,
    "odd-handshakes": lambda told: statuses(told) <= {"400", "426", "none"},
    "refusals": lambda told: statuses(told) <= {"401", "429", "none"},
    "not-http": lambda told: statuses(told) <= {"400", "none"},
    "old-clients": lambda told: statuses(told) <= {"400", "404", "429", "none"},
}


@pytest.mark.parametrize("name", [name for name in ATTACKS if name != "descriptors"])
def test_attack_takes_nothing_from_others(name: str) -> None:
    """Beside an attack everybody else is served, and the server logs a few lines and holds a few bytes for it."""
    told = beside(name, SECONDS, patience=PATIENCE, settings=SETTINGS.get(name), trace=True, after=0.0, launch=launch)
    assert told["alive"], told
    for kind, asked in told["honest"].items():
        assert asked["answered"], (kind, told)
        # Who is on the way in while a thousand others come may be the oldest, which gives way: the next try succeeds.
        assert asked["failed"] <= (asked["answered"] / 2 if kind == "handshake" and name == "half-made" else 0), told
    assert not any(told["log"]["faults"].values()), told
    assert told["log"]["lines"] <= most_lines(told), told
    assert told["log"]["bytes"] <= most_lines(told) * BYTES_A_LINE, told
    assert told["memory"]["peak"] - told["memory"]["before"] <= MAX_MEMORY, told
    assert told["served after"], told
    assert OUTCOMES.get(name, bool)(told), told


def test_server_out_of_descriptors_serves_who_is_connected() -> None:
    """Without a descriptor left, a server serves the connections it has, logs a few lines, and recovers."""
    told = beside("descriptors", SECONDS, patience=PATIENCE, after=0.0)
    assert told["alive"], told
    assert told["honest"]["notify"]["answered"], told
    assert not told["honest"]["notify"]["failed"], told
    assert not told["log"]["faults"]["no JSON"], told
    assert not told["log"]["faults"]["tracebacks"], told
    assert told["log"]["lines"] <= most_lines(told), told
    assert told["served after"], told
