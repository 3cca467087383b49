"""What every broker promises of a notification's whole life, against a model in dictionaries."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from sio_server.audience import Audience, Identity
from sio_server.broker import Action, Amendment, Broker, Scheduled, Status, View
from sio_server.errors import Refused
from sio_server.extras import Choice, Extras
from sio_server.notification import Notification, first_id
from tests.broker.contract.inbox import ACTIONS, STATUSES
from tests.support.brokers import Ear, appended_at_once
from tests.support.inbox_model import Clock, notification
from tests.support.life_model import Life, Standing

USERS = ("ana", "bea")
TOPICS = ("tour:1", "tour:2")
CHOICES = (Choice(id="yes", label="Sí"), Choice(id="no", label="No"))
# Few, so that many notifications are for the same and take each other's place.
AUDIENCES = st.sampled_from(
    [
        Audience.of(everybody=True),
        Audience.of(everybody=True, except_users=["bea"]),
        Audience.of(users=["ana"]),
        Audience.of(users=["bea"], topics=["tour:1", "tour:2"]),
    ]
)
KEYS = st.sampled_from([None, "k", "k", "l"])
TIMES = st.sampled_from([None, 2.0, 6.0])
PLANS = st.tuples(AUDIENCES, KEYS, TIMES)
ID = "00000000-0000-7000-8000-000000000000"


@contextmanager
def refused(code: str) -> Iterator[None]:
    """What is refused with this code, and nothing else."""
    with pytest.raises(Refused) as caught:
        yield
    assert caught.value.kind.code == code


class LifeMachine(RuleBasedStateMachine):
    """Does the same to a broker and to the model, and compares all that users see after each step.

    A subclass gives `opened`.
    """

    def opened(self) -> Broker:
        """A broker that tells time by `clock`, and is not started."""
        raise NotImplementedError

    @initialize()
    def start(self) -> None:
        """Start an empty broker that both users have come to."""
        self.runner = asyncio.Runner()
        self.clock = Clock()
        self.model = Life()
        self.made = 0
        self.ear = Ear()
        self.broker = self.opened()
        self.runner.run(self.broker.start(self.ear))
        self.views = {user: self._come(user) for user in USERS}

    def teardown(self) -> None:
        """Close the log."""
        if hasattr(self, "runner"):
            self.runner.run(self.broker.close())
            self.runner.close()

    @property
    def now(self) -> int:
        """Milliseconds, of the log's clock and of the wall's."""
        return int(self.clock.seconds * 1000)

    def _come(self, user: str) -> View:
        return self.runner.run(self.broker.sight(user, Identity(user).rooms()))

    def _made(self, audience: Audience, key: str | None, ttl: float | None) -> Notification:
        extras = Extras(collapse_key=key, actions=CHOICES)
        # The same ids each time: what is due at one moment is delivered in their order.
        self.made += 1
        identity = f"{first_id(self.now)}-7000-8000-{self.made:012x}"
        return notification(
            audience, at=self.clock.seconds, ttl=ttl, publisher="key:tests", extras=extras, identity=identity
        )

    # -- what publishers do ---------------------------------------------------------------------------------------

    @rule(several=st.lists(PLANS, min_size=1, max_size=4))
    def publish(self, several: list[tuple[Audience, str | None, float | None]]) -> None:
        """Publish some in one commit, of which some may take the place of others."""
        made = [self._made(*one) for one in several]
        told = self.runner.run(appended_at_once(self.broker, made))
        for one, published in zip(made, told, strict=True):
            stands = self.model.publish(one, self.now)
            former = None if published.former is None else published.former.id
            assert (published.id, published.position.seq, former) == (one.id, stands.seq, stands.replaces)

    @rule(plan=PLANS, after=st.integers(1, 6))
    def schedule(self, plan: tuple[Audience, str | None, float | None], after: int) -> None:
        """Have one delivered later, in the place of one that is to be, if there is one with its key."""
        audience, key, ttl = plan
        due = self.now + after * 1000
        made = self._made(audience, key, None)
        planned = Scheduled(made, due, self.now, "key:tests", None if ttl is None else int(ttl * 1000)).moved(due)
        booked = self.runner.run(self.broker.schedule(planned, most=100))
        assert (booked.id, booked.due, booked.replaces) == (made.id, due, self.model.schedule(planned))

    @precondition(lambda self: self.model.waiting)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        """Cancel one that was to be delivered."""
        identity = data.draw(st.sampled_from(sorted(self.model.waiting)))
        del self.model.waiting[identity]
        assert self.runner.run(self.broker.cancel(identity, by="key:tests", at=self.now))

    @rule(seconds=st.sampled_from([1.0, 2.0, 7.0]))
    def tick(self, seconds: float) -> None:
        """Let time pass, and have delivered what is due by then."""
        self.clock.seconds += seconds
        delivered = self.model.deliver(self.now)
        did = self.runner.run(self.broker.deliver_due(self.now, limit=100))
        assert (did.delivered, did.more) == (len(delivered), False)
        waiting = [one.due for one in self.model.waiting.values()]
        assert did.soonest == (min(waiting) if waiting else None)

    @rule(data=st.data(), text=st.text("abc", max_size=3))
    def mend(self, data: st.DataObject, text: str) -> None:
        """Change what a notification says, or find that it is there no more."""
        identity = data.draw(self._ids())
        amendment = Amendment(members={"message": text}, at=self.now, by="key:tests")
        one = self._alive(identity)
        if one is None:
            code = "replaced" if self.model.gone.get(identity, 0) is None else "not_found"
            with refused(code):
                self.runner.run(self.broker.amend(identity, amendment))
            return
        done = self.runner.run(self.broker.amend(identity, amendment))
        self.model.mend(one, text)
        assert (done.revision, done.position.seq) == (one.revision, self.model.head)

    @rule(data=st.data())
    def retract(self, data: st.DataObject) -> None:
        """Take a notification back, once more, or find that it is there no more."""
        identity = data.draw(self._ids())
        one = self._alive(identity)
        retracting = self.broker.retract(identity, by="key:tests", at=self.now)
        if one is None and not self.model.gone.get(identity):
            with refused("replaced" if identity in self.model.gone else "not_found"):
                self.runner.run(retracting)
            return
        if one is not None:
            self.model.retract(one)
        assert self.runner.run(retracting).seq == self.model.gone[identity]

    def _ids(self) -> st.SearchStrategy[str]:
        known = [one.made.id for one in self.model.standing.values()]
        return st.sampled_from([*known, *self.model.gone, ID])

    def _alive(self, identity: str) -> Standing | None:
        return next((one for one in self.model.alive(self.now) if one.made.id == identity), None)

    # -- what people do -------------------------------------------------------------------------------------------

    @rule(user=st.sampled_from(USERS), topic=st.sampled_from(TOPICS), wanted=st.booleans())
    def follow(self, user: str, topic: str, *, wanted: bool) -> None:
        """Follow a topic from now on, or no more."""
        if wanted:
            self.runner.run(self.broker.follow(user, topic))
            self.model.follows.setdefault((user, topic), self.model.head)
        else:
            self.runner.run(self.broker.unfollow(user, topic))
            self.model.follows.pop((user, topic), None)
        self.views[user] = self._come(user)

    @rule(data=st.data(), user=st.sampled_from(USERS), action=st.sampled_from(ACTIONS), everything=st.booleans())
    def mark(self, data: st.DataObject, user: str, action: Action, *, everything: bool) -> None:
        """Change the state of some, whoever's they are, or of all."""
        known = [one.made.id for one in self.model.standing.values()]
        ids = None if everything else data.draw(st.lists(st.sampled_from([*known, ID]), max_size=3))
        self.model.mark(user, action, ids, self.now)
        marked = self.runner.run(self.broker.mark(self.views[user], action, ids))
        counts = marked.counts
        assert (counts.unread, counts.unseen, counts.at_seq) == self.model.counts(user, self.now)

    @precondition(lambda self: self.model.standing)
    @rule(data=st.data(), user=st.sampled_from(USERS), action=st.sampled_from(["yes", "no", "other"]))
    def act(self, data: st.DataObject, user: str, action: str) -> None:
        """Answer a notification, or find that it cannot be, or was."""
        one = data.draw(st.sampled_from(list(self.model.standing.values())))
        code = self.model.act(user, one, action, self.now)
        acting = self.broker.answer(self.views[user], one.made.id, action)
        if code is not None:
            with refused(code):
                self.runner.run(acting)
            return
        acted = self.runner.run(acting)
        counts = acted.marked.counts
        assert acted.answer.action == action
        assert (counts.unread, counts.unseen, counts.at_seq) == self.model.counts(user, self.now)

    # -- what is seen ---------------------------------------------------------------------------------------------

    @invariant()
    def agree(self) -> None:
        """Compare everything that can be seen."""
        if not hasattr(self, "runner"):
            return
        for user, view in self.views.items():
            counts = self.runner.run(self.broker.counts(view))
            assert (counts.unread, counts.unseen, counts.at_seq) == self.model.counts(user, self.now)
            for status in STATUSES:
                self._compare_page(user, view, status)
            stretch = self.runner.run(self.broker.stretch(view, 0, 1000)).items
            told = [(entry.seq, entry.kind, entry.id) for entry in stretch]
            assert told == self.model.stretch(user, self.now)
        found = self.runner.run(self.broker.search(after=0)).items
        assert [one.entry.seq for one in found] == sorted(self.model.standing)
        waiting = self.runner.run(self.broker.schedule_page(limit=100)).items
        assert {one.notification.id: one.due for one in waiting} == {
            identity: one.due for identity, one in self.model.waiting.items()
        }
        for thread, expected in self.model.told.items():
            happened = self.runner.run(self.broker.history(thread))
            assert [(one.id, one.action) for one in happened] == expected

    def _compare_page(self, user: str, view: View, status: Status) -> None:
        items = self.runner.run(self.broker.page(view, status=status, limit=100)).items
        expected = self.model.page(user, status, self.now)
        assert [item.entry.seq for item in items] == [one.seq for one in expected]
        for item, one in zip(items, expected, strict=True):
            envelope, state = item.entry.envelope(), self.model.state(user, one.seq)
            told = (envelope["message"], envelope.get("replaces"), envelope.get("thread"), envelope.get("revision", 0))
            thread = None if one.replaces is None else one.thread
            assert told == (one.message, one.replaces, thread, one.revision)
            assert (item.seen, item.read, item.archived) == (state.seen, state.read, state.archived)
            answer = None if item.answer is None else item.answer.action
            assert answer == self.model.answers.get((user, one.made.id))
