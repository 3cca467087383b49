"""The envelope, its position, and the text of both on the wire."""

import dataclasses
import json
import re
import uuid
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sio_server.audience import Audience
from sio_server.errors import Refused
from sio_server.event_types import RESERVED_TYPES, TYPE_PATTERN
from sio_server.extras import Extras
from sio_server.notification import (
    Entry,
    Notification,
    Position,
    PublishRequest,
    first_id,
    milliseconds,
    new_id,
    rfc3339,
)
from tests.support.strategies import JSON, OBJECTS, TEXT

# The order in which the contract lists them; people read it in their browser's tools.
MEMBERS = ["id", "seq", "cursor", "type", "title", "message", "data", "timestamp", "priority", "link", "actor"]
MEMBERS += ["expires_at", "replayed"]

NOW = datetime(2026, 11, 24, 2, 33, 28, 123456, UTC)
EPOCHS = st.text("0123456789abcdef", min_size=8, max_size=32)
POSITIONS = st.builds(Position, EPOCHS, st.integers(0, 10**18 - 1))


def notification(**members: Any) -> Notification:
    """Make a notification with these members."""
    given_ = {"id": new_id(), "type": "test", "message": "Hola", "data": {}, "timestamp": milliseconds(NOW), **members}
    return Notification(**{"audience": Audience.of(roles=["hidden-role"]), **given_})


@given(
    position=POSITIONS,
    replayed=st.booleans(),
    message=TEXT,
    title=st.none() | TEXT,
    data=OBJECTS,
    actor=st.none() | OBJECTS,
    link=st.none() | TEXT,
    ttl=st.none() | st.timedeltas(timedelta(0), timedelta(days=3650)),
)
def test_encoded_text_is_the_envelope(
    position: Position, *, replayed: bool, ttl: timedelta | None, **members: Any
) -> None:
    """The text on the wire is JSON equal to the envelope, its members in the order of the contract, each once."""
    made = notification(expires_at=None if ttl is None else milliseconds(NOW + ttl), **members)
    entry = Entry.of(made, position)
    encoded = entry.encode(replayed=replayed)
    assert [name for name, _ in json.loads(encoded, object_pairs_hook=list)] == MEMBERS
    assert orjson.loads(encoded) == entry.envelope(replayed=replayed)
    assert orjson.loads(encoded) == {
        **members,
        "id": made.id,
        "seq": position.seq,
        "cursor": position.cursor(),
        "type": "test",
        "timestamp": "2026-11-24T02:33:28.123Z",
        "priority": "normal",
        "expires_at": None if ttl is None else rfc3339(NOW + ttl),
        "replayed": replayed,
    }


@pytest.mark.parametrize("replayed", [False, True])
def test_envelope_says_when_it_is_not_stored(*, replayed: bool) -> None:
    """Only what is not stored has a member ``persist``, which is false."""
    passing = Entry.of(notification(persist=False), Position("abcdef01", 7))
    members = [*MEMBERS[:-1], "persist", "replayed"]
    assert [name for name, _ in json.loads(passing.encode(replayed=replayed), object_pairs_hook=list)] == members
    assert passing.envelope()["persist"] is False
    assert passing.record()["persist"] is False
    assert "persist" not in Entry.of(notification(), Position("abcdef01", 7)).envelope()


@given(roles=st.lists(st.sampled_from(["hidden-role", "secret-role"])), source=st.none() | st.just("hidden-source"))
def test_envelope_never_tells_the_audience(roles: list[str], source: str | None) -> None:
    """Neither whom a notification is for nor which part of the backend sent it is told to those who get it."""
    audience = Audience.of(roles=roles, users=["hidden-user"], topics=["hidden-topic"], except_users=["hidden-one"])
    encoded = Entry.of(notification(audience=audience, source=source), Position("0" * 8, 1)).encode()
    assert b"hidden" not in encoded
    assert b"secret-role" not in encoded


def test_publication_keeps_what_the_log_needs() -> None:
    """An entry has the notification's identity, audience, source, durability, and the very bytes of its body."""
    made = notification(source="bookings", persist=False)
    entry = Entry.of(made, Position("abcdef01", 7))
    assert (entry.id, entry.event, entry.position) == (made.id, "test", Position("abcdef01", 7))
    assert (entry.audience, entry.source, entry.persist) == (made.audience, "bookings", False)
    assert entry.body is made.body


def test_notification_cannot_be_changed() -> None:
    """A notification's body is made once, so its members stay what they were."""
    made = notification()
    for name in ("message", "body", "other"):
        with pytest.raises(AttributeError):
            setattr(made, name, "other")


@pytest.mark.parametrize("data", [{"a": b"bytes"}, {"a": {1, 2}}, {"a": 2**64}, {"a": "\ud800"}])
def test_what_is_no_json_is_refused(data: dict[str, Any]) -> None:
    """Data that no JSON text can hold is refused by its field, not by a failure of the encoder."""
    with pytest.raises(Refused) as caught:
        notification(data=data)
    assert caught.value.kind.code == "invalid_data"
    assert [problem.field for problem in caught.value.problems] == ["data"]


def test_deeply_nested_data_is_refused() -> None:
    """Data nested deeper than can be written is refused, in the envelope and in the digest of a request alike."""
    data: dict[str, Any] = {}
    for _ in range(300):
        data = {"a": data}
    for make in (lambda: notification(data=data), PublishRequest(type="test", data=data).fingerprint):
        with pytest.raises(Refused) as caught:
            make()
        assert caught.value.kind.code == "invalid_data"


@given(POSITIONS)
def test_cursor_round_trips(position: Position) -> None:
    """The position that a cursor names is the position it was made of."""
    assert Position.parse(position.cursor()) == position


@given(st.text() | st.from_regex(r"[0-9a-fA-F]{7,33}-[0-9]{1,20}") | EPOCHS)
def test_foreign_text_is_no_cursor(text: str) -> None:
    """A text either is the cursor of a position, character by character, or is none."""
    position = Position.parse(text)
    assert position is None or position.cursor() == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-",
        "-1",
        "12345678",
        "12345678-",
        "12345678--1",
        "12345678-01",
        "12345678-+1",
        "12345678-1 ",
        " 12345678-1",
        "12345678-1\n",
        "12345678-1_0",
        "12345678-１",  # noqa: RUF001 - a digit to `str.isdigit` and to `int`
        "1234567-1",
        "ABCDEF12-1",
        f"{'0' * 33}-1",
        f"12345678-1{'0' * 18}",
        "12345678-1-1",
    ],
)
def test_malformed_cursor(text: str) -> None:
    """What only looks like a cursor is none, so that each position has one text."""
    assert Position.parse(text) is None


@given(EPOCHS, st.lists(st.integers(0, 10**9), min_size=2, max_size=5))
def test_positions_of_a_log_are_ordered_by_seq(epoch: str, numbers: list[int]) -> None:
    """Positions of one log compare as their numbers do, not as text."""
    assert [found.seq for found in sorted(Position(epoch, number) for number in numbers)] == sorted(numbers)


def test_ids_are_uuid7_and_differ() -> None:
    """Identities are UUIDs of version 7 that never repeat."""
    made = [new_id() for _ in range(1000)]
    assert len(set(made)) == len(made)
    assert {uuid.UUID(text).version for text in made} == {7}
    assert all(str(uuid.UUID(text)) == text for text in made)


@given(st.lists(st.integers(0, 2**43), min_size=1, max_size=10), st.integers(0, 2**43))
def test_ids_are_searched_by_their_moment(moments: list[int], edge: int) -> None:
    """An id holds the moment it was made for, and as text lies above what no id of that moment is below."""
    for moment in moments:
        made = new_id(moment)
        assert uuid.UUID(made).int >> 80 == moment
        assert (made >= first_id(edge)) == (moment >= edge)
    assert first_id(-1) == first_id(0) < new_id() < first_id(10**17)


@given(st.datetimes(datetime(1970, 1, 2), datetime(2199, 1, 1)), st.integers(-14 * 60, 14 * 60))  # noqa: DTZ001
def test_moments_are_written_in_utc_with_milliseconds(moment: datetime, minutes: int) -> None:
    """A moment of any zone is written in UTC, to the millisecond, and reads back within it."""
    aware = moment.replace(tzinfo=timezone(timedelta(minutes=minutes)))
    text = rfc3339(aware)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    assert timedelta(0) <= aware - datetime.fromisoformat(text) < timedelta(milliseconds=1)


REQUEST = PublishRequest(
    type="test",
    message="m",
    data={"a": 1, "b": {"c": 2, "d": 3}},
    title="t",
    audience=Audience.of(users=["1"]),
    actor={"id": "1"},
    link="/",
    priority="low",
    ttl=5,
    source="s",
)
# A member and a value that it has not got above.
DIFFERENT: list[tuple[str, Any]] = [
    ("type", "other"),
    ("message", None),
    ("message", ""),
    ("data", {}),
    ("data", {"a": 1.5, "b": {"c": 2, "d": 3}}),
    ("data", {"a": "1", "b": {"c": 2, "d": 3}}),
    ("title", "T"),
    ("audience", None),
    ("audience", Audience.of(users=["2"])),
    ("audience", Audience.of(users=["1"], except_users=["2"])),
    ("actor", {"id": "2"}),
    ("link", "/x"),
    ("priority", None),
    ("ttl", 6),
    ("expires_at", 1),
    ("persist", False),
    ("source", None),
    ("extras", Extras(group="x")),
]


def test_fingerprint_ignores_the_order_of_members() -> None:
    """Two bodies that differ in the order of their members alone are the same, inside ``data`` as well."""
    other = dataclasses.replace(REQUEST, data={"b": {"d": 3, "c": 2}, "a": 1})
    assert other.fingerprint() == REQUEST.fingerprint()


@pytest.mark.parametrize(("member", "value"), DIFFERENT)
def test_fingerprint_tells_bodies_apart(member: str, value: Any) -> None:
    """Two bodies that differ in any member that changes what is published are not the same."""
    assert dataclasses.replace(REQUEST, **{member: value}).fingerprint() != REQUEST.fingerprint()


def test_fingerprint_is_of_every_member() -> None:
    """A member that a request gets later takes part in the digest too; the key, the trace and the warnings do not."""
    told = {name for name, _ in DIFFERENT}
    others = {"idempotency_key", "traceparent", "warnings"}
    assert {member.name for member in dataclasses.fields(PublishRequest)} == told | others
    same = dataclasses.replace(REQUEST, idempotency_key="k", traceparent="00-1", warnings=())
    assert same.fingerprint() == REQUEST.fingerprint()


@given(JSON, JSON)
def test_equal_fingerprints_mean_equal_data(one: Any, other: Any) -> None:
    """Different data have different digests, for any JSON."""
    first = PublishRequest(type="test", data={"x": one}).fingerprint()
    second = PublishRequest(type="test", data={"x": other}).fingerprint()
    same = orjson.dumps(one, option=orjson.OPT_SORT_KEYS) == orjson.dumps(other, option=orjson.OPT_SORT_KEYS)
    assert (first == second) is same


@pytest.mark.parametrize("name", ["test", "a", "tour_creado", "a.b-c_1", "a" * 64])
def test_type_names(name: str) -> None:
    """A type is named by lower-case letters, digits and three marks, at most 64 of them."""
    assert TYPE_PATTERN.fullmatch(name)


@pytest.mark.parametrize("name", ["", "A", "1a", "_a", "ns:hello", "a b", "a\n", "é", "a" * 65, "a:b"])
def test_no_type_names(name: str) -> None:
    """What is not such a name, control events among them, is no type."""
    assert not TYPE_PATTERN.fullmatch(name)


def test_names_of_socketio_are_reserved() -> None:
    """The events that Socket.IO's own clients raise are nobody's to publish."""
    assert {"connect", "connect_error", "disconnect", "disconnecting"} == RESERVED_TYPES
