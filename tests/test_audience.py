"""Who gets a notification: what the rooms say and what the names say is the same."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sio_server.audience import ROOM_ALL, Audience, Identity, is_guest, name_of, role_room, topic_room, user_room

# Few names, so that they meet; some that look like rooms, so that a prefix is never mistaken for a name.
GUEST = "guest:0123456789abcdef"
NAMES = st.sampled_from(["1", "2", "admin", "turista", "all", "user:1", "role:admin", ":", "topic:1", GUEST])
MANY = st.lists(NAMES, max_size=4)

IDENTITIES = st.builds(
    Identity,
    st.none() | NAMES,
    st.lists(NAMES, max_size=3).map(tuple),
    st.lists(NAMES, max_size=3).map(tuple),
)
AUDIENCES = st.builds(Audience.of, roles=MANY, users=MANY, topics=MANY, everybody=st.booleans(), except_users=MANY)


@given(AUDIENCES, IDENTITIES)
def test_included_is_who_shares_a_room_and_is_not_excepted(audience: Audience, identity: Identity) -> None:
    """A person is meant exactly when they share a room with the audience and none with its exceptions."""
    rooms = set(identity.rooms())
    shares = not rooms.isdisjoint(audience.rooms())
    excepted = not rooms.isdisjoint(audience.except_rooms())
    assert audience.includes(identity) is (shares and not excepted)


@given(AUDIENCES, st.lists(IDENTITIES, max_size=6))
def test_delivery_by_rooms_reaches_each_person_once(audience: Audience, people: list[Identity]) -> None:
    """Members of the audience's rooms, taken as one set, are those who are meant, each once."""
    members: dict[str, set[int]] = {}
    for number, person in enumerate(people):
        for room in person.rooms():
            members.setdefault(room, set()).add(number)
    excepted = {number for room in audience.except_rooms() for number in members.get(room, ())}
    reached = {number for room in audience.rooms() for number in members.get(room, ())} - excepted
    assert reached == {number for number, person in enumerate(people) if audience.includes(person)}


@given(AUDIENCES)
def test_audience_names_each_room_once(audience: Audience) -> None:
    """However often a name was given, its room is published to once: a log has one row for it."""
    assert all(count == 1 for count in Counter(audience.rooms()).values())
    assert all(count == 1 for count in Counter(audience.except_rooms()).values())


@given(IDENTITIES)
def test_person_is_in_each_room_once(identity: Identity) -> None:
    """Everybody is in ``all``, in a room for each role, for each topic and for themselves, and in none twice.

    A guest is in none but the last, whatever is claimed.
    """
    rooms = identity.rooms()
    assert len(rooms) == len(set(rooms))
    if identity.user == GUEST:
        assert rooms == (user_room(GUEST),)
        return
    expected = {ROOM_ALL, *map(role_room, identity.roles), *map(topic_room, identity.topics)}
    assert set(rooms) - expected == ({user_room(identity.user)} if identity.user is not None else set()) - expected
    assert expected <= set(rooms)


@given(NAMES, NAMES)
def test_rooms_of_different_kinds_never_meet(one: str, other: str) -> None:
    """A user, a role and a topic of the same name are three rooms, and none of them is everybody's."""
    assert len({user_room(one), role_room(one), topic_room(one), ROOM_ALL}) == 4
    assert user_room(one) != role_room(other)
    assert (user_room(one) == user_room(other)) is (one == other)


@given(AUDIENCES)
def test_empty_is_an_audience_without_rooms(audience: Audience) -> None:
    """An audience of nobody is one that has no room; exceptions alone name nobody."""
    assert audience.is_empty() is (audience.rooms() == ())


@given(AUDIENCES)
def test_audience_round_trips(audience: Audience) -> None:
    """An audience written as in a request reads back as the same."""
    assert Audience.from_dict(audience.as_dict()) == audience


def test_everybody_stands_alone() -> None:
    """An audience of everybody is one room, whoever else it names, and exceptions still hold."""
    audience = Audience.of(roles=["admin"], users=["1"], everybody=True, except_users=["2"])
    assert audience.rooms() == ("all",)
    assert audience.includes(Identity(None))
    assert not audience.includes(Identity("2", ("admin",)))


def test_names_keep_their_order() -> None:
    """Names stay in the order they were given, the first of two equal ones counts."""
    assert Audience.of(users=["3", "1", "3", "2"]).users == ("3", "1", "2")


def test_nameless_connection_is_excepted_by_nobody() -> None:
    """A connection without a user is no user's, so no exception names it."""
    audience = Audience.of(roles=["admin"], except_users=["None", ""])
    assert audience.includes(Identity(None, ("admin",)))
    assert not Audience.of(users=["None"]).includes(Identity(None))


def test_unreadable_parts_name_nobody() -> None:
    """What is no list of names reads as no names."""
    assert Audience.from_dict({"roles": "admin", "users": None, "except": ["1"]}) == Audience()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("ana", "ana"),
        ("a{b}", "a{b}"),
        ("Jose\u0301", "Jos\u00e9"),
        ("Jos\u00e9", "Jos\u00e9"),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f468\u200d\U0001f469\u200d\U0001f467"),
        ("\U0001f3f4\U000e0067\U000e0062\U000e007f", "\U0001f3f4\U000e0067\U000e0062\U000e007f"),
        ("a\u00a0b", "a\u00a0b"),
        ("\u5c71\u7530\u3000\u592a\u90ce", "\u5c71\u7530\u3000\u592a\u90ce"),
        ("\u0928\u093f", "\u0928\u093f"),
        ("e\u0301" * 128, "\u00e9" * 128),
        ("e\u0301" * 129, None),
        ("x" * 129, None),
        ("x" * 5000 + "\u00e9", None),
        ("", None),
        (" ", None),
        ("ana ", None),
        ("\u00a0ana", None),
        ("ana\u3000", None),
        ("a\nb", None),
        ("a\x7f", None),
        ("a\u0085", None),
        ("a\u202eb", None),
        ("a\u2066b", None),
        ("a\u200fb", None),
        ("a\u200bb", None),
        ("a\u2028b", None),
        ("\ufeffa", None),
        ("a\ud800", None),
        ("\u200d", None),
    ],
)
def test_names(given: str, kept: str | None) -> None:
    """A name has one spelling; joiners, marks and spaces of all scripts are part of it, what cannot be seen is not."""
    assert name_of(given) == kept


@pytest.mark.parametrize(
    ("user", "guest"),
    [
        (GUEST, True),
        ("guest:ffffffffffffffff", True),
        *((user, False) for user in (None, "", "guest", "guest:", "guest:7", f"{GUEST}0", f" {GUEST}", f"{GUEST}\n")),
        *(
            (user, False)
            for user in (GUEST.upper(), "guest:0123456789abcdeg", f"user:{GUEST}", "guest:" + "\u0661" * 16)
        ),
    ],
)
def test_guest_is_known_by_its_name(user: str | None, guest: bool) -> None:  # noqa: FBT001
    """A guest is who has a name of just that form, and nobody else."""
    assert is_guest(user) is guest
