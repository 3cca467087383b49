"""Places that notifications take one after another: which one is whose, and what became of those before. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

import orjson

from sio_server.audience import Audience
from sio_server.broker.amendments import Happened
from sio_server.notification import Entry, moment_of

# What is known of one thread: what is replaced each second must not fill the disk.
MAX_OF_THREAD: Final = 100


def digest(key: str, audience: Audience) -> bytes:
    """What two notifications have in common that take each other's place: the key, and whom they are for as a set."""
    named = (audience.roles, audience.users, audience.topics, audience.except_users)
    return hashlib.sha256(orjson.dumps([key, audience.all, *map(sorted, named)])).digest()


def thread_of(identity: str, body: bytes) -> str:
    """The thread of a stored notification: the id of the first of those that took each other's place."""
    if b'"thread"' not in body:
        return identity
    return str(orjson.loads(b"{%b}" % body).get("thread", identity))


def story(noted: Sequence[Happened], newest: Entry | None) -> tuple[Happened, ...]:
    """See `Amendments.history`: what was noted, and that each notification was published, which nobody notes.

    ``newest`` stands in the place now; None where nothing does.
    """
    found: list[Happened] = []
    begun: set[str] = set()
    for happened in noted:
        if happened.id not in begun and happened.before is not None:
            begun.add(happened.id)
            found.append(_published(happened.id, happened.before.publisher))
        found.append(happened)
    if newest is not None and newest.id not in begun:
        found.append(_published(newest.id, newest.publisher))
    return tuple(found)


def _published(identity: str, publisher: str | None) -> Happened:
    return Happened(identity, "published", moment_of(identity), publisher, None)
