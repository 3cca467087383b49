"""The rarer members of a publish are told wrong by a backend's own checks where the server's schemas do, as they do."""

from typing import Any

import pytest
from marshmallow import ValidationError

from sio_server import fields
from sio_server.client.extras import problems_of_extras
from sio_server.schemas.extras import ExtrasSchema
from tests.schemas.test_extras import WRONG


@pytest.mark.parametrize("name", WRONG)
def test_both_say_the_same(name: str) -> None:
    """The same fields, in the same words."""
    given, _ = WRONG[name]
    with pytest.raises(ValidationError) as caught:
        ExtrasSchema().load(given)
    ours = {problem.field: str(problem.detail) for problem in problems_of_extras(given)}
    assert ours == {problem.field: str(problem.detail) for problem in fields.problems_of(caught.value)}


@pytest.mark.parametrize(
    "given",
    [
        {"collapse_key": "k", "group": "g", "icon": "tag", "image": "https://a.b/c", "category": "precio"},
        {"actions": [{"id": "a", "label": "A", "link": "/x", "value": None}, {"id": "b", "label": {"es-pe": "B"}}]},
        {"texts": {"EN-gb": {"title": "x", "message": None}}, "deliver_at": "2016-12-31T23:59:60.5-05:00"},
        {"deliver_in": 1, "deliver_at": None},
    ],
    ids=str,
)
def test_neither_has_anything_against_what_is_right(given: dict[str, Any]) -> None:
    """What the server takes is not told wrong."""
    ExtrasSchema().load(given)
    assert list(problems_of_extras(given)) == []
