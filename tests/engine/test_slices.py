"""A broadcast to many is written in slices: who gets something else meanwhile gets it at once, and in its order."""

import asyncio
import contextlib
import json
import random
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from sio_server.engine.limits import FLUSH_BYTES
from sio_server.engine.transport import accelerator, outbox, sending
from tests.support.chance import again, seed
from tests.support.engine_server import Served, engine, until
from tests.support.engine_wire import Closed, WebSocketWire

CROWD = 40
LARGE = "x" * 40_000


@pytest.fixture(autouse=True, params=["python", "c"] if accelerator.send_many is not None else ["python"])
def one_in_a_turn(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each turn of the loop writes to one connection of those that a broadcast is for."""
    if request.param == "python":
        monkeypatch.setattr(accelerator, "send_many", None)
    monkeypatch.setattr(outbox, "SLICE", 0.0)
    for name in ("_AT_ONCE", "_AT_ONCE_LARGE"):
        monkeypatch.setattr(sending, name, 1)
    monkeypatch.setattr(sending, "_WORTH_IT", 1)


@asynccontextmanager
async def crowded(**options: Any) -> AsyncIterator[tuple[Served, list[WebSocketWire]]]:
    """A server with a crowd of websockets, which are ``server.connected`` in the same order."""
    async with engine(**options) as server:
        wires = [await server.websocket() for _ in range(CROWD)]
        for wire in wires:
            await wire.join()
        yield server, wires


def writing(server: Served) -> bool:
    """Whether a broadcast has begun to be written and has not ended."""
    return server.sio.eio.outbox._sending is not None


async def begun(server: Served) -> None:
    """Wait turn by turn until a broadcast is being written."""
    while not writing(server):  # noqa: ASYNC110 - it looks in each turn, and no event tells of it
        await asyncio.sleep(0)


async def test_single_event_does_not_wait_for_a_broadcast_to_others() -> None:
    """Who is the last of a crowd gets an event of its own, and the broadcast before it, while it is written."""
    async with crowded() as (server, wires):
        await server.sio.emit("n", 1)
        await begun(server)
        await server.sio.emit("n", 2)
        await server.sio.emit("n", 3, to=server.connected[-1])
        await server.sio.emit("n", 4)
        await server.sio.emit("n", 5, to=server.connected[0])
        assert await wires[-1].events(3) == [["n", 1], ["n", 2], ["n", 3]]
        assert writing(server)
        assert await wires[-1].events(1) == [["n", 4]]
        assert await wires[0].events(4) == [["n", 1], ["n", 2], ["n", 4], ["n", 5]]
        for wire in wires[1:-1]:
            assert await wire.events(3) == [["n", 1], ["n", 2], ["n", 4]]


async def test_few_do_not_wait_for_the_many() -> None:
    """A broadcast that is gathered with one to all goes to those few first."""
    async with crowded() as (server, wires):
        for sid in server.connected[-6:]:
            await server.sio.enter_room(sid, "few")
        await server.sio.emit("n", 1)
        await server.sio.emit("n", 2, room="few")
        assert await wires[-1].events(2) == [["n", 1], ["n", 2]]
        assert writing(server)
        assert await wires[0].events(1) == [["n", 1]]


async def test_connection_that_is_closed_meanwhile_gets_the_broadcast_first() -> None:
    """A client that the server disconnects while a broadcast is written to others has had it, and no more."""
    async with crowded() as (server, wires):
        await server.sio.emit("n", 1)
        await begun(server)
        await server.sio.emit("n", 2)
        for sid in server.connected[-3:]:
            await server.sio.disconnect(sid)
        await server.sio.emit("n", 3)
        for wire in wires[-3:]:
            assert await wire.events(2) == [["n", 1], ["n", 2]]
        for wire in wires[:-3]:
            assert await wire.events(3) == [["n", 1], ["n", 2], ["n", 3]]


async def test_shutdown_meanwhile_loses_nothing() -> None:
    """A server that ends while a broadcast is written has written it to everybody."""
    async with crowded() as (server, wires):
        await server.sio.emit("n", 1)
        await begun(server)
        await server.sio.emit("n", 2)
        ending = asyncio.create_task(server.sio.shutdown())
        for wire in wires:
            assert await wire.events(2) == [["n", 1], ["n", 2]]
        await ending


async def test_peers_that_vanish_meanwhile_cost_nobody_anything() -> None:
    """Connections that are reset while a broadcast is written, and those that come in their place, disturb no other."""
    async with crowded() as (server, wires):
        for number in range(5):
            await server.sio.emit("n", number)
            await begun(server)
            await wires[2 * number + 1].drop()
            late = await server.websocket()
            await late.join()
            wires.append(late)
        await server.sio.emit("end", 5)
        for wire in wires[:CROWD:2]:
            assert [event[1] for event in await wire.events(6)] == list(range(6))
        for number, wire in enumerate(wires[CROWD:], 1):
            got: list[int] = []
            while 5 not in got:  # whether the last that it was not here for reached it depends on when it came
                got += [event[1] for event in await wire.events(1)]
            assert got == list(range(got[0], 6))
            assert got[0] >= number


async def test_more_than_may_wait_is_written_at_once() -> None:
    """Large broadcasts that come faster than they are written are not kept without bound, and arrive in order."""
    async with crowded(send_cap=20_000_000) as (server, wires):
        readers = [asyncio.create_task(wire.events(30)) for wire in wires]
        held = 0
        for number in range(30):
            await server.sio.emit("n", [number, LARGE])
            held = max(held, len(server.sio.eio.outbox._gathered))
            if number % 4 == 0:
                await asyncio.sleep(0)
        assert held <= FLUSH_BYTES // len(LARGE) + 1
        for events in await asyncio.gather(*readers):
            assert [event[1][0] for event in events] == list(range(30))


async def _read(wire: WebSocketWire, into: list[int]) -> None:
    with contextlib.suppress(Closed):
        while (packet := await wire.text()).startswith("42["):
            into.append(json.loads(packet[2:])[1])


class Mixture:
    """What is done to a crowd, drawn at random, and what each of it has to get."""

    def __init__(self, server: Served, choose: random.Random) -> None:
        self.server = server
        self.choose = choose
        self.here = set(server.connected)
        self.rooms: dict[str, set[str]] = {name: set() for name in "abc"}
        self.expected: dict[str, list[int]] = defaultdict(list)

    def _somebody(self) -> str:
        return self.choose.choice(sorted(self.here))

    async def to_all(self, number: int) -> set[str]:
        """An event to everybody."""
        await self.server.sio.emit("n", number)
        return self.here

    async def to_rooms(self, number: int) -> set[str]:
        """An event to one room or several."""
        names = self.choose.sample("abc", self.choose.randint(1, 3))
        await self.server.sio.emit("n", number, room=names)
        return set().union(*(self.rooms[name] for name in names))

    async def to_one(self, number: int) -> set[str]:
        """An event to one connection."""
        chosen = self._somebody()
        await self.server.sio.emit("n", number, to=chosen)
        return {chosen}

    async def enter(self, _: int) -> set[str]:
        """Somebody enters a room."""
        chosen, name = self._somebody(), self.choose.choice("abc")
        await self.server.sio.enter_room(chosen, name)
        self.rooms[name].add(chosen)
        return set()

    async def leave(self, number: int) -> set[str]:
        """Now and then somebody is disconnected."""
        if number % 8 == 0 and len(self.here) > CROWD // 2:
            gone = self._somebody()
            await self.server.sio.disconnect(gone)
            for members in (self.here, *self.rooms.values()):
                members.discard(gone)
        return set()

    async def do(self, number: int) -> None:
        """Do one thing, and let some turns of the loop pass."""
        things = (self.to_all, self.to_rooms, self.to_one, self.enter, self.leave)
        (thing,) = self.choose.choices(things, (30, 25, 30, 10, 5))
        for sid in await thing(number):
            self.expected[sid].append(number)
        for _ in range(self.choose.choice((0, 0, 0, 1, 2, 5))):
            await asyncio.sleep(0)


async def test_any_mixture_keeps_its_order() -> None:
    """Events to all, to rooms and to one, mixed with turns of the loop, changes of rooms and ends: all as they came."""
    drawn = seed()
    async with crowded() as (server, wires):
        sids = list(server.connected)
        mixture = Mixture(server, random.Random(drawn))  # noqa: S311 - it draws a test, no secret
        got: list[list[int]] = [[] for _ in wires]
        readers = [asyncio.create_task(_read(wire, mine)) for wire, mine in zip(wires, got, strict=True)]
        for number in range(600):
            await mixture.do(number)
        expected = [mixture.expected[sid] for sid in sids]
        await until(lambda: sum(map(len, got)) >= sum(map(len, expected)), again(drawn))
        assert got == expected, again(drawn)
        for wire in wires:
            await wire.drop()
        await asyncio.gather(*readers)
