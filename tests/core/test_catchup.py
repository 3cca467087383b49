"""The way from a cursor to live: nothing lost, nothing twice, nothing out of order, whatever happens meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from sio_server.core.catchup import MAX_HELD, Catchup, resume


@dataclass(frozen=True)
class Item:
    """What is in the log, or passes by without being stored."""

    seq: int
    mine: bool = True
    stored: bool = True


class World:
    """A log with a window on its end, a publisher, and one client on its way."""

    def __init__(self, past: list[bool], window: int) -> None:
        self.items = [Item(number, mine) for number, mine in enumerate(past, start=1)]
        self.window = window
        self.passed: list[Item] = []

    @property
    def head(self) -> int:
        """The place of the newest one."""
        return len(self.items)

    def publish(self, *, mine: bool) -> Item:
        """Append one."""
        self.items.append(Item(self.head + 1, mine))
        return self.items[-1]

    def read(self, after: int, limit: int) -> list[Item]:
        """A page of what the client may see."""
        return [item for item in self.items if item.seq > after and item.mine][:limit]

    def rest(self, after: int) -> list[Item] | None:
        """What the client may see from there on, as far as the window reaches back."""
        return None if after < self.head - self.window else [item for item in self.items[after:] if item.mine]


class Way:
    """One client's way to live, and what it was sent; each step is something that may happen meanwhile."""

    def __init__(self, world: World, after: int, limit: int) -> None:
        self.world = world
        self.limit = limit
        self.catchup: Catchup[Item] = Catchup(after)
        self.sent: list[Item] = []
        self.stale: tuple[list[Item], int] | None = None

    def announce(self, item: Item) -> None:
        """What the server does with whatever is published."""
        if self.catchup.live and item.mine:
            self.sent.append(item)
        elif not item.stored:
            self.catchup.hold(item)

    def publish_mine(self) -> None:
        """Something for this client is published."""
        self.announce(self.world.publish(mine=True))

    def publish_for_others(self) -> None:
        """Something for somebody else is published."""
        self.announce(self.world.publish(mine=False))

    def pass_by(self) -> None:
        """Something for this client is published without being stored."""
        item = Item(self.world.head, stored=False)
        self.world.passed.append(item)
        self.announce(item)

    def page(self) -> None:
        """A page of the log is read and sent."""
        if not self.catchup.live:
            self.stale = self._read(self.world.head)
            self._take(*self.stale)

    def publish_within_page(self) -> None:
        """Something is published after the head was noted and before the log is read, so that the page holds it."""
        if not self.catchup.live:
            reached = self.world.head
            self.publish_mine()
            self._take(*self._read(reached))

    def stale_page(self) -> None:
        """A page that was sent before comes once more."""
        if not self.catchup.live and self.stale is not None:
            self._take(*self.stale)

    def finish(self) -> None:
        """The window does the rest, if it reaches back."""
        rest = None if self.catchup.live else self.world.rest(self.catchup.position)
        if rest is not None:
            replayed, held = self.catchup.finish(rest, head=self.world.head)
            self.sent.extend((*replayed, *held))

    def _read(self, reached: int) -> tuple[list[Item], int]:
        found = self.world.read(self.catchup.position, self.limit)
        return found, reached if len(found) < self.limit else found[-1].seq

    def _take(self, page: list[Item], covered: int) -> None:
        self.sent.extend(self.catchup.page(page, covered=covered))


STEPS = st.lists(
    st.sampled_from(
        [
            Way.publish_mine,
            Way.publish_for_others,
            Way.pass_by,
            Way.page,
            Way.stale_page,
            Way.publish_within_page,
            Way.finish,
        ]
    ),
    max_size=60,
)
Steps = list[Callable[[Way], None]]


def run(world: World, after: int, steps: Steps, limit: int) -> tuple[list[Item], Catchup[Item]]:
    """Let things happen in this order, then bring the client home; returns what it was sent."""
    way = Way(world, after, limit)
    for step in steps:
        step(way)
    while not way.catchup.live:
        way.page()
        way.finish()
    return way.sent, way.catchup


@given(
    past=st.lists(st.booleans(), max_size=40),
    window=st.integers(0, 20),
    steps=STEPS,
    limit=st.integers(1, 5),
    data=st.data(),
)
def test_nothing_is_lost_repeated_or_reordered(
    past: list[bool], window: int, steps: Steps, limit: int, data: st.DataObject
) -> None:
    """Whatever is published, read late or read twice on the way, a client gets all of its own above its cursor once."""
    world = World(past, window)
    after = data.draw(st.integers(0, world.head))

    sent, catchup = run(world, after, steps, limit)

    stored = [item.seq for item in sent if item.stored]
    assert stored == [item.seq for item in world.items if item.seq > after and item.mine]
    assert catchup.replayed <= len(stored)


@given(past=st.lists(st.booleans(), max_size=20), steps=STEPS)
def test_what_is_not_stored_follows_the_replay_in_order(past: list[bool], steps: Steps) -> None:
    """Entries that are not stored reach a client on its way too, each once, after what it missed."""
    world = World(past, window=0)

    sent, _ = run(world, 0, steps, limit=3)

    passed = [item for item in sent if not item.stored]
    assert passed == world.passed[-MAX_HELD:] if len(world.passed) > MAX_HELD else passed == world.passed


def test_what_waits_for_one_client_is_bounded() -> None:
    """Of very many unstored entries, the newest reach a client that is on its way for long."""
    catchup: Catchup[Item] = Catchup(0)
    for number in range(MAX_HELD + 50):
        catchup.hold(Item(number, stored=False))

    _, held = catchup.finish([], head=0)

    assert [item.seq for item in held] == list(range(50, MAX_HELD + 50))


@given(after=st.integers(0, 100), head=st.integers(0, 100), floor=st.integers(0, 100))
def test_only_a_position_within_the_log_can_be_resumed(after: int, head: int, floor: int) -> None:
    """A cursor from before what retention kept, or from a future that this log never had, is not recovered in part."""
    assert resume(after, head=head, floor=floor) == (floor <= after <= head)
