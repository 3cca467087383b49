"""Outboxes: events that are published exactly if the application's own transaction is committed.

`SqlOutbox` needs SQLAlchemy (``sio-server-client[sqlalchemy]``) and `MongoOutbox` needs PyMongo
(``sio-server-client[mongodb]``); each is imported when it is asked for.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

from sio_server.client.outbox.relay import Relay
from sio_server.client.outbox.rows import OutboxRow, outbox_row

if TYPE_CHECKING:
    from sio_server.client.outbox.mongo import MongoOutbox
    from sio_server.client.outbox.sql import SqlOutbox

__all__ = ["MongoOutbox", "OutboxRow", "Relay", "SqlOutbox", "outbox_row"]

_PLACES: Final = {
    "MongoOutbox": "sio_server.client.outbox.mongo",
    "SqlOutbox": "sio_server.client.outbox.sql",
}


def __getattr__(name: str) -> Any:
    place = _PLACES.get(name)
    if place is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}", name=name)
    return getattr(importlib.import_module(place), name)
