"""What a notification becomes by an amendment. Pure."""

from __future__ import annotations

from typing import Final, NamedTuple

import orjson

from sio_server.broker.amendments import Amendment
from sio_server.errors import Refused, Text
from sio_server.notification import Entry, written
from sio_server.texts import Texts

# Members of the envelope that are null where there is nothing to say; the others are absent then.
_NULLS: Final = frozenset({"title", "link", "actor", "expires_at"})


class Mended(NamedTuple):
    """A notification as it is from now on. ``life``: milliseconds from now until it expires, where ``expires``."""

    revision: int
    body: bytes
    texts: Texts | None
    priority: str
    expires: bool
    """Whether it expires at another moment than before."""
    life: int | None
    regrouped: bool
    group: str | None


def mend(entry: Entry, amendment: Amendment) -> Mended:
    """What a stored notification becomes; raises `Refused` (``revision_mismatch``)."""
    before = orjson.loads(b"{%b}" % entry.body)
    revision, given = before.get("revision", 0), amendment.members
    if amendment.revision not in (None, revision):
        raise Refused("revision_mismatch", _REVISION.format(revision), extra={"revision": revision})
    members = {**before, **given, "revision": revision + 1, "updated_at": written(amendment.at)}
    end = given.get("expires_at")
    if "expires_at" in given:
        members["expires_at"] = None if end is None else written(end)
    kept = {name: value for name, value in members.items() if value is not None or name in _NULLS}
    return Mended(
        revision + 1,
        orjson.dumps(kept)[1:-1],
        amendment.texts if amendment.rewords else entry.texts,
        members["priority"],
        "expires_at" in given,
        None if end is None else end - amendment.at,
        "group" in given,
        members.get("group"),
    )


def replaced_by(other: str | None) -> Refused:
    """The refusal for a notification whose place another took."""
    return Refused("replaced", _REPLACED.format(other), extra={"replaced_by": other})


_REVISION: Final = Text(
    "It has been changed meanwhile: its revision is {0}. Look at it again, and send that revision.",
    "Ha cambiado entretanto: su revisión es {0}. Vuelve a mirarla y envía esa revisión.",
)
_REPLACED: Final = Text(
    "Another notification took its place: {0}. Change that one.",
    "Otra notificación ocupó su lugar: {0}. Cambia esa.",
)
