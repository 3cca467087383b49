"""What clients send on a live connection is taken or refused by its field, in both languages."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import EXCLUDE, ValidationError

from sio_server.errors import Refused
from sio_server.schemas.events import MAX_IDS, HandshakeSchema, check_handshake, load_ack, load_mark, load_token
from sio_server.schemas.loading import MAX_SEQ
from tests.support.refusals import check
from tests.support.strategies import JSON

# -- the handshake --


def test_handshake_may_be_left_out() -> None:
    """A client that sends no ``auth`` has sent an empty one."""
    assert check_handshake(None) == {}
    assert check_handshake({}) == {}


def test_handshake_members() -> None:
    """Known members are kept, others are the client's own business."""
    auth = {"token": "t", "cursor": "0123abcd-5", "locale": "es-MX", "role": "admin", "user": 7, "topics": ["a"]}
    assert check_handshake({**auth, "other": 1}) == auth


@pytest.mark.parametrize(
    ("auth", "field"),
    [([], "auth"), ("token", "auth"), ({"token": 5}, "token"), ({"key": []}, "key"), ({"cursor": "x" * 65}, "cursor")],
)
def test_wrong_handshake_names_the_field(auth: Any, field: str) -> None:
    """A handshake of wrong types is refused by its field, in both languages."""
    with pytest.raises(Refused) as caught:
        check_handshake(auth)
    check(caught.value)
    assert caught.value.kind.code == "invalid_request"
    assert [problem.field for problem in caught.value.problems] == [field]


@given(JSON | st.dictionaries(st.sampled_from(list(HandshakeSchema().fields)), JSON))
def test_any_handshake_is_taken_or_refused(auth: Any) -> None:
    """Any JSON value is a handshake or is refused."""
    try:
        assert set(check_handshake(auth)) <= set(HandshakeSchema().fields)
    except Refused as refusal:
        check(refusal)


@given(st.dictionaries(st.sampled_from([*HandshakeSchema().fields, "pid"]), st.text(max_size=70) | JSON))
def test_short_way_takes_what_the_schema_takes(auth: dict[str, Any]) -> None:
    """A handshake of nothing but text goes past the schema, and comes out as the schema would have it."""
    try:
        expected = HandshakeSchema(unknown=EXCLUDE).load(auth)
    except ValidationError:
        with pytest.raises(Refused):
            check_handshake(auth)
    else:
        assert check_handshake(auth) == expected


# -- events --


def test_acknowledgement_is_a_position() -> None:
    """An acknowledgement names the seq up to which everything arrived; other members are the client's own business."""
    assert load_ack({"seq": 0}) == 0
    assert load_ack({"seq": MAX_SEQ, "type": "ns:ack", "id": 1}) == MAX_SEQ


def test_token_of_an_event() -> None:
    """A newer token is a text."""
    assert load_token({"token": "a.b.c"}) == "a.b.c"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"ids": ["a", "b"]}, (["a", "b"], None, None)),
        ({"ids": ["a"], "all": False}, (["a"], None, None)),
        ({"all": True}, (None, None, None)),
        ({"group": "g"}, (None, None, "g")),
        ({"all": True, "up_to": 7}, (None, 7, None)),
        ({"ids": ["a"] * MAX_IDS}, (["a"] * MAX_IDS, None, None)),
    ],
    ids=["ids", "not all", "all", "group", "up to", "many"],
)
def test_mark_names_ids_or_all(body: Any, expected: Any) -> None:
    """A change of state is of these ids, or of all, as far as was looked at."""
    assert load_mark(body) == expected


@pytest.mark.parametrize(
    ("load", "body", "field"),
    [
        (load_ack, None, ""),
        (load_ack, [], ""),
        (load_ack, {}, "seq"),
        (load_ack, {"seq": "5"}, "seq"),
        (load_ack, {"seq": 5.5}, "seq"),
        (load_ack, {"seq": True}, "seq"),
        (load_ack, {"seq": -1}, "seq"),
        (load_ack, {"seq": 2**63}, "seq"),
        (load_token, None, ""),
        (load_token, {"token": None}, "token"),
        (load_token, {"token": 5}, "token"),
        (load_mark, "all", ""),
        (load_mark, {}, ""),
        (load_mark, {"ids": []}, "ids"),
        (load_mark, {"ids": ["a"], "all": True}, ""),
        (load_mark, {"all": False}, ""),
        (load_mark, {"all": "yes"}, "all"),
        (load_mark, {"ids": "a"}, "ids"),
        (load_mark, {"ids": [1]}, "ids.0"),
        (load_mark, {"ids": ["x" * 65]}, "ids.0"),
        (load_mark, {"ids": ["a"] * (MAX_IDS + 1)}, "ids"),
        (load_mark, {"all": True, "up_to": 1.5}, "up_to"),
    ],
)
def test_wrong_event_names_the_field(load: Any, body: Any, field: str) -> None:
    """What is no acknowledgement, token or change of state is refused by its field, in both languages."""
    with pytest.raises(Refused) as caught:
        load(body)
    check(caught.value)
    assert caught.value.kind.code == "invalid_data"
    assert [problem.field for problem in caught.value.problems] == [field]


@given(JSON | st.dictionaries(st.sampled_from(["seq", "token", "ids", "all", "up_to"]), JSON))
def test_any_event_is_taken_or_refused(body: Any) -> None:
    """Any JSON value is an event's body or is refused, never anything else."""
    for load in (load_ack, load_token, load_mark):
        try:
            load(body)
        except Refused as refusal:
            check(refusal)
