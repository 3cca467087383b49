"""The last refusals: bounded in number and length, without anything a peer should not find in them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from sio_server.errors import Problem, Refused, Text
from sio_server.refusals import CAPACITY, MAX_TEXT, Refusals


def test_newest_come_first_and_oldest_go() -> None:
    """Only the last ones are kept, newest first, and all of them are counted."""
    refusals = Refusals()
    for number in range(CAPACITY + 5):
        refusals.note(Refused("not_found"), method="GET", path=f"/{number}", request_id=f"r{number}")
    kept = refusals.newest(CAPACITY * 2, "en")

    assert [one["path"] for one in kept] == [f"/{number}" for number in range(CAPACITY + 4, 4, -1)]
    assert kept[0]["request_id"] == f"r{CAPACITY + 4}"
    assert refusals.newest(2, "en") == kept[:2]
    assert refusals.total == CAPACITY + 5


def test_refusal_is_told_in_the_language_of_whoever_asks() -> None:
    """The reason is kept in both languages."""
    refusals = Refusals()
    refused = Refused.of_problems("invalid_data", (Problem("ttl", Text("Too long.", "Demasiado largo.")),))
    refusals.note(refused, method="POST", path="/notify", status=400)

    (spanish,), (english,) = refusals.newest(1, "es"), refusals.newest(1, "en")
    assert (spanish["detail"], english["detail"]) == ("ttl: Demasiado largo.", "ttl: Too long.")
    assert (english["code"], english["status"], english["method"]) == ("invalid_data", 400, "POST")
    assert english["request_id"] is None


@given(st.text(max_size=3 * MAX_TEXT), st.text(max_size=3 * MAX_TEXT))
def test_what_a_peer_wrote_is_cut(name: str, path: str) -> None:
    """Whatever a peer names a field or a path, what is shown is short and printable, and short printable text stays."""
    refusals = Refusals()
    refused = Refused("invalid_data", Text("{0}: no.", "{0}: no.").format(name))
    refusals.note(refused, method="GET", path=path)
    (kept,) = refusals.newest(1, "en")

    for shown, given_text in ((kept["detail"], f"{name}: no."), (kept["path"], path)):
        assert len(shown) <= MAX_TEXT
        assert shown.isprintable()
        assert shown == given_text or len(given_text) > MAX_TEXT or not given_text.isprintable()
