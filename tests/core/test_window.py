"""The newest entries in memory: the same answers as the whole log would give, or none."""

from hypothesis import given
from hypothesis import strategies as st

from sio_server.audience import Audience
from sio_server.core.window import Window
from sio_server.notification import Effect, Entry, Position

ROOMS = ("all", "role:admin", "role:turista", "user:1", "user:2", "topic:7")


def entry(seq: int, rooms: frozenset[str], *, excepted: bool = False, expires_at: int | None = None) -> Entry:
    """A stored entry to these rooms."""
    named = [room.split(":") for room in sorted(rooms) if room != "all"]
    audience = Audience(
        roles=tuple(name for kind, name in named if kind == "role"),
        users=tuple(name for kind, name in named if kind == "user"),
        topics=tuple(name for kind, name in named if kind == "topic"),
        all="all" in rooms,
        except_users=("1",) if excepted else (),
    )
    return Entry(
        Position("abcdef01", seq),
        "notification",
        "test",
        audience.rooms(),
        audience.except_rooms(),
        b"x" * 10,
        f"id-{seq}",
        audience,
        expires_at=expires_at,
    )


ENTRIES = st.lists(
    st.tuples(
        st.frozensets(st.sampled_from(ROOMS), min_size=1),
        st.booleans(),
        st.sampled_from([None, 1_000_000, 3_000_000]),
    ),
    max_size=40,
)


@given(
    made=ENTRIES,
    seen_from=st.dictionaries(st.sampled_from(ROOMS), st.integers(0, 40)),
    position=st.integers(0, 40),
    size=st.integers(1, 50),
    effects=st.dictionaries(st.integers(1, 40), st.tuples(st.integers(1, 40), st.booleans())),
)
def test_a_window_answers_as_the_whole_log_would(
    made: list[tuple[frozenset[str], bool, int | None]],
    seen_from: dict[str, int],
    position: int,
    size: int,
    effects: dict[int, tuple[int, bool]],
) -> None:
    """What one person may see above a position comes in order and once, or it is said not to reach back.

    What took the place of others, or changed them, has done so there, too.
    """
    log = [
        entry(seq, rooms, excepted=excepted, expires_at=expires_at)
        for seq, (rooms, excepted, expires_at) in enumerate(made, start=1)
    ]
    window, taken = Window(now=lambda: 2000.0, max_count=size), set[int]()
    for item in tuple(log):
        window.append(item)
        earlier, gone = effects.get(item.seq, (item.seq, True))
        of_it = [one for one in log[: item.seq - 1] if one.seq == earlier]
        for one in of_it:
            if gone:
                window.heed(Effect((earlier,)))
                taken.add(earlier)
            elif earlier not in taken:
                log[earlier - 1] = one._replace(body=f"changed by {item.seq}".encode())
                window.heed(Effect((), log[earlier - 1]))

    found = window.after(position, seen_from, "1")

    if position < len(log) - size:
        assert found is None
        return
    assert found == [
        item
        for item in log
        if item.seq > position
        and item.seq not in taken
        and any(seen_from.get(room, 100) < item.seq for room in item.audience.rooms())
        and "1" not in item.audience.except_users
        and (item.expires_at is None or item.expires_at > 2_000_000)
    ]


def test_a_window_is_bounded_by_bytes_and_forgets_rooms() -> None:
    """Large entries push older ones out, and a room that nothing is left of costs nothing."""
    window = Window(now=lambda: 0.0, max_bytes=2000)
    window.append(entry(1, frozenset({"topic:7"})))
    for seq in range(2, 6):
        window.append(entry(seq, frozenset({"all"})))

    assert len(window) == 3
    assert window.floor == 2
    assert window.after(2, {"topic:7": 0, "all": 0}, None) == window.after(2, {"all": 0}, None)
    assert window.after(1, {"all": 0}, None) is None


def test_an_empty_window_knows_where_it_begins() -> None:
    """After a start the window holds nothing, and nothing is missing above the head of the log."""
    window = Window(7, now=lambda: 0.0)

    assert window.after(7, {"all": 0}, None) == []
    assert window.after(6, {"all": 0}, None) is None
