"""The log in PostgreSQL, which many nodes share."""

from __future__ import annotations

from sio_server.broker.postgres.broker import PostgresBroker

__all__ = ["PostgresBroker"]
