"""What publishers may change and take back, and what a change makes of what was left out."""

from __future__ import annotations

from typing import Any

import pytest

from sio_server.audience import Audience
from sio_server.auth import Publisher, Scope
from sio_server.core.changes import Change
from sio_server.errors import Refused
from tests.support.brokers import appended, notification
from tests.support.links import Core

BOSS = Publisher("key:boss")


async def published(made: Core, **members: Any) -> str:
    """The id of a notification that is in the log."""
    outcome = await appended(made.broker, notification(**{"audience": Audience.of(roles=["admin"]), **members}))
    return outcome.id


@pytest.mark.parametrize(
    "scope",
    [
        Scope(publish=False, observe=True),
        Scope(types=("reserva_*",)),
        Scope(roles=("turista",)),
    ],
)
async def test_key_changes_what_it_may_publish(made: Core, scope: Scope) -> None:
    """A key that may not publish it, for its type or for whom it is, neither changes it nor takes it back."""
    one = await published(made)
    narrow = Publisher("key:narrow", scope)
    for work in (made.changes.amend(one, Change({"message": "x"}), narrow), made.changes.retract(one, narrow)):
        with pytest.raises(Refused, match="forbidden_scope"):
            await work
    await made.changes.retract(one, BOSS)
    with pytest.raises(Refused, match="forbidden_scope"):
        await made.changes.retract(one, narrow)


async def test_what_is_taken_out_is_the_catalogues(made: Core) -> None:
    """Without a message there is the catalogue's, of the data as they are; without a priority that of the type."""
    data = {"reserva_id": 1, "usuario_id": "7", "tour_nombre": "Machu Picchu"}
    one = await published(made, type="reserva_creada", data=data, priority="low", expires_at=2**45)
    await made.changes.amend(one, Change({"message": None, "priority": None, "ttl": None, "title": None}), BOSS)
    await made.changes.amend(one, Change({"data": {**data, "tour_nombre": "Cusco"}, "message": None}), BOSS)
    stored = await made.broker.find(one)
    assert stored is not None
    envelope = stored.entry.envelope()
    assert (envelope["message"], envelope["priority"]) == ("Reserva de Cusco creada", "high")
    assert (envelope["expires_at"], envelope["title"], envelope["revision"]) == (None, None, 2)
    strange = await published(made, type="desconocido")
    with pytest.raises(Refused, match="invalid_data"):
        await made.changes.amend(strange, Change({"message": None}), BOSS)
    assert (await made.changes.amend(strange, Change({"message": "y", "ttl": 60}), BOSS))["revision"] == 1


async def test_draining_node_changes_nothing(made: Core) -> None:
    """A node that stops takes no change, as it takes no publish."""
    one = await published(made)
    made.door.draining = True
    with pytest.raises(Refused, match="draining"):
        await made.changes.retract(one, BOSS)
