"""The way from a cursor to live: nothing lost, nothing twice, nothing out of order, whatever happens meanwhile."""

from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from sio_server.recovery import MAX_HELD, Catchup, resume


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
        return len(self.items)

    def publish(self, *, mine: bool) -> Item:
        self.items.append(Item(self.head + 1, mine))
        return self.items[-1]

    def read(self, after: int, limit: int) -> list[Item]:
        return [item for item in self.items if item.seq > after and item.mine][:limit]

    def rest(self, after: int) -> list[Item] | None:
        return None if after < self.head - self.window else [item for item in self.items[after:] if item.mine]


STEPS = st.lists(
    st.sampled_from(
        ["publish mine", "publish another's", "pass", "page", "stale page", "publish within a page", "finish"]
    ),
    max_size=60,
)


def run(world: World, after: int, steps: list[str], limit: int) -> tuple[list[Item], Catchup[Item]]:
    """Let things happen in this order, then bring the client home; returns what it was sent."""
    catchup: Catchup[Item] = Catchup(after)
    sent: list[Item] = []
    stale: tuple[list[Item], int] | None = None

    def announce(item: Item) -> None:
        if catchup.live and item.mine:
            sent.append(item)
        elif not item.stored:
            catchup.hold(item)

    def page() -> tuple[list[Item], int]:
        reached = world.head
        found = world.read(catchup.position, limit)
        return found, reached if len(found) < limit else found[-1].seq

    def step(name: str) -> None:
        nonlocal stale
        if name.startswith("publish ") and name != "publish within a page":
            announce(world.publish(mine=name == "publish mine"))
        elif name == "pass":
            item = Item(world.head, stored=False)
            world.passed.append(item)
            announce(item)
        elif catchup.live:
            return
        elif name == "page":
            stale = page()
            sent.extend(catchup.page(stale[0], covered=stale[1]))
        elif name == "publish within a page":
            reached = world.head  # noted before the log is read, as its answer may hold more than was there then
            announce(world.publish(mine=True))
            found = world.read(catchup.position, limit)
            sent.extend(catchup.page(found, covered=reached if len(found) < limit else found[-1].seq))
        elif name == "stale page" and stale is not None:
            sent.extend(catchup.page(stale[0], covered=stale[1]))
        elif name == "finish" and (rest := world.rest(catchup.position)) is not None:
            replayed, held = catchup.finish(rest, head=world.head)
            sent.extend(replayed)
            sent.extend(held)

    for name in steps:
        step(name)
    while not catchup.live:
        step("page")
        step("finish")
    return sent, catchup


@given(
    past=st.lists(st.booleans(), max_size=40),
    window=st.integers(0, 20),
    steps=STEPS,
    limit=st.integers(1, 5),
    data=st.data(),
)
def test_nothing_is_lost_repeated_or_reordered(
    past: list[bool], window: int, steps: list[str], limit: int, data: st.DataObject
) -> None:
    """Whatever is published, read late or read twice on the way, a client gets all that is its own above its cursor once."""
    world = World(past, window)
    after = data.draw(st.integers(0, world.head))

    sent, catchup = run(world, after, steps, limit)

    stored = [item.seq for item in sent if item.stored]
    assert stored == [item.seq for item in world.items if item.seq > after and item.mine]
    assert catchup.replayed <= len(stored)


@given(past=st.lists(st.booleans(), max_size=20), steps=STEPS)
def test_what_is_not_stored_follows_the_replay_in_order(past: list[bool], steps: list[str]) -> None:
    """Publications that are not stored reach a client on its way too, each once, after what it missed."""
    world = World(past, window=0)

    sent, _ = run(world, 0, steps, limit=3)

    passed = [item for item in sent if not item.stored]
    assert passed == world.passed[-MAX_HELD:] if len(world.passed) > MAX_HELD else passed == world.passed


def test_what_waits_for_one_client_is_bounded() -> None:
    """Of very many unstored publications, the newest reach a client that is on its way for long."""
    catchup: Catchup[Item] = Catchup(0)
    for number in range(MAX_HELD + 50):
        catchup.hold(Item(number, stored=False))

    _, held = catchup.finish([], head=0)

    assert [item.seq for item in held] == list(range(50, MAX_HELD + 50))


@given(after=st.integers(0, 100), head=st.integers(0, 100), floor=st.integers(0, 100))
def test_only_a_position_within_the_log_can_be_resumed(after: int, head: int, floor: int) -> None:
    """A cursor from before what retention kept, or from a future that this log never had, is not recovered in part."""
    assert resume(after, head=head, floor=floor) == (floor <= after <= head)
