"""Notifications that are changed or taken back after they were published, and what they were before. Protocols only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple, Protocol

from sio_server.notification import Entry, Position
from sio_server.texts import Texts

Deed = Literal["published", "replaced", "updated", "retracted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Amendment:
    """What is to be other in a notification.

    ``members`` are those of the envelope, as they are to be from now on; None where the member is null, or absent. An
    ``expires_at`` among them is milliseconds of Unix time. ``by`` is who wants it, ``at`` the moment in milliseconds of
    Unix time. With ``revision`` only one that was changed so often before is changed. Where it ``rewords``, ``texts``
    are what it says otherwise in other languages; else that stays.
    """

    members: Mapping[str, Any]
    at: int
    by: str
    revision: int | None = None
    texts: Texts | None = None
    rewords: bool = False


class Amended(NamedTuple):
    """What became of a change: how often the notification was changed by now, and the position of word of it."""

    revision: int
    position: Position


class Happened(NamedTuple):
    """What happened to the notification ``id``, ``at`` a moment in milliseconds of Unix time.

    ``by`` is a publisher, None where it was not noted. ``before`` is the notification as it was before, None where it
    was not there yet. ``other`` is the id of the one that took its place.
    """

    id: str
    action: Deed
    at: int
    by: str | None
    before: Entry | None
    other: str | None = None


class Amendments(Protocol):
    """Changing what was published.

    Word of a change has a position, goes to whom the notification is for, and is in no inbox, counter, page, search,
    count or receipt. `Log.stretch` has it in order; it expires when the notification does, and retention takes it as it
    takes a notification of that type and age. Its `Effect` says what it does to earlier entries.
    """

    async def amend(self, notification_id: str, amendment: Amendment) -> Amended:
        """Change a stored notification where it stands: its id, its ``seq`` and its state in inboxes stay.

        Durable when this returns, and announced to this node as an entry of kind ``updated``, which has the changed
        envelope and takes the place of an earlier one about the same notification. The envelope has ``revision`` and
        ``updated_at``. Raises `Refused`: ``not_found`` for one that is unknown, has expired or was taken back,
        ``replaced`` for one whose place another took, ``revision_mismatch``.
        """

    async def retract(self, notification_id: str, *, by: str, at: int) -> Position:
        """Take a stored notification out of the log, with word of its changes.

        Durable when this returns, and announced to this node as an entry of kind ``removed``. One that was taken back
        already gives the position that this had, for as long as it is known. Raises `Refused` (``not_found``,
        ``replaced``) as `amend` does.
        """

    async def past(self, notification_id: str) -> Happened | None:
        """How a notification left the log: that it was replaced or retracted; None where it did not, or is forgotten.

        This is known for as long as a notification of that type and age would be kept.
        """

    async def history(self, notification_id: str) -> tuple[Happened, ...]:
        """What happened to a notification and those that took each other's place, oldest first; empty where unknown.

        It is known as `past` is, of each thread the newest.
        """
