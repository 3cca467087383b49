"""Every limit of a peer, reached at a server that runs: what the peer is told, the metric, the line in the log."""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
import orjson
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.support.clients import plain_socket, refused
from tests.support.recovering import client_of
from tests.support.servers import PUBLISH_KEY, SECRET, Program, lasting_token, program, token
from tests.support.unread import KEY, connected, publish_batches, unread, unread_stream
from tests.support.waiting import until, until_true

ENV = {
    "SIO_SERVER_JWT_SECRET": SECRET,
    "SIO_SERVER_PUBLISH_KEYS": PUBLISH_KEY,
    "SIO_SERVER_LOG_FORMAT": "json",
    "SIO_SERVER_TRUSTED_PROXIES": "127.0.0.1",
}
BEARER = lasting_token("123", "turista")  # the tests before these may take longer than usual
FROM_AFAR = {"X-Forwarded-For": "192.0.2.1"}
JOIN = b"40" + orjson.dumps({"token": BEARER})

Reach = Callable[[str], Awaitable[None]]


async def sample(url: str, wanted: str) -> float:
    """The value of one sample, named as in an exposition; 0 when it is not there yet."""
    async with aiohttp.ClientSession(headers=KEY) as session, session.get(f"{url}/metrics") as response:
        for family in text_string_to_metric_families(await response.text()):
            for found in family.samples:
                labels = ",".join(f"{name}={value}" for name, value in sorted(found.labels.items()))
                if f"{found.name}{{{labels}}}" == f"sio_server_{wanted}":
                    return float(found.value)
    return 0.0


async def silent_websocket(url: str) -> None:
    """A peer on ``/ws`` that never reads."""
    async with unread(url, f"/ws?token={BEARER}", None):
        await publish_batches(url, 1000)


async def silent_stream(url: str) -> None:
    """A peer on ``/v1/stream`` that never reads."""
    async with unread_stream(url, BEARER):
        await publish_batches(url, 1000)


async def silent_socketio(url: str) -> None:
    """A Socket.IO client on WebSocket that never reads."""
    async with unread(url, "/socket.io/?EIO=4&transport=websocket", JOIN):
        # It reads nothing, so nothing tells it that it has joined.
        await until_true(lambda: connected(url), "its joining")
        await publish_batches(url, 1000)


async def talkative_websocket(url: str) -> None:
    """A peer on ``/ws`` that says too much."""
    async with plain_socket(url, {"token": BEARER}) as client:
        with contextlib.suppress(ConnectionError):
            for _ in range(100):
                await client.socket.send_str('{"type":"ns:ack","seq":0}')
        assert await client.wait_closed() == (4429, "rate_limited")
        closing = client.of("ns:closing")[0]
        assert (closing["code"], closing["reconnect"]) == ("rate_limited", True)


async def talkative_socketio(url: str) -> None:
    """A Socket.IO client that says too much."""
    client = client_of("cursor", url, BEARER)
    await client.connect()
    with contextlib.suppress(Exception):  # it may be gone before all is said
        for _ in range(100):
            await client._client.emit("ns:ack", {"seq": 0})  # type: ignore[union-attr]
    await until(client.is_cut, "the cut")
    await client.leave()


async def too_many_of_a_user(url: str) -> None:
    """A user's second connection, where one is allowed."""
    async with plain_socket(url, {"token": BEARER}):
        answer = await refused(url, {"token": BEARER})
        assert answer.get("data", answer)["code"] == "rate_limited"


async def too_many_of_an_address(url: str) -> None:
    """An address's second connection, where one is allowed; another user's."""
    async with (
        plain_socket(url, {"token": BEARER}, FROM_AFAR),
        plain_socket(url, {"token": token("456")}, FROM_AFAR) as second,
    ):
        assert await second.wait_closed() == (4429, "rate_limited")


async def too_many_handshakes(url: str) -> None:
    """A handshake while another has not joined yet, where one may be on its way: the older one gives way."""
    address = f"{url}/socket.io/?EIO=4&transport=polling"
    async with aiohttp.ClientSession() as session, session.get(address) as first, session.get(address) as second:
        assert (first.status, second.status) == (200, 200)
        older = orjson.loads((await first.text())[1:])["sid"]
        async with session.get(f"{address}&sid={older}") as poll:
            assert poll.status == 400


async def too_many_publishes(url: str) -> None:
    """A third publish within a second, where one a second is allowed and two at once."""
    answers = []
    async with aiohttp.ClientSession(headers=KEY) as session:
        for _ in range(3):
            async with session.post(f"{url}/notify", json={"type": "guia_creado"}) as response:
                answers.append((response.status, response.headers.get("Retry-After"), response.headers["RateLimit"]))
    assert [status for status, _, _ in answers] == [200, 200, 429]
    assert answers[2][1] == "1"
    assert answers[2][2].startswith('"publish";r=0')


LIMITS: Mapping[str, tuple[str, str, Reach, str, str]] = {
    "send cap, ws": ("SEND_CAP", "262144", silent_websocket, "slow_cuts_total{protocol=ws}", "slow"),
    "send cap, sse": ("SEND_CAP", "262144", silent_stream, "slow_cuts_total{protocol=sse}", "slow"),
    "send cap, Socket.IO": ("SEND_CAP", "262144", silent_socketio, "slow_cuts_total{protocol=socketio}", "slow"),
    "events, ws": ("EVENTS_PER_SECOND", "5", talkative_websocket, "refusals_total{code=rate_limited}", "rate_limited"),
    "events, Socket.IO": ("EVENTS_PER_SECOND", "5", talkative_socketio, "refusals_total{code=rate_limited}", "flood"),
    "user": ("CONNECTIONS_PER_USER", "1", too_many_of_a_user, "refusals_total{code=rate_limited}", "rate_limited"),
    "address": (
        *("CONNECTIONS_PER_ADDRESS", "1", too_many_of_an_address),
        *("refusals_total{code=rate_limited}", "rate_limited"),
    ),
    "handshakes": ("HANDSHAKES", "1", too_many_handshakes, "refusals_total{code=rate_limited}", "rate_limited"),
    "publishes": ("PUBLISH_RATE", "1", too_many_publishes, "refusals_total{code=rate_limited}", "rate_limited"),
}


def told(server: Program, word: str) -> bool:
    """Whether a line of the log has this as its code or its reason, and none a token or a key."""
    assert not any(BEARER in line or PUBLISH_KEY in line for line in server.output)
    lines = [orjson.loads(line) for line in server.output if line.startswith("{")]
    return any(word in (line.get("code"), line.get("reason")) for line in lines)


@pytest.mark.parametrize("name", LIMITS)
async def test_limit_is_a_setting_and_is_told_of(name: str) -> None:
    """Whoever reaches a limit is refused or cut, a metric counts it, and a line of the log says so."""
    setting, value, reach, metric, word = LIMITS[name]
    async with program("--broker", "memory:", env={**ENV, f"SIO_SERVER_{setting}": value}) as server:
        assert await sample(server.url, metric) == 0
        await reach(server.url)
        await until_true(lambda: sample(server.url, metric), metric, server.moves)
        assert await sample(server.url, metric) == 1
        await until(lambda: told(server, word), "a line in the log", server.moves)
