"""How long a notification that is taken back is still there: from the request to the last of a user's three tabs.

Beside the tabs, on ``/ws``, there are 1,000 other clients, to whom twenty notifications a second go meanwhile. It is to
be gone from every tab within 500 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import statistics
import sys
import threading
import time

import aiohttp

from bench.due import serving
from bench.languages import connect, drain

TABS = 3
RATE = 20


async def crowd(http: aiohttp.ClientSession, url: str) -> None:
    """Publish to everybody but the user, twenty times a second, until cancelled."""
    while True:
        await http.post(f"{url}/notify", json={"type": "test", "audience": {"roles": ["turista"]}})
        await asyncio.sleep(1 / RATE)


async def removal(socket: aiohttp.ClientWebSocketResponse, identity: str) -> float:
    """When word came that it is gone."""
    while True:
        frame = await socket.receive_json()
        if (frame["type"], frame.get("id")) == ("ns:removed", identity):
            return time.perf_counter()


async def measure(clients: int, times: int) -> list[float]:
    """Seconds that each took."""
    found: list[float] = []
    with serving("--broker", "memory:") as (url, _):
        others = [connect(url, f"u{number}", "es") for number in range(clients)]
        reading = threading.Thread(target=drain, args=(others, b'"last":"end"'))
        reading.start()
        async with aiohttp.ClientSession() as http:
            tabs = [await http.ws_connect(f"{url}/ws?user=ana", max_msg_size=0) for _ in range(TABS)]
            meanwhile = asyncio.create_task(crowd(http, url))
            for _ in range(times):
                body = {"type": "test", "audience": {"users": ["ana"]}}
                async with http.post(f"{url}/notify", json=body) as answer:
                    identity = (await answer.json())["id"]
                began = time.perf_counter()
                told = asyncio.gather(*(removal(tab, identity) for tab in tabs))
                async with http.delete(f"{url}/v1/notifications/{identity}"):
                    found.append(max(await told) - began)
            meanwhile.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await meanwhile
            await http.post(f"{url}/notify", json={"type": "test", "audience": {"all": True}, "data": {"last": "end"}})
        await asyncio.to_thread(reading.join)
        for one in others:
            one.close()
    return found


def main() -> int:
    """Read the command line, measure, and print; 1 where one was there for longer than 500 ms."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--times", type=int, default=200)
    given = parser.parse_args()
    found = sorted(1000 * seconds for seconds in asyncio.run(measure(given.clients, given.times)))
    last = found[int(0.99 * len(found))]
    print(
        f"gone from {TABS} tabs after {statistics.median(found):.1f} ms, 99 % {last:.1f} ms, longest {found[-1]:.1f} ms"
    )
    return int(found[-1] > 500)  # noqa: PLR2004 - what the issue asks for


if __name__ == "__main__":
    sys.exit(main())
