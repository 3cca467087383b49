"""What a relay does with the collections of a MongoDB outbox."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from bson import ObjectId, Timestamp
from pymongo import ASCENDING, DeleteMany, ReadPreference, UpdateOne
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import DuplicateKeyError
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

from sio_server.client.entries import Entry, Failure
from sio_server.client.outbox.loops import call_on
from sio_server.client.outbox.rows import storable

# The one document of the lease's collection.
_RELAY: Final = "relay"

# Characters of what the server said of a refused event that are kept.
_DETAIL: Final = 500

Document = dict[str, Any]
T = TypeVar("T")


class MongoTable:
    """The documents of one outbox, as the thread of a relay asks for them; the driver runs on the application's loop.

    What is read is what a majority has: a primary that is about to lose its place may show transactions that are rolled
    back with it, and what was published cannot be. A number is the server's own timestamp.
    """

    def __init__(
        self, events: AsyncCollection[Document], lease: AsyncCollection[Document], loop: asyncio.AbstractEventLoop
    ) -> None:
        self._events = _surely(events)
        self._lease = _surely(lease)
        self._loop = loop
        # Of the rows that were found last: whoever restored a dump may have two of one time.
        self._ids: dict[int, ObjectId] = {}

    def waiting(self, limit: int, held: frozenset[str]) -> list[tuple[int, int]]:
        """See `Table`."""
        return self._run(self._waiting(limit, held))

    async def _waiting(self, limit: int, held: frozenset[str]) -> list[tuple[int, int]]:
        query: Document = {"failed_at": None}
        if held:
            query["subject"] = {"$nin": [storable(subject) for subject in sorted(held)]}
        cursor = self._events.find(query, {"at": 1, "size": 1}, sort=[("at", ASCENDING)], limit=limit)
        found: list[tuple[int, int]] = []
        self._ids = {}
        async for document in cursor:
            number = _number(document["at"])
            while number in self._ids:
                number += 1
            self._ids[number] = document["_id"]
            found.append((number, document["size"]))
        return found

    def rows(self, numbers: list[int]) -> list[tuple[int, Entry]]:
        """See `Table`."""
        return self._run(self._rows(numbers))

    async def _rows(self, numbers: list[int]) -> list[tuple[int, Entry]]:
        ids = {self._ids[number]: number for number in numbers}
        found: dict[int, Entry] = {}
        async for document in self._events.find({"_id": {"$in": list(ids)}, "failed_at": None}):
            text = (document["type"], document["subject"], document["key"])
            found[ids[document["_id"]]] = Entry(*text, document["body"].encode("utf-8", "replace"))
        return sorted(found.items())

    def lease(self, holder: str, seconds: float) -> bool:
        """See `Table`."""
        return self._run(self._take(holder, seconds))

    async def _take(self, holder: str, seconds: float) -> bool:
        free = {"$or": [{"holder": holder}, {"$expr": {"$lt": ["$until", "$$NOW"]}}]}
        taking = [{"$set": {"holder": holder, "until": {"$add": ["$$NOW", int(seconds * 1000)]}}}]
        if (await self._lease.update_one({"_id": _RELAY, **free}, taking)).matched_count:
            return True
        # No upsert, in whose filter MongoDB allows no $expr.
        try:
            await self._lease.insert_one({"_id": _RELAY, "holder": "", "until": datetime.fromtimestamp(0, UTC)})
        except DuplicateKeyError:
            return False  # there is one, and another relay holds it
        return bool((await self._lease.update_one({"_id": _RELAY, **free}, taking)).matched_count)

    def release(self, holder: str) -> None:
        """See `Table`."""
        self._run(self._lease.delete_one({"_id": _RELAY, "holder": holder}))

    def settle(self, sent: list[int], refused: Mapping[int, Failure]) -> None:
        """See `Table`."""
        self._run(self._settle(sent, refused))

    async def _settle(self, sent: list[int], refused: Mapping[int, Failure]) -> None:
        changes: list[DeleteMany | UpdateOne] = [
            UpdateOne(
                {"_id": self._ids[number]},
                {
                    "$set": {
                        "failed_at": datetime.now(UTC),
                        "code": storable(failure.code or failure.reason)[:_DETAIL],
                        "detail": storable(failure.detail)[:_DETAIL],
                    }
                },
            )
            for number, failure in refused.items()
        ]
        if sent:
            changes.append(DeleteMany({"_id": {"$in": [self._ids[number] for number in sent]}}))
        if changes:
            await self._events.bulk_write(changes, ordered=False)

    def sweep(self, before: datetime) -> None:
        """See `Table`."""
        self._run(self._events.delete_many({"failed_at": {"$lt": before}}))

    def _run(self, asked: Coroutine[Any, Any, T]) -> T:
        return call_on(self._loop, asked)


def _surely(collection: AsyncCollection[Document]) -> AsyncCollection[Document]:
    return collection.with_options(
        read_preference=ReadPreference.PRIMARY,
        read_concern=ReadConcern("majority"),
        write_concern=WriteConcern("majority"),
    )


def _number(at: Timestamp) -> int:
    return (at.time << 32) | at.inc
