"""What users answer to notifications that offer actions. Protocols only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sio_server.broker.inbox import Answer, Marked
from sio_server.broker.log import View


@dataclass(frozen=True, slots=True)
class Acted:
    """That a user answered, and what it changed in the inbox: what is answered is read and seen."""

    answer: Answer
    marked: Marked


@dataclass(frozen=True, slots=True)
class AnswersPage:
    """Who answered one notification, and what, by the users' names; ``next_after`` is the ``after`` of the next ones.

    ``counts`` are all of them, by action, the most chosen first.
    """

    counts: Mapping[str, int]
    items: tuple[tuple[str, Answer], ...]
    next_after: str | None


class Answers(Protocol):
    """One answer of each user to each notification, for as long as the notification is stored."""

    async def answer(self, view: View, notification_id: str, action: str) -> Acted:
        """Answer a notification with one of its actions, which marks it read and seen in the same transaction.

        Of all calls for one user and notification, on all nodes and however close together, one alone is taken. Durable
        when it returns. Raises `Refused`: ``not_found`` for what is not in the view, or has expired; ``invalid_data``
        for an action that the notification does not offer, with those that it does; ``already_answered`` with the
        ``action`` and ``at`` of the first answer, whatever this one says.

        Once it is durable, and before this returns, the broker itself has every node hear `Answered`, and
        `InboxChanged` as after `Inbox.mark`.
        """

    async def answers(self, notification_id: str, *, limit: int, after: str | None = None) -> AnswersPage | None:
        """At most ``limit`` answers to one notification, of users above the name ``after``; None when it is unknown."""
