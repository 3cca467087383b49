"""Several processes' worth of servers behind one message queue: the library's pub/sub managers on the engine."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import socketio
from socketio.async_pubsub_manager import AsyncPubSubManager

from tests.support.engine_server import Served, engine, until


class Channel:
    """What Redis does for the library: everybody who subscribed hears every message."""

    def __init__(self) -> None:
        self.subscribers: list[asyncio.Queue[str]] = []


class ChannelManager(AsyncPubSubManager):  # type: ignore[misc]  # the library is untyped
    """A backend of the library's own interface, on a channel in memory."""

    def __init__(self, on: Channel) -> None:
        super().__init__()
        self.on = on

    async def _publish(self, data: dict[str, Any]) -> None:
        for queue in self.on.subscribers:
            queue.put_nowait(json.dumps(data))

    async def _listen(self) -> AsyncIterator[str]:
        queue: asyncio.Queue[str] = asyncio.Queue()
        self.on.subscribers.append(queue)
        try:
            while True:
                yield await queue.get()
        finally:
            self.on.subscribers.remove(queue)


class Guest:
    """A stock client that notes what it hears and answers it."""

    def __init__(self) -> None:
        self.client = socketio.AsyncClient(reconnection=False)
        self.heard: list[Any] = []
        self.client.on("*", self._hear)

    async def _hear(self, *event: Any) -> tuple[Any, ...]:
        self.heard.append(event)
        return ("answer", *event[1:])

    async def join(self, node: Served, transport: str) -> str:
        """Connect; the sid."""
        await self.client.connect(node.url, transports=[transport])
        return str(self.client.get_sid())


@asynccontextmanager
async def two_nodes() -> AsyncIterator[tuple[Served, Served, Guest, Guest, Guest]]:
    """Two servers on one channel, a guest at the first, and one by websocket and one by polling at the second."""
    channel = Channel()
    here, there, polling = Guest(), Guest(), Guest()
    async with engine(client_manager=ChannelManager(channel)) as first:
        await here.join(first, "websocket")  # a node listens from its first session on
        await until(lambda: len(channel.subscribers) == 1, "the first node listens")
        async with engine(client_manager=ChannelManager(channel)) as second:
            await there.join(second, "websocket")
            await polling.join(second, "polling")
            await until(lambda: len(channel.subscribers) == 2, "the second node listens")
            yield first, second, here, there, polling
            for guest in (here, there, polling):
                await guest.client.disconnect()
            await first.all_gone()
        await until(lambda: len(channel.subscribers) == 1, "the second node listens no more")


async def test_rooms_reach_across_nodes() -> None:
    """A room has members on every node, whoever put them in; each hears an event once, in order, or not at all."""
    async with two_nodes() as (first, _second, here, there, polling):
        sids = [guest.client.get_sid() for guest in (here, there, polling)]
        for sid in sids:
            await first.sio.enter_room(sid, "r")  # two of them are the other node's
        for number in range(50):
            await first.sio.emit("n", number, room="r", skip_sid=sids[1])
        await until(lambda: len(here.heard) == len(polling.heard) == 50)
        assert here.heard == polling.heard == [("n", number) for number in range(50)]
        await first.sio.leave_room(sids[2], "r")
        await first.sio.emit("last", ("a", b"\x00\xff"), room="r")
        await until(lambda: there.heard and len(here.heard) == 51)
        assert there.heard == [("last", "a", b"\x00\xff")]
        await first.sio.close_room("r")
        await first.sio.emit("nobody", room="r")
        await first.sio.emit("everybody")
        await until(lambda: all(guest.heard[-1] == ("everybody",) for guest in (here, there, polling)))
        assert [len(guest.heard) for guest in (here, there, polling)] == [52, 2, 51]


async def test_calls_and_callbacks_reach_across_nodes() -> None:
    """``call`` and callbacks bring the answer of a client from whichever node it is on, and keep nothing."""
    async with two_nodes() as (first, second, here, there, polling):
        for guest in (here, there, polling):
            assert tuple(await first.sio.call("question", 5, to=guest.client.get_sid())) == ("answer", 5)
        answers: list[Any] = []
        await first.sio.emit("q", 6, to=there.client.get_sid(), callback=lambda *values: answers.append(values))
        await until(lambda: answers)
        assert answers == [("answer", 6)]
        assert (first.sio.manager.callbacks, second.sio.manager.callbacks) == ({}, {})


async def test_disconnect_reaches_across_nodes() -> None:
    """A client is disconnected by another node than its own; its disconnect handler runs once, on its node."""
    async with two_nodes() as (first, second, here, there, _polling):
        gone = there.client.get_sid()
        await first.sio.disconnect(gone)
        await until(lambda: second.disconnected)
        assert second.disconnected == [(gone, "server disconnect")]
        assert first.disconnected == []
        await second.sio.emit("still", to=here.client.get_sid())
        await until(lambda: here.heard == [("still",)])
