"""The move from long polling to a websocket: nothing is lost, doubled or sent to the wrong side."""

import asyncio

import pytest

from tests.support.engine_js import javascript
from tests.support.engine_server import Closed, engine, until


async def test_pending_poll_is_released_and_data_follows_on_the_websocket() -> None:
    """After the probe the pending poll gets a no-op, and what is sent after the upgrade comes by the websocket."""
    async with engine() as server:
        polling = await server.polling()
        await polling.join()
        pending = asyncio.create_task(polling.get())
        websocket = server.second(polling)
        await websocket.probe()
        assert await pending == (200, "6")
        await websocket.send("5")
        await server.sio.emit("news", 1)
        assert await websocket.events(1) == [["news", 1]]


async def test_noop_is_not_written_to_the_websocket() -> None:
    """The no-op is for the pending poll; the first frame on the websocket after the probe is data."""
    async with engine() as server:
        polling = await server.polling()
        await polling.join()
        websocket = server.second(polling)
        await websocket.probe()
        assert await polling.get() == (200, "6")
        await websocket.send("5")
        await server.sio.emit("news", 1)
        assert await websocket.raw() == '42["news",1]'


async def test_events_between_probe_and_upgrade_arrive_once_and_in_order() -> None:
    """What is emitted while the upgrade is under way arrives on one side or the other, once, in order."""
    async with engine() as server:
        polling = await server.polling()
        await polling.join()
        await server.sio.emit("n", 0)
        websocket = server.second(polling)
        await websocket.connect(f"&sid={polling.sid}")
        await server.sio.emit("n", 1)
        await websocket.send("2probe")
        await server.sio.emit("n", 2)
        assert await websocket.raw() == "3probe"
        await server.sio.emit("n", 3)
        _, text = await polling.get()
        await server.sio.emit("n", 4)
        await websocket.send("5")
        await server.sio.emit("n", 5)
        got = [packet for packet in text.split("\x1e") if packet != "6"]
        while len(got) < 6:
            got.append(await websocket.text())
        assert got == [f'42["n",{n}]' for n in range(6)]


async def test_poll_that_overtakes_the_upgrade_packet_gets_no_data() -> None:
    """A poll between probe and upgrade packet gets a no-op and nothing that is the websocket's."""
    async with engine() as server:
        polling = await server.polling()
        await polling.join()
        websocket = server.second(polling)
        await websocket.probe()
        first = await polling.get()
        again = asyncio.create_task(polling.get())
        await websocket.send("5")
        await server.request_arrived()
        await server.sio.emit("news", 1)
        assert first == (200, "6")
        assert (await again)[1] in ("6", "1") or (await again)[0] == 400
        assert await websocket.events(1) == [["news", 1]]


async def test_polling_after_the_upgrade_is_refused() -> None:
    """Once upgraded, a poll with the same sid gets 400 and the websocket goes on."""
    async with engine() as server:
        polling = await server.polling()
        await polling.join()
        websocket = server.second(polling)
        await websocket.probe()
        await websocket.send("5", '42["nothing"]')
        await server.request_arrived()
        assert (await polling.get())[0] == 400
        await server.sio.emit("news", 1)
        assert await websocket.events(1) == [["news", 1]]


async def test_second_websocket_for_an_upgraded_session_is_accepted_and_closed() -> None:
    """A further websocket for an upgraded sid is closed after the handshake, and the first one goes on."""
    async with engine() as server:
        first = await server.wire("upgrade")
        await first.join()
        second = server.second(first)
        await second.connect(f"&sid={first.sid}")
        with pytest.raises(Closed):
            await second.raw()
        await server.sio.emit("news", 1)
        assert await first.events(1) == [["news", 1]]


async def test_second_websocket_for_a_direct_websocket_session_is_closed() -> None:
    """A session that began as a websocket cannot be taken over by naming its sid."""
    async with engine() as server:
        first = await server.websocket()
        await first.join()
        second = server.second(first)
        with pytest.raises(Exception):  # noqa: B017, PT011 - refused or closed, either ends it
            await second.probe()
        await server.sio.emit("news", 1)
        assert await first.events(1) == [["news", 1]]


@pytest.mark.parametrize("stage", ["before the probe", "after the probe", "abruptly after the probe"])
async def test_abandoned_upgrade_leaves_polling_working(stage: str) -> None:
    """A websocket that dies before the upgrade packet leaves a session that still polls, both ways."""
    async with engine(ping_interval=0.2, ping_timeout=5) as server:

        async def echo(_sid: str, thing: object) -> object:
            return thing

        server.sio.on("echo", echo)
        polling = await server.polling()
        await polling.join()
        websocket = server.second(polling)
        await websocket.connect(f"&sid={polling.sid}")
        if stage != "before the probe":
            await websocket.send("2probe")
            assert await websocket.raw() == "3probe"
        if stage == "abruptly after the probe":
            await websocket.drop()
        else:
            await websocket.ws.close()
        await server.sio.emit("news", 1)
        await polling.send('421["echo","x"]')
        assert {await polling.text(), await polling.text()} == {'42["news",1]', '431["x"]'}
        assert server.disconnected == []


async def test_no_busy_loop_of_noops_after_an_abandoned_upgrade() -> None:
    """After an abandoned upgrade a poll waits for data again instead of being answered by no-ops without end."""
    async with engine() as server:
        polling = await server.polling()
        await polling.join()
        websocket = server.second(polling)
        await websocket.probe()
        await websocket.ws.close()
        answers = []
        poll = asyncio.create_task(polling.get())
        await server.request_arrived()
        if poll.done():  # one no-op that was already due is right
            answers.append(await poll)
            poll = asyncio.create_task(polling.get())
            await server.request_arrived()
        assert not poll.done()
        assert answers in ([], [(200, "6")])
        await server.sio.emit("news", 1)
        assert await poll == (200, '42["news",1]')


async def test_two_upgrades_at_once_leave_one_working_session() -> None:
    """Of two websockets that upgrade the same session one wins, and every event arrives there in order."""
    async with engine() as server:
        polling = await server.polling()
        await polling.join()
        rivals = [server.second(polling), server.second(polling)]
        for rival in rivals:
            await rival.connect(f"&sid={polling.sid}")
        alive = []
        for rival in rivals:
            try:
                await rival.send("2probe")
                assert await rival.raw() == "3probe"
                alive.append(rival)
            except (Closed, ConnectionError):
                continue
        assert alive
        await polling.get()
        for rival in alive:
            try:
                await rival.send("5")
            except ConnectionError:
                continue
        for n in range(20):
            await server.sio.emit("n", n)
        got: list[str] = []
        for rival in alive:
            try:
                while len(got) < 20:
                    got.append(await rival.text())
            except Closed:
                continue
        assert got == [f'42["n",{n}]' for n in range(20)]


async def test_upgrade_packet_without_a_probe_does_not_upgrade() -> None:
    """A websocket that sends ``5`` before the probe is closed and the session stays on polling."""
    async with engine() as server:
        polling = await server.polling()
        await polling.join()
        websocket = server.second(polling)
        await websocket.connect(f"&sid={polling.sid}")
        await websocket.send("5")
        with pytest.raises(Closed):
            await websocket.raw()
        await server.sio.emit("news", 1)
        assert await polling.events(1) == [["news", 1]]


async def test_upgrades_can_be_forbidden() -> None:
    """With ``allow_upgrades=False`` the handshake offers none, and the javascript client stays on polling."""
    async with engine(allow_upgrades=False) as server, javascript() as js:
        polling = await server.polling()
        assert polling.opened["upgrades"] == []
        client = await js.connected(server.url)
        await server.sio.emit("news", 1)
        await client.first("event")
        assert client.all("upgrade") == []
        await client.disconnect()


async def test_javascript_client_upgrades_and_keeps_its_stream() -> None:
    """The stock client gets each event once and in order across its own upgrade."""
    async with engine() as server, javascript() as js:
        stop = asyncio.Event()
        sent = 0

        async def stream() -> None:
            nonlocal sent
            while not stop.is_set():
                await server.sio.emit("n", sent)
                sent += 1
                await asyncio.sleep(0.001)

        streaming = asyncio.create_task(stream())
        client = await js.connected(server.url)
        await client.first("upgrade")
        await until(lambda: len(client.events("n")) > 300)
        stop.set()
        await streaming
        await until(lambda: client.events("n")[-1] == [sent - 1])
        first = client.events("n")[0][0]
        assert client.events("n") == [[n] for n in range(first, sent)]
        assert client.all("disconnect") == []
        await client.disconnect()
