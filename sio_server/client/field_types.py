"""What a function takes for a field of ``data``, by the catalogue's kinds; JSON is made of it.

::

    id       a string, a whole number, a UUID, MongoDB's ObjectId
    number   int, float, Decimal
    date     date, datetime, ISO 8601 as text
    array    a list or a tuple; a string is none
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, Final, Protocol
from uuid import UUID


class ObjectId(Protocol):
    """MongoDB's identifier (``bson.ObjectId``), told by what it has, so that nobody needs its driver."""

    @property
    def binary(self) -> bytes:
        """Its twelve bytes."""


Id = str | int | UUID | ObjectId
Number = int | float | Decimal
Date = date | datetime | str
Object = Mapping[str, Any]
Array = list[Any] | tuple[Any, ...]

# By the catalogue's kinds: what stands in a signature, and how source code says it.
FIELD_TYPES: Final[dict[str, object]] = {
    "id": Id | None,
    "string": str | None,
    "integer": int | None,
    "number": Number | None,
    "boolean": bool | None,
    "object": Object | None,
    "array": Array | None,
    "date": Date | None,
}
FIELD_SOURCES: Final[dict[str, str]] = {
    "id": "Id",
    "string": "str",
    "integer": "int",
    "number": "Number",
    "boolean": "bool",
    "object": "Object",
    "array": "Array",
    "date": "Date",
}
