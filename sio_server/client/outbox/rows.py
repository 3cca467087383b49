"""One event of an outbox as a row: what a transaction writes, whatever it writes with."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final, TypedDict, Unpack

from sio_server.client.bodies import PublishOptions
from sio_server.client.entries import check_options, entry_of, strict_by_default
from sio_server.client.known import default_catalog
from sio_server.client.strict import check_strictly
from sio_server.event_types import EventType, EventTypes

# Characters of a subject as it is stored. PostgreSQL refuses to index more than 2,700 bytes of a value, and the error
# would end a transaction that has nothing to do with notifications.
SUBJECT: Final = 200


class OutboxRow(TypedDict):
    """The columns that are written. ``key``: idempotency key; ``body``: the notification as it is sent, in JSON."""

    type: str
    subject: str
    key: str
    body: str
    size: int


def outbox_row(
    type: str | EventType,  # noqa: A002 - the word of the protocol
    message: str | None = None,
    data: Mapping[str, Any] | None = None,
    *,
    ordering_key: str | None = None,
    catalog: EventTypes | None = None,
    strict: bool | None = None,
    **options: Unpack[PublishOptions],
) -> OutboxRow:
    """The row of a notification, for an INSERT of the caller's own; the arguments are those of `Notifier.notify`.

    With ``strict`` (by default where SIO_SERVER_STRICT is 1) what the server would refuse is a `NotifyInvalid` as well.

    Raises TypeError for an argument that does not exist, and `NotifyInvalid`, TypeError or ValueError for a value that
    cannot be sent: before anything is written, so that the caller's transaction is as it was.
    """
    check_options(options)
    types = catalog or default_catalog()
    entry = entry_of(types, type, message, data, ordering_key=ordering_key, options=dict(options))
    if strict_by_default() if strict is None else strict:
        check_strictly(entry.body, type if isinstance(type, EventType) else types.types.get(entry.type), types, None)
    return {
        "type": storable(entry.type),
        "subject": _subject(entry.subject),
        "key": storable(entry.key),
        "body": entry.body.decode("utf-8"),
        "size": len(entry.body),
    }


def _subject(subject: str) -> str:
    subject = storable(subject)
    if len(subject) <= SUBJECT:
        return subject
    return "sha256:" + hashlib.sha256(subject.encode()).hexdigest()


def storable(text: str) -> str:
    """Text that every database takes: no half of a surrogate pair, and no NUL, which PostgreSQL refuses."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\N{REPLACEMENT CHARACTER}")
