"""``python -m bench.attacks``: an honest client beside peers that attack, and what the attack costs the server.

Each attack runs against a server of its own for a few seconds, from a process of its own. The honest client asks
``/health/live`` over new connections, publishes over one that it keeps, and joins over new websockets; the row
``none`` is the same without an attack. With ``--server-dir CHECKOUT`` each round runs the server of that checkout
first and then this one: before | after.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final

import aiohttp

from bench.attacking.attacks import ATTACKS
from bench.attacking.honest import PATIENCE, HonestClient
from bench.measure import SERVER_CPU, raise_file_limit
from bench.process import CANARY, HERE, Child, Credentials, Launch, Process, interpreter, serving
from tests.support.engine_wire import Closed

NONE: Final = "none"
GRACE: Final = 300.0  # seconds an attacker may take to end after its time: a net, and no measure
AFTER: Final = 1.0  # seconds after the end until the memory that is left is looked at


class Attacker:
    """A process that attacks, once it was started."""

    def __init__(
        self, name: str, server: Process, credentials: Credentials, seconds: float, launch: Launch = interpreter
    ) -> None:
        self._words = [name, str(server.port), credentials.mode, str(seconds)]
        self._launch = launch
        self._child: Child | None = None
        self._said: BinaryIO = io.BytesIO()

    def start(self) -> None:
        """Begin, and wait until it has; ``none`` does nothing."""
        if self._words[0] != NONE:
            ours, theirs = os.pipe()
            self._child = self._launch(
                "bench.attacking.attacks",
                self._words,
                cwd=HERE,
                env=os.environ,
                output=theirs,
                errors=sys.__stderr__.fileno() if sys.__stderr__ else theirs,
            )
            os.close(theirs)
            self._said = os.fdopen(ours, "rb")
            self._said.readline()

    def end(self) -> dict[str, int]:
        """Wait for its end; what came of it."""
        if self._child is None:
            return {}
        try:
            self._child.wait(GRACE)
        except subprocess.TimeoutExpired:
            return {}
        finally:
            self._child.kill()
            self._child.wait()
            output = self._said.read()
            self._said.close()
        done: dict[str, int] = json.loads(output or b"{}")
        return done


def beside(
    name: str,
    seconds: float,
    *,
    checkout: Path = HERE,
    cpu: int | None = None,
    patience: float = PATIENCE,
    settings: Mapping[str, str] | None = None,
    trace: bool = False,
    after: float = AFTER,
    launch: Launch | None = None,
) -> dict[str, Any]:
    """Run one attack beside an honest client, who waits ``patience`` seconds for each answer; what was measured.

    ``settings`` are more than the attack's own. With ``trace`` memory is what the server allocated itself. The memory
    that is left is looked at ``after`` so many seconds. ``launch`` starts both processes, where the attack limits no
    descriptors.
    """
    credentials = Credentials("prod")
    attack = ATTACKS.get(name)
    with serving(
        credentials,
        checkout=checkout,
        settings={**(attack.settings if attack else {}), **(settings or {})},
        descriptors=attack.descriptors if attack else None,
        cpu=cpu,
        trace=trace,
        launch=launch,
    ) as server:
        attacker = Attacker(name, server, credentials, seconds, launch or interpreter)
        before: dict[str, float] = {}

        def start() -> None:
            before.update(time=time.monotonic(), cpu=server.cpu())
            before.update(memory=server.memory(), log=server.log.stat().st_size)
            attacker.start()

        try:
            asked = asyncio.run(HonestClient(server, credentials, seconds, patience).live(start))
            during, cpu_used = server.memory(), server.cpu() - before["cpu"]
        finally:
            done = attacker.end()
        time.sleep(after)
        served = _served(server, credentials, patience)
        text = server.log.read_bytes()[int(before["log"]) :]
        return {
            "attack": done,
            "honest": {kind: each.told() for kind, each in asked.items()},
            "log": {"bytes": len(text), "lines": text.count(b"\n"), "faults": faults(text)},
            "memory": {"before": before["memory"], "during": during, "peak": server.peak(), "after": server.memory()},
            "cpu": round(cpu_used, 2),
            "seconds": round(time.monotonic() - before["time"], 1),
            "served after": served,
            "alive": server.alive(),
        }


def _served(server: Process, credentials: Credentials, patience: float) -> bool:
    """Whether the server answers each kind of asking once."""
    try:
        asyncio.run(HonestClient(server, credentials, 0, patience).live(lambda: None))
    except (aiohttp.ClientError, OSError, TimeoutError, Closed, AssertionError):
        return False
    return True


def faults(text: bytes) -> dict[str, int]:
    """What a log may not hold, and how often it does."""
    return {
        "no JSON": sum(not line.startswith(b"{") for line in text.splitlines()),
        "errors": len(re.findall(rb'"level": ?"(?:error|critical)"', text)),
        "tracebacks": text.count(b"Traceback"),
        "secrets": text.count(CANARY.encode()),
    }


def _figure(kind: str, figure: str, told: dict[str, Any]) -> Any:
    return told["honest"][kind].get(figure)


#: the columns of the table, and how each is read from a measurement
COLUMNS: Final[dict[str, Callable[[dict[str, Any]], Any]]] = {
    **{
        f"{kind} {figure}": partial(_figure, kind, figure)
        for kind in ("live", "notify", "handshake")
        for figure in ("median", "p99")
    },
    "failed": lambda told: sum(each["failed"] for each in told["honest"].values()),
    "log KB": lambda told: told["log"]["bytes"] / 1000,
    "lines": lambda told: told["log"]["lines"],
    "MB more": lambda told: (told["memory"]["peak"] - told["memory"]["before"]) / 1e6,
    "CPU s": lambda told: told["cpu"],
}


def cell(found: Iterable[Any]) -> str:
    """The median over the rounds; a dash where nothing was answered."""
    values = [value for value in found if value is not None]
    if not values:
        return "-"
    middle = statistics.median(values)
    return f"{middle:,.0f}" if middle >= 100 or middle == int(middle) else f"{middle:.1f}"  # noqa: PLR2004


def table(results: dict[str, dict[str, list[dict[str, Any]]]]) -> str:
    """Markdown: a row for each attack; in each cell the servers from left to right."""
    lines = ["| attack | " + " | ".join(COLUMNS) + " |", "|---|" + "---:|" * len(COLUMNS)]
    for name, servers in results.items():
        cells = [" \\| ".join(cell(map(read, runs)) for runs in servers.values()) for read in COLUMNS.values()]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(words: list[str] | None = None) -> int:
    """Measure as the command line says; 1 when a server of this checkout did not live through it."""
    parser = argparse.ArgumentParser(prog="python -m bench.attacks", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="name", help=f"{', '.join(ATTACKS)}; all if left out")
    parser.add_argument("--rounds", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=8)
    parser.add_argument(
        "--server-dir", type=Path, default=None, help="checkout whose server is measured before this one"
    )
    parser.add_argument("--json", type=Path, default=None, help="file for the raw figures")
    arguments = parser.parse_args(words)
    names = [NONE, *(arguments.names or ATTACKS)]
    if unknown := set(names) - {NONE, *ATTACKS}:
        parser.error(f"no such attack: {', '.join(sorted(unknown))}")
    raise_file_limit()
    checkouts = {"after": HERE}
    if arguments.server_dir is not None:
        checkouts = {"before": arguments.server_dir.resolve(), "after": HERE}
    results: dict[str, dict[str, list[dict[str, Any]]]] = {name: {each: [] for each in checkouts} for name in names}
    for _ in range(arguments.rounds):
        for name in names:
            for each, checkout in checkouts.items():
                told = beside(name, arguments.seconds, checkout=checkout, cpu=SERVER_CPU)
                results[name][each].append(told)
                print(f"{name} {each}: {json.dumps(told)}", file=sys.stderr, flush=True)
    print(" | ".join(checkouts) + "; milliseconds, medians over the rounds\n")
    print(table(results))
    if arguments.json is not None:
        arguments.json.write_text(json.dumps(results, indent=1))
    return int(not all(told["alive"] for servers in results.values() for told in servers["after"]))


if __name__ == "__main__":
    sys.exit(main())
