"""Schemas of requests under any JSON: it is loaded or refused, never anything else."""

import unicodedata
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st
from marshmallow import ValidationError

from sio_server.audience import Audience
from sio_server.errors import Refused
from sio_server.notification import PublishRequest
from sio_server.schemas import publish as schemas
from sio_server.schemas.publish import load_batch, load_publish
from tests.support.refusals import check, outcome
from tests.support.strategies import JSON, OBJECTS, TEXT

# As they are kept: some letters have another spelling in NFC, which may be longer.
SPELLED = st.text(st.characters(categories=["L", "Nd", "Pd", "So"]), min_size=1, max_size=128).map(
    lambda name: unicodedata.normalize("NFC", name)[:128]
)
NAMES = SPELLED | st.integers(0, 2**63)
NAME_LISTS = st.lists(NAMES, max_size=4)
LINKS = st.sampled_from(["/", "/tours/1?x=1#y", "https://example.org", "http://localhost:3000/a"])
OPTIONAL = st.none()

AUDIENCES = st.fixed_dictionaries(
    {},
    optional={
        "roles": NAME_LISTS,
        "users": NAME_LISTS,
        "topics": NAME_LISTS,
        "all": st.booleans(),
        "except": st.fixed_dictionaries({}, optional={"users": NAME_LISTS}),
    },
).filter(lambda audience: any(audience.get(name) for name in ("roles", "users", "topics", "all")))

VALID = st.fixed_dictionaries(
    {"type": st.from_regex(r"[a-z][a-z0-9_.-]{0,63}", fullmatch=True).filter(lambda name: "connect" not in name)},
    optional={
        "message": OPTIONAL | TEXT,
        "data": OPTIONAL | OBJECTS,
        "title": OPTIONAL | TEXT,
        "audience": OPTIONAL | AUDIENCES,
        "actor": OPTIONAL | st.fixed_dictionaries({"id": NAMES}, optional={"name": TEXT.filter(bool)}),
        "link": OPTIONAL | LINKS,
        "priority": OPTIONAL | st.sampled_from(["low", "normal", "high", "critical"]),
        "ttl": OPTIONAL | st.integers(1, 10 * 365 * 24 * 3600),
        "persist": OPTIONAL | st.booleans(),
        "idempotency_key": OPTIONAL | st.from_regex(r"[!-~]{1,255}", fullmatch=True),
        "source": OPTIONAL | TEXT.filter(bool),
    },
)
# A body that is nearly right: known fields with any values, so that every check sees what it was not made for.
NEARLY = st.builds(
    lambda right, wrong: {**right, **wrong},
    VALID,
    st.dictionaries(st.sampled_from([*schemas.PublishSchema().fields, "new"]), JSON),
)


BARE = st.dictionaries(
    st.sampled_from(["type", "message", "data", "title"]),
    st.sampled_from(["test", "a b", "connect", ""]) | JSON | OBJECTS,
)


@given(VALID | BARE)
def test_short_way_of_a_plain_body_and_the_schema_agree(body: Any) -> None:
    """A body of nothing but type, message and data, which takes a short way, gives what the schema gives."""
    try:
        by_schema: Any = schemas.PublishSchema(unknown="exclude").load(body)
    except ValidationError:
        by_schema = None
    result = outcome(load_publish, body)
    if by_schema is None:
        assert isinstance(result, Refused)
    else:
        given_ = {name: value for name, value in by_schema.items() if value is not None}
        assert isinstance(result, PublishRequest)
        assert {name: getattr(result, name) for name in given_} == given_


@given(JSON | OBJECTS | NEARLY)
@example({"type": "test", "audience": {"except": {"users": [{}]}}})
@example({"type": {"a": []}, "ttl": -1, "link": "\x00"})
def test_any_json_is_loaded_or_refused(body: Any) -> None:
    """Any JSON value is a request, or is refused with a code and two texts; nothing else ever comes of it."""
    found = outcome(load_publish, body)
    if isinstance(found, Refused):
        assert found.kind.code in {"invalid_data", "invalid_audience", "not_supported"}
        assert found.kind.status == 422
        check(found)
    else:
        assert isinstance(found, PublishRequest)


@given(JSON, TEXT)
def test_any_key_of_the_header_is_loaded_or_refused(body: Any, key: str) -> None:
    """The header's key is checked like the one of the body."""
    try:
        assert load_publish(body, key).idempotency_key == key
    except Refused as refusal:
        check(refusal)


@given(VALID)
@example({"type": "test", "audience": {"roles": [unicodedata.normalize("NFC", "\u0958")]}})
def test_valid_body_is_loaded_as_it_is(body: dict[str, Any]) -> None:
    """What is valid is loaded member by member, numbers for names becoming text, and null counts as left out."""
    request = load_publish(body)
    assert request.warnings == ()
    present = {name: value for name, value in body.items() if value is not None}
    audience = present.pop("audience", None)
    actor = present.pop("actor", None)
    for name, value in present.items():
        assert getattr(request, name) == value
    absent = PublishRequest(type="test")
    for name in {"message", "data", "title", "link", "priority", "ttl", "persist", "source", "idempotency_key"} - set(
        present
    ):
        assert getattr(request, name) == getattr(absent, name)
    assert request.actor == (None if actor is None else {**actor, "id": str(actor["id"])})
    if audience is None:
        assert request.audience is None
    else:
        excepted = audience.get("except", {}).get("users", [])
        assert request.audience == Audience.of(
            roles=map(str, audience.get("roles", [])),
            users=map(str, audience.get("users", [])),
            topics=map(str, audience.get("topics", [])),
            everybody=audience.get("all", False),
            except_users=map(str, excepted),
        )


@given(VALID)
def test_loaded_request_loads_again(body: dict[str, Any]) -> None:
    """A request that is written as a body once more is the same request with the same digest."""
    request = load_publish(body)
    again = load_publish(
        {
            "type": request.type,
            "message": request.message,
            "data": request.data,
            "title": request.title,
            "audience": None if request.audience is None else request.audience.as_dict(),
            "actor": request.actor,
            "link": request.link,
            "priority": request.priority,
            "ttl": request.ttl,
            "persist": request.persist,
            "source": request.source,
            "idempotency_key": request.idempotency_key,
        }
    )
    assert again == request
    assert again.fingerprint() == request.fingerprint()


@given(VALID, st.dictionaries(TEXT, JSON, max_size=3))
def test_unknown_field_is_a_warning(body: dict[str, Any], more: dict[str, Any]) -> None:
    """A field that is not known is told in a warning by its name and changes nothing else."""
    known = schemas.PublishSchema().fields
    unknown = {name: value for name, value in more.items() if name not in known}
    request = load_publish({**body, **unknown})
    assert len(request.warnings) == len(unknown)
    for name, warning in zip(unknown, request.warnings, strict=True):
        assert f"'{name}'" in warning
        assert f"'{name}'" in warning.es
        assert warning != warning.es
    assert request.fingerprint() == load_publish(body).fingerprint()


@given(NEARLY)
def test_refusal_names_fields_that_were_sent(body: dict[str, Any]) -> None:
    """Each problem is with a field that was sent, named by its path."""
    found = outcome(load_publish, body)
    if isinstance(found, Refused):
        assert {problem.field.partition(".")[0] for problem in found.problems} <= set(body)


@given(JSON)
def test_any_json_is_a_batch_or_refused(body: Any) -> None:
    """Any JSON value is a list of items or is refused."""
    try:
        assert 0 < len(load_batch(body)) <= schemas.MAX_BATCH
    except Refused as refusal:
        check(refusal)
