"""What operators see of a node, without a protocol between."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sio_server.errors import Refused
from tests.support.asking import published
from tests.support.servers import Server, running


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Run a server in development."""
    async with running() as running_server:
        yield running_server


async def test_search_and_find_tell_the_same(server: Server) -> None:
    """A notification in a page is the same by its id, but for the receipts and answers that it has there."""
    operators = server.core.operators
    identity = await published(server, audience={"users": ["ana"]})
    page = await operators.search(types=("test",), user="ana", limit=10, before=None)
    found = await operators.find(identity, limit=10, after=None)

    assert page["items"] == [{key: found[key] for key in found if key not in ("receipts", "answers", "status")}]
    assert (page["next_before"], page["next_after"]) == (None, None)
    assert [user["user"] for user in found["receipts"]["users"]] == ["ana"]


async def test_unknown_id_is_not_found(server: Server) -> None:
    """What is not in the log is refused as not found."""
    with pytest.raises(Refused) as caught:
        await server.core.operators.find("x", limit=10, after=None)

    assert caught.value.kind.code == "not_found"


async def test_users_are_by_name_and_page(server: Server) -> None:
    """Users come once each, by name, from above a name on; those of a role with all of their connections."""
    operators = server.core.operators
    for name, role in (("b", "admin"), ("a", "turista"), ("c", "admin"), ("b", "guia")):
        await server.connect({"user": name, "role": role})
    await server.connect({"role": "admin"})  # somebody without a name

    first = operators.users(role=None, limit=2, after=None)
    second = operators.users(role=None, limit=2, after=first["next_after"])
    admins = operators.users(role="admin", limit=2, after=None)

    assert [(user["user"], user["roles"]) for user in first["users"]] == [("a", ["turista"]), ("b", ["admin", "guia"])]
    assert (first["total"], first["next_after"]) == (3, "b")
    assert ([user["user"] for user in second["users"]], second["next_after"]) == (["c"], None)
    assert [user["user"] for user in admins["users"]] == ["b", "c"]
    assert [len(user["connections"]) for user in admins["users"]] == [2, 1]
