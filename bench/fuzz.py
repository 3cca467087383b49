"""``python -m bench.fuzz``: peers that do what nobody should, against a server that has to stay as it is.

Peers send random and damaged HTTP heads, bodies, WebSocket frames, Engine.IO, Socket.IO and ``/ws`` packets and JSON
values, with and without credentials. Meanwhile and afterwards the server has to be ready, to answer nothing with 5xx,
to log JSON alone and in it no traceback and no secret, to serve an honest publisher and listener, and to keep what it
acknowledged; once the peers have gone it has to hold nothing for them.

A case is made of the seed and its number: ``--seed S --case N`` lives one again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import statistics
import sys
import time
from collections import Counter, deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import aiohttp

from bench.fuzzing.aftermath import gone, held, in_log
from bench.fuzzing.cases import Case, Maker
from bench.fuzzing.heads import Route
from bench.fuzzing.peers import live
from bench.fuzzing.watch import LOOK, Findings, Honest, LogWatch, Ready
from bench.process import HERE, Credentials, Process, serving

PEERS: Final = 20  # at once
NARROW: Final = (
    30.0  # seconds in which cases are lived again, one by one, to find which of them a line of the log is from
)


@dataclass(slots=True)
class Run:
    """One run against one server, and what came of it."""

    server: Process
    maker: Maker
    cases: int
    until: float
    findings: Findings = field(default_factory=Findings)
    kinds: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)
    accepted: list[str] = field(default_factory=list)
    recent: deque[tuple[float, int]] = field(default_factory=lambda: deque(maxlen=4 * PEERS))
    active: set[int] = field(default_factory=set)
    next: int = 0

    def suspects(self) -> list[int]:
        """The numbers of the cases that are lived now or were until just now."""
        since = time.monotonic() - 2 * LOOK
        return sorted(self.active | {number for ended, number in self.recent if ended > since})

    def over(self) -> bool:
        """Whether no more cases begin."""
        return self.next >= self.cases or time.monotonic() > self.until or not self.server.alive()


async def _peer(run: Run) -> None:
    while not run.over():
        number, run.next = run.next, run.next + 1
        await _one(run, run.maker.case(number))


async def _one(run: Run, case: Case) -> None:
    run.active.add(case.number)
    try:
        seen = await live(case, run.server.port)
    finally:
        run.active.discard(case.number)
        run.recent.append((time.monotonic(), case.number))
    run.kinds[case.kind] += 1
    run.statuses.update(seen.statuses)
    run.accepted += seen.accepted
    for what, example in seen.faults:
        run.findings.add(what, example, [case.number])


async def _watch(run: Run, log: LogWatch, ready: Ready) -> None:
    while True:
        log.look(run.suspects())
        if not run.server.alive():
            run.findings.add(f"the server ended with {run.server.child.poll()}", "", run.suspects())
            return
        await ready.look(run.suspects())
        await asyncio.sleep(LOOK)


async def routes_of(server: Process) -> tuple[Route, ...]:
    """The routes that the server's own description has."""
    async with aiohttp.ClientSession() as http, http.get(f"{server.url}/openapi.json") as response:
        told = await response.json()
    found = []
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            asked = (asked for asked in operation.get("parameters", ()) if asked.get("in") == "query")
            found.append(Route(method.upper(), path, tuple(parameter["name"] for parameter in asked)))
    return tuple(found)


async def fuzz(server: Process, credentials: Credentials, arguments: argparse.Namespace) -> dict[str, Any]:
    """One run; what was done, what was seen, what was found."""
    maker = Maker(arguments.seed, credentials, await routes_of(server))
    await held(server, credentials)  # so that what the first look makes is there
    before = await held(server, credentials)
    memory = server.memory()
    run = Run(server, maker, arguments.cases, time.monotonic() + arguments.seconds)
    log, ready, honest = LogWatch(server.log, run.findings), Ready(server, run.findings), None
    try:
        watch = asyncio.create_task(_watch(run, log, ready))
        honest = Honest(server, credentials, run.findings)
        living = asyncio.create_task(honest.live())
        await asyncio.gather(*(_peer(run) for _ in range(PEERS)))
        honest.leave()
        await living
        after, kept = before, 0
        if server.alive():
            after = await gone(server, credentials, before, run.findings)
            kept = await in_log(server, credentials, [*run.accepted, *honest.accepted], run.findings)
        watch.cancel()
        await asyncio.gather(watch, return_exceptions=True)
        log.look([])
    finally:
        log.close()
    return {
        "mode": credentials.mode,
        "seed": arguments.seed,
        "cases": dict(run.kinds),
        "answers": dict(sorted(run.statuses.items())),
        "honest": {"accepted": len(honest.accepted), "heard": honest.heard},
        "accepted": len(run.accepted) + len(honest.accepted),
        "in the log": kept,
        "ready": {"median_ms": _ms(statistics.median, ready.seconds), "max_ms": _ms(max, ready.seconds)},
        "held": {"before": before, "after": after},
        "memory_mb": {name: round(size / 1e6, 1) for name, size in _memory(server, memory).items()},
        "log": {"bytes": server.log.stat().st_size, "lines": dict(log.lines.most_common())},
        "findings": [finding.told() for finding in run.findings.found.values()],
    }


def _ms(of: Any, seconds: list[float]) -> float:
    return round(1000 * of(seconds), 1) if seconds else -1.0


def _memory(server: Process, before: int) -> dict[str, int]:
    return {"before": before, "after": server.memory(), "peak": server.peak()}


async def narrow(server: Process, maker: Maker, told: dict[str, Any]) -> None:
    """Live the suspects of what was found in the log again, one by one, and keep those that make it again."""
    unsure = [finding for finding in told["findings"] if finding["cases"] and not finding["sure"]]
    guilty: dict[str, list[int]] = {finding["what"]: [] for finding in unsure}
    deadline = time.monotonic() + NARROW
    for number in dict.fromkeys(number for finding in unsure for number in finding["cases"]):
        if time.monotonic() > deadline:
            break
        findings = Findings()
        log = LogWatch(server.log, findings, new=True)
        await live(maker.case(number), server.port)
        await asyncio.sleep(LOOK)
        log.look([number])
        log.close()
        for what in guilty.keys() & findings.found.keys():
            guilty[what].append(number)
    for finding in unsure:
        if guilty[finding["what"]]:
            finding["cases"], finding["sure"] = guilty[finding["what"]], True


def run_mode(mode: str, arguments: argparse.Namespace) -> dict[str, Any]:
    """Fuzz a server of one mode; the summary, with the inputs of what was found."""
    credentials = Credentials(mode)
    with serving(credentials, checkout=arguments.server_dir) as server:
        if arguments.case is not None:
            return asyncio.run(_single(server, credentials, arguments))
        told = asyncio.run(fuzz(server, credentials, arguments))
    if any(finding["cases"] and not finding["sure"] for finding in told["findings"]):
        with serving(credentials, checkout=arguments.server_dir) as server:
            asyncio.run(_narrowed(server, credentials, arguments, told))
    return told


async def _narrowed(
    server: Process, credentials: Credentials, arguments: argparse.Namespace, told: dict[str, Any]
) -> None:
    maker = Maker(arguments.seed, credentials, await routes_of(server))
    await narrow(server, maker, told)


async def _single(server: Process, credentials: Credentials, arguments: argparse.Namespace) -> dict[str, Any]:
    maker = Maker(arguments.seed, credentials, await routes_of(server))
    run = Run(server, maker, 1, time.monotonic() + arguments.seconds)
    log = LogWatch(server.log, run.findings)
    case = maker.case(arguments.case)
    await _one(run, case)
    await asyncio.sleep(2 * LOOK)
    log.look([case.number])
    log.close()
    findings = [finding.told() for finding in run.findings.found.values()]
    return {"mode": credentials.mode, "case": case.told(), "answers": dict(run.statuses), "findings": findings}


def save(arguments: argparse.Namespace, summaries: list[dict[str, Any]]) -> None:
    """Write the summaries, and each case that is named in a finding in full."""
    for told in summaries:
        credentials = Credentials(told["mode"])
        with serving(credentials, checkout=arguments.server_dir) as server:
            maker = Maker(arguments.seed, credentials, asyncio.run(routes_of(server)))
        for finding in told["findings"]:
            finding["inputs"] = [maker.case(number).told() for number in finding["cases"][:5]]
    arguments.save.write_text(json.dumps(summaries, indent=1, ensure_ascii=True))


def main(words: list[str] | None = None) -> int:
    """Fuzz as the command line says; 1 when anything was found."""
    parser = argparse.ArgumentParser(prog="python -m bench.fuzz", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mode", choices=["prod", "dev", "both"], default="both")
    parser.add_argument("--seconds", type=float, default=60, help="of each mode, until no more cases begin")
    parser.add_argument("--cases", type=int, default=10**9, help="of each mode, at most")
    parser.add_argument("--seed", type=int, default=None, help="the same cases again; one of its own if left out")
    parser.add_argument("--case", type=int, default=None, help="live this one alone")
    parser.add_argument("--save", type=Path, default=None, help="file for the summary with the inputs of each finding")
    parser.add_argument("--server-dir", type=Path, default=HERE, help="checkout whose server is fuzzed")
    arguments = parser.parse_args(words)
    arguments.server_dir = arguments.server_dir.resolve()
    if arguments.seed is None:
        arguments.seed = secrets.randbelow(2**31)
    print(f"seed {arguments.seed}", flush=True)
    modes = ["prod", "dev"] if arguments.mode == "both" else [arguments.mode]
    summaries = [run_mode(mode, arguments) for mode in modes]
    print(json.dumps(summaries, indent=1))
    if arguments.save is not None and any(told["findings"] for told in summaries):
        save(arguments, summaries)
    return int(any(told["findings"] for told in summaries))


if __name__ == "__main__":
    sys.exit(main())
