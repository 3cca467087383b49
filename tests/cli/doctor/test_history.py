"""What a server refused lately: a kind of mistake a line, and none of the doctor's own."""

from __future__ import annotations

from sio_server.cli.doctor.findings import Level
from tests.support.examined import examined
from tests.support.servers import PUBLISH_KEY, lasting_token, running, secured


async def test_types_that_nobody_knows_are_told() -> None:
    """Publishes of a type that is not in the catalogue are a warning, with how many, the last one, and the mend."""
    async with running(secured()) as server:
        for name in ("mi_tipo", "otro_tipo"):
            status, _ = await server.notify({"type": name, "message": "x"})
            assert status == 422
        found = await examined(server.url, token=lasting_token("eva", "admin"))
    told = found.of("refusals")
    assert told.level is Level.WARNING
    assert "unknown_type 2 times lately" in told.text
    assert "'otro_tipo'" in told.text
    assert "SIO_SERVER_CATALOG" in told.mend
    assert found.faults == []


async def test_each_kind_of_mistake_is_a_line() -> None:
    """Pages of a foreign origin, wrong keys and wrong fields are told apart, the most frequent first."""
    async with running(secured()) as server:
        for _ in range(2):
            await server.notify({"type": "test"}, key="no key of ours")
        await server.notify({"type": "test"}, Origin="https://evil.example")
        await server.notify({"type": "test", "priority": "urgent"})
        found = await examined(server.url, key=PUBLISH_KEY)
    told = [finding.text.split()[0] for finding in found.all if finding.check == "refusals"]
    assert told[0] == "unauthorized"
    assert set(told) == {"unauthorized", "origin_not_allowed", "invalid_data"}


async def test_examination_leaves_nothing_to_find() -> None:
    """However often a server was examined, with whatever was wrong, the next examination finds nothing of it."""
    async with running(secured()) as server:
        await examined(server.url, token="a.b.c", key="no key of ours", origin="https://evil.example")
        await examined(server.url, token=lasting_token("ana", "turista"))
        found = await examined(server.url, key=PUBLISH_KEY)
    assert found.of("refusals").level is Level.OK


async def test_refusals_are_for_operators() -> None:
    """Who may not observe is told what it takes."""
    async with running(secured()) as server:
        found = await examined(server.url, token=lasting_token("ana", "turista"))
    assert "give --token of an administrator" in found.of("refusals").text
