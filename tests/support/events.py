"""A client of Server-Sent Events, as the HTML Standard (§9.2.6) has one read its stream."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from typing import Any, Final

import httpx
import orjson

from tests.support.waiting import coming, until

ASKING: Final = {"Accept": "text/event-stream"}
"""What an `EventSource` sends with each request."""


class EventStream:
    """One stream and all that came over it, in order."""

    def __init__(self, response: httpx.Response, events: list[tuple[str, Any]] | None = None) -> None:
        self.response = response
        self.events: list[tuple[str, Any]] = [] if events is None else events
        """Name and data of each."""
        self.ids: list[str] = []
        """The id that stands when an event comes, for each."""
        self.last_id = ""
        self.retries: list[int] = []
        self.comments = 0
        self.ended = False
        """Whether the server has ended it, well or not."""
        self.broken = False
        """Whether it ended in the middle of the reply."""
        self._reader = asyncio.create_task(self._read())

    async def _read(self) -> None:
        rest = b""
        try:
            async for piece in self.response.aiter_raw():
                *blocks, rest = (rest + piece).split(b"\n\n")
                for block in blocks:
                    self._take(block.decode())
        except httpx.TransportError:
            self.broken = True
        self.ended = True

    def _take(self, block: str) -> None:
        name, data = "message", list[str]()
        for line in block.split("\n"):
            field, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if not field:
                self.comments += 1
            elif field == "id":
                self.last_id = value
            elif field == "event":
                name = value
            elif field == "data":
                data.append(value)
            elif field == "retry":
                self.retries.append(int(value))
        if data:
            self.ids.append(self.last_id)
            self.events.append((name, orjson.loads("\n".join(data))))

    def moves(self) -> object:
        """How much came: what moves while one waits for this client."""
        return len(self.events), self.comments

    def of(self, name: str) -> list[Any]:
        """The data of each event of this name."""
        return [data for event, data in self.events if event == name]

    @property
    def frames(self) -> list[dict[str, Any]]:
        """The data of every event."""
        return [data for _, data in self.events]

    @property
    def notifications(self) -> list[dict[str, Any]]:
        """Every envelope, control events left out."""
        return [data for event, data in self.events if not event.startswith("ns:")]

    async def wait(self, count: int) -> list[dict[str, Any]]:
        """The envelopes once there are ``count``."""
        await until(lambda: len(self.notifications) >= count, f"{count} notifications", self.moves)
        return self.notifications

    async def wait_closed(self) -> str:
        """The code of ``ns:closing`` once the server has ended the stream; empty where it said none."""
        await until(lambda: self.ended, "the end", self.moves)
        return next((str(told["code"]) for told in self.of("ns:closing")), "")

    async def leave(self) -> None:
        """Close, and wait until nothing reads any more."""
        self._reader.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._reader
        await self.response.aclose()


def stream_client() -> httpx.AsyncClient:
    """A client that waits for the next event however long."""
    return httpx.AsyncClient(timeout=None, trust_env=False)  # noqa: S113 - a stream may be silent


async def open_stream(
    client: httpx.AsyncClient,
    url: str,
    query: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
    events: list[tuple[str, Any]] | None = None,
) -> EventStream:
    """A stream of the server at ``url``, whose events go to ``events``; its answer has to be one."""
    request = client.build_request(
        "GET", f"{url}/v1/stream", params=dict(query or {}), headers={**ASKING, **(headers or {})}
    )
    response = await coming(client.send(request, stream=True), "the answer")
    if response.status_code != httpx.codes.OK:
        raise AssertionError(f"{response.status_code} {await response.aread()!r}")
    return EventStream(response, events)


@contextlib.asynccontextmanager
async def event_stream(
    url: str, query: Mapping[str, str] | None = None, headers: Mapping[str, str] | None = None
) -> AsyncIterator[EventStream]:
    """A stream of the server at ``url`` over which something has come."""
    async with stream_client() as client:
        stream = await open_stream(client, url, query, headers)
        try:
            await until(lambda: stream.events or stream.ended, "a first event")
            yield stream
        finally:
            await stream.leave()
