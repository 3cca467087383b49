"""Who may publish over HTTP: publisher keys, and administrators in their own name."""

from __future__ import annotations

import time

import pytest

from tests.support.asking import Answer, ask, assert_refused, get, post
from tests.support.servers import PUBLISH_KEY, Server, running, secured, token

# Both ways a request comes in: by the engine's front and by aiohttp.
WAYS = pytest.mark.parametrize("front", [True, False], ids=["front", "aiohttp"])
PATHS = pytest.mark.parametrize("path", ["/notify", "/v1/notifications/batch"])


async def publish(server: Server, path: str, credential: str | None, **members: object) -> Answer:
    """Publish one notification the one way or the other."""
    body = {"type": "test", **members}
    return await ask(
        server, "POST", path, token=credential, json={"notifications": [body]} if path.endswith("batch") else body
    )


@WAYS
@PATHS
async def test_administrator_publishes(path: str, *, front: bool) -> None:
    """An administrator's token publishes what a publisher key would."""
    async with running(secured(), front=front) as server:
        answer = await publish(server, path, token("eva", "admin"))
        stored = await get(server, "/v1/notifications", PUBLISH_KEY)

    assert answer.status == 200
    assert [item["type"] for item in stored["items"]] == ["test"]


@WAYS
@PATHS
async def test_who_may_not_publish_is_told_why(path: str, *, front: bool) -> None:
    """Another role's token, one that ran out or is made up, a wrong key and nothing at all publish nothing."""
    refusals = {
        token("ana", "turista"): "forbidden",
        token("eva", "admin", exp=int(time.time()) - 3600): "token_expired",
        "a.b.c": "invalid_token",
        "no key of ours": "unauthorized",
        None: "unauthorized",
    }
    async with running(secured(), front=front) as server:
        for credential, code in refusals.items():
            assert_refused(await publish(server, path, credential), code)
        stored = await get(server, "/v1/notifications", PUBLISH_KEY)

    assert stored["items"] == []


@WAYS
@PATHS
async def test_administrator_who_was_put_out_publishes_nothing_more(path: str, *, front: bool) -> None:
    """A token that was revoked publishes nothing."""
    eva = token("eva", "admin", iat=int(time.time()) - 10)
    async with running(secured(), front=front) as server:
        before = await publish(server, path, eva)
        await post(server, "/v1/users/eva/disconnect", token=PUBLISH_KEY)
        after = await publish(server, path, eva)

    assert before.status == 200
    assert_refused(after, "token_revoked")


async def test_each_administrator_is_a_publisher_of_its_own() -> None:
    """An idempotency key of one administrator is not another's, nor that of a publisher key."""
    async with running(secured()) as server:
        credentials = (token("eva", "admin"), token("eva", "admin", jti="2"), token("leo", "admin"), PUBLISH_KEY)
        answers = [await publish(server, "/notify", one, idempotency_key="k") for one in credentials]

    assert [answer.body["duplicate"] for answer in answers] == [False, True, False, False]


async def test_token_is_no_key_where_nothing_verifies_tokens() -> None:
    """A server with publisher keys alone takes no token for one."""
    async with running(secured(jwt_secret=None)) as server:
        assert_refused(await publish(server, "/notify", token("eva", "admin")), "unauthorized")
        assert (await publish(server, "/notify", PUBLISH_KEY)).status == 200
