"""The log in PostgreSQL, which many nodes share."""

from __future__ import annotations

from sio_server.broker.postgres.broker import PostgresBroker
from sio_server.broker.postgres.promises import examine

__all__ = ["PostgresBroker", "examine"]
