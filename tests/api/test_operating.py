"""What the operations of operators have in common: who may call them, and how a wrong query is told."""

from __future__ import annotations

import time

import pytest

from tests.support.asking import answer_of, ask, assert_refused, post
from tests.support.servers import PUBLISH_KEY, running, secured, token

KEY = PUBLISH_KEY
NOBODY = "00000000-0000-7000-8000-000000000000"
OPERATIONS = [
    ("GET", "/v1/notifications"),
    ("GET", f"/v1/notifications/{NOBODY}"),
    ("GET", "/v1/users"),
    ("GET", "/v1/users/ana/inbox"),
    ("POST", "/v1/users/ana/disconnect"),
    ("POST", f"/v1/connections/{NOBODY}/disconnect"),
]


@pytest.mark.parametrize(("method", "path"), OPERATIONS)
async def test_operators_alone_may(method: str, path: str) -> None:
    """A publisher key and an administrator's token get in; a tourist's, a wrong one and none do not."""
    refusals = {
        None: "unauthorized",
        "no key of ours": "unauthorized",
        "a.b.c": "invalid_token",
        token("ana", "turista"): "forbidden",
        token("eva", "admin", exp=int(time.time()) - 3600): "token_expired",
    }
    async with running(secured()) as server:
        for given, code in refusals.items():
            assert_refused(await ask(server, method, path, token=given), code)
        allowed = [await ask(server, method, path, token=given) for given in (KEY, token("eva", "admin"))]

    expected = 404 if NOBODY in path else 200
    assert [answer.status for answer in allowed] == [expected, expected]


async def test_administrator_who_was_put_out_sees_nothing_more() -> None:
    """The token of an administrator who was disconnected is refused like anybody's."""
    eva = token("eva", "admin", iat=int(time.time()) - 10)
    async with running(secured()) as server:
        before = await ask(server, "GET", "/v1/users", token=eva)
        await post(server, "/v1/users/eva/disconnect", token=eva)
        after = [await ask(server, method, path, token=eva) for method, path in OPERATIONS]
        stats = await ask(server, "GET", "/v1/stats", token=eva)

    assert before.status == 200
    for answer in (*after, stats):
        assert_refused(answer, "token_revoked")


async def test_operating_needs_a_key_or_an_admin() -> None:
    """Statistics and catalogue are for publisher keys and admins: others are 401 or 403, health is for everybody."""
    async with running(secured()) as server:
        for path in ("/v1/stats", "/v1/catalog"):
            for header, code in (
                (f"Bearer {PUBLISH_KEY}", None),
                (f"Bearer {token('1', 'admin')}", None),
                (f"Bearer {token('1', 'turista')}", "forbidden"),
                (f"Bearer {token('1', 'admin', exp=1)}", "token_expired"),
                ("Bearer a.b.c", "invalid_token"),
                ("Bearer wrong", "unauthorized"),
                ("", "unauthorized"),
            ):
                async with server.http.get(server.url + path, headers={"Authorization": header}) as response:
                    if code is None:
                        assert response.status == 200
                    else:
                        assert_refused(await answer_of(response), code)
        for path in ("/health/live", "/health/ready"):
            async with server.http.get(server.url + path) as response:
                assert (response.status, await response.json()) == (200, {"status": "ok"})


@pytest.mark.parametrize(
    "path",
    [
        "/v1/notifications?limit=0",
        "/v1/notifications?typ=test",
        "/v1/notifications?user=",
        f"/v1/notifications/{NOBODY}?after=",
        "/v1/users?role=" + "x" * 129,
        "/v1/users?limit=101",
        "/v1/users/ana/inbox?status=new",
        "/v1/users/ana/inbox?user=bo",
    ],
)
async def test_wrong_query_is_refused(path: str) -> None:
    """A value that cannot be and a name that is not known are refused, and the field is named."""
    async with running(secured()) as server:
        answer = await ask(server, "GET", path, token=KEY)

    assert_refused(answer, "invalid_request")
    assert answer.body["errors"][0]["field"] == path.partition("?")[2].partition("=")[0]
