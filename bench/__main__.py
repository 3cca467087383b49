"""``python -m bench``: build, run, report. See README.md beside this file."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from bench.build import HERE, WORK, build
from bench.measure import Plan, chosen, load_command, once, raise_file_limit, rounds
from bench.report import write
from bench.servers import BEFORE, servers


def _arguments(words: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m bench", description="This server and its peers under the same load."
    )
    parser.add_argument("rows", nargs="*", help="rows to run, all by default")
    parser.add_argument(
        "--subject", help="the server the goals are about: product, or engine where there is no product"
    )
    parser.add_argument("--rounds", type=int, help="interleaved rounds (3; quick: 1)")
    parser.add_argument("--before", type=Path, help="checkout of another commit: measure the product against that one")
    parser.add_argument("--quick", action="store_true", help="fewer peers, shorter runs, one round: under two minutes")
    parser.add_argument(
        "--results", type=Path, help="where the report goes (results/; quick: .work/quick/; before: .work/before/)"
    )
    parser.add_argument("--check-load", action="store_true", help="only show what the load generator itself can take")
    return parser.parse_args(words)


def check_load() -> int:
    """Drive the load generator with a server that costs next to nothing, and say how much it took."""
    raise_file_limit()
    server = servers()["bare-joined"]
    found = once(server, {"clients": 1000, "publishers": 16, "window": 64, "seconds": 4, "warmup": 1})
    if "error" in found:
        print(found["error"])
        return 1
    print(f"{load_command()[0]}: {found['deliveries_per_s']:,.0f} deliveries/s taken, {found['lost']} lost,")
    print(f"its own CPU {found['load_cpu']:.0%}, the bare server's {found['server_cpu']:.0%}")
    return 0


def main(words: list[str] | None = None) -> int:
    """Run the bench; 0 when everything went through with nothing lost or out of order."""
    arguments = _arguments(words)
    build()
    if arguments.check_load:
        return check_load()
    if arguments.before is not None:
        os.environ[BEFORE] = str(arguments.before.resolve())
    known = servers()
    subject = arguments.subject or ("product" if known["product"].available() else "engine")
    try:
        rows = chosen(arguments.rows)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 2
    repeat = arguments.rounds or (1 if arguments.quick else 3)
    plan = Plan(subject, rows, repeat, arguments.quick, before=arguments.before is not None)
    missing = sorted({name for row in rows for name in plan.peers(row) if not known[name].available()})
    if missing:
        print("not here, left out:", ", ".join(missing))
    results = rounds(plan)
    aside = WORK / ("before" if plan.before else "quick")
    print(write(results, plan, arguments.results or (aside if plan.quick or plan.before else HERE / "results")))
    own = [one for found in results.values() for one in found[subject]]
    return int(any("error" in one or one["lost"] or one["out_of_order"] for one in own))


if __name__ == "__main__":
    sys.exit(main())
