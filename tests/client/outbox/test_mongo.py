"""The outbox in MongoDB, as far as it can be seen without a server: how it is typed, and what it refuses.

What it does is in `mongodb.py` beside this file, which is collected where MONGODB_URL names a replica set.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from pymongo import AsyncMongoClient

from sio_server.client.outbox import MongoOutbox

Client = AsyncMongoClient[dict[str, Any]]


@pytest.fixture
async def client() -> AsyncIterator[Client]:
    """A client that has connected to nothing yet."""
    opened: Client = AsyncMongoClient("mongodb://127.0.0.1:1/app", connect=False)
    yield opened
    await opened.close()


async def test_an_event_needs_a_transaction(client: Client) -> None:
    """Outside of one, nothing would take it back: it is refused before anything is asked of the database."""
    outbox = MongoOutbox(client.get_default_database())
    async with client.start_session() as session:
        with pytest.raises(ValueError, match="start_transaction"):
            await outbox.add("test", session=session)
        with pytest.raises(ValueError, match="start_transaction"):
            await outbox.using(session).notificar_reserva_creada(reserva_id=1)
        with pytest.raises(AttributeError, match="notificar_Nada"):
            await outbox.using(session).notificar_Nada()  # type: ignore[attr-defined]
        assert {"notify", "notificar_reserva_creada"} <= set(dir(outbox.using(session)))


async def test_a_value_that_cannot_be_sent_is_told_first(client: Client) -> None:
    """In a transaction, before anything is asked of the database."""
    outbox = MongoOutbox(client.get_default_database())
    async with client.start_session() as session, await session.start_transaction():
        with pytest.raises(TypeError, match="nope"):
            await outbox.add("test", session=session, nope=1)  # type: ignore[call-arg]


async def test_a_relay_needs_a_loop(client: Client) -> None:
    """The driver runs on the application's: without asyncio there is none."""
    outbox = MongoOutbox(client.get_default_database(), "events")
    assert outbox.collection.full_name == "app.events"
    with pytest.raises(TypeError, match="async with"), outbox.relay("http://127.0.0.1:1"):
        pass
