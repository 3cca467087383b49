"""What waits for a peer keeps its order and its count, however it is taken."""

from hypothesis import given
from hypothesis import strategies as st

from sio_server.engine.transport.backlog import PORTION, Backlog

PIECES = st.lists(
    st.tuples(st.integers(1, 3 * PORTION).map(lambda size: b"x" * size) | st.binary(min_size=1), st.integers(1, 9))
)


@given(PIECES, st.data())
def test_all_comes_out_in_order_and_the_counts_are_right(pieces: list[tuple[bytes, int]], data: st.DataObject) -> None:
    """With pieces put and portions taken in any turn, all comes out in order, and size and packets are what is left."""
    backlog, taken, put = Backlog(), b"", 0
    while put < len(pieces) or backlog:
        if put < len(pieces) and (not backlog or data.draw(st.booleans())):
            backlog.put(*pieces[put])
            put += 1
        else:
            portion = backlog.pop()
            assert len(portion) <= PORTION or portion in [piece for piece, _ in pieces]
            taken += portion
        expected = b"".join(piece for piece, _ in pieces[:put])
        assert taken == expected[: len(taken)]
        assert backlog.size == len(expected) - len(taken)
    assert backlog.packets == 0


def test_what_is_let_go_waits_no_more() -> None:
    """Once cleared it is as it was at first."""
    backlog = Backlog()
    backlog.put(b"abc", 2)
    backlog.clear()
    assert (bool(backlog), backlog.size, backlog.packets) == (False, 0, 0)
