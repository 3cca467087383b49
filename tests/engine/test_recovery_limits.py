"""Recovery under pressure: takeovers, bounds of the log, and the stock clients themselves."""

import asyncio
import json
from typing import Any

import pytest

from tests.support.clocks import Clock
from tests.support.engine_js import JsClient, JsDriver, javascript
from tests.support.engine_server import Closed, Served, engine, until

ASKING: dict[str, Any] = {"connection_state_recovery": {"max_disconnection_duration": 60}}
JS = {"auth": {"recovery": True}}


async def test_takeover_evicts_the_old_link() -> None:
    """A session taken over while its old link still looks alive leaves one live connection: the new one."""
    async with engine(**ASKING) as server:
        old = await server.websocket()
        before = await old.join(auth={"recovery": True})
        await server.sio.emit("n", 0)
        offset = (await old.events(1))[0][-1]
        new = await server.websocket()
        await new.send("40" + json.dumps({"pid": before["pid"], "offset": offset}))
        assert json.loads((await new.text())[2:])["sid"] == before["sid"]
        await old.closed()
        await server.sio.emit("n", 1)
        assert (await new.events(1))[0][:2] == ["n", 1]
        assert len(server.disconnected) == 1
        assert [sid for sid, _ in server.sio.manager.get_participants("/", None)] == [before["sid"]]


async def test_one_pid_never_gives_two_live_connections() -> None:
    """Of several connections that bring the same pid at once, one has the session; the others are new or closed."""
    async with engine(**ASKING) as server:
        wire = await server.websocket()
        before = await wire.join(auth={"recovery": True})
        await wire.drop()
        await until(lambda: server.disconnected)
        rivals = [await server.websocket() for _ in range(4)]
        for rival in rivals:
            await rival.send("40" + json.dumps({"pid": before["pid"], "recovery": True}))
        sids = []
        for rival in rivals:
            try:
                sids.append(json.loads((await rival.text())[2:])["sid"])
            except Closed:
                continue
        await server.request_arrived()
        live = list(server.sio.manager.get_participants("/", None))
        assert len({sid for sid, _ in live}) == len(live)
        assert [sid for sid, _ in live].count(before["sid"]) <= 1
        await server.sio.emit("direct", room=before["sid"])
        heard = 0
        await server.sio.emit("end")
        for rival in rivals:
            try:
                while (event := json.loads((await rival.text())[2:]))[0] != "end":
                    heard += event[0] == "direct"
            except Closed:
                continue
        assert heard <= 1


async def test_recovery_works_again_and_again() -> None:
    """The same session recovers five times in a row, each time with exactly what it missed."""
    async with engine(**ASKING) as server:
        wire = await server.websocket()
        body = await wire.join(auth={"recovery": True})
        sid, offset = body["sid"], None
        for n in range(5):
            await wire.drop()
            await until(lambda n=n: len(server.disconnected) == n + 1)  # type: ignore[misc]
            await server.sio.emit("n", n)
            wire = await server.websocket()
            auth = {"pid": body["pid"]} | ({"offset": offset} if offset else {})
            await wire.send("40" + json.dumps(auth))
            packets = [await wire.text(), await wire.text()]
            body = json.loads(next(p for p in packets if p.startswith("40"))[2:])
            event = json.loads(next(p for p in packets if p.startswith("42"))[2:])
            assert body["sid"] == sid
            assert event[:2] == ["n", n]
            offset = event[-1]


@pytest.mark.parametrize(
    ("bound", "events"), [({"max_events": 5}, 20), ({"max_bytes": 2000}, 20), ({"max_disconnection_duration": 60}, 1)]
)
async def test_log_is_bounded(bound: dict[str, Any], events: int) -> None:
    """What no longer fits into the log cannot be recovered, and the client is not told half of it."""
    clock = Clock()
    async with engine(connection_state_recovery={**bound, "time": clock}) as server:
        wire = await server.websocket()
        before = await wire.join(auth={"recovery": True})
        await wire.drop()
        await until(lambda: server.disconnected)
        for n in range(events):
            await server.sio.emit("n", (n, "x" * 300))
        clock.now += 61  # the age bound
        again = await server.websocket()
        await again.send("40" + json.dumps({"pid": before["pid"], "recovery": True}))
        body = json.loads((await again.text())[2:])
        assert body["pid"] != before["pid"]
        await server.sio.emit("end")
        assert (await again.events(1))[0][0] == "end"


async def test_send_cap_holds_for_a_replay() -> None:
    """A replay larger than the cap to a client that does not read is cut like anything else."""
    async with engine(connection_state_recovery={"max_bytes": 50_000_000}, send_cap=100_000) as server:
        wire = await server.polling()
        before = await wire.join(auth={"recovery": True})
        await wire.send("1")
        await until(lambda: server.disconnected)
        for _ in range(100):
            await server.sio.emit("big", "x" * 10_000)
        again = await server.polling()
        await again.post("40" + json.dumps({"pid": before["pid"]}))
        await until(lambda: len(server.disconnected) == 2)
        assert server.disconnected[1][1] == "slow"


async def test_no_gap_and_no_repeat_while_the_stream_runs() -> None:
    """Clients that lose the connection again and again during a stream see each event once and in order."""
    async with engine(**ASKING) as server, javascript() as js:
        client = await js.connected(server.url, **JS, transports=["websocket"])
        sent, stop = 0, asyncio.Event()

        async def stream() -> None:
            nonlocal sent
            while not stop.is_set():
                await server.sio.emit("n", sent)
                sent += 1
                await asyncio.sleep(0.001)

        streaming = asyncio.create_task(stream())
        for times in range(1, 6):
            await until(lambda times=times: len(client.events("n")) > times * 40)  # type: ignore[misc]
            await client.drop()
            await client.first("connect", times + 1)
        stop.set()
        await streaming
        await until(lambda: client.events("n")[-1][0] == sent - 1)
        assert [report["recovered"] for report in client.all("connect")] == [False] + [True] * 5
        numbers = [args[0] for args in client.events("n")]
        assert numbers == list(range(numbers[0], sent))
        await client.disconnect()


async def _dropped(server: Served, js: JsDriver, **options: Any) -> JsClient:
    client = await js.connected(server.url, **JS, **options)
    if options.get("transports") is None:
        await client.first("upgrade")
    await server.sio.emit("n", 0)
    await until(lambda: client.events("n"))
    return client


@pytest.mark.parametrize("transports", [None, ["polling"], ["websocket"]])
async def test_javascript_client_recovers(transports: list[str] | None) -> None:
    """The stock client comes back recovered, with the same id and what it missed, on every transport."""
    async with engine(**ASKING) as server, javascript() as js:
        client = await _dropped(server, js, **({"transports": transports} if transports else {}))
        await client.drop()
        await until(lambda: server.disconnected)
        await server.sio.emit("n", 1)
        again = await client.first("connect", 2)
        assert again["recovered"] is True
        assert again["sid"] == (await client.first("connect"))["sid"]
        await until(lambda: len(client.events("n")) == 2)
        assert [args[0] for args in client.events("n")] == [0, 1]
        await client.disconnect()


async def test_javascript_client_that_left_is_not_recovered() -> None:
    """After ``disconnect()`` and ``connect()`` the stock client is a new one."""
    async with engine(**ASKING) as server, javascript() as js:
        client = await _dropped(server, js)
        await client.disconnect()
        await until(lambda: server.disconnected)
        other = await js.connected(server.url, **JS)
        assert (await other.first("connect"))["recovered"] is False
        await other.disconnect()


async def test_users_own_auth_keys_win() -> None:
    """The connect handler sees the user's own auth; a key of the user's that is called offset is the user's."""
    async with engine(handlers=False, **ASKING) as server, javascript() as js:
        seen: list[Any] = []

        async def connect(_sid: str, _environ: dict[str, Any], auth: Any) -> None:
            seen.append(auth)

        server.sio.on("connect", connect)
        client = await js.connected(server.url, auth={"recovery": True, "token": "t"})
        await client.drop()
        await client.first("connect", 2)
        assert [auth["token"] for auth in seen] == ["t", "t"]
        await client.disconnect()


async def test_without_the_option_a_pid_means_nothing() -> None:
    """Without recovery a client that sends pid and offset is an ordinary client."""
    async with engine() as server:
        wire = await server.websocket()
        assert set(await wire.join(auth={"recovery": True, "pid": "x", "offset": "y"})) == {"sid"}
