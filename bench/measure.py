"""One run of the load generator against one server, and interleaved rounds of them."""

from __future__ import annotations

import contextlib
import json
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from bench.build import BIN, HERE
from bench.rows import ROWS, SHARED, Row
from bench.servers import Server, running, servers

SERVER_CPU, LOAD_CPU = 0, 1
LIMIT = 300  # seconds of one run: connecting 10,000 to a slow server takes its time
Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run: ``subject`` is the server that the goals are about; with ``before``, against itself as it was."""

    subject: str
    rows: tuple[Row, ...]
    rounds: int
    quick: bool
    before: bool = False

    def peers(self, row: Row) -> tuple[str, ...]:
        """The servers that the subject is measured against in a row, by name."""
        if self.before:
            return (f"{self.subject}-before",)
        return row.in_quick if self.quick else row.servers


def load_command() -> list[str]:
    """The load generator in C, or the one in Python where no C compiler is."""
    if (BIN / "load").exists():
        return [str(BIN / "load")]
    return [sys.executable, "-m", "bench.load"]


def _words(options: dict[str, float]) -> list[str]:
    words = []
    for name, value in options.items():
        words += [f"--{name}"] if name == "leave" else [f"--{name}", f"{value:g}"]
    return words


def _at_load() -> None:
    os.sched_setaffinity(0, {LOAD_CPU})


def _beside_at_load() -> None:
    _at_load()
    with contextlib.suppress(OSError):  # it does next to nothing, and should not wait for the load that does much
        os.setpriority(os.PRIO_PROCESS, 0, -10)


def _beside(server: Server, port: int, options: dict[str, float], load: subprocess.Popen[str]) -> Result:
    """The second load, while the first one publishes."""
    assert load.stderr is not None  # noqa: S101 - for the type checker
    while "publishing" not in (line := load.stderr.readline()):
        if not line:
            raise RuntimeError("the load ended before it published")
    done = subprocess.run(
        [*load_command(), "--port", str(port), *_words(options), *server.beside],
        cwd=HERE.parent,
        capture_output=True,
        text=True,
        timeout=LIMIT,
        check=True,
        preexec_fn=_beside_at_load,
    )
    found: Result = json.loads(done.stdout)
    return found


def _together(many: Result, one: Result) -> Result:
    """The latencies of the second load, all else of the first; what went wrong, of both."""
    wrong = {name: many[name] + one[name] for name in ("lost", "gaps", "out_of_order", "refused", "dropped")}
    latencies = {name: one[name] for name in ("p50_us", "p99_us", "p999_us", "max_us", "post_p50_us", "post_p99_us")}
    return {**many, **wrong, **latencies}


def once(server: Server, options: dict[str, float], beside: dict[str, float] | None = None) -> Result:
    """One server, one load, and a second one beside it; what they measured, or ``{"error": ...}``."""
    second: Result | None = None
    try:
        with running(server, SERVER_CPU) as (port, process):
            command = [*load_command(), "--port", str(port), "--server", str(process), *_words(options), *server.load]
            command += [*([] if server.socketio else ["--raw"]), *(["--tell"] if beside else [])]
            with subprocess.Popen(
                command,
                cwd=HERE.parent,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                preexec_fn=_at_load,  # noqa: PLW1509 - no threads here
            ) as load:
                try:
                    if beside:
                        # it ends well before the other: what it gets is to be written beside much else
                        seconds = {"seconds": options["seconds"] - 2, "warmup": 0.5}
                        second = _beside(server, port, {**beside, **seconds}, load)
                    said, told = load.communicate(timeout=LIMIT)
                finally:
                    load.kill()
        if load.returncode:
            return {"error": told.strip()[-300:] or f"exit {load.returncode}"}
        found: Result = json.loads(said)
    except (RuntimeError, subprocess.SubprocessError, json.JSONDecodeError) as error:
        return {"error": str(error)[:300]}
    if not found["joined"]:
        return {"error": f"nobody could join: {told.strip()[-300:]}"}
    if second is None:
        return found
    return _together(found, second) if second["joined"] else {"error": "nobody could join beside"}


def raise_file_limit() -> int:
    """Let one process hold as many sockets as the system allows; returns how many."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return hard


def rounds(plan: Plan, tell: Any = print) -> dict[str, dict[str, list[Result]]]:
    """All rows, each in rounds A B C A B C, so that what disturbs one disturbs all; results by row and server."""
    files = raise_file_limit()
    known = servers()
    results: dict[str, dict[str, list[Result]]] = {}
    for row in plan.rows:
        if row.name in SHARED and SHARED[row.name] in results:
            results[row.name] = results[SHARED[row.name]]
            continue
        names = [name for name in dict.fromkeys((plan.subject, *plan.peers(row))) if known[name].available()]
        options = {**row.load, **(row.quick if plan.quick else {})}
        options["clients"] = min(options["clients"], files - 500)
        results[row.name] = {name: [] for name in names}
        for number in range(plan.rounds):
            for name in names:
                found = once(known[name], options, row.beside)
                results[row.name][name].append(found)
                tell(f"{row.name} {number + 1}/{plan.rounds} {name}: {_short(found, row)}")
    return results


def _short(found: Result, row: Row) -> str:
    if "error" in found:
        return f"FAILED {found['error']}"
    trouble = {name: found[name] for name in ("lost", "out_of_order", "refused", "dropped") if found[name]}
    return f"{found[row.figure]:,.1f} {row.unit}" + (f"  {trouble}" if trouble else "")


def per_cpu_second(found: Iterable[Result], row: Row) -> float:
    """The figure per second of the server's own CPU; nan where it is no rate. What else runs here hardly moves it."""
    rates = []
    for one in found:
        if "error" in one or row.lower:
            continue
        if row.figure == "connects_per_s":
            rates.append(1e6 / one["connect_cpu_us"] if one["connect_cpu_us"] else float("nan"))
        elif one["server_cpu"]:
            rates.append(one[row.figure] / one["server_cpu"])
    return statistics.median(rates) if rates else float("nan")


def median(found: Iterable[Result], figure: str) -> float:
    """The median of a figure over the rounds that went through; nan when none did."""
    values = [one[figure] for one in found if "error" not in one]
    return statistics.median(values) if values else float("nan")


def ratio(subject: list[Result], peer: list[Result], figure: str) -> float:
    """The median of the ratios of each round: what happens to one round happens to both sides of its ratio."""
    pairs = [
        one[figure] / other[figure]
        for one, other in zip(subject, peer, strict=True)
        if "error" not in one and "error" not in other and other[figure]
    ]
    return statistics.median(pairs) if pairs else float("nan")


def chosen(names: Iterable[str]) -> tuple[Row, ...]:
    """The rows of these names, all when none is named. Raises ValueError for a name that is none."""
    wanted = list(names)
    unknown = set(wanted) - {row.name for row in ROWS}
    if unknown:
        raise ValueError(f"no such row: {', '.join(sorted(unknown))}; there are {', '.join(row.name for row in ROWS)}")
    return tuple(row for row in ROWS if not wanted or row.name in wanted)
