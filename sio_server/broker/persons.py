"""What a log holds about one user: in which tables, and how it is told and taken out of what others share. Pure.

The tables with a user's name are listed here and nowhere else; a test of each broker holds the list to its schema.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, NamedTuple

import orjson

from sio_server.audience import Audience
from sio_server.broker import steps
from sio_server.broker.packing import pack, unpack
from sio_server.broker.places import digest
from sio_server.notification import written
from sio_server.texts import Texts

# Rows that one step takes away or changes: publishers wait for no more than that.
STEP_ROWS: Final = 200

# Rows that one step of the search looks at.
STEP_LOOK: Final = 5000

# Notifications of one part of an export: they may be 16 MiB each, and are 1 KiB as a rule.
PART: Final = 50

# In place of the name of an administrator who is gone.
NOBODY: Final = "admin:erased"

Row = Mapping[str, Any]
Rows = list[dict[str, Any]]


class UserTable(NamedTuple):
    """A table with a row of its own for a user: what its rows are called, and what tells them apart beside the user."""

    kind: str
    key: tuple[str, ...] = ()


USER_TABLES: Final[Mapping[str, UserTable]] = {
    "sight": UserTable("rooms", ("room",)),
    "follow": UserTable("follows", ("room",)),
    "inbox": UserTable("inbox"),
    "inbox_state": UserTable("states", ("seq",)),
    "delivery": UserTable("deliveries", ("kind", "low")),
    "visit": UserTable("visits"),
    "answer": UserTable("answers", ("seq",)),
}
"""Tables with a column for the name of their user.

Beside them ``revocation`` has one, which keeps its row by another name; ``notification_except``, whose rows go with the
audience they are of; and those of `SEARCHED` elsewhere.
"""

# Where a notification names whom it is for, and whose it was: the table, its key, the column of the audience, and those
# of administrators.
SEARCHED: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    "notification": ("seq", "audience", ("publisher",)),
    "amendment": ("seq", "audience", ("publisher",)),
    "history": ("number", "audience", ("publisher", "who")),
    "schedule": ("id", "notification", ("by",)),
    "schedule_past": ("number", "audience", ("by", "ended_by")),
}

# What rows that are found by a search are called in a copy, where they go, and where the name goes out of them.
EXPORTED: Final[Mapping[str, str]] = {
    "notification": "notifications",
    "history": "history",
    "schedule": "scheduled",
    "schedule_past": "scheduled",
}
ERASED: Final[Mapping[str, str]] = {**EXPORTED, "amendment": "amendments"}
NARROWED: Final = "audiences"


def first_key(table: str) -> Any:
    """What is below every key of a table."""
    return "" if table == "schedule" else -1


def administrator(user: str) -> str:
    """How a user is named who published or changed something as an administrator."""
    return f"admin:{user}"


def words_of(user: str) -> tuple[bytes, bytes]:
    """How JSON holds the name of a user: by itself, and as an administrator's."""
    return orjson.dumps(user), orjson.dumps(administrator(user))


# -- what is told -----------------------------------------------------------------------------------------------------


def row_of(row: Row, name: str) -> dict[str, Any]:
    """A row of a user's own table as JSON has it, without the column ``name``, which is the user's."""
    told = {column: value for column, value in row.items() if column != name}
    if "steps" in told:
        told["steps"] = [
            {**step._asdict(), "at": written(step.at), "began": written(step.began) if step.began else None}
            for step in steps.unpack(told["steps"])
        ]
    return told


def former_of(row: Row) -> dict[str, Any]:
    """A row of ``history`` as it is told: id, action, at, type, audience, body and texts."""
    before = {
        "type": row["type"],
        "audience": orjson.loads(row["audience"]),
        **orjson.loads(b"{%b}" % row["body"]),
    }
    if row["texts"] is not None:
        before["texts"] = Texts.load(row["texts"]).shown()
    return {"id": row["id"], "action": row["action"], "at": written(row["at"]), "before": before}


def later_of(row: Row) -> dict[str, Any]:
    """A row of ``schedule`` as it is told: due and notification."""
    return {"due": written(row["due"]), **orjson.loads(row["notification"])}


def ended_of(row: Row) -> dict[str, Any]:
    """A row of ``schedule_past`` as it is told: id, ending, at, due, type, title, message and audience."""
    audience = orjson.loads(row["audience"])
    said = {"type": row["type"], "title": row["title"], "message": row["message"], "audience": audience}
    return {
        "id": row["id"],
        "ending": row["ending"],
        "at": written(row["at"]),
        "due": written(row["due"]),
        **said,
    }


def add_named(found: dict[str, Rows], table: str, audience: Audience, user: str, told: dict[str, Any]) -> None:
    """Put what a row says among what is told of a user, whom its audience names, or who published it."""
    if names(audience, user):
        found.setdefault(EXPORTED[table], []).append(told)
    elif table == "notification" and told["publisher"] == administrator(user):
        brief = {name: told[name] for name in ("id", "seq", "type", "timestamp")}
        found.setdefault("published", []).append(brief)


def audience_of(table: str, value: str | bytes | None) -> Audience:
    """Whom what a row speaks of is for, by its column of `SEARCHED`: nobody where that is not kept."""
    read = {} if value is None else orjson.loads(value)
    return Audience.from_dict(read["audience"] if table == "schedule" else read)


# -- what is taken out ------------------------------------------------------------------------------------------------


def names(audience: Audience, user: str) -> bool:
    """Whether an audience names a user."""
    return user in audience.users or user in audience.except_users


def without(audience: Audience, user: str) -> Audience | None:
    """An audience without the name of a user; None for one that was for this user alone."""
    left = replace(
        audience,
        users=tuple(one for one in audience.users if one != user),
        except_users=tuple(one for one in audience.except_users if one != user),
    )
    return None if user in audience.users and left.is_empty() else left


def narrowed(packed: bytes, left: Audience) -> tuple[bytes, bytes | None]:
    """What is scheduled, for these alone; and the place that it is to have, with a key."""
    made = unpack(packed)._replace(audience=left)
    key = None if made.extras is None else made.extras.collapse_key
    return pack(made), None if key is None else digest(key, left)


def unnamed(packed: bytes, user: str) -> bytes | None:
    """What an administrator scheduled, without the name; None where it was somebody else."""
    made = unpack(packed)
    return pack(made._replace(publisher=NOBODY)) if made.publisher == administrator(user) else None


def parts(keys: Sequence[Any], size: int) -> list[Sequence[Any]]:
    """Keys in pieces of this size."""
    return [keys[first : first + size] for first in range(0, len(keys), size)]
