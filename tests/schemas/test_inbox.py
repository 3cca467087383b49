"""The inbox's queries, and that what is answered is what the schemas describe."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import RAISE, Schema, ValidationError

from sio_server import fields
from sio_server.auth.claims import STATED
from sio_server.broker import MAX_PAGE
from sio_server.schemas.inbox import (
    CountsReplySchema,
    InboxPageSchema,
    InboxQuerySchema,
    MarkedSchema,
    PageQuerySchema,
    StatedSchema,
)
from sio_server.schemas.loading import MAX_SEQ, MAX_TYPES, PAGE
from tests.support.asking import get, post, published
from tests.support.servers import running, secured, token

QUERY = PageQuerySchema()


def problems(schema: Schema, query: dict[str, str]) -> list[str]:
    """Return the fields that are wrong with a query, each told in both languages."""
    with pytest.raises(ValidationError) as caught:
        schema.load(query)
    found = fields.problems_of(caught.value)
    assert all(problem.detail.es != str(problem.detail) for problem in found)
    return [problem.field for problem in found]


def test_what_is_left_out_has_its_default() -> None:
    """An empty query is the newest page of everything."""
    assert QUERY.load({}) == {"status": "all", "types": (), "limit": PAGE, "before": None}


def test_what_is_given_is_taken() -> None:
    """Each member is read from the text of a query."""
    loaded = QUERY.load({"status": "unread", "type": "a,b_c.d-e", "limit": str(MAX_PAGE), "before": str(MAX_SEQ)})

    assert loaded == {"status": "unread", "types": ["a", "b_c.d-e"], "limit": MAX_PAGE, "before": MAX_SEQ}


@pytest.mark.parametrize(
    ("query", "wrong"),
    [
        ({"status": ""}, "status"),
        ({"status": "UNREAD"}, "status"),
        ({"type": ""}, "type"),
        ({"type": "a,"}, "type.1"),
        ({"type": "connect"}, "type.0"),
        ({"type": "a:b"}, "type.0"),
        ({"type": ",".join(["a"] * (MAX_TYPES + 1))}, "type"),
        ({"limit": "0"}, "limit"),
        ({"limit": str(MAX_PAGE + 1)}, "limit"),
        ({"limit": "1e1"}, "limit"),
        ({"limit": "1_0"}, "limit"),
        ({"limit": " 1"}, "limit"),
        ({"limit": "१"}, "limit"),
        ({"before": "-1"}, "before"),
        ({"before": str(MAX_SEQ + 1)}, "before"),
        ({"before": "9" * 5000}, "before"),
        ({"page": "2"}, "page"),
    ],
)
def test_wrong_query_names_its_field(query: dict[str, str], wrong: str) -> None:
    """A value that cannot be, and a name that is not known, is told in both languages."""
    assert set(problems(QUERY, query)) == {wrong}


@given(st.dictionaries(st.sampled_from(["status", "type", "limit", "before", "x"]), st.text(max_size=30)))
def test_any_query_is_taken_or_told(query: dict[str, str]) -> None:
    """Whatever stands in a query, it is either read or refused by its field, and nothing else happens."""
    wrong = QUERY.validate(query)

    assert set(wrong) <= set(query)
    if not wrong:
        assert 1 <= QUERY.load(query)["limit"] <= MAX_PAGE


def test_whom_it_is_for_may_be_stated_with_it() -> None:
    """What a client states of itself in development may stand beside the query, and is all that may stand alone."""
    stated = dict.fromkeys(STATED, "x")

    assert set(StatedSchema().load(stated)) == set(STATED)
    assert InboxQuerySchema().load({**stated, "limit": "3"})["limit"] == 3
    assert problems(StatedSchema(), {"limit": "3"}) == ["limit"]


async def test_replies_are_as_described() -> None:
    """What the server really answers has just the members that the schemas describe, each of its kind."""
    ana = token("ana")
    replies: list[tuple[type[Schema], Any]] = []
    async with running(secured()) as server:
        identity = await published(server, audience={"users": ["ana"]}, ttl=600, actor={"id": 1}, link="/x", title="T")
        replies.append((InboxPageSchema, await get(server, "/v1/inbox", ana)))
        replies.append((CountsReplySchema, await get(server, "/v1/inbox/counts", ana)))
        replies.append((MarkedSchema, await post(server, "/v1/inbox/read", {"ids": [identity, "x"]}, ana)))
        replies.append((MarkedSchema, await post(server, "/v1/inbox/read", {"all": True}, ana)))

    for schema, reply in replies:
        assert schema(unknown=RAISE).validate(reply) == {}, schema
