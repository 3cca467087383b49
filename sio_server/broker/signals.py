"""What nodes tell one another beside entries: at most once, and nothing that may not be lost. Protocols only.

`InboxChanged`, `Answered`, `Revoked`, `Followed`, `DueChanged` and `Erased` come from the broker itself, after
`Inbox.mark`, `Answers.answer`, `Revocations.revoke`, `Follows.follow`, `Schedule.schedule` and `PersonalData.erase`;
the others are sent by nodes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class InboxChanged:
    """A user's inbox was changed: what ``ns:state`` says, without counters.

    ``action`` and ``ids``, or for a change of all ``up_to`` (a ``seq``), are as in `Marked`. Each node tells the user's
    connections, with counters of its own reading.
    """

    user: str
    action: str
    ids: tuple[str, ...]
    up_to: int | None


@dataclass(frozen=True, slots=True)
class Answered:
    """A user answered a notification with one of its actions, ``at`` as in `Answer`."""

    user: str
    notification_id: str
    action: str
    at: int


@dataclass(frozen=True, slots=True)
class Revoked:
    """A user's tokens that were issued before a moment (Unix seconds) hold no longer: their connections are closed."""

    user: str
    before: float


@dataclass(frozen=True, slots=True)
class Close:
    """One connection is to be closed with this code, wherever it is."""

    connection_id: str
    code: str


@dataclass(frozen=True, slots=True)
class Followed:
    """A user follows a topic now that is seen above ``seen_from`` (a ``seq``), or with None follows it no more.

    ``backend`` as in `Follow`: the user's connections are in other rooms from now on.
    """

    user: str
    topic: str
    seen_from: int | None
    backend: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """A connection with a private id of Socket.IO's own recovery has ended: a link that still looks alive is closed.

    Either it was ended on purpose, and the private id holds no longer; or, ``returned``, its bearer came back on
    another link, and the private id holds on.
    """

    sid: str
    returned: bool = False


@dataclass(frozen=True, slots=True)
class DueChanged:
    """Something is due at a moment (milliseconds of Unix time) at which nothing was before."""

    due: int


@dataclass(frozen=True, slots=True)
class Erased:
    """What was kept about a user is gone from the log: nodes forget what they have of it in memory."""

    user: str


@dataclass(frozen=True, slots=True)
class Spent:
    """On a node of this name a publisher used ``count`` of its quota, whose ``rate`` is in notifications a second."""

    node: str
    publisher: str
    count: int
    rate: int


@dataclass(frozen=True, slots=True)
class Ticketed:
    """On a node of this name a ticket was made, good for ``life`` seconds: each node takes it.

    ``digest`` is that of its text, which is a secret; ``said`` is whom it is for, as text.
    """

    node: str
    digest: str
    said: str
    life: float


Signal = InboxChanged | Answered | Revoked | Close | Followed | Ended | DueChanged | Erased | Spent | Ticketed


class Signals(Protocol):
    """The way from node to node for what concerns connections, also where there is one node."""

    def signal(self, signal: Signal) -> None:
        """Have every node hear this, each at most once; never waits, and raises nothing.

        This node's handler has heard it when the call returns.
        """
