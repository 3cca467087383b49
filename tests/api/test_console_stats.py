"""The server in numbers over time, and what it refused last."""

from __future__ import annotations

import pytest

from sio_server import __version__
from sio_server.core.samples import CAPACITY, Samples
from tests.support.asking import ask, assert_refused, get
from tests.support.clients import plain_socket, refused
from tests.support.servers import PUBLISH_KEY, running, secured, token
from tests.support.waiting import until, until_true

KEY = PUBLISH_KEY
PATHS = ("/v1/stats", "/v1/stats/recent", "/v1/errors")


@pytest.mark.parametrize("path", PATHS)
async def test_numbers_are_for_operators(path: str) -> None:
    """A publisher key and an administrator's token get in, nobody else does."""
    async with running(secured()) as server:
        assert_refused(await ask(server, "GET", path), "unauthorized")
        assert_refused(await ask(server, "GET", path, token=token("ana", "turista")), "forbidden")
        for credential in (KEY, token("eva", "admin")):
            assert (await ask(server, "GET", path, token=credential)).status == 200


async def test_stats_count_connections_users_and_deliveries() -> None:
    """Statistics tell connections and users by role and transport, publishes and deliveries, and go down again."""
    async with running(secured()) as server:
        one = await server.connect({"token": token("1", "admin")})
        await server.connect({"token": token("1", "admin")})
        await server.connect({"token": token("2", "turista")}, transports=["polling"])
        await server.notify({"type": "test"})
        stats = await get(server, "/v1/stats", KEY)

        assert stats["connections"] == {
            "total": 3,
            "by_role": {"admin": 2, "turista": 1},
            "by_transport": {"socketio/polling": 1, "socketio/websocket": 2},
        }
        assert stats["users"] == {"total": 2, "by_role": {"admin": 1, "turista": 1}}
        assert stats["publishes"] == {"accepted": 1, "duplicates": 0}
        assert stats["deliveries"] == 3
        assert stats["head"]["seq"] == 1
        assert stats["uptime"] >= 0
        await one.client.disconnect()
        await until(
            lambda: server.core.operators.stats()["connections"]["total"] == 2, "the connection to be counted out"
        )


async def test_stats_tell_how_long_publishes_take() -> None:
    """Percentiles are of the publishes that were accepted anew; before the first there are none."""
    async with running(secured()) as server:
        before = await get(server, "/v1/stats", KEY)
        for key in ("a", "b", "b"):
            await server.notify({"type": "test", "idempotency_key": key})
        await server.notify({"type": "unknown"})
        after = await get(server, "/v1/stats", KEY)

    assert before["latency_ms"] is None
    latency = after["latency_ms"]
    assert latency["count"] == 2
    assert 0 < latency["p50"] <= latency["p95"] <= latency["p99"]
    assert (after["refused"] - before["refused"], after["queued_bytes"]) == (1, 0)
    assert after["version"] == __version__
    assert after["node"]


async def test_sample_counts_since_the_one_before() -> None:
    """A sample has what is connected then, and what was published, delivered and refused since the sample before."""
    async with running(secured()) as server:
        samples = Samples(server.core.traffic, server.core.hub, server.core.refusals)
        await server.connect({"token": token("ana", "turista")})
        await server.connect({"token": token("ana", "turista")})
        for body in ({"type": "test"}, {"type": "test"}, {"type": "unknown"}):
            await server.notify(body)
        samples.sample(100)
        samples.sample(101)
        first, second = samples.as_dict()["samples"]

    assert {**first, "latency_ms": None} == {
        "at": 100,
        "connections": 2,
        "users": 1,
        "published": 2,
        "delivered": 4,
        "refused": 1,
        "latency_ms": None,
    }
    assert (second["at"], second["connections"]) == (101, 2)
    assert (second["published"], second["delivered"], second["refused"]) == (0, 0, 0)
    assert second["latency_ms"] is None


async def test_oldest_samples_go() -> None:
    """Five minutes of samples are kept, the oldest first."""
    async with running() as server:
        samples = Samples(server.core.traffic, server.core.hub, server.core.refusals)
        for at in range(CAPACITY + 10):
            samples.sample(at)

    assert [sample["at"] for sample in samples.as_dict()["samples"]] == list(range(10, CAPACITY + 10))


async def test_server_takes_a_sample_each_second() -> None:
    """A server that runs has its samples by itself, each of another second."""
    async with running(secured()) as server:
        await server.notify({"type": "test"})
        found: list[dict[str, int]] = []

        async def two() -> bool:
            found[:] = (await get(server, "/v1/stats/recent", KEY))["samples"]
            return len(found) >= 2

        await until_true(two, "two samples", lambda: len(found))
        step = (await get(server, "/v1/stats/recent", KEY))["step"]

    assert step == 1
    assert [sample["at"] for sample in found] == sorted({sample["at"] for sample in found})
    assert sum(sample["published"] for sample in found) == 1


async def test_refusals_are_listed_newest_first() -> None:
    """Refused requests and connections are listed with code, status, place and reason, in the reader's language."""
    async with running(secured()) as server:
        await server.notify({"type": "unknown"}, **{"X-Request-ID": "mine-1"})
        await ask(server, "GET", "/v1/users?limit=0", token=KEY)
        await refused(server.url, {"token": "a.b.c"})
        async with plain_socket(server.url, {"token": "a.b.c"}) as socket:
            await socket.wait_closed()
        listed = (await get(server, "/v1/errors?limit=4", KEY))["items"]
        spanish = await ask(server, "GET", "/v1/errors?limit=1", token=KEY, language="es")

    assert [(one["method"], one["path"], one["code"], one["status"]) for one in listed] == [
        ("CONNECT", "/ws", "invalid_token", 401),
        ("CONNECT", "/socket.io/", "invalid_token", 401),
        ("GET", "/v1/users", "invalid_request", 400),
        ("POST", "/notify", "unknown_type", 422),
    ]
    assert listed[3]["request_id"] == "mine-1"
    assert {one["address"] for one in listed} == {"127.0.0.1"}
    assert spanish.body["items"][0]["detail"].startswith("El token no ")


async def test_refusals_name_the_client_behind_a_proxy() -> None:
    """By every way in, the address is the client's own where the proxy is trusted, and the proxy's where it is not."""
    forwarded = {"X-Forwarded-For": "203.0.113.9"}
    for trusted, address in ((("127.0.0.1",), "203.0.113.9"), ((), "127.0.0.1")):
        async with running(secured(trusted_proxies=trusted)) as server:
            await server.notify({"type": "unknown"}, **forwarded)
            async with server.http.get(f"{server.url}/v1/users", headers=forwarded):
                pass
            async with server.http.ws_connect(f"{server.url}/ws", headers=forwarded) as socket:
                await socket.receive()
            origin = {"Origin": "https://evil.example"}
            async with server.http.get(f"{server.url}/socket.io/?EIO=4&transport=polling", headers=forwarded | origin):
                pass
            await refused(server.url, {"token": "a.b.c"}, headers=forwarded)
            listed = (await get(server, "/v1/errors", KEY))["items"]
        assert len(listed) == 5
        assert {one["address"] for one in listed} == {address}


async def test_event_that_is_refused_is_listed() -> None:
    """An event of a connection is refused in its acknowledgement, and listed with the connection's address."""
    async with running(secured()) as server:
        client = await server.connect({"token": token("7")})
        await client.client.call("ns:read", {"ids": 7})
        (listed,) = (await get(server, "/v1/errors", KEY))["items"]
    assert (listed["method"], listed["path"], listed["address"]) == ("EVENT", "/socket.io/", "127.0.0.1")


async def test_nothing_that_was_carried_is_among_the_refusals() -> None:
    """Neither a key, nor a token, nor a query, nor a value of the body is in the list."""
    secret = "S3CRET"
    async with running(secured()) as server:
        await server.notify({"type": "test", "ttl": secret, "message": secret, "data": {"a": secret}})
        await server.notify({"type": "test"}, key=secret)
        await ask(server, "GET", f"/v1/users?token={secret}", token=f"a.{secret}.c")
        await ask(server, "GET", f"/v1/inbox?user={secret}", token=secret)
        answer = await ask(server, "GET", "/v1/errors", token=KEY)

    assert len(answer.body["items"]) == 4
    assert secret not in str(answer.body)


@pytest.mark.parametrize("limit", ["0", "201", "x", "1.5"])
async def test_limit_of_refusals_is_a_number_in_bounds(limit: str) -> None:
    """A limit that is none is refused."""
    async with running() as server:
        assert_refused(await ask(server, "GET", f"/v1/errors?limit={limit}"), "invalid_request")
