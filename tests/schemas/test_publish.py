"""Schemas of requests: whatever is sent is loaded, or refused with a code, a field and a text in two languages."""

from typing import Any

import marshmallow
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sio_server.errors import FieldProblem, Refused, Text
from sio_server.notification import PublishRequest
from sio_server.schemas import publish as schemas
from sio_server.schemas.publish import load_batch, load_publish
from tests.support.refusals import check, refused


def test_simplest_body() -> None:
    """The body that is valid for ever is valid, and so is a type alone."""
    assert load_publish({"type": "test", "message": "Hola mundo", "data": {}}) == PublishRequest(
        type="test", message="Hola mundo", data={}
    )
    assert load_publish({"type": "test"}) == PublishRequest(type="test")


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        ([], "invalid_data", ""),
        ("test", "invalid_data", ""),
        (None, "invalid_data", ""),
        ({}, "invalid_data", "type"),
        ({"type": None}, "invalid_data", "type"),
        ({"type": 5}, "invalid_data", "type"),
        ({"type": "Tour"}, "invalid_data", "type"),
        ({"type": "ns:hello"}, "invalid_data", "type"),
        ({"type": "test\n"}, "invalid_data", "type"),
        ({"type": "a" * 65}, "invalid_data", "type"),
        ({"type": "connect"}, "invalid_data", "type"),
        ({"type": "disconnect"}, "invalid_data", "type"),
        ({"type": "test", "message": 5}, "invalid_data", "message"),
        ({"type": "test", "data": []}, "invalid_data", "data"),
        ({"type": "test", "data": "{}"}, "invalid_data", "data"),
        ({"type": "test", "title": "x" * 201}, "invalid_data", "title"),
        ({"type": "test", "audience": []}, "invalid_audience", "audience"),
        ({"type": "test", "audience": {}}, "invalid_audience", "audience"),
        ({"type": "test", "audience": {"all": False}}, "invalid_audience", "audience"),
        ({"type": "test", "audience": {"roles": []}}, "invalid_audience", "audience"),
        ({"type": "test", "audience": {"except": {"users": ["1"]}}}, "invalid_audience", "audience"),
        ({"type": "test", "audience": {"roles": "admin"}}, "invalid_audience", "audience.roles"),
        ({"type": "test", "audience": {"roles": [None]}}, "invalid_audience", "audience.roles.0"),
        ({"type": "test", "audience": {"users": ["ok", ""]}}, "invalid_audience", "audience.users.1"),
        ({"type": "test", "audience": {"users": [True]}}, "invalid_audience", "audience.users.0"),
        ({"type": "test", "audience": {"users": ["a\nb"]}}, "invalid_audience", "audience.users.0"),
        ({"type": "test", "audience": {"users": ["x" * 129]}}, "invalid_audience", "audience.users.0"),
        ({"type": "test", "audience": {"users": ["1"] * 1001}}, "invalid_audience", "audience.users"),
        ({"type": "test", "audience": {"all": 1}}, "invalid_audience", "audience.all"),
        ({"type": "test", "audience": {"rolls": ["admin"]}}, "invalid_audience", "audience.rolls"),
        (
            {"type": "test", "audience": {"all": True, "except": {"roles": []}}},
            "invalid_audience",
            "audience.except.roles",
        ),
        ({"type": "test", "audience": {"all": True, "except": ["1"]}}, "invalid_audience", "audience.except"),
        ({"type": "test", "actor": "me"}, "invalid_data", "actor"),
        ({"type": "test", "actor": {}}, "invalid_data", "actor.id"),
        ({"type": "test", "actor": {"id": 1.5}}, "invalid_data", "actor.id"),
        ({"type": "test", "actor": {"id": "1", "role": "x"}}, "invalid_data", "actor.role"),
        ({"type": "test", "priority": "urgent"}, "invalid_data", "priority"),
        ({"type": "test", "ttl": 0}, "invalid_data", "ttl"),
        ({"type": "test", "ttl": "60"}, "invalid_data", "ttl"),
        ({"type": "test", "ttl": 1.5}, "invalid_data", "ttl"),
        ({"type": "test", "ttl": 10**12}, "invalid_data", "ttl"),
        ({"type": "test", "persist": "no"}, "invalid_data", "persist"),
        ({"type": "test", "persist": 0}, "invalid_data", "persist"),
        ({"type": "test", "idempotency_key": ""}, "invalid_data", "idempotency_key"),
        ({"type": "test", "idempotency_key": "x" * 256}, "invalid_data", "idempotency_key"),
        ({"type": "test", "idempotency_key": 5}, "invalid_data", "idempotency_key"),
        ({"type": "test", "idempotency_key": "a\x00"}, "invalid_data", "idempotency_key"),
        ({"type": "test", "source": ""}, "invalid_data", "source"),
        ({"type": "test", "source": "x" * 201}, "invalid_data", "source"),
    ],
)
def test_wrong_body_names_code_and_field(body: Any, code: str, field: str) -> None:
    """What is wrong with a body is told by a stable code and the path of the field, in both languages."""
    refusal = refused(body)
    assert refusal.kind.code == code
    assert [problem.field for problem in refusal.problems] == [field]


def test_each_wrong_field_is_told() -> None:
    """All wrong fields are told at once; with one beside the audience the code is the general one."""
    refusal = refused({"type": "test", "ttl": 0, "persist": 1, "audience": {"all": 1}})
    assert refusal.kind.code == "invalid_data"
    assert {problem.field for problem in refusal.problems} == {"ttl", "persist", "audience.all"}


@pytest.mark.parametrize(
    "link",
    [
        "javascript:alert(1)",
        "JavaScript:alert(1)",
        " javascript:alert(1)",
        "java\nscript:alert(1)",
        "\x01javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "vbscript:x",
        "file:///etc/passwd",
        "blob:https://example.org/1",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/a b",
        "https://example.org\njavascript:alert(1)",
        "https://",
        "https:example.org",
        "http:/example.org",
        "tours/1",
        "?x=1",
        "#x",
        "",
        f"/{'x' * 2048}",
    ],
)
def test_dangerous_link_is_refused(link: str) -> None:
    """A link that would run a script, leave for another site unseen or is no address is refused by its field."""
    refusal = refused({"type": "test", "link": link})
    assert {problem.field for problem in refusal.problems} == {"link"}


@pytest.mark.parametrize(
    "link", ["/", "/tours/7?x=1#y", "/a/../b", "/ñ", "https://example.org", "http://localhost:3000/x", "https://[::1]/"]
)
def test_harmless_link_passes(link: str) -> None:
    """A path of the same site or a web address is a link."""
    assert load_publish({"type": "test", "link": link}).link == link


@given(st.text())
def test_link_that_passes_is_a_path_or_a_web_address(link: str) -> None:
    """No link gets through but a path of this site and an address of the web."""
    try:
        load_publish({"type": "test", "link": link})
    except Refused:
        return
    assert link.startswith(("https://", "http://")) or (link.startswith("/") and not link.startswith(("//", "/\\")))


def test_key_of_the_header() -> None:
    """The header's key is the body's where that has none or the same; two different ones are refused."""
    assert load_publish({"type": "test"}, "k").idempotency_key == "k"
    assert load_publish({"type": "test", "idempotency_key": None}, "k").idempotency_key == "k"
    assert load_publish({"type": "test", "idempotency_key": "k"}, "k").idempotency_key == "k"
    for other in ("other", 5, ["k"]):
        refusal = refused({"type": "test", "idempotency_key": other}, "k")
        assert [problem.field for problem in refusal.problems] == ["idempotency_key"]
    for key in ("", "x" * 256):
        assert refused({"type": "test"}, key).problems[0].field == "idempotency_key"


def test_body_is_not_changed() -> None:
    """What a caller handed over stays as it was."""
    body = {"type": "test", "audience": {"users": [1]}, "new": 1}
    load_publish(body, "k")
    assert body == {"type": "test", "audience": {"users": [1]}, "new": 1}


def test_warnings_are_few() -> None:
    """However many invented fields a body has, few are told, and long names are cut."""
    request = load_publish({"type": "test", **{f"x{number}" * 20: 1 for number in range(1000)}})
    assert 0 < len(request.warnings) <= 20
    assert all(len(warning) < 120 for warning in request.warnings)


@pytest.mark.parametrize(
    "audience",
    [
        {f"k{number}": 0 for number in range(5000)},
        {"roles": [0.1] * 10000},
        {"users": [None] * 900, "roles": [None] * 900, "topics": [""] * 900},
        {"x" * 60000: 1},
    ],
)
def test_refusal_is_no_longer_than_the_body(audience: Any) -> None:
    """A body of many mistakes is not answered with many times its size."""
    body = {"type": "test", "audience": audience}
    reply = orjson.dumps(refused(body).as_dict("es"))
    assert len(reply) < 2.5 * len(orjson.dumps(body)) + 4096


# -- batches --


def test_batch_is_a_list_or_an_object_of_one() -> None:
    """A batch's items come as they are, one by one checked later."""
    assert load_batch([1, {}]) == [1, {}]
    assert load_batch({"notifications": [None]}) == [None]
    assert len(load_batch([{}] * 1000)) == 1000


@pytest.mark.parametrize("body", [None, {}, "x", {"notifications": {}}, [], {"notifications": []}, [{}] * 1001])
def test_what_is_no_batch_is_refused(body: Any) -> None:
    """What is no list, or an empty or overlong one, is refused by its field."""
    with pytest.raises(Refused) as caught:
        load_batch(body)
    check(caught.value)
    assert caught.value.kind.code == "invalid_data"
    assert [problem.field for problem in caught.value.problems] == ["notifications"]


# -- what the server sends --


@pytest.mark.parametrize("code", ["invalid_data", "unknown_type", "internal"])
def test_problem_document_is_as_described(code: str) -> None:
    """A refusal's document has the members of its schema and no other."""
    refusal = Refused(code, problems=(FieldProblem("type", Text("Wrong.", "Mal.")),), extra={"nearest": "test"})
    document = {**refusal.as_dict("es"), "request_id": "1"}
    assert schemas.ProblemSchema(unknown=marshmallow.RAISE).load(document) == document
