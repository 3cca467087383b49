"""Fields that turn nothing into what it is not, and what their errors read like."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import Schema, ValidationError
from marshmallow import fields as plain

from sio_server import fields
from sio_server.errors import FieldProblem, Text
from tests.support.strategies import JSON


class InnerSchema(Schema):
    """A part of the example."""

    error_messages = fields.SCHEMA_MESSAGES
    name = fields.Str(required=True, validate=fields.length(1, 3))


class ExampleSchema(Schema):
    """One field of each kind."""

    error_messages = fields.SCHEMA_MESSAGES
    text = fields.Str(validate=fields.matching("a+", Text("Only a.", "Solo a.")))
    word = fields.Str(validate=fields.one_of(("low", "high")))
    whole = fields.Int(validate=fields.between(1, 9))
    yes = fields.Bool()
    members = fields.Dict()
    items = fields.List(fields.Id())
    inner = fields.Nested(InnerSchema)
    id = fields.Id()


SCHEMA = ExampleSchema()


def problems(body: Any) -> dict[str, Text]:
    """Return what is wrong with a body, by field."""
    with pytest.raises(ValidationError) as caught:
        SCHEMA.load(body)
    return {problem.field: problem.detail for problem in fields.problems_of(caught.value)}


@pytest.mark.parametrize(
    "body",
    [
        {"text": "aaa", "word": "low", "whole": 1, "yes": False, "members": {"a": [None]}, "items": ["1"], "id": "7"},
        {"whole": 9, "yes": True, "members": {}, "items": [], "inner": {"name": "abc"}},
        {},
    ],
)
def test_right_values_pass_unchanged(body: dict[str, Any]) -> None:
    """A body of the right types is loaded as it is."""
    assert SCHEMA.load(body) == body


@pytest.mark.parametrize(
    ("body", "field", "detail"),
    [
        ({"text": 5}, "text", fields.NOT_STRING),
        ({"text": None}, "text", fields.NOT_NULL),
        ({"whole": "5"}, "whole", fields.NOT_INTEGER),
        ({"whole": 5.0}, "whole", fields.NOT_INTEGER),
        ({"whole": True}, "whole", fields.NOT_INTEGER),
        ({"whole": []}, "whole", fields.NOT_INTEGER),
        ({"yes": 1}, "yes", fields.NOT_BOOLEAN),
        ({"yes": "true"}, "yes", fields.NOT_BOOLEAN),
        ({"members": []}, "members", fields.NOT_OBJECT),
        ({"items": {}}, "items", fields.NOT_LIST),
        ({"items": "1"}, "items", fields.NOT_LIST),
        ({"inner": []}, "inner", fields.NOT_OBJECT),
        ({"inner": {}}, "inner.name", fields.REQUIRED),
        ({"inner": {"name": "a", "x": 1}}, "inner.x", fields.UNKNOWN),
        ({"x": 1}, "x", fields.UNKNOWN),
        ([], "", fields.NOT_OBJECT),
    ],
)
def test_wrong_value_names_field_and_mend(body: Any, field: str, detail: Text) -> None:
    """A value of another type is refused by the path of its field, in both languages."""
    assert problems(body) == {field: detail}
    assert problems(body)[field].es == detail.es


@pytest.mark.parametrize(
    ("body", "field", "english", "spanish"),
    [
        ({"whole": 10}, "whole", "Must be from 1 to 9.", "Debe estar entre 1 y 9."),
        ({"whole": 0}, "whole", "Must be from 1 to 9.", "Debe estar entre 1 y 9."),
        ({"word": "LOW"}, "word", "Must be one of: low, high.", "Debe ser uno de: low, high."),
        ({"inner": {"name": ""}}, "inner.name", "Length must be from 1 to 3.", "La longitud debe estar entre 1 y 3."),
        ({"text": "ab"}, "text", "Only a.", "Solo a."),
        ({"text": "a\n"}, "text", "Only a.", "Solo a."),
        ({"text": "ba"}, "text", "Only a.", "Solo a."),
        ({"id": 1.5}, "id", "Not a string or whole number.", "No es texto ni un número entero."),
        ({"id": True}, "id", "Not a string or whole number.", "No es texto ni un número entero."),
        ({"items": ["1", None]}, "items.1", "May not be null: leave it out instead.", "No puede ser null: omítelo."),
        ({"items": ["1", []]}, "items.1", "Not a string or whole number.", "No es texto ni un número entero."),
    ],
)
def test_wrong_value_is_told_in_both_languages(body: Any, field: str, english: str, spanish: str) -> None:
    """What is wrong with a value, and where the limit is, reads well in English and in Spanish."""
    found = problems(body)
    assert list(found) == [field]
    assert (str(found[field]), found[field].es) == (english, spanish)


@given(st.integers())
def test_whole_number_becomes_an_id(number: int) -> None:
    """An identifier that came as a number is the text of that number."""
    assert SCHEMA.load({"id": number}) == {"id": str(number)}


@given(st.dictionaries(st.sampled_from([*SCHEMA.fields, "other"]), JSON))
def test_whatever_comes_is_loaded_or_told_apart(body: dict[str, Any]) -> None:
    """Any object either is loaded or has a problem with a field that it named, in both languages."""
    try:
        SCHEMA.load(body)
    except ValidationError as error:
        found = fields.problems_of(error)
        assert found
        assert {problem.field.partition(".")[0] for problem in found} <= set(body)
        assert all(problem.detail and problem.detail.es for problem in found)


def test_each_message_of_each_field_is_in_both_languages() -> None:
    """No field of ours has kept an English message of the library's."""
    made: list[plain.Field[Any]] = [fields.Str(), fields.Int(), fields.Bool(), fields.Dict(), fields.Id()]
    for field in (*made, fields.List(plain.Raw()), fields.Nested(InnerSchema)):
        messages = {name: text for name, text in field.error_messages.items() if name not in UNREACHABLE}
        assert all(isinstance(text, Text) for text in messages.values()), (field, messages)


# Text that is not UTF-8 arises from bytes alone, which JSON has not.
UNREACHABLE = {"invalid_utf8"}


def test_message_of_a_library_is_kept_for_want_of_a_better() -> None:
    """A message that has no Spanish is given in both languages as it is, with all of its places."""
    error = ValidationError({"a": {"_schema": ["first"], 0: ["second"]}, "_schema": "third"})
    assert fields.problems_of(error) == (
        FieldProblem("a", Text("first", "first")),
        FieldProblem("a.0", Text("second", "second")),
        FieldProblem("", Text("third", "third")),
    )
