"""How long what is due at one moment takes to be out, and what a publish waits for meanwhile.

A server with its log on disk; ``--count`` notifications for one user are scheduled for the same second, and somebody
listens on ``/ws``. From that second on it publishes one after the other, until the last that was due has come.

With ``--kill`` the server is killed (SIGKILL) at a random moment while they go out, and started again; the listener
comes back with its cursor. Each has to come, and to have one place in the log: it ends with 1 where one was lost.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

import aiohttp

from bench.handover import served

# Items of one batch, as many as may be.
BATCH = 1000

# Seconds after the moment within which the server is killed: by then most are out on an idle machine.
SOON = 1.2

# Seconds without a notification after which none is waited for.
PATIENCE = 30.0


async def schedule(http: aiohttp.ClientSession, url: str, count: int, due: float) -> None:
    """Schedule so many for the same moment."""
    at = datetime.fromtimestamp(due, UTC).isoformat()
    for start in range(0, count, BATCH):
        number = min(BATCH, count - start)
        items = [{"type": "test", "audience": {"users": ["ana"]}, "deliver_at": at}] * number
        async with http.post(f"{url}/v1/notifications/batch", json={"notifications": items}) as response:
            reply = await response.json()
            assert reply["accepted"] == number, reply  # noqa: S101 - a bench says so and ends


async def publish(http: aiohttp.ClientSession, url: str, taken: list[float]) -> None:
    """Publish one after the other until cancelled; seconds that each took."""
    while True:
        start = time.perf_counter()
        async with http.post(f"{url}/notify", json={"type": "test", "audience": {"users": ["bea"]}}) as response:
            await response.read()
        taken.append(time.perf_counter() - start)


async def measure(count: int, ahead: float) -> None:
    """One run, told in a line."""
    with served() as url:
        async with aiohttp.ClientSession() as http:
            due = float(int(time.time() + ahead))
            began = time.perf_counter()
            await schedule(http, url, count, due)
            scheduling = time.perf_counter() - began
            came: list[float] = []
            ids: set[str] = set()
            taken: list[float] = []
            await asyncio.sleep(max(0.0, due - time.time() - 1))
            # who does not read does not answer pings either, and would be cut
            socket = await http.ws_connect(f"{url}/ws?user=ana", max_msg_size=0)
            await asyncio.sleep(max(0.0, due - time.time()))
            publishing = asyncio.create_task(publish(http, url, taken))
            while len(ids) < count:
                frame = await socket.receive_json()
                if frame["type"] == "test":
                    came.append(time.time() - due)
                    ids.add(frame["id"])
            publishing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await publishing
        print(
            f"{count} due at once: first after {came[0]:.3f} s, last after {came[-1]:.3f} s, "
            f"{len(came) - len(ids)} twice; "
            f"scheduled in {scheduling:.2f} s; {len(taken)} publishes meanwhile, "
            f"median {statistics.median(taken) * 1000:.1f} ms, longest {max(taken) * 1000:.1f} ms"
        )


# -- killed meanwhile -------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def serving(*words: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A server with these words of its command; its address and process. It is killed at the end, if it is there."""
    command = [sys.executable, "-m", "sio_server", "serve", "--dev", "--port", "0", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None  # noqa: S101 - a pipe was asked for
            found = next(match for line in process.stdout if (match := re.search(r"http://\S+", line)))
            yield found[0].rstrip("/"), process
        finally:
            process.kill()


@dataclass
class Came:
    """What a listener has had: where each stands in the log, where the last one does, and when that came."""

    places: dict[str, set[int]] = field(default_factory=dict)
    cursor: str = ""
    last: float = 0.0

    def note(self, frame: dict[str, object]) -> None:
        """Take in a frame."""
        if "cursor" in frame:
            self.cursor = str(frame["cursor"])
        if frame["type"] == "test":
            self.places.setdefault(str(frame["id"]), set()).add(int(str(frame["seq"])))
            self.last = time.time()


async def listen(http: aiohttp.ClientSession, url: str, came: Came, count: int) -> None:
    """Listen from where the last one stood, until all have come, none does for long, or the server is gone."""
    query = {"user": "ana", **({"cursor": came.cursor} if came.cursor else {})}
    with contextlib.suppress(aiohttp.ClientError, TimeoutError, TypeError):
        async with http.ws_connect(f"{url}/ws", params=query, max_msg_size=0) as socket:
            while len(came.places) < count:
                came.note(await socket.receive_json(timeout=PATIENCE))


async def survive(count: int, ahead: float) -> bool:
    """One run with a kill, told in a line; whether each was delivered once."""
    came = Came()
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        async with aiohttp.ClientSession() as http:
            due = float(int(time.time() + ahead))
            with serving("--data-dir", directory) as (url, process):
                await schedule(http, url, count, due)
                await asyncio.sleep(max(0.0, due - time.time() - 1))
                listening = asyncio.create_task(listen(http, url, came, count))
                after = random.uniform(0, SOON)  # noqa: S311 - a moment
                await asyncio.sleep(max(0.0, due + after - time.time()))
                process.kill()
                await listening
            before = len(came.places)
            with serving("--data-dir", directory) as (url, _):
                back = time.time()
                await listen(http, url, came, count)
    lost, twice = count - len(came.places), sum(len(places) > 1 for places in came.places.values())
    places = set().union(*came.places.values())
    print(
        f"{count} due at once, killed {after:.3f} s after that with {before} out: listening again {back - due:.2f} s "
        f"after that, the last out {came.last - back:.2f} s later; {lost} lost, {twice} twice, "
        f"{len(places)} places in the log"
    )
    return not lost and not twice and len(places) == count


def main() -> int:
    """Read the command line and measure; 1 where one was lost or delivered twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--ahead", type=float, default=20.0, help="seconds until they are due, to schedule all of them")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--kill", action="store_true", help="kill the server while they go out, and start it again")
    given = parser.parse_args()
    whole = True
    for _ in range(given.runs):
        if given.kill:
            whole = asyncio.run(survive(given.count, given.ahead)) and whole
        else:
            asyncio.run(measure(given.count, given.ahead))
    return int(not whole)


if __name__ == "__main__":
    sys.exit(main())
