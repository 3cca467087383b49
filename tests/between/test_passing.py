"""Clients behind a balancer without affinity: requests that come to the wrong node are passed on to the right one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from uuid import uuid4

import aiohttp
import orjson
import pytest

from sio_server.app import BETWEEN
from sio_server.between import Between, passing
from sio_server.broker import Broker
from sio_server.broker.postgres import PostgresBroker
from tests.conftest import Node
from tests.support.brokers import soon
from tests.support.certificates import make_pair, trusting
from tests.support.clients import javascript_client
from tests.support.cluster import Member, balanced, brokers_of_one_log, cluster
from tests.support.logged import logging_to_stderr
from tests.support.servers import secured, token
from tests.support.waiting import coming, until

POLLING = ["polling"]
UPGRADING = ["polling", "websocket"]
WEBSOCKET = ["websocket"]
TRANSPORTS = pytest.mark.parametrize("transports", [POLLING, UPGRADING, WEBSOCKET], ids="-".join)


async def told(member: Member, number: int) -> None:
    """Publish a numbered notification to everybody through this node."""
    body = {"type": "test", "message": str(number), "audience": {"all": True}}
    status, answer = await member.server.notify(body)
    assert status == 200, answer


def numbers(notifications: list[dict[str, object]]) -> list[str]:
    """What was said, in order."""
    return [str(one["message"]) for one in notifications]


@pytest.fixture(params=["sqlite", "postgresql"])
def brokers(request: pytest.FixtureRequest) -> Sequence[Broker]:
    """Return the brokers of three nodes on one log that are not started."""
    if request.param == "sqlite":
        return brokers_of_one_log(3)
    home = request.getfixturevalue("postgres_home")
    dsn = f"postgresql://postgres@/postgres?host={home}&schema={uuid4().hex}"
    return [PostgresBroker(dsn) for _ in range(3)]


@TRANSPORTS
async def test_python_clients_get_everything(transports: list[str], brokers: Sequence[Broker]) -> None:
    """The stock Python client connects through any transport, and gets what is published through any node, in order."""
    async with cluster(brokers=brokers) as members, balanced(members) as (url, _):
        members[0].server.url = url  # `connect` goes to the balancer
        listeners = [
            await members[0].server.connect({"token": token(user, "turista")}, transports=transports)
            for user in ("ana", "bea", "eva")
        ]
        for member in members:
            member.server.url = f"http://127.0.0.1:{member.port}"
        for number in range(12):
            await told(members[number % 3], number)
        for listener in listeners:
            assert numbers(await listener.wait(12)) == [str(number) for number in range(12)]
            assert listener.client.transport() == ("polling" if transports == POLLING else "websocket")
            await listener.client.disconnect()


@TRANSPORTS
async def test_javascript_clients_get_everything(transports: list[str], node: Node, brokers: Sequence[Broker]) -> None:
    """The stock JavaScript client does as well, and is not disconnected on the way."""
    async with cluster(brokers=brokers) as members, balanced(members) as (url, _):
        auth = {"token": token("ana", "turista")}
        async with javascript_client(node.binary, url, transports=transports, auth=auth) as client:
            await client.wait_for("connect")
            if transports == UPGRADING:
                await client.wait_for("upgrade")
            await until(lambda: "ns:hello" in client.events, "ns:hello", client.moves)
            for number in range(12):
                await told(members[number % 3], number)
            assert numbers(await client.wait(12)) == [str(number) for number in range(12)]
            assert (client.of("disconnect"), client.of("connect_error")) == ([], [])


async def begun(http: aiohttp.ClientSession, member: Member) -> str:
    """Begin a session that polls; returns its id."""
    async with http.get(f"{member.server.url}/socket.io/?EIO=4&transport=polling") as answer:
        assert answer.status == 200
        text = await answer.text()
    sid = orjson.loads(text[1:])["sid"]
    assert isinstance(sid, str)
    return sid


async def poll(http: aiohttp.ClientSession, member: Member, sid: str, body: str | None = None) -> tuple[int, str]:
    """Poll, or send, by way of a node; returns status and text."""
    url = f"{member.server.url}/socket.io/?EIO=4&transport=polling&sid={sid}"
    async with http.request("GET" if body is None else "POST", url, data=body) as answer:
        return answer.status, await answer.text()


UNKNOWN = (400, '{"code":1,"message":"Session ID unknown"}')


async def test_sessions_are_named_after_their_node() -> None:
    """A session's id begins with the name of its node where there may be others, and an id of nobody is unknown."""
    async with cluster(2) as (one, other), aiohttp.ClientSession() as http:
        for member in (one, other):
            assert (await begun(http, member)).startswith(f"{member.name}.")
        for sid in ("abc", "abcdefgh.xyz", f"{one.name}.xyz", f"{other.name}.xyz"):
            assert await poll(http, one, sid) == UNKNOWN


async def test_address_and_headers_of_the_client_are_carried() -> None:
    """The node that has the session sees the client's own address and headers, and no header of between the nodes."""
    config = secured(node_listen="127.0.0.1:0", trusted_proxies=("127.0.0.1",))
    headers = {"X-Forwarded-For": "203.0.113.9", "User-Agent": "abc"}
    async with cluster(2, config) as (one, other), aiohttp.ClientSession(headers=headers) as http:
        sid = await begun(http, one)
        auth = orjson.dumps({"token": token("ana", "turista")}).decode()
        assert await poll(http, other, sid, f"40{auth}") == (200, "ok")
        status, text = await poll(http, other, sid)
        assert (status, text[:2]) == (200, "40")
        (connection,) = one.server.core.hub
        assert (connection.address, connection.client) == ("203.0.113.9", "abc")
        assert not other.server.core.hub


async def test_origin_is_checked_on_both_nodes() -> None:
    """What a foreign page sends is refused by the node that it comes to, passed on or not."""
    async with cluster(2) as (one, other), aiohttp.ClientSession() as http:
        sid = await begun(http, one)
        url = f"{other.server.url}/socket.io/?EIO=4&transport=polling&sid={sid}"
        async with http.get(url, headers={"Origin": "https://evil.example"}) as answer:
            assert answer.status == 403


async def test_stranger_gets_nothing_at_the_address_for_nodes() -> None:
    """Without a signature of a node of this log nothing is answered there, whatever is asked."""
    async with cluster(2) as (one, _), aiohttp.ClientSession() as http:
        sid = await begun(http, one)
        address = one.server.core.nodes.address
        for headers in ({}, {"X-Sio-Node": "v1"}, {"X-Sio-Node": f"v1 {one.name} 0 - - 0 abc"}):
            async with http.get(f"{address}/socket.io/?EIO=4&transport=polling&sid={sid}", headers=headers) as answer:
                assert (answer.status, await answer.text()) == (403, "")
        async with http.get(f"{address}/v1/stats") as answer:
            assert answer.status == 404


async def test_client_whose_node_is_gone_begins_anew(node: Node) -> None:
    """Where a node dies, clients of it by polling and by websocket go on with the others, and miss nothing."""
    async with cluster(3) as members, balanced(members) as (url, balancer):
        gone = members[2]
        options = {"auth": {"token": token("ana", "turista"), "recovery": True}, "reconnectionDelay": 10}
        balancer.next = gone.port
        async with javascript_client(node.binary, url, transports=POLLING, **options) as polling:
            await until(lambda: "ns:hello" in polling.events, "ns:hello", polling.moves)
            balancer.next = gone.port
            async with javascript_client(node.binary, url, transports=WEBSOCKET, **options) as socket:
                await until(lambda: "ns:hello" in socket.events, "ns:hello", socket.moves)
                assert len(gone.server.core.hub) == 2
                await told(members[0], 0)
                balancer.ports.remove(gone.port)
                await gone.end()
                for number in range(1, 4):
                    await told(members[number % 2], number)
                for client in (polling, socket):
                    assert numbers(await client.wait(4)) == ["0", "1", "2", "3"]


@pytest.mark.parametrize("secure", [False, True], ids=["plain", "tls"])
async def test_websocket_by_way_of_another_node(secure: bool, tmp_path: Path) -> None:  # noqa: FBT001 - a case
    """A session that polls takes up a websocket by way of another node; when that one ends, the link does."""
    pair = make_pair(tmp_path)
    tls = {"tls_cert": pair.cert, "tls_key": pair.key} if secure else {}
    connector = aiohttp.TCPConnector(ssl=trusting())
    async with (
        cluster(2, secured(node_listen="127.0.0.1:0", **tls)) as (one, other),
        aiohttp.ClientSession(connector=connector) as http,
    ):
        sid = await begun(http, one)
        socket = await http.ws_connect(f"{other.server.url}/socket.io/?EIO=4&transport=websocket&sid={sid}")
        await socket.send_str("2probe")
        assert (await coming(socket.receive(), "the pong")).data == "3probe"
        await socket.send_str("5")
        await socket.send_str("40" + orjson.dumps({"token": token("ana", "turista")}).decode())
        assert (await coming(socket.receive(), "the connection")).data.startswith("40")
        (connection,) = one.server.core.hub
        assert connection.address == "127.0.0.1"
        await other.end()
        while (await coming(socket.receive(), "the end")).type is aiohttp.WSMsgType.TEXT:
            pass
        await until(lambda: not one.server.core.hub, "the end of the connection")


async def test_node_that_ends_lets_websockets_of_others_go_one_by_one() -> None:
    """What a node hands on to others it lets go little by little while it drains, as its own connections."""
    async with cluster(2) as (one, other), aiohttp.ClientSession() as http:
        sockets = []
        for _ in range(4):
            url = f"{other.server.url}/socket.io/?EIO=4&transport=websocket&sid={await begun(http, one)}"
            sockets.append(await http.ws_connect(url))
        passing = between_of(other).passing
        assert passing.passed == 4
        passing.drain(1.0)
        seen = [passing.passed]

        def look() -> bool:
            if passing.passed != seen[-1]:
                seen.append(passing.passed)
            return passing.passed == 0

        await until(look, "the end of all")
        assert seen == [4, 3, 2, 1, 0]
        for socket in sockets:
            await socket.close()


async def test_slow_reader_by_way_of_another_node_is_cut() -> None:
    """A websocket that reads nothing is cut at the cap by its own node, and what lies between holds little more."""
    config = secured(node_listen="127.0.0.1:0", send_cap=256 * 1024)
    async with cluster(2, config) as (one, other), aiohttp.ClientSession() as http:
        sid = await begun(http, one)
        socket = await http.ws_connect(f"{other.server.url}/socket.io/?EIO=4&transport=websocket&sid={sid}")
        await socket.send_str("2probe")
        await coming(socket.receive(), "the pong")
        await socket.send_str("5")
        await socket.send_str("40" + orjson.dumps({"token": token("ana", "turista")}).decode())
        await coming(socket.receive(), "the connection")
        text, sent = "z" * 60_000, 0
        while one.server.core.hub:
            body = {"type": "test", "message": "m", "audience": {"all": True}, "data": {"text": text}}
            assert (await one.server.notify(body))[0] == 200
            sent += len(text)
            assert sent < 64 * 1024 * 1024
        await socket.close()


async def test_node_that_cannot_be_reached_is_told_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    """Where a node has no listener for others, the session is unknown elsewhere, and the log names both ways out."""
    async with cluster(2, secured()) as (one, other), aiohttp.ClientSession() as http:
        sid = await begun(http, one)
        with logging_to_stderr():
            assert await poll(http, other, sid) == UNKNOWN
        (line,) = [line for line in capsys.readouterr().err.splitlines() if '"sio_server.nodes"' in line]
        assert "--node-listen" in line
        assert "sticky sessions" in line
        assert (await poll(http, one, sid, "40{}"))[0] == 200


async def test_upgrade_to_a_node_that_cannot_be_reached_leaves_the_client_polling(node: Node) -> None:
    """Where polls keep to their node and the websocket does not, the stock client goes on polling."""
    async with cluster(2, secured()) as (one, other), balanced([one]) as (url, balancer):
        auth = {"token": token("ana", "turista")}
        balancer.websockets = other.port
        async with javascript_client(node.binary, url, transports=UPGRADING, auth=auth) as client:
            await until(lambda: "ns:hello" in client.events, "ns:hello", client.moves)
            await until(lambda: balancer.seen[f"websocket {other.port}"], "the upgrade", client.moves)
            await told(other, 1)
            assert numbers(await client.wait(1)) == ["1"]
            assert client.of("upgrade") == client.of("disconnect") == []


async def test_node_that_is_dead_and_not_known_to_be(capsys: pytest.CaptureFixture[str]) -> None:
    """Where a node is listed and does not answer, its sessions are unknown, and the log says which address it was."""
    async with cluster(2) as (one, other), aiohttp.ClientSession() as http:
        sid = await begun(http, one)
        one.server.core.nodes.address = "http://127.0.0.1:1"
        await until_known(other, one)
        with logging_to_stderr():
            assert await poll(http, other, sid) == UNKNOWN
        assert "--node-address" in capsys.readouterr().err


def between_of(member: Member) -> Between:
    """What there is between a node and the others."""
    between = member.app[BETWEEN]
    assert between is not None
    return between


async def until_known(member: Member, other: Member) -> None:
    """Wait until a node knows another one's address."""

    async def known() -> bool:
        state = await between_of(member).known.find(other.name)
        return state is not None and state.address == other.server.core.nodes.address

    await soon(known)


async def test_client_that_leaves_in_a_poll_is_gone_at_once() -> None:
    """A poll whose client goes away ends at the node that has the session, too, and with it the connection."""
    async with cluster(2) as (one, other), aiohttp.ClientSession() as http:
        sid = await begun(http, one)
        await poll(http, other, sid, "40" + orjson.dumps({"token": token("ana", "turista")}).decode())
        await poll(http, other, sid)
        assert len(one.server.core.hub) == 1
        async with aiohttp.ClientSession() as leaving:
            waiting = asyncio.ensure_future(poll(leaving, other, sid))
            await until(lambda: between_of(other).passing.passed == 1, "the poll")
            waiting.cancel()
        await until(lambda: not one.server.core.hub, "the end of the connection")


async def test_what_is_passed_on_at_once_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Beyond the most that is passed on at once a request is answered that it may come again."""
    monkeypatch.setattr(passing, "MAX_PASSED", 0)
    async with cluster(2) as (one, other), aiohttp.ClientSession() as http:
        assert (await poll(http, other, await begun(http, one)))[0] == 503


async def test_large_bodies_pass_both_ways() -> None:
    """A POST and an answer of some hundred kilobytes come through whole; one that is too large is refused."""
    async with cluster(2) as (one, other), aiohttp.ClientSession() as http:
        sid = await begun(http, one)
        await poll(http, other, sid, "40" + orjson.dumps({"token": token("ana", "turista")}).decode())
        await poll(http, other, sid)
        asked = "4" + "2" + "0" + orjson.dumps(["ns:nothing", "x" * 300_000]).decode()
        assert await poll(http, other, sid, asked) == (200, "ok")
        for number in range(6):
            body = {"type": "test", "message": str(number), "audience": {"all": True}, "data": {"text": "y" * 50_000}}
            assert (await one.server.notify(body))[0] == 200
        received = ""
        while received.count('"message":') < 6:
            status, text = await poll(http, other, sid)
            assert status == 200
            received += text
        assert received.count("y" * 50_000) == 6
        assert (await poll(http, other, sid, "4" * 1_010_000))[0] == 413
