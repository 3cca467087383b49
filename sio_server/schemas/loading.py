"""What the schemas share: loading a value or refusing it, and the fields that more than one of them has."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from marshmallow import Schema, ValidationError
from webargs.fields import DelimitedList

from sio_server import fields
from sio_server.audience import MAX_NAME_LENGTH
from sio_server.broker import MAX_PAGE
from sio_server.catalog import check_type_name
from sio_server.errors import FieldProblem, Refused

# `seq` is 64 bits in the log.
MAX_SEQ: Final = 2**63 - 1

# Event types in one filter; each is a search of its own.
MAX_TYPES: Final = 20

# The default of `limit`: what a list shows before anybody scrolls.
PAGE: Final = 25

_DIGITS: Final = re.compile(r"[0-9]{1,19}", re.ASCII)

# What a refusal is called: a code, or how to find it by what is wrong.
Code = str | Callable[[Sequence[FieldProblem]], str]


def load(schema: Schema, value: object, code: Code, *, field: str = "") -> dict[str, Any]:
    """The values that ``schema`` finds in an object; raises `Refused` with ``code`` and a problem for each wrong field.

    What is no object is told of the field named ``field``.
    """
    if not isinstance(value, dict):
        raise not_object(code, field)
    try:
        loaded: dict[str, Any] = schema.load(value)
    except ValidationError as error:
        problems = fields.problems_of(error)
        raise Refused.of_problems(_code_of(code, problems), problems) from error
    return loaded


def not_object(code: Code, field: str = "") -> Refused:
    """The refusal of what should have been an object."""
    problems = (FieldProblem(field, fields.NOT_OBJECT),)
    return Refused.of_problems(_code_of(code, problems), problems)


def _code_of(code: Code, problems: Sequence[FieldProblem]) -> str:
    return code if isinstance(code, str) else code(problems)


def about(text: str, **more: object) -> dict[str, object]:
    """The metadata of a field: what the OpenAPI document says of it."""
    return {"description": text, **more}


class Digits(fields.Int):
    """A whole number in a query string: digits and nothing else."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if not isinstance(value, str) or not _DIGITS.fullmatch(value):
            raise self.make_error("invalid", input=value)
        return super()._deserialize(int(value), attr, data, **kwargs)


def type_name(value: str) -> bool:
    """A check of marshmallow's: raises `ValidationError` for what can be no event type's name."""
    wrong = check_type_name(value)
    if wrong is not None:
        raise ValidationError(wrong)
    return True


def types_field() -> DelimitedList:
    """The field ``type`` of a query: only these event types, parted by commas."""
    return DelimitedList(
        fields.Str(validate=type_name),
        data_key="type",
        load_default=tuple,  # called, so that the documents name no default that nobody may send
        validate=fields.length(1, MAX_TYPES),
        metadata=about("Only these event types, parted by commas"),
    )


def name_field(text: str) -> fields.Name:
    """The name of somebody or something in a query; None where it is left out."""
    return fields.Name(load_default=None, metadata=about(text, type="string", minLength=1, maxLength=MAX_NAME_LENGTH))


def position_field(text: str) -> Digits:
    """A position in the log in a query; None where it is left out."""
    return Digits(load_default=None, validate=fields.between(0, MAX_SEQ), metadata=about(text))


def before_field() -> Digits:
    """The field ``before`` of a query: where a page begins."""
    return position_field("Only what is older than this position: `next_before` of the page before")


def limit_field(default: int = PAGE, most: int = MAX_PAGE, text: str = "Items in one page") -> Digits:
    """The field ``limit`` of a query: how long a page is."""
    return Digits(load_default=default, validate=fields.between(1, most), metadata=about(text, default=default))
