"""The event types as they are told over HTTP."""

from __future__ import annotations

from tests.support.servers import running


async def test_catalog_tells_every_type_in_both_languages() -> None:
    """The catalogue holds each type with its texts, audience, priority and fields of data."""
    async with running() as server, server.http.get(f"{server.url}/v1/catalog") as response:
        types = {kind["type"]: kind for kind in (await response.json())["types"]}
        assert len(types) == 20
        assert types["reserva_creada"]["audience"]["users"] == ["{usuario_id}"]
        assert types["reserva_creada"]["data"]["personas"] == "integer"
        assert all(kind["description"]["es"] and kind["description"]["en"] for kind in types.values())
