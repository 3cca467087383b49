"""Publishes a second that are answered once they are on the disk, beside peers that store.

``python -m bench.durable [PUBLISHERS ...] [--rounds 3] [--seconds 3]``; 1, 10, 100 and 500 publishers where none are
named, each with one POST under way. All take turns in each round, and each stores in a new directory:

- sio-server with its log in SQLite, which syncs each commit;
- Socket.IO on Node that puts each notification into a Valkey stream, ``appendfsync always``, by a bare XADD;
- the same through the adapter of Socket.IO's own authors, by which nodes hear of one another;
- Socket.IO on Node that puts each notification into a stream of NATS JetStream in a file, ``sync_interval: always``.

Servers are held to CPU 0 and the load to CPU 1; Valkey and NATS are held to none, which is an advantage to them.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.build import LOGS, WORK, build, program, stores
from bench.measure import Result, median, raise_file_limit, ratio
from bench.nodes import Contender, Store, contenders, run, valkey
from bench.servers import free_port, servers, until_it_listens

PUBLISHERS: Final = (1, 10, 100, 500)

_NATS: Final = """
listen: 127.0.0.1:{port}
jetstream {{ store_dir: "{directory}", sync_interval: always }}
"""


@contextlib.contextmanager
def jetstream() -> Iterator[dict[str, str]]:
    """An empty NATS server that syncs each entry: ``store`` is its port."""
    port = free_port()
    with tempfile.TemporaryDirectory(dir=WORK) as directory, (LOGS / "nats.log").open("a") as log:
        settings = Path(directory, "nats.conf")
        settings.write_text(_NATS.format(port=port, directory=directory))
        process = subprocess.Popen([str(program("nats-server")), "-c", str(settings)], stdout=log, stderr=log)
        try:
            until_it_listens(port, process, "nats")
            yield {"store": str(port)}
        finally:
            process.terminate()
            process.wait()


def known() -> dict[str, Contender]:
    """Those that can run here."""
    found, node = contenders(), servers()["node"]

    def storing(name: str, store: Store) -> Contender:
        words, environment = (*node.command[:-1], f"socketio-{name}"), {**node.environment, "BENCH_STORE": "{store}"}
        return Contender(replace(node, name=f"node-{name}", command=words, environment=environment), store)

    chosen = {"sio-server, SQLite": found["sio-server, SQLite"]}
    if program("valkey-server") is not None:
        chosen["Node, Valkey by XADD"] = storing("valkey", valkey("always"))
        chosen["Node, Valkey by its adapter"] = found["Node, streams, stored"]
    if program("nats-server") is not None:
        chosen["Node, NATS JetStream"] = storing("jetstream", jetstream)
    return chosen


def main() -> int:
    """Run and print; 0 when nothing of ours failed, was lost or came out of order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("publishers", nargs="*", type=int, default=PUBLISHERS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    build()
    stores()
    raise_file_limit()
    there = known()
    ours = next(iter(there))
    trouble = False
    print(
        "| publishers | server | POST/s | per CPU second | answered p50, p99 in ms | sio-server is times | p99 times |"
    )
    print("|---:|---|---:|---:|---:|---:|---:|")
    for count in options.publishers:
        load = {"clients": 1, "publishers": count, "window": 2 * count, "seconds": options.seconds, "warmup": 1}
        found: dict[str, list[Result]] = {name: [] for name in there}
        for _ in range(options.rounds):
            for name, contender in there.items():
                found[name].append(run(contender, load))
        for name, results in found.items():
            good = [one for one in results if "error" not in one]
            costs = [{"rate": one["posts_per_s"] / one["server_cpu"]} for one in good if one["server_cpu"]]
            times = [ratio(found[ours], results, figure) for figure in ("posts_per_s", "post_p99_us")]
            middle, highest = (median(results, figure) / 1000 for figure in ("post_p50_us", "post_p99_us"))
            print(
                f"| {count} | {name} | {median(results, 'posts_per_s'):,.0f} | {median(costs, 'rate'):,.0f} |"
                f" {middle:.1f}, {highest:.1f} | {times[0]:.2f} | {times[1]:.2f} |",
                flush=True,
            )
            bad = [one for one in results if "error" in one or one["lost"] or one["out_of_order"] or one["refused"]]
            trouble = trouble or (bool(bad) and name == ours)
            for one in bad:
                wrong = one.get("error") or {what: one[what] for what in ("lost", "out_of_order", "refused")}
                print(f"  {name}: {wrong}", file=sys.stderr)
    return int(trouble)


if __name__ == "__main__":
    sys.exit(main())
