"""Plain WebSocket: who is let in, close codes and reasons, frames that clients send."""

from __future__ import annotations

import asyncio

import aiohttp
import orjson
import pytest
import websockets

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
    """A text frame, JSON or not, is answered not_supported and the connection goes on receiving."""
    async with running() as server, plain_socket(server.url, {"locale": "es"}) as client:
        for text in ("hola", "{}", '{"type":"ns:ack","seq":1}', ""):
            await client.socket.send_str(text)
        await until(lambda: len(client.of("ns:error")) == 4, "four answers")
        await server.notify(SEED, key=None)
        await client.wait(1)
        assert {frame["error"]["code"] for frame in client.of("ns:error")} == {"not_supported"}
        assert client.of("ns:error")[0]["error"]["title"] == "Esta versión aún no lo admite"


async def test_binary_frame_is_closed_with_1003() -> None:
    """A binary frame is data it cannot accept."""
    async with running() as server, plain_socket(server.url) as client:
        await client.socket.send_bytes(b"\x00")
        assert (await client.wait_closed())[0] == 1003


async def test_long_frame_is_closed_with_1009() -> None:
    """A frame beyond the limit ends the connection with "message too big", and no other."""
    async with running() as server, plain_socket(server.url) as other, plain_socket(server.url) as client:
        await client.socket.send_str("x" * 20_000)
        assert (await client.wait_closed())[0] == 1009
        await server.notify(SEED, key=None)
        assert len(await other.wait(1)) == 1


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
