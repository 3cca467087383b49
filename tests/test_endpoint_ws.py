"""Plain WebSocket: who is let in, close codes and reasons, frames that clients send."""

from __future__ import annotations

import asyncio

import aiohttp
import orjson
import pytest
import websockets

from sio_server.endpoint_ws import MAX_INCOMING
from tests.clients import plain_socket
from tests.support import PUBLISH_KEY, Server, running, secured, until
from tests.test_endpoint_socketio import BAD, key_server

SEED = {"type": "test", "message": "Hola mundo", "data": {}}


# A token that long does not fit into an address at all.
@pytest.mark.parametrize("name", [name for name in BAD if name != "too long"])
async def test_bad_token_is_closed_with_4401_and_its_reason(name: str) -> None:
    """A token that does not hold gets ns:closing with the problem, then close code 4401 with the code as reason."""
    make, code = BAD[name]
    made = make()
    async with key_server() as jwks, running(secured(jwks_url=jwks)) as server:
        query = {"role": "admin", "locale": "es", **({} if made is None else {"token": made})}
        async with plain_socket(server.url, query) as client:
            assert await client.wait_closed() == (4401, code)
            assert [frame["type"] for frame in client.frames] == ["ns:closing"]
            assert (client.frames[0]["code"], client.frames[0]["reconnect"]) == (code, False)
            assert client.frames[0]["error"]["code"] == code
        assert server.node.stats()["connections"]["total"] == 0


async def test_publisher_key_is_no_token() -> None:
    """A publisher key does not open a connection that receives."""
    async with running(secured()) as server, plain_socket(server.url, {"token": PUBLISH_KEY}) as client:
        assert (await client.wait_closed())[0] == 4401


async def test_draining_node_closes_with_1012() -> None:
    """While a node stops a client is closed with "service restart" and told to come back."""
    async with running() as server:
        server.node.draining = True
        async with plain_socket(server.url) as client:
            assert await client.wait_closed() == (1012, "draining")
            assert client.frames[0]["reconnect"] is True


async def test_end_of_the_server_closes_with_1012() -> None:
    """A server that stops closes its clients with "service restart"."""
    async with running() as server, plain_socket(server.url) as client:
        await server.notify(SEED, key=None)
        await client.wait(1)
        stopping = asyncio.create_task(server.app.shutdown())
        assert await client.wait_closed() == (1012, "draining")
        await stopping


async def test_what_a_client_says_is_answered() -> None:
    """Every text frame gets one reply, in order: its type, its id, and ok or the error in the client's language."""
    async with running() as server, plain_socket(server.url, {"user": "7", "locale": "es"}) as client:
        for frame in (
            "hola",
            "",
            "[]",
            "{}",
            '{"type":"ns:nothing","id":1}',
            '{"type":7}',
            '{"type":"ns:ack","seq":"1","id":"a"}',
            '{"type":"ns:ack","seq":1,"id":{"b":2}}',
            '{"type":"ns:read","all":true}',
        ):
            await client.socket.send_str(frame)
        await until(lambda: len(client.of("ns:reply")) == 9, "nine replies")
        replies = client.of("ns:reply")
        assert [(r.get("to"), r.get("id"), r["ok"], r.get("error", {}).get("code")) for r in replies] == [
            (None, None, False, "invalid_json"),
            (None, None, False, "invalid_json"),
            (None, None, False, "not_supported"),
            (None, None, False, "not_supported"),
            ("ns:nothing", 1, False, "not_supported"),
            (7, None, False, "not_supported"),
            ("ns:ack", "a", False, "invalid_data"),
            ("ns:ack", {"b": 2}, True, None),
            ("ns:read", None, True, None),
        ]
        assert replies[2]["error"]["title"] == "Esta versión aún no lo admite"
        await server.notify(SEED, key=None)
        await client.wait(1)


async def test_binary_frame_is_closed_with_1003() -> None:
    """A binary frame is data it cannot accept."""
    async with running() as server, plain_socket(server.url) as client:
        await client.socket.send_bytes(b"\x00")
        assert (await client.wait_closed())[0] == 1003


async def test_long_frame_is_closed_with_1009() -> None:
    """A frame beyond the limit ends its connection with "message too big"; one within it is answered."""
    async with running() as server, plain_socket(server.url) as other, plain_socket(server.url) as client:
        await client.socket.send_str("x" * (MAX_INCOMING - 1))
        await until(lambda: client.of("ns:reply"), "the reply")
        await client.socket.send_str("x" * (MAX_INCOMING + 1))
        assert (await client.wait_closed())[0] == 1009
        await server.notify(SEED, key=None)
        assert len(await other.wait(1)) == 1


async def test_frames_keep_their_order_while_the_log_works() -> None:
    """Changes that are sent at once are made and answered in that order."""
    async with running() as server, plain_socket(server.url, {"user": "7"}) as client:
        for number in range(20):
            await client.socket.send_str(f'{{"type":"ns:read","all":true,"id":{number}}}')
        await until(lambda: len(client.of("ns:reply")) == 20, "twenty replies")
        assert [frame["id"] for frame in client.of("ns:reply")] == list(range(20))


async def test_pings_are_answered() -> None:
    """A ping gets its pong with the same payload (RFC 6455 section 5.5.3)."""
    async with running() as server, websockets.connect(server.url.replace("http", "ws") + "/ws") as socket:
        await (await socket.ping(b"payload"))
        assert orjson.loads(await socket.recv())["type"] == "ns:hello"


async def test_client_that_leaves_is_counted_out() -> None:
    """A client that closes, or whose link breaks, is no member of any room any more, and its close is answered."""
    async with running() as server:
        async with aiohttp.ClientSession() as session:
            polite = await session.ws_connect(f"{server.url}/ws", params={"role": "admin"})
            rude = await session.ws_connect(f"{server.url}/ws", params={"role": "admin"})
            await until(lambda: _total(server) == 2)
            await polite.close(code=1000)
            assert polite.close_code == 1000
            assert rude._response.connection is not None
            assert rude._response.connection.transport is not None
            rude._response.connection.transport.abort()
            await until(lambda: _total(server) == 0, "both to be counted out")
            await rude.close()
        _, reply = await server.notify({**SEED, "audience": {"roles": ["admin"], "all": True}}, key=None)
        assert reply["recipients"] == {"sockets": 0}


def _total(server: Server) -> int:
    total: int = server.node.stats()["connections"]["total"]
    return total
