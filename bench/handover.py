"""What a hand-over to a `Notifier` costs its caller: with the server up, away and silent, with and without a spool.

Six kinds in turn, round after round, so that what disturbs the machine disturbs all of them. The row "nothing" is what
the measuring itself takes.
"""

from __future__ import annotations

import argparse
import contextlib
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from sio_server.client import Notifier


@contextlib.contextmanager
def served() -> Iterator[str]:
    """A server with its log on disk; its address."""
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "sio_server", "serve", "--dev", "--port", "0", "--data-dir", directory]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            try:
                assert process.stdout is not None  # noqa: S101 - a pipe was asked for
                found = next(match for line in process.stdout if (match := re.search(r"http://\S+", line)))
                yield found[0].rstrip("/")
            finally:
                process.terminate()


@contextlib.contextmanager
def silent() -> Iterator[str]:
    """What takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=1000) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


def durations(call: Callable[[int], object], count: int, pause: float) -> list[float]:
    """Seconds that each call took; between two of them a backend does something else, and the sender its work."""
    found = []
    for number in range(count):
        start = time.perf_counter()
        call(number)
        found.append(time.perf_counter() - start)
        time.sleep(pause)
    return found


def handed_over(url: str, spool: str | None, count: int, pause: float) -> list[float]:
    """Seconds that each hand-over took."""
    notifier = Notifier(url, spool=spool, queue=1_000_000)

    def call(number: int) -> None:
        notifier.notificar_reserva_creada(reserva_id=number, usuario_id=5, tour_nombre="Vuelta al lago", personas=2)

    try:
        return durations(call, count, pause)
    finally:
        if spool is None:
            notifier._stock.rest()  # noqa: SLF001 - they are not to be told of one by one
        notifier.close(0)


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--count", type=int, default=2000, help="hand-overs a kind and round")
    parser.add_argument("--pause", type=float, default=0.0005, help="seconds between two of them")
    options = parser.parse_args()
    count, pause = options.count, options.pause
    kinds: dict[str, list[float]] = {}
    with served() as up, silent() as hanging, tempfile.TemporaryDirectory() as scratch:
        for turn in range(options.rounds):
            kinds.setdefault("nothing", []).extend(durations(lambda number: number, count, pause))
            for name, url in (("up", up), ("away", "http://127.0.0.1:9"), ("silent", hanging)):
                kinds.setdefault(f"{name}, memory", []).extend(handed_over(url, None, count, pause))
                spool = Path(scratch) / f"{name}-{turn}"
                kinds.setdefault(f"{name}, spool", []).extend(handed_over(url, str(spool), count, pause))
    print("| server, kept in | p50 µs | p99 µs | p99.9 µs |\n|---|---:|---:|---:|")
    for name, found in kinds.items():
        found.sort()
        shown = [f"{1e6 * found[int(len(found) * share)]:.0f}" for share in (0.5, 0.99, 0.999)]
        print(f"| {name} | {' | '.join(shown)} |")


if __name__ == "__main__":
    main()
