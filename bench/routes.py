"""What a request pays for a notification: a route of the example with none, and with the server in each state.

The route is `/reservas` of ``examples/fastapi_backend`` under uvicorn; the first row is it with its notification
taken out. A process for each state, asked in turn, round after round, so that what disturbs the machine disturbs all.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any, Final

from bench.handover import served, silent
from bench.process import HERE

_QUIET: Final = "bench.routes:without_notifications"
_EXAMPLE: Final = "fastapi_backend.app:app"
_BOOKING: Final = json.dumps(
    {"usuario_id": "5", "tour_id": "3", "tour_nombre": "Lago", "fecha": "2026-12-05", "personas": 2, "total": "12.50"}
)


def without_notifications() -> Any:
    """The example's application, telling nobody; a factory for uvicorn."""
    import fastapi_backend.app as example  # noqa: PLC0415 - uvicorn alone has it on its path

    vars(example)["notificar_reserva_creada"] = lambda **_: None
    return example.app


class _Failing(http.server.BaseHTTPRequestHandler):
    """Answers 500 to everything."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(http.HTTPStatus.INTERNAL_SERVER_ERROR)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def failing() -> Iterator[str]:
    """What takes every request and fails."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Failing) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@contextlib.contextmanager
def backend(app: str, url: str) -> Iterator[http.client.HTTPConnection]:
    """The example in a process of its own; a connection to it."""
    command = [sys.executable, "-m", "uvicorn", "--app-dir", "examples", "--port", "0", "--no-access-log", app]
    command += ["--timeout-keep-alive", "3600"]  # the others have their turns in between
    factory = ["--factory"] if app == _QUIET else []
    environment = {**os.environ, "PYTHONPATH": str(HERE), "SIO_SERVER_URL": url}
    with subprocess.Popen(
        [*command, *factory], cwd=HERE, env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stderr is not None  # noqa: S101 - a pipe was asked for
            found = next(match for line in process.stderr if (match := re.search(r"http://([\d.]+):(\d+)", line)))
            threading.Thread(target=process.stderr.read, daemon=True).start()
            yield http.client.HTTPConnection(found[1], int(found[2]))
        finally:
            process.terminate()


def times(connection: http.client.HTTPConnection, count: int, pause: float) -> list[float]:
    """Seconds that each request took. Raises AssertionError if one was not answered as it should be."""
    found = []
    for _ in range(count):
        start = time.perf_counter()
        connection.request("POST", "/reservas", _BOOKING, {"Content-Type": "application/json"})
        response = connection.getresponse()
        response.read()
        found.append(time.perf_counter() - start)
        assert response.status == http.HTTPStatus.CREATED, response.status  # noqa: S101 - else it measures nothing
        time.sleep(pause)
    return found


def measured(states: Mapping[str, tuple[str, str]], rounds: int, count: int, pause: float) -> dict[str, list[float]]:
    """Seconds of each request, sorted, for each state: an application, and where its server is."""
    with contextlib.ExitStack() as stack:
        connections = {name: stack.enter_context(backend(*state)) for name, state in states.items()}
        for connection in connections.values():
            times(connection, count // 10, pause)
        found: dict[str, list[float]] = {name: [] for name in states}
        for _ in range(rounds):
            for name, connection in connections.items():
                found[name] += times(connection, count, pause)
    return {name: sorted(taken) for name, taken in found.items()}


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--count", type=int, default=500, help="requests a state and round")
    parser.add_argument("--pause", type=float, default=0.002, help="seconds between two of them")
    options = parser.parse_args()
    with served() as up, silent() as hanging, failing() as broken:
        states = {
            "no notification": (_QUIET, "http://127.0.0.1:9"),
            "server up": (_EXAMPLE, up),
            "away": (_EXAMPLE, "http://127.0.0.1:9"),
            "silent": (_EXAMPLE, hanging),
            "answers 500": (_EXAMPLE, broken),
        }
        found = measured(states, options.rounds, options.count, options.pause)
    plain = found["no notification"]
    print("| | p50 ms | more | p99 ms | ratio |\n|---|---:|---:|---:|---:|")
    for name, taken in found.items():
        median, slow = (taken[int(len(taken) * share)] for share in (0.5, 0.99))
        more = median - plain[len(plain) // 2]
        ratio = slow / plain[int(len(plain) * 0.99)]
        print(f"| {name} | {1e3 * median:.2f} | {1e3 * more:.2f} | {1e3 * slow:.2f} | {ratio:.2f} |")


if __name__ == "__main__":
    main()
