"""Where the time of one connect and of one POST goes, by step.

``python -m bench.steps [connect|post] [--rounds 3] [--server-dir CHECKOUT]``. The product is looked at a thousand times
in a second of its CPU (`bench.peers.sampled`), and each look counts for the step whose code it found at work: the
nearest function of ours, with whatever libraries it called; what the kernel does for us is a step of its own. The
shares are of the CPU that the load generator found a connect or a POST to cost, so that other programs on the machine
hardly matter.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.build import HERE, build
from bench.measure import once, raise_file_limit
from bench.servers import Server, servers

LOADS: Final[dict[str, dict[str, float]]] = {
    "connect": {"clients": 5000, "seconds": 0},
    "post": {"clients": 1, "publishers": 8, "window": 64, "seconds": 4, "warmup": 1},
}

# Functions that wait for the kernel, or are little more than a call of it.
_KERNEL: Final = (
    "EpollSelector.select",
    "socket.accept",
    "_SelectorSocketTransport.write",
    "_SelectorSocketTransport._read_ready__data_received",
    "_PollLikeSelector.register",
    "_PollLikeSelector.modify",
    "_PollLikeSelector.unregister",
    "_set_nodelay",
    "socket._real_close",
)
# What is no part of a connect: the same clients leave in the end.
_LEAVING: Final = ("_call_connection_lost", "_leave_all", "_read_ready__on_eof", "core/drain:", "serving/")

# The steps, by where the nearest function of ours stands; the first that fits.
_STEPS: Final = (
    ("engine/front/acceptor", "accepting"),
    ("engine/front", "HTTP: head, handshake, answer"),
    ("engine/wire/http_head", "HTTP: head, handshake, answer"),
    ("engine/wire/handshake", "HTTP: head, handshake, answer"),
    ("engine/eio", "Engine.IO session"),
    ("engine/sio", "Socket.IO: CONNECT, rooms, broadcasts"),
    ("engine/transport", "frames and what is written"),
    ("engine/wire", "frames and what is written"),
    ("auth", "who it is: token or key"),
    ("api", "publishing: request and answer"),
    ("schemas", "publishing: checking the body"),
    ("intake", "publishing: checking the body"),
    ("catalog", "publishing: checking the body"),
    ("notification", "the envelope"),
    ("broker", "the log"),
    ("core", "node, hub, connections"),
    ("live", "node, hub, connections"),
    ("metrics", "metrics"),
)
_OTHER: Final = "event loop and the rest"


def _step(stack: Sequence[str]) -> str:
    if stack[-1].partition(":")[2] in _KERNEL:
        return "kernel: accept, read, write, wait"
    for function in reversed(stack):
        _, ours, name = function.partition("/sio_server/")
        if ours:
            return next((step for place, step in _STEPS if name.startswith(place)), _OTHER)
    return _OTHER


def _looks(file: Path) -> Iterable[tuple[list[str], int]]:
    """What was found while the event loop ran, from there on."""
    for stack, count in json.loads(file.read_text()):
        at = next((number for number, function in enumerate(stack) if "BaseEventLoop._run_once" in function), None)
        if at is not None and not any(word in function for function in stack[at:] for word in _LEAVING):
            yield stack[at:], count


def _sampled(checkout: Path, file: Path) -> Server:
    words = ("env", "-C", str(checkout), f"PYTHONPATH={checkout}:{HERE.parent}", sys.executable)
    program = (str(HERE / "peers/sampled.py"), str(file), "serve", "--port", "{port}", "--broker", "memory:")
    return replace(servers()["product"], name="sampled", command=(*words, *program))


def measure(what: str, rounds: int, checkout: Path) -> tuple[float, Counter[str], Counter[str]]:
    """Microseconds of CPU of one, and how often each step and each function was found at work."""
    steps: Counter[str] = Counter()
    functions: Counter[str] = Counter()
    cost = []
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "looks.json")
        for _ in range(rounds):
            found = once(_sampled(checkout, file), LOADS[what])
            if "error" in found:
                raise RuntimeError(found["error"])
            connects = what == "connect"
            cost.append(found["connect_cpu_us"] if connects else found["server_cpu"] / found["posts_per_s"] * 1e6)
            for stack, count in _looks(file):
                steps[_step(stack)] += count
                functions[stack[-1].rpartition("/")[2]] += count
    return sorted(cost)[len(cost) // 2], steps, functions


def main() -> None:
    """Run and print tables in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", nargs="*", choices=[*LOADS, []], default=list(LOADS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--server-dir", type=Path, default=HERE.parent, help="checkout whose server is looked at")
    options = parser.parse_args()
    build()
    raise_file_limit()
    for what in options.what or LOADS:
        cost, steps, functions = measure(what, options.rounds, options.server_dir.resolve())
        looks = steps.total()
        print(f"\n### One {what}: {cost:.0f} µs of CPU, {looks:,} looks\n\n| step | µs | % |\n|---|---:|---:|")
        for step, count in steps.most_common():
            print(f"| {step} | {cost * count / looks:.1f} | {100 * count / looks:.1f} |")
        dearest = ", ".join(f"`{name}` {100 * count / looks:.1f} %" for name, count in functions.most_common(8))
        print(f"\nDearest functions by themselves: {dearest}")


if __name__ == "__main__":
    main()
