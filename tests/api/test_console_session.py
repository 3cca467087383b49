"""Who asks: what a console is told before it shows anything."""

from __future__ import annotations

import asyncio
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from sio_server import __version__
from sio_server.app import RELOADING
from sio_server.auth import Scope
from tests.support.asking import ask, assert_refused, get, post
from tests.support.keys import add
from tests.support.servers import PUBLISH_KEY, lasting_token, running, secured, token

PATH = "/v1/session"
ALL = {"observe": True, "publish": True, "operate": True}
NOTHING = {"observe": False, "publish": False, "operate": False}


async def test_server_tells_what_it_is() -> None:
    """The session has the server's version, its language, its largest body, its start and its clock."""
    async with running(secured(locale="en", max_body=2048)) as server:
        answer = await ask(server, "GET", PATH)

    body = answer.body
    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")
    assert (body["version"], body["locale"], body["max_body"]) == (__version__, "en", 2048)
    started, now = (datetime.fromisoformat(body[name]) for name in ("started_at", "server_time"))
    assert started <= now


@pytest.mark.parametrize(
    ("credential", "expected"),
    [
        (None, {"credential": None, "user": None, "roles": [], "may": NOTHING}),
        (PUBLISH_KEY, {"credential": "key", "user": None, "roles": [], "may": ALL}),
        (lasting_token("eva", "admin"), {"credential": "token", "user": "eva", "roles": ["admin"], "may": ALL}),
        (lasting_token("ana", "turista"), {"credential": "token", "user": "ana", "roles": ["turista"], "may": NOTHING}),
    ],
    ids=["nothing", "key", "administrator", "tourist"],
)
async def test_caller_is_told_who_they_are(credential: str | None, expected: dict[str, Any]) -> None:
    """Each kind of credential is named with its user, roles and rights; without one nothing is refused."""
    async with running(secured()) as server:
        body = await get(server, PATH, credential)

    assert {name: body[name] for name in expected} == expected
    assert body["development"] is False


async def test_holder_of_a_key_is_told_what_it_allows(tmp_path: Path) -> None:
    """A key sees its own scope, and nobody else is told of one."""
    scope = Scope(types=("reserva_*",), roles=("admin",), topics=(), users=False, everybody=False)
    key = await asyncio.to_thread(add, tmp_path, "reservas", scope)
    async with running(secured(data_dir=tmp_path)) as server:
        assert (await get(server, PATH, key))["scope"] == scope.as_dict()
        assert (await get(server, PATH, PUBLISH_KEY))["scope"] == Scope(observe=True, operate=True).as_dict()
        for credential in (None, lasting_token("eva", "admin")):
            assert "scope" not in await get(server, PATH, credential)


async def test_everybody_may_everything_in_development() -> None:
    """In development there is nobody to be, and everything is allowed."""
    async with running() as server:
        bodies = [await get(server, PATH, credential) for credential in (None, "anything", token("ana", "turista"))]

    for body in bodies:
        assert (body["development"], body["credential"], body["user"]) == (True, "development", None)
        assert body["may"] == ALL


async def test_wrong_credential_is_refused() -> None:
    """A credential that is wrong, ran out or was revoked is refused like anywhere else."""
    revoked = token("eva", "admin", iat=int(time.time()) - 10)
    async with running(secured()) as server:
        await post(server, "/v1/users/eva/disconnect", token=PUBLISH_KEY)
        for credential, code in {
            "no key of ours": "unauthorized",
            "a.b.c": "invalid_token",
            token("ana", exp=int(time.time()) - 3600): "token_expired",
            revoked: "token_revoked",
        }.items():
            assert_refused(await ask(server, "GET", PATH, token=credential), code)


@pytest.mark.parametrize("credential", [PUBLISH_KEY, lasting_token("eva", "admin")], ids=["key", "administrator"])
async def test_operators_are_told_how_they_came(credential: str) -> None:
    """Who may observe sees whom the server takes them for, and what a proxy says, believed or not; nobody else does."""
    forwarded = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "HTTPS"}
    ways = []
    for trusted in ((), ("127.0.0.1",)):
        async with running(secured(trusted_proxies=trusted)) as server:
            for headers in ({}, forwarded):
                sent = {**headers, "Authorization": f"Bearer {credential}"}
                async with server.http.get(server.url + PATH, headers=sent) as response:
                    ways.append((await response.json())["way"])
            assert "way" not in await get(server, PATH)
            assert "way" not in await get(server, PATH, lasting_token("ana", "turista"))
    plain = {"peer": "127.0.0.1", "secure": False, "address": "127.0.0.1"}
    nothing = {"proxied": False, "forwarded_for": False, "forwarded_proto": None}
    said = {"proxied": True, "forwarded_for": True, "forwarded_proto": "https"}
    assert ways == [
        {**plain, **nothing, "trusted": False},
        {**plain, **said, "trusted": False},
        {**plain, **nothing, "trusted": True},
        {**plain, **said, "trusted": True, "address": "203.0.113.9"},
    ]


async def test_trusted_proxies_may_change() -> None:
    """Proxies that are trusted from now on, without a restart, are told as such."""
    async with running(secured()) as server:
        assert (await get(server, PATH, PUBLISH_KEY))["way"]["trusted"] is False
        server.app[RELOADING].apply(secured(trusted_proxies=("127.0.0.0/8",)))
        assert (await get(server, PATH, PUBLISH_KEY))["way"]["trusted"] is True
