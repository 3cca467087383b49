"""One node and two on PostgreSQL, beside Socket.IO on Node with the adapters of its own authors.

``python -m bench.nodes [ROW ...] [--rounds 3] [--seconds 3]``. All take turns in each round. With two nodes everybody
is connected to the first, and what is published goes to the second. PostgreSQL syncs each commit to the disk, as Valkey
does with ``appendfsync always``: only these two keep what was answered. Nodes are held to CPU 0, the load to CPU 1,
PostgreSQL and Valkey to none.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from typing import Final
from uuid import uuid4

from bench.build import LOGS, build, program, stores
from bench.measure import LOAD_CPU, SERVER_CPU, Result, load_command, median, raise_file_limit, ratio
from bench.servers import Server, free_port, running, servers, until_it_listens
from tests.support.postgres import postgres

ROWS: Final = {
    "1 publisher": ({"clients": 1, "publishers": 1, "window": 1}, "posts_per_s"),
    "10 publishers": ({"clients": 1, "publishers": 10, "window": 20}, "posts_per_s"),
    "100 publishers": ({"clients": 1, "publishers": 100, "window": 200}, "posts_per_s"),
    "1,000 clients": ({"clients": 1000, "publishers": 8}, "deliveries_per_s"),
}

# Seconds of one run.
LIMIT: Final = 120

Store = Callable[[], AbstractContextManager[dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Contender:
    """A server, how many nodes of it, and what they share: that gives the ``{...}`` of its command and environment."""

    server: Server
    store: Store
    nodes: int = 1


@contextlib.contextmanager
def nothing() -> Iterator[dict[str, str]]:
    """Nothing is shared."""
    yield {}


@contextlib.contextmanager
def elephant() -> Iterator[dict[str, str]]:
    """An empty PostgreSQL that syncs: ``dsn`` for the product, ``store`` for Node."""
    with postgres(fsync="on", shared_buffers="256MB") as home:
        address = f"postgresql://postgres@/postgres?host={home}&schema=bench_{uuid4().hex[:8]}"
        yield {"dsn": address, "store": json.dumps({"host": str(home), "user": "postgres", "database": "postgres"})}


def valkey(fsync: str) -> Store:
    """An empty Valkey with an append-only file: ``store`` is its port."""

    @contextlib.contextmanager
    def opened() -> Iterator[dict[str, str]]:
        place = program("valkey-server")
        if place is None:
            raise RuntimeError("Valkey is not here, and could not be got: see build.log")
        port = free_port()
        with tempfile.TemporaryDirectory(dir=LOGS.parent) as directory, (LOGS / "valkey.log").open("a") as log:
            words = ["--port", str(port), "--bind", "127.0.0.1", "--dir", directory, "--save", ""]
            words += ["--appendonly", "yes", "--appendfsync", fsync]
            process = subprocess.Popen([place, *words], stdout=log, stderr=log)
            try:
                until_it_listens(port, process, "valkey")
                yield {"store": str(port)}
            finally:
                process.terminate()
                process.wait()

    return opened


def contenders() -> dict[str, Contender]:
    """All, by what they are called in the report."""
    known = servers()
    product, node = known["product"], known["node"]

    def shared(name: str) -> Server:
        words = [word if word != "memory:" else "{dsn}" for word in product.command]
        return replace(product, name=name, command=tuple(words))

    def adapted(name: str, kind: str) -> Server:
        environment = {**node.environment, "BENCH_STORE": "{store}"}
        return replace(node, name=name, command=(*node.command[:-1], kind), environment=environment)

    return {
        "sio-server, PostgreSQL": Contender(shared("product-postgres"), elephant),
        "sio-server, PostgreSQL, 2 nodes": Contender(shared("product-postgres"), elephant, 2),
        "sio-server, SQLite": Contender(known["product-sqlite"], nothing),
        "Node, streams, stored": Contender(adapted("node-stored", "socketio-streams-stored"), valkey("always")),
        "Node, streams, stored, 2 nodes": Contender(
            adapted("node-stored", "socketio-streams-stored"), valkey("always"), 2
        ),
        "Node, streams, not stored": Contender(adapted("node-streams", "socketio-streams"), valkey("everysec")),
        "Node, PostgreSQL, not stored": Contender(adapted("node-postgres", "socketio-postgres"), elephant),
        "Node, PostgreSQL, not stored, 2 nodes": Contender(adapted("node-postgres", "socketio-postgres"), elephant, 2),
    }


def _filled(server: Server, values: dict[str, str]) -> Server:
    def fill(text: str) -> str:
        for name, value in values.items():
            text = text.replace(f"{{{name}}}", value)
        return text

    environment = {name: fill(value) for name, value in server.environment.items()}
    return replace(server, command=tuple(map(fill, server.command)), environment=environment)


def run(contender: Contender, load: dict[str, float]) -> Result:
    """One run: what it measured, or ``{"error": ...}``."""
    try:
        with contextlib.ExitStack() as stack:
            server = _filled(contender.server, stack.enter_context(contender.store()))
            nodes = [stack.enter_context(running(server, SERVER_CPU)) for _ in range(contender.nodes)]
            words = [word for name, value in load.items() for word in (f"--{name}", f"{value:g}")]
            words += ["--port", str(nodes[0][0]), "--posting", str(nodes[-1][0]), "--server", str(nodes[0][1])]
            done = subprocess.run(
                [*load_command(), *words, *server.load],
                capture_output=True,
                text=True,
                timeout=LIMIT,
                check=False,
                preexec_fn=lambda: os.sched_setaffinity(0, {LOAD_CPU}),
            )
        if done.returncode:
            return {"error": done.stderr.strip()[-300:] or f"exit {done.returncode}"}
        found: Result = json.loads(done.stdout)
    except (RuntimeError, subprocess.TimeoutExpired, json.JSONDecodeError, AssertionError) as error:
        return {"error": str(error)[:300]}
    return found


def main() -> int:
    """Run and print; 0 when nothing of ours failed, was lost or came out of order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", help="rows to run, by the first word of their name; all by default")
    parser.add_argument("--only", help="contenders whose name has this, and the first")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    options = parser.parse_args()
    build()
    stores()
    raise_file_limit()
    known = contenders()
    first = next(iter(known))
    names = [name for name in known if not options.only or options.only in name or name == first]
    trouble = False
    for title, (load, figure) in ROWS.items():
        if options.rows and title.split()[0] not in options.rows:
            continue
        found: dict[str, list[Result]] = {name: [] for name in names}
        for _ in range(options.rounds):
            for name in names:
                found[name].append(run(known[name], {**load, "seconds": options.seconds, "warmup": 1}))
        print(f"\n{title}: {figure[:-6].replace('_', ' ')} a second, 50th and 99th percentile in ms")
        for name, results in found.items():
            bad = [one for one in results if "error" in one or one["lost"] or one["out_of_order"]]
            trouble = trouble or (bool(bad) and name.startswith("sio"))
            p50, p99 = (median(results, one) / 1000 for one in ("p50_us", "p99_us"))
            times = ratio(found[first], results, figure)
            print(f"  {name:40}{median(results, figure):>10,.0f}{p50:>9.2f}{p99:>9.2f}   x {times:.2f}")
            for one in bad:
                print(f"    {one.get('error') or {key: one[key] for key in ('lost', 'out_of_order')}}")
        sys.stdout.flush()
    return int(trouble)


if __name__ == "__main__":
    sys.exit(main())
