"""What whoever runs a node asks of it over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from sio_server.broker.postgres import PostgresBroker
from sio_server.config import Config
from tests.support.brokers import appended, notification, soon
from tests.support.servers import running


@pytest.mark.parametrize(("locale", "words"), [("en", "The log lost its end"), ("es", "El registro perdió su final")])
async def test_node_tells_what_its_log_lost(postgres_home: Path, locale: str, words: str) -> None:
    """A node whose log has lost something is ready, and says what that is in the language that is asked for."""
    schema, address = uuid4().hex, f"postgresql://postgres@/postgres?host={postgres_home}"
    broker: Any = PostgresBroker(f"{address}&schema={schema}")
    async with running(Config(broker="memory:", dev=True), broker=broker) as server:

        async def said() -> dict[str, Any]:
            async with server.http.get(f"{server.url}/health/ready", headers={"Accept-Language": locale}) as response:
                assert response.status == 200
                return dict(await response.json())

        await appended(broker, notification())
        assert await said() == {"status": "ok"}
        database = await asyncpg.connect(address, server_settings={"search_path": f'"{schema}"'})
        await database.execute("UPDATE log SET seq = 0, token = ''; TRUNCATE notification, notification_room, mark")
        await database.close()
        await soon(lambda: _told(said))
        assert (await said())["lost"].startswith(words)


async def _told(said: Any) -> bool:
    return "lost" in await said()
