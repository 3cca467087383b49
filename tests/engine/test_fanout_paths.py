"""Every way a broadcast can take: the C loop where it was built, without it, each event loop; all deliver alike."""

import asyncio
import itertools
from collections.abc import Callable

import pytest

from sio_server.engine.transport import accelerator, outbox, sending
from sio_server.engine.transport.outbox import Outbox
from sio_server.engine.transport.reading import READ_SIZE
from tests.support.clocks import Clock
from tests.support.engine_server import Served, engine, until
from tests.support.engine_wire import WebSocketWire

try:
    import uvloop
except ImportError:
    LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {"asyncio": asyncio.new_event_loop}
else:
    LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}

WAYS = ["python", "c"] if accelerator.send_many is not None else ["python"]
SENDERS = [*WAYS, *(f"{way}, in slices" for way in WAYS)]
CROWD = 48  # enough recipients that a loop in C is worth its call
LARGE = "x" * 40_000


@pytest.fixture(params=SENDERS)
def sender(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Which loop sends: the one in C, where it was built, or the one without it; all at once, or few in a turn."""
    if request.param.startswith("python"):
        monkeypatch.setattr(accelerator, "send_many", None)
    if request.param.endswith("slices"):
        monkeypatch.setattr(outbox, "SLICE", 0.0)
        monkeypatch.setattr(sending, "_AT_ONCE", 5)
        monkeypatch.setattr(sending, "_AT_ONCE_LARGE", 5)
    return str(request.param)


async def _crowd(server: Served) -> list[WebSocketWire]:
    wires = [await server.websocket() for _ in range(CROWD)]
    for wire in wires:
        await wire.join()
    return wires


async def _numbers(wire: WebSocketWire, count: int) -> list[int]:
    return [event[1] for event in await wire.events(count)]


@pytest.mark.usefixtures("sender")
async def test_crowd_gets_everything_in_order() -> None:
    """A crowd gets small and large events, alone and in bursts, once and in order."""
    async with engine(send_cap=20_000_000) as server:
        wires = await _crowd(server)
        readers = [asyncio.create_task(_numbers(wire, 90)) for wire in wires]
        for n in range(90):
            await server.sio.emit("n", (n, LARGE if n % 10 == 0 else ""))
            if n % 3 == 0:
                await asyncio.sleep(0)
        assert await asyncio.gather(*readers) == [list(range(90))] * CROWD


@pytest.mark.usefixtures("sender")
@pytest.mark.parametrize("more", [True, False])
@pytest.mark.parametrize("expecting", [None, lambda: True, itertools.cycle([False, True]).__next__])
async def test_broadcasts_that_are_expected_are_waited_for_and_not_for_long(
    more: bool,  # noqa: FBT001
    expecting: Callable[[], bool] | None,
) -> None:
    """While further broadcasts are expected, those and single events keep their order, whether any comes or none.

    They are expected where the application says so, and after a write that held several.
    """
    async with engine(expecting=expecting) as server:
        wires = await _crowd(server)
        readers = [asyncio.create_task(_numbers(wire, 30)) for wire in wires]
        for n in range(30):
            for target in server.connected if n % 3 == 0 else [None]:
                await server.sio.emit("n", n, to=target)
            if not more and n % 2:  # the others leave in pairs
                await asyncio.sleep(0.002)
            elif n % 5 == 0:
                await asyncio.sleep(0.00005)
        assert await asyncio.gather(*readers) == [list(range(30))] * CROWD


@pytest.mark.parametrize("sender", WAYS, indirect=True)
@pytest.mark.usefixtures("sender")
async def test_broadcasts_join_where_they_follow_one_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """After a write that held several a broadcast waits for company; after a pause one leaves alone."""
    written: list[int] = []
    start = Outbox._start

    def noted(self: Outbox) -> None:
        written.append(len(self._gathered))
        start(self)

    monkeypatch.setattr(Outbox, "_start", noted)
    monkeypatch.setattr(outbox, "_WAIT_PER_RECIPIENT", 1.0)
    monkeypatch.setattr(outbox, "_MAX_WAIT", 5.0)
    monkeypatch.setattr(outbox, "_ANSWERED", 0.5)

    async def send(*numbers: int) -> None:
        for number in numbers:
            await server.sio.emit("n", number)
            for _ in range(10):  # more turns than a broadcast waits where it has no company
                await asyncio.sleep(0)

    async with engine() as server:
        clock = Clock()
        server.sio.eio.outbox.time = clock
        wires = await _crowd(server)
        await send(1)
        await server.sio.emit("n", 2)
        await server.sio.emit("n", 3)
        assert await _numbers(wires[0], 3) == [1, 2, 3]
        await send(4, 5, 6)
        assert await _numbers(wires[0], 3) == [4, 5, 6]
        clock.now += 0.6
        await server.sio.emit("n", 7)  # it leaves with those it waited for in vain
        assert await _numbers(wires[0], 1) == [7]
        clock.now += 0.6
        await send(8)
        assert written == [1, 2, 3, 1, 1]
        assert await _numbers(wires[0], 1) == [8]
        clock.now += 0.001  # as long as a lone publisher takes that was answered before the write
        await send(9, 10)
        assert await _numbers(wires[0], 2) == [9, 10]
        assert written == [1, 2, 3, 1, 1, 2]


@pytest.mark.parametrize("front", [True, False], ids=["front", "aiohttp"])
async def test_websockets_are_read_in_pieces_and_large_messages_come_whole(front: bool) -> None:  # noqa: FBT001
    """What is read at once stays below the size that costs a memory mapping; a message of many reads comes in whole."""
    async with engine(front=front, max_http_buffer_size=2_000_000) as server:
        got: list[str] = []
        server.sio.on("large", lambda _sid, text: got.append(text))
        wire = await server.websocket()
        await wire.join()
        (connection,) = server.sio.eio.connections
        assert getattr(connection.transport, "max_size", READ_SIZE) == READ_SIZE
        await wire.send('42["large","' + "y" * 1_000_000 + '"]')
        await until(lambda: bool(got))
        assert got == ["y" * 1_000_000]


@pytest.mark.usefixtures("sender")
async def test_peer_that_reads_late_gets_everything_in_order() -> None:
    """What a full socket did not take goes out later, before what was sent after it."""
    async with engine(send_cap=50_000_000) as server:
        wires = await _crowd(server)
        late, *others = wires
        transport = late.ws._response.connection
        assert transport is not None
        assert transport.transport is not None
        transport.transport.pause_reading()
        readers = [asyncio.create_task(_numbers(wire, 300)) for wire in others]
        for n in range(300):
            await server.sio.emit("n", (n, LARGE))
            await asyncio.sleep(0)
        assert await asyncio.gather(*readers) == [list(range(300))] * (CROWD - 1)
        assert server.sio.pending(server.connected[0]) > 0
        reading = asyncio.create_task(_numbers(late, 320))
        transport.transport.resume_reading()
        for n in range(300, 320):
            await server.sio.emit("n", (n, ""))
            await asyncio.sleep(0)
        assert await reading == list(range(320))
        await until(lambda: server.sio.pending(server.connected[0]) == 0)


@pytest.mark.usefixtures("sender")
async def test_stalled_peer_is_cut_at_the_cap_in_a_crowd() -> None:
    """In a crowd, too, a peer that stops reading is cut at the cap with its reason, and nobody else notices."""
    async with engine(send_cap=300_000) as server:
        late, *others = await _crowd(server)
        transport = late.ws._response.connection
        assert transport is not None
        assert transport.transport is not None
        transport.transport.pause_reading()
        readers = [asyncio.create_task(_numbers(wire, 400)) for wire in others]
        for n in range(400):
            await server.sio.emit("n", (n, LARGE))
            await asyncio.sleep(0.001)  # the others read meanwhile
        assert await asyncio.gather(*readers) == [list(range(400))] * (CROWD - 1)
        await until(lambda: server.disconnected == [(server.connected[0], "slow")])
        transport.transport.resume_reading()


@pytest.mark.usefixtures("sender")
async def test_crowd_that_shrinks_during_a_burst_loses_nobody_else() -> None:
    """Connections that are reset between two events of one burst cost the others nothing."""
    async with engine() as server:
        wires = await _crowd(server)
        staying, leaving = wires[::2], wires[1::2]
        readers = [asyncio.create_task(_numbers(wire, 60)) for wire in staying]
        for n in range(60):
            await server.sio.emit("n", n)
            if n % 2:
                if leaving:
                    await leaving.pop().drop()
                await asyncio.sleep(0)
        assert await asyncio.gather(*readers) == [list(range(60))] * len(staying)
        await until(lambda: len(server.disconnected) == len(wires) - len(staying))


async def _scenario() -> list[list[int]]:
    async with engine() as server:
        wires = await _crowd(server)
        readers = [asyncio.create_task(_numbers(wire, 50)) for wire in wires]
        for n in range(50):
            await server.sio.emit("n", (n, LARGE if n % 10 == 0 else ""))
            await asyncio.sleep(0)
        return await asyncio.gather(*readers)


@pytest.mark.usefixtures("sender")
@pytest.mark.parametrize("loop", LOOPS)
async def test_each_event_loop_delivers_alike(loop: str) -> None:
    """Whatever event loop the application chose, a crowd gets everything in order and nothing is left behind."""

    def run() -> list[list[int]]:
        with asyncio.Runner(loop_factory=LOOPS[loop]) as runner:
            return runner.run(_scenario())

    assert await asyncio.to_thread(run) == [list(range(50))] * CROWD
