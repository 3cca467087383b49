"""How long what is due at one moment takes to be out, and what a publish waits for meanwhile.

A server with its log on disk; ``--count`` notifications for one user are scheduled for the same second, and somebody
listens on ``/ws``. From that second on it publishes one after the other, until the last that was due has come.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import time
from datetime import UTC, datetime

import aiohttp

from bench.handover import served

# Items of one batch, as many as may be.
BATCH = 1000


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


def main() -> None:
    """Read the command line and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--ahead", type=float, default=20.0, help="seconds until they are due, to schedule all of them")
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    for _ in range(given.runs):
        asyncio.run(measure(given.count, given.ahead))


if __name__ == "__main__":
    main()
