"""Two servers on one log: Socket.IO's own recovery goes from one to the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import aiohttp
import orjson
import pytest

from tests.support.brokers import side_by_side
from tests.support.servers import Server, running, secured, token
from tests.support.waiting import coming, until


class Raw:
    """A Socket.IO connection without a library: what a stock client that recovers sends and gets."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self.sid = self.pid = ""
        self.events: list[list[Any]] = []

    async def connect(self, **auth: Any) -> None:
        """Join the namespace, and wait for the greeting."""
        await self._socket.send_str("40" + orjson.dumps({"token": token("ana", "turista"), **auth}).decode())
        while not any(name == "ns:hello" for name, *_ in self.events):
            assert await self.take(), "the link ended before it was greeted"

    async def take(self) -> bool:
        """Take one packet; False where the link has ended."""
        message = await coming(self._socket.receive(), "a packet")
        if message.type is not aiohttp.WSMsgType.TEXT:
            return False
        text: str = message.data
        if text.startswith("40"):
            answer = orjson.loads(text[2:])
            self.sid, self.pid = answer["sid"], answer.get("pid", "")
        elif text.startswith("42"):
            self.events.append(orjson.loads(text[2:]))
        return True

    async def end(self) -> None:
        """Take everything until the link has ended."""
        while await self.take():
            pass

    def named(self, name: str) -> list[list[Any]]:
        """The arguments of each event of this name."""
        return [arguments for event, *arguments in self.events if event == name]

    async def say(self, packet: str) -> None:
        """Send a packet."""
        await self._socket.send_str(packet)


@asynccontextmanager
async def raw(server: Server) -> AsyncIterator[Raw]:
    """A session of Engine.IO over a websocket."""
    url = f"{server.url}/socket.io/?EIO=4&transport=websocket"
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        yield Raw(socket)


@pytest.fixture
async def servers() -> AsyncIterator[tuple[Server, Server]]:
    """Run two servers on one log."""
    one, other = side_by_side()
    async with AsyncExitStack() as stack:
        here = await stack.enter_async_context(running(secured(), broker=one))
        there = await stack.enter_async_context(running(secured(), broker=other))
        yield here, there


def connected(server: Server) -> int:
    """How many connections a server has."""
    return len(server.core.hub)


async def test_link_that_looks_alive_at_one_server_ends_when_its_bearer_is_at_the_other(
    servers: tuple[Server, Server],
) -> None:
    """A private id never gives two connections: its bearer goes on at the other server, with what was missed, once."""
    here, there = servers
    async with raw(here) as old, raw(there) as new:
        await old.connect(recovery=True)
        await here.notify({"type": "test", "message": "missed"})
        await new.connect(pid=old.pid)
        await old.end()
        await until(lambda: connected(here) == 0, "the old link to be counted out")
        await there.notify({"type": "test", "message": "live"})
        while len(new.named("test")) < 2:
            assert await new.take(), "the link ended"
        assert (new.sid, new.pid) == (old.sid, old.pid)
        assert [body["message"] for body, _ in new.named("test")] == ["missed", "live"]
        assert new.named("ns:hello")[0][0]["recovered"] is True
        assert connected(there) == 1


async def test_private_id_holds_on_from_server_to_server(servers: tuple[Server, Server]) -> None:
    """However often its bearer goes from one to the other, a private id brings back what was missed."""
    pid, sid = "", ""
    for number in range(4):
        server = servers[number % 2]
        async with raw(server) as client:
            await client.connect(**({"pid": pid} if pid else {"recovery": True}))
            assert client.sid == (sid or client.sid)
            assert [body["seq"] for body, _ in client.named("test")] == list(range(1, number + 1))
            pid, sid = client.pid, client.sid
        await servers[number % 2].notify({"type": "test"})


async def test_connection_ended_on_purpose_is_not_recovered_elsewhere(servers: tuple[Server, Server]) -> None:
    """A client that left, and did not lose its link, gets a new connection at the other server, too."""
    here, there = servers
    async with raw(here) as old, raw(there) as new:
        await old.connect(recovery=True)
        await old.say("41")
        await until(lambda: connected(here) == 0, "its leave")
        await here.notify({"type": "test"})
        await new.connect(pid=old.pid)
        assert new.sid != old.sid
        assert new.named("ns:hello")[0][0]["recovered"] is False
