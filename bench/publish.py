"""What durability costs: publishes and deliveries a second with the log on disk, beside the log in memory.

``python -m bench.publish [--rounds 3] [--seconds 3]``. Every commit is synced to the disk (``synchronous=FULL``), and a
publisher has one POST under way: so 1, 10 and 100 publishers at once show what a commit for many is worth. Both servers
take turns in each round, and the ratio is the median of the rounds' own.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from dataclasses import replace
from typing import Final

from bench.build import build
from bench.measure import Result, median, once, raise_file_limit, ratio
from bench.servers import Server, servers

# The load of each row, and its figure.
ROWS: Final = {
    "1 publisher": ({"clients": 1, "publishers": 1, "window": 1}, "posts_per_s"),
    "10 publishers": ({"clients": 1, "publishers": 10, "window": 1}, "posts_per_s"),
    "100 publishers": ({"clients": 1, "publishers": 100, "window": 1}, "posts_per_s"),
    "1,000 clients, 8 publishers": ({"clients": 1000, "publishers": 8}, "deliveries_per_s"),
}


def pair(directory: str) -> tuple[Server, Server]:
    """The product with its log in a directory, and with its log in memory."""
    memory = servers()["product"]
    command = f"{sys.executable} -m sio_server serve --port {{port}} --data-dir {shlex.quote(directory)}"
    return replace(memory, name="disk", command=tuple(shlex.split(command))), replace(memory, name="memory")


def main() -> int:
    """Run and print; 0 when nothing failed, was lost or came out of order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    build()
    raise_file_limit()
    trouble = False
    print(f"{'':46}{'on disk':>12}{'in memory':>12}{'ratio':>8}")
    for title, (load, figure) in ROWS.items():
        found: tuple[list[Result], list[Result]] = ([], [])
        for _ in range(options.rounds):
            with tempfile.TemporaryDirectory() as directory:
                for server, results in zip(pair(directory), found, strict=True):
                    results.append(once(server, {**load, "seconds": options.seconds, "warmup": 1}))
        failed = [one for results in found for one in results if "error" in one or one["lost"] or one["out_of_order"]]
        trouble = trouble or bool(failed)
        disk, memory = (median(results, figure) for results in found)
        print(f"{f'{title} ({figure[:-6]}/s)':46}{disk:>12,.0f}{memory:>12,.0f}{ratio(*found, figure):>8.2f}")
        for one in failed:
            print(f"  FAILED {one}")
    return int(trouble)


if __name__ == "__main__":
    sys.exit(main())
