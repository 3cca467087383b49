"""Who is asking over HTTP: only the header counts, and what was revoked does not."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator

import pytest
from aiohttp.test_utils import make_mocked_request

from sio_server.api.credentials import Callers
from sio_server.audience import Identity
from sio_server.auth import DEVELOPMENT_PUBLISHER, Authenticator, Publisher
from sio_server.config import Config
from sio_server.errors import Refused
from sio_server.gate import TokenCookie
from sio_server.gate.origins import OriginPolicy
from tests.support.servers import PUBLISH_KEY, Server, running, secured, token


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Run a server with secrets."""
    async with running(secured()) as running_server:
        yield running_server


def credentials(server: Server, config: Config | None = None) -> Callers:
    """Return the checks of a server, or of one in development that shares its log."""
    config = config or secured()
    return Callers(Authenticator(config), server.core.connections, TokenCookie(config, OriginPolicy(config)))


async def outcome(checks: Callers, kind: str, credential: str | None, query: str = "") -> object:
    """Return whom a request is from, or the code it is refused with."""
    headers = {"Authorization": f"Bearer {credential}"} if credential else {}
    request = make_mocked_request("GET", f"/?{query}", headers=headers)
    try:
        if kind == "publisher":
            return await checks.publisher(request)
        return await (checks.observer(request) if kind == "observer" else checks.user(request))
    except Refused as refused:
        return refused.kind.code


async def test_each_kind_takes_its_own_credential(server: Server) -> None:
    """A key and an administrator's token publish and observe, a token is its user's, a tourist's is nothing else."""
    checks = credentials(server)
    admin, tourist = token("eva", "admin"), token("ana", "turista")

    async def codes(credential: str | None) -> list[str]:
        found = [await outcome(checks, kind, credential) for kind in ("publisher", "observer", "user")]
        return [one if isinstance(one, str) else "ok" for one in found]

    assert await codes(PUBLISH_KEY) == ["ok", "ok", "invalid_token"]
    assert await codes(admin) == ["ok", "ok", "ok"]
    assert await codes(tourist) == ["forbidden", "forbidden", "ok"]
    assert await codes(None) == ["unauthorized", "unauthorized", "unauthorized"]


async def test_address_is_no_place_for_a_credential(server: Server) -> None:
    """A token or a statement in the address counts for nothing: addresses end up in logs."""
    checks = credentials(server)

    for query in (f"token={token('ana')}", "user=ana&role=admin"):
        assert await outcome(checks, "user", None, query) == "unauthorized"
        assert await outcome(checks, "observer", None, query) == "unauthorized"


async def test_revoked_token_is_nobodys(server: Server) -> None:
    """A token from before its user was put out is refused as a user's, an observer's and a publisher's."""
    checks = credentials(server)
    old, new = (token("eva", "admin", iat=int(time.time()) + offset) for offset in (-100, 5))
    await server.core.operators.disconnect_user("eva", time.time() - 50)

    assert [await outcome(checks, kind, old) for kind in ("observer", "user", "publisher")] == ["token_revoked"] * 3
    assert await outcome(checks, "observer", new) == Publisher("admin:eva")
    assert isinstance(await outcome(checks, "user", new), Identity)
    assert await outcome(checks, "publisher", new) == Publisher("admin:eva")


async def test_query_states_the_user_in_development(server: Server) -> None:
    """In development everybody may publish and observe, and says in the query who they are."""
    checks = credentials(server, Config(dev=True))

    assert await outcome(checks, "publisher", None) == DEVELOPMENT_PUBLISHER
    assert await outcome(checks, "observer", None) == DEVELOPMENT_PUBLISHER
    assert await outcome(checks, "user", None, "user=ana&role=admin") == Identity("ana", ("admin",))
    assert await outcome(checks, "user", None) == Identity(None)
    assert await outcome(checks, "user", None, "user=" + "x" * 129) == "invalid_token"
