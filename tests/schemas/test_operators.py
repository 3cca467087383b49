"""What operators ask, and that what is answered is what the schemas describe."""

from __future__ import annotations

import math
import time
from typing import Any

import pytest
from marshmallow import RAISE, Schema, ValidationError

from sio_server import fields
from sio_server.errors import Refused
from sio_server.schemas.loading import PAGE
from sio_server.schemas.operators import (
    CLOCK_LEEWAY,
    DisconnectedSchema,
    HistoryPageSchema,
    HistoryQuerySchema,
    ReceiptQuerySchema,
    RecordReplySchema,
    UsersQuerySchema,
    UsersReplySchema,
    load_disconnect,
)
from tests.support.asking import get, post, published
from tests.support.servers import PUBLISH_KEY, running, secured, token


def test_what_is_left_out_has_its_default() -> None:
    """Empty queries ask for the first page of everything."""
    nobody = {"user": None, "role": None, "priority": None, "text": None, "since": None, "until": None}
    assert HistoryQuerySchema().load({}) == {"types": (), **nobody, "limit": PAGE, "before": None, "after": None}
    assert ReceiptQuerySchema().load({}) == {"limit": PAGE, "after": None}
    assert UsersQuerySchema().load({}) == {"role": None, "text": None, "limit": PAGE, "after": None}


@pytest.mark.parametrize(
    ("schema", "name"),
    [
        (HistoryQuerySchema, "user"),
        (ReceiptQuerySchema, "after"),
        (UsersQuerySchema, "role"),
        (UsersQuerySchema, "after"),
    ],
)
@pytest.mark.parametrize("value", ["", "x" * 129, "a\nb", "a\x00"])
def test_name_that_nobody_can_have_is_refused(schema: type[Schema], name: str, value: str) -> None:
    """A name is 1 to 128 printable characters wherever it is asked for."""
    with pytest.raises(ValidationError) as caught:
        schema().load({name: value})

    (problem,) = fields.problems_of(caught.value)
    assert problem.field == name
    assert problem.detail.es != str(problem.detail)
    assert schema().load({name: "ñ" * 128})[name] == "ñ" * 128


def test_moment_is_now_unless_it_is_said() -> None:
    """No moment and ``now`` are the same; a number is the moment itself, up to a clock that is a little ahead."""
    ahead = time.time() + CLOCK_LEEWAY / 2

    assert load_disconnect({}) is None
    assert load_disconnect({"tokens_before": "now"}) is None
    assert load_disconnect({"tokens_before": 0}) == 0
    assert load_disconnect({"tokens_before": 1.5}) == 1.5
    assert load_disconnect({"tokens_before": ahead}) == ahead


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (None, ""),
        ([], ""),
        ("now", ""),
        ({"tokens_before": None}, "tokens_before"),
        ({"tokens_before": "later"}, "tokens_before"),
        ({"tokens_before": True}, "tokens_before"),
        ({"tokens_before": -0.5}, "tokens_before"),
        ({"tokens_before": math.nan}, "tokens_before"),
        ({"tokens_before": math.inf}, "tokens_before"),
        ({"tokens_before": 4_000_000_000}, "tokens_before"),
        ({"token_before": 1}, "token_before"),
    ],
)
def test_wrong_moment_names_its_field(body: object, field: str) -> None:
    """What is no moment, one in the future and a misspelt name are told by their field, in both languages."""
    with pytest.raises(Refused) as caught:
        load_disconnect(body)

    assert caught.value.kind.code == "invalid_data"
    (problem,) = caught.value.problems
    assert problem.field == field
    assert problem.detail.es != str(problem.detail)


async def test_replies_are_as_described() -> None:
    """What the server really answers has just the members that the schemas describe, each of its kind."""
    replies: list[tuple[type[Schema], Any]] = []
    async with running(secured()) as server:
        await server.connect({"token": token("ana", "turista")})
        identity = await published(server, audience={"users": ["ana"], "except": {"users": ["bo"]}}, source="tests")
        replies.append((HistoryPageSchema, await get(server, "/v1/notifications", PUBLISH_KEY)))
        replies.append((RecordReplySchema, await get(server, f"/v1/notifications/{identity}", PUBLISH_KEY)))
        replies.append((UsersReplySchema, await get(server, "/v1/users", PUBLISH_KEY)))
        replies.append((DisconnectedSchema, await post(server, "/v1/users/ana/disconnect", token=PUBLISH_KEY)))

    for schema, reply in replies:
        assert schema(unknown=RAISE).validate(reply) == {}, schema
