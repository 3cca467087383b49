"""Plain WebSocket: who is let in, close codes and reasons, frames that clients send."""

from __future__ import annotations

import asyncio
import os

import aiohttp
import orjson
import pytest
import websockets

from sio_server.live.websocket import MAX_FIRST, MAX_INCOMING
from tests.support.asking import get
from tests.support.bad_tokens import BAD, key_server
from tests.support.clients import plain_socket
from tests.support.servers import PUBLISH_KEY, Server, running, secured, token
from tests.support.waiting import coming, until

SEED = {"type": "test", "message": "Hola mundo", "data": {}}


# A token that long does not fit into an address at all.
@pytest.mark.parametrize("name", [name for name in BAD if name not in ("too long", "none")])
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
        assert server.core.operators.stats()["connections"]["total"] == 0


async def test_publisher_key_is_no_token() -> None:
    """A publisher key does not open a connection that receives."""
    async with running(secured()) as server, plain_socket(server.url, {"token": PUBLISH_KEY}) as client:
        assert (await client.wait_closed())[0] == 4401


async def test_token_as_subprotocol_opens_and_is_not_repeated() -> None:
    """``["bearer", token]`` lets in, is answered with the protocol as it was spelt, and wins over the query."""
    async with running(secured()) as server, aiohttp.ClientSession() as session:
        for word in ("bearer", "Bearer"):
            made = token("7", role="admin")
            async with session.ws_connect(f"{server.url}/ws?token=x", protocols=(word, made)) as socket:
                hello = await socket.receive_json()
                assert (hello["type"], hello["user"], hello["roles"]) == ("ns:hello", "7", ["admin"])
                assert socket.protocol == word
                assert made not in str(socket._response.headers)
        bad = token("7", exp=1)
        async with session.ws_connect(f"{server.url}/ws", protocols=("bearer", bad)) as socket:
            assert (await socket.receive_json())["code"] == "token_expired"
            await socket.receive()
            assert socket.close_code == 4401


async def test_no_subprotocol_gets_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    """What stands in the header is in no line of any logger, whatever the words and however many headers hold them."""
    secret = "eyJh.eyJz.SIGNATURE"
    offers = (("bearer", secret), (secret,), ("json", secret), (secret, "bearer"), ("json",), ("BEARER", secret))
    with caplog.at_level("DEBUG"):
        async with running(secured()) as server, aiohttp.ClientSession() as session:
            for words in offers:
                async with session.ws_connect(f"{server.url}/ws?token=no", protocols=words) as socket:
                    await socket.receive()
            headers = [("Sec-WebSocket-Protocol", "json"), ("Sec-WebSocket-Protocol", f"bearer, {secret}")]
            async with session.ws_connect(f"{server.url}/ws?token=no", headers=headers) as socket:
                await socket.receive()
    assert "SIGNATURE" not in caplog.text
    assert "overlap" not in caplog.text


async def test_first_message_may_bring_the_token() -> None:
    """Without a token in the handshake nothing is delivered until ``ns:auth`` comes; then all after its cursor is."""
    async with running(secured()) as server, aiohttp.ClientSession() as session:
        _, first = await server.notify({**SEED, "audience": {"all": True}})
        async with session.ws_connect(f"{server.url}/ws") as socket:
            await server.notify({**SEED, "message": "before", "audience": {"users": ["7"]}})
            assert server.core.operators.stats()["connections"]["total"] == 0
            said = {"type": "ns:auth", "token": token("7"), "cursor": first["cursor"], "id": 3}
            await socket.send_json(said)
            frames = [await socket.receive_json() for _ in range(4)]
            assert sorted(frame["type"] for frame in frames) == ["ns:hello", "ns:reply", "ns:sync", "test"]
            assert frames[0]["type"] == "ns:hello"
            assert frames[0]["user"] == "7"
            (reply,) = (frame for frame in frames if frame["type"] == "ns:reply")
            assert (reply["to"], reply["id"], reply["ok"]) == ("ns:auth", 3, True)
            await server.notify({**SEED, "message": "after", "audience": {"users": ["7"]}})
            assert (await socket.receive_json())["message"] == "after"
            await socket.send_str("x" * (MAX_INCOMING - 1))  # what is let in may say as much as ever
            assert (await socket.receive_json())["error"]["code"] == "invalid_json"


@pytest.mark.parametrize(
    "first",
    [
        "",
        "[]",
        '{"type":"ns:ack","seq":1}',
        '{"type":"ns:auth"}',
        '{"type":"ns:auth","token":7}',
        '{"type":"ns:auth","token":""}',
        '{"type":"ns:auth","token":"a.b.c"}',
        '{"type":"ns:auth","token":"\\ud800"}',
        '{"type":"ns:auth","token":"a.b.c","cursor":7}',
        '{"type":"ns:auth","token":"a.b.c","id":[]}',
        b"x",
    ],
)
async def test_any_other_first_message_is_closed_as_a_bad_token(first: str | bytes) -> None:
    """Whoever begins with anything but a good ``ns:auth`` is told how to begin, and closed with 4401."""
    async with (
        running(secured()) as server,
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{server.url}/ws?locale=es") as socket,
    ):
        await (socket.send_str(first) if isinstance(first, str) else socket.send_bytes(first))
        closing = await socket.receive_json()
        assert (closing["type"], closing["reconnect"]) == ("ns:closing", False)
        await socket.receive()
        assert socket.close_code == 4401
        assert server.core.operators.stats()["connections"]["total"] == 0


async def test_silence_before_a_token_ends_in_time() -> None:
    """A client that never says who it is has 4401 after a few seconds, or 4429 when another one needs its place."""
    async with running(secured(handshakes=2)) as server:
        async with (
            aiohttp.ClientSession() as session,
            session.ws_connect(f"{server.url}/ws") as oldest,
            session.ws_connect(f"{server.url}/ws") as one,
            session.ws_connect(f"{server.url}/ws") as two,
        ):
            await oldest.receive()
            assert oldest.close_code == 4429
            async with session.get(f"{server.url}/socket.io/?EIO=4&transport=polling") as answer:
                assert answer.status == 200
            for socket in (one, two):
                message = await coming(socket.receive(), "the word that it waited in vain")
                assert orjson.loads(message.data)["code"] == "unauthorized"
                await socket.receive()
                assert socket.close_code == 4401
        async with plain_socket(server.url, {"token": token("7")}) as client:
            assert client.frames[0]["type"] == "ns:hello"


async def test_little_is_kept_before_a_token() -> None:
    """Before it has said who it is a client may send a token's length, in however many frames; then it gets 1009."""
    async with (
        running(secured()) as server,
        aiohttp.ClientSession() as session,
        session.ws_connect(f"{server.url}/ws") as socket,
    ):
        await socket.send_str("x" * (MAX_FIRST + 1))
        await socket.receive()
        assert socket.close_code == 1009


async def test_in_development_a_first_message_counts_too() -> None:
    """Where nobody has to say who they are, a client that does so first begins anew as that one."""
    async with running() as server, plain_socket(server.url) as client:
        assert client.frames[0]["user"] is None
        await client.socket.send_json({"type": "ns:auth", "token": token("7", role="admin"), "id": "a"})
        await until(lambda: client.of("ns:reply"), "the reply")
        assert [frame["user"] for frame in client.of("ns:hello")] == [None, "7"]
        _, reply = await server.notify({**SEED, "audience": {"all": True}}, key=None)
        assert reply["recipients"] == {"sockets": 1}
        await client.wait(1)


@pytest.mark.parametrize(
    ("frame", "to"),
    [
        ('{"type":"ns:nope","id":' + "[" * 300 + "]" * 300 + "}", "ns:nope"),
        ('{"type":' + "[" * 300 + "]" * 300 + ',"id":1}', None),
        ('{"type":"ns:ack","seq":0,"id":' + "[" * 255 + "]" * 255 + "}", "ns:ack"),
        ('{"type":"ns:ack","seq":0,"x":' + "[" * 5000 + "]" * 5000 + "}", "ns:ack"),
        ('{"type":"ns:ack","seq":0,"id":123456789012345678901234567890}', "ns:ack"),
        ('{"type":"ns:ack","seq":0,"id":true}', "ns:ack"),
        ('{"type":"ns:ack","seq":0,"id":"\\ud800"}', "ns:ack"),
        ('{"type":"ns:ack","seq":0,"id":"' + "x" * 65 + '"}', "ns:ack"),
        ('{"type":"' + "x" * 65 + '","id":1}', None),
        ('{"type":"\\u001b[31m","id":1}', None),
        ("[" * 60_000, None),
    ],
)
async def test_absurd_frames_get_a_reply(frame: str, to: str | None) -> None:
    """Whatever a frame holds, its reply is a frame of this protocol, and the connection goes on."""
    async with running() as server, plain_socket(server.url) as client:
        await client.socket.send_str(frame)
        await client.socket.send_str('{"type":"ns:ack","seq":0,"id":"next"}')
        await until(lambda: len(client.of("ns:reply")) == 2 or client.closed, "two replies")
        first, second = client.of("ns:reply")
        assert (first["to"], first["ok"]) == (to, False)
        assert (second["id"], second["ok"]) == ("next", True)


@pytest.mark.parametrize("header", ["Sec-WebSocket-Key", "Sec-WebSocket-Version", "Upgrade", "Connection"])
async def test_odd_bytes_in_a_handshake_are_refused(header: str) -> None:
    """Bytes that are no text in a header of the handshake are a handshake that is none, not a failure."""
    async with running() as server:
        host = server.url.removeprefix("http://")
        headers = {
            "Host": host,
            "Upgrade": "websocket",
            "Connection": "Upgrade",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
            "Sec-WebSocket-Version": "13",
            header: "\xff\xfe",
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        reader, writer = await asyncio.open_connection(*host.split(":"))
        writer.write(f"GET /ws HTTP/1.1\r\n{head}\r\n".encode("latin-1"))
        assert (await reader.readline()).startswith((b"HTTP/1.1 426", b"HTTP/1.1 400"))
        writer.close()


async def test_draining_node_closes_with_1012() -> None:
    """While a node stops a client is closed with "service restart" and told to come back."""
    async with running() as server:
        server.core.door.draining = True
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
            (None, None, False, "not_supported"),
            ("ns:ack", "a", False, "invalid_data"),
            ("ns:ack", None, False, "invalid_data"),
            ("ns:read", None, True, None),
        ]
        assert replies[2]["error"]["title"] == "Esta versión aún no lo admite"
        await server.notify(SEED, key=None)
        await client.wait(1)


async def test_binary_frame_is_closed_with_1003_and_its_reason() -> None:
    """A binary frame is data it cannot accept: the client is told in words what to send, and operators see it."""
    async with running() as server, plain_socket(server.url, {"locale": "es"}) as client:
        await client.socket.send_bytes(b"\x00")
        assert await client.wait_closed() == (1003, "invalid_data")
        errors = (await get(server, "/v1/errors"))["items"]
    (told,) = client.of("ns:closing")
    assert (told["code"], told["reconnect"]) == ("invalid_data", False)
    assert "base64" in told["error"]["detail"]
    assert [(one["method"], one["path"], one["code"]) for one in errors] == [("EVENT", "/ws", "invalid_data")]


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
    total: int = server.core.operators.stats()["connections"]["total"]
    return total


@pytest.mark.parametrize("kind", ["pings", "pongs"])
async def test_flood_of_control_frames_keeps_nobody_waiting(kind: str) -> None:
    """Nine thousand pings or pongs in one go do not keep a request of somebody else waiting for all of them."""
    async with running(secured()) as server, aiohttp.ClientSession() as session:
        stats, key = f"{server.url}/v1/stats", {"Authorization": f"Bearer {PUBLISH_KEY}"}
        async with session.ws_connect(f"{server.url}/ws", protocols=("bearer", token("7"))) as socket:
            assert (await socket.receive_json())["type"] == "ns:hello"
            async with server.http.get(stats, headers=key) as response:
                assert (await response.json())["connections"]["total"] == 1
            descriptor = socket.get_extra_info("socket").fileno()
            first = b"\x89" if kind == "pings" else b"\x8a"
            frames = (first + b"\x80\0\0\0\0") * 9000 + b"\x88\x82\0\0\0\0\x03\xe8"
            assert os.write(descriptor, frames) == len(frames)
            async with server.http.get(stats, headers=key) as response:
                assert (await response.json())["connections"]["total"] == 1
            await until(lambda: server.core.operators.stats()["connections"]["total"] == 0)


async def test_failure_within_is_told_by_close_code_1011(monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails while a client is let in, or after, ends its connection with 1011 and `internal`, not in HTTP."""

    async def fail(*_: object, **__: object) -> None:
        raise RuntimeError

    async with running(secured()) as server:
        connections = server.core.connections
        async with plain_socket(server.url, {"token": token("7")}) as client:
            await until(lambda: client.frames)
            monkeypatch.setattr(connections, "acknowledge", fail)
            monkeypatch.setattr(connections, "renew", fail)
            await client.socket.send_str(orjson.dumps({"type": "ns:auth", "token": token("7"), "id": 1}).decode())
            await until(lambda: len(client.frames) == 2)
            assert client.frames[1]["error"]["code"] == "internal"
            assert (client.frames[1]["to"], client.frames[1]["id"]) == ("ns:auth", 1)
        monkeypatch.setattr(connections, "open", fail)
        async with plain_socket(server.url, {"token": token("7")}) as client:
            assert await client.wait_closed() == (1011, "internal")
        await until(lambda: server.core.operators.stats()["connections"]["total"] == 0)
