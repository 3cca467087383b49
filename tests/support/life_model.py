"""What becomes of notifications, in dictionaries: every broker must agree (`tests.broker.contract.life`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from sio_server.audience import Audience
from sio_server.broker import Action, Scheduled, Status
from sio_server.notification import Notification
from tests.support.inbox_model import State, place_of


@dataclass
class Standing:
    """A notification that stands in the log."""

    made: Notification
    seq: int
    thread: str
    message: str
    replaces: str | None = None
    revision: int = 0


@dataclass
class Word:
    """Word of a notification that was changed or taken back."""

    kind: str
    about: str
    audience: Audience
    expires_at: int | None


@dataclass
class Life:
    """The log, the schedule, what each user follows, and where each notification stands with each user."""

    head: int = 0
    standing: dict[int, Standing] = field(default_factory=dict)
    words: dict[int, Word] = field(default_factory=dict)
    waiting: dict[str, Scheduled] = field(default_factory=dict)
    """By id, what is scheduled."""
    follows: dict[tuple[str, str], int] = field(default_factory=dict)
    """By user and topic, the position after which it is seen."""
    states: dict[tuple[str, int], State] = field(default_factory=dict)
    answers: dict[tuple[str, str], str] = field(default_factory=dict)
    gone: dict[str, int | None] = field(default_factory=dict)
    """By id, what left the log: the position of word that it was taken back, or None where another took its place."""
    told: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """By thread, what happened to which of its notifications, in order."""

    # -- what is done ---------------------------------------------------------------------------------------------

    def publish(self, made: Notification, now: int) -> Standing:
        """Take a notification into the log, in the place of another if there is one."""
        self.head += 1
        former = self._former(made, now)
        thread = made.id
        if former is not None:
            self._take_out(former.seq)
            self.gone[former.made.id] = None
            thread = former.thread
            self.told[thread].append((former.made.id, "replaced"))
        self.told.setdefault(thread, []).append((made.id, "published"))
        replaces = None if former is None else former.made.id
        new = self.standing[self.head] = Standing(made, self.head, thread, made.message, replaces)
        return new

    def _former(self, made: Notification, now: int) -> Standing | None:
        place = place_of(made)
        if place is None:
            return None
        alike = [one for one in self.alive(now) if place_of(one.made) == place]
        return alike[-1] if alike else None

    def schedule(self, planned: Scheduled) -> str | None:
        """Keep one until it is due, and return the id of the one whose place it takes."""
        made = planned.notification
        place = place_of(made)
        alike = [one for one in self.waiting.values() if place is not None and place_of(one.notification) == place]
        for one in alike:
            del self.waiting[one.notification.id]
        self.waiting[made.id] = planned
        return alike[0].notification.id if alike else None

    def mend(self, one: Standing, message: str) -> None:
        """Have a notification say something else."""
        one.message = message
        one.revision += 1
        self._word("updated", one)
        self.told[one.thread].append((one.made.id, "updated"))

    def retract(self, one: Standing) -> None:
        """Take a notification back."""
        self._take_out(one.seq)
        self._word("removed", one)
        self.gone[one.made.id] = self.head
        self.told[one.thread].append((one.made.id, "retracted"))

    def _word(self, kind: str, one: Standing) -> None:
        self.words = {seq: word for seq, word in self.words.items() if word.about != one.made.id}
        self.head += 1
        self.words[self.head] = Word(kind, one.made.id, one.made.audience, one.made.expires_at)

    def _take_out(self, seq: int) -> None:
        gone = self.standing.pop(seq)
        self.words = {at: word for at, word in self.words.items() if word.about != gone.made.id}
        self.answers = {key: action for key, action in self.answers.items() if key[1] != gone.made.id}

    def deliver(self, now: int) -> list[Standing]:
        """Let everything into the log that is due, the soonest first; what has expired goes without a word."""
        due = sorted((one.due, identity) for identity, one in self.waiting.items() if one.due <= now)
        return [self.publish(self.waiting.pop(identity).at(now), now) for _, identity in due]

    # -- what is seen ---------------------------------------------------------------------------------------------

    def alive(self, now: int) -> list[Standing]:
        """All that stands in the log and has not expired, in order."""
        return [
            one for _, one in sorted(self.standing.items()) if one.made.expires_at is None or one.made.expires_at > now
        ]

    def _is_for(self, user: str, audience: Audience, seq: int) -> bool:
        if user in audience.except_users:
            return False
        topics = (self.follows.get((user, topic)) for topic in audience.topics)
        return audience.all or user in audience.users or any(since is not None and since < seq for since in topics)

    def visible(self, user: str, now: int) -> list[Standing]:
        """What a user sees, in order."""
        return [one for one in self.alive(now) if self._is_for(user, one.made.audience, one.seq)]

    def stretch(self, user: str, now: int) -> list[tuple[int, str, str]]:
        """What a user gets who comes back from the beginning: position, kind, id."""
        found = [(one.seq, "notification", one.made.id) for one in self.visible(user, now)]
        for seq, word in self.words.items():
            if (word.expires_at is None or word.expires_at > now) and self._is_for(user, word.audience, seq):
                found.append((seq, word.kind, word.about))
        return sorted(found)

    def state(self, user: str, seq: int) -> State:
        """Where a notification stands with a user."""
        return self.states.setdefault((user, seq), State())

    def counts(self, user: str, now: int) -> tuple[int, int, int]:
        """Unread, unseen and the last position."""
        states = [self.state(user, one.seq) for one in self.visible(user, now)]
        return sum(not one.read for one in states), sum(not one.seen for one in states), self.head

    def page(self, user: str, status: Status, now: int) -> list[Standing]:
        """All of a status, newest first."""
        return [
            one
            for one in reversed(self.visible(user, now))
            if (state := self.state(user, one.seq)).archived == (status == "archived")
            and not (status == "unread" and state.read)
        ]

    def mark(self, user: str, action: Action, ids: Sequence[str] | None, now: int) -> None:
        """Change the state of what is named and seen, or with None of all."""
        if ids is None:
            for seq in range(1, self.head + 1):
                self.state(user, seq).change(action, everything=True)
            return
        for one in self.visible(user, now):
            if one.made.id in ids:
                self.state(user, one.seq).change(action)

    def act(self, user: str, one: Standing, action: str, now: int) -> str | None:
        """Answer a notification, which reads it; returns the code of what is wrong with that."""
        if one not in self.visible(user, now):
            return "not_found"
        if (user, one.made.id) in self.answers:
            return "already_answered"
        if action not in ("yes", "no"):
            return "invalid_data"
        self.answers[user, one.made.id] = action
        self.state(user, one.seq).change("read")
        return None
