"""Entries as rows of the log, and back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Final

import orjson

from sio_server.audience import Audience
from sio_server.broker.postgres.database import Connection
from sio_server.notification import Entry, Position
from sio_server.texts import Texts

# What `entry_of` takes.
COLUMNS: Final = "seq, id, 'notification', type, audience, source, publisher, body, expires_at, texts"
WORD_COLUMNS: Final = "seq, about, kind, 'ns:' || kind, audience, source, publisher, body, expires_at, texts"


def entry_of(epoch: str, row: Sequence[Any]) -> Entry:
    """The entry in a row that begins with `COLUMNS` or `WORD_COLUMNS`."""
    seq, notification_id, kind, event, audience_json, source, publisher, body, expires_at, texts = row[:10]
    audience = Audience.from_dict(orjson.loads(audience_json))
    return Entry(
        Position(epoch, seq),
        kind,
        event,
        audience.rooms(),
        audience.except_rooms(),
        body,
        notification_id,
        audience,
        source,
        publisher,
        expires_at=expires_at,
        texts=None if texts is None else Texts.load(texts),
    )


async def stored_entries(connection: Connection, epoch: str, seqs: Iterable[int]) -> dict[int, Entry]:
    """The stored notifications with these positions, by position; what is not there any more is left out."""
    query = f"SELECT {COLUMNS} FROM notification WHERE seq = ANY($1::bigint[])"  # noqa: S608 - a constant
    return {row[0]: entry_of(epoch, row) for row in await connection.fetch(query, list(seqs))}


def changed(tag: str) -> int:
    """How many rows a statement changed, by the tag that PostgreSQL answers with, as ``DELETE 3``."""
    return int(tag.rpartition(" ")[2])
