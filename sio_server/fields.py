"""Marshmallow fields whose messages are in both languages, and what their errors become. Pure: no I/O.

`schemas`, `catalog` and `config` build on these, so that a wrong value reads the same wherever it is found.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, Final, cast

import marshmallow
from marshmallow import ValidationError, fields, validate

from sio_server.audience import MAX_NAME_LENGTH, Audience, name_of
from sio_server.errors import FieldProblem, Text

REQUIRED: Final = Text("Required.", "Obligatorio.")
NOT_NULL: Final = Text("May not be null: leave it out instead.", "No puede ser null: omítelo.")
UNKNOWN: Final = Text("Unknown field.", "Campo desconocido.")
NOT_STRING: Final = Text("Not a string: put it in quotes.", "No es texto: ponlo entre comillas.")
NOT_INTEGER: Final = Text("Not a whole number.", "No es un número entero.")
NOT_NUMBER: Final = Text("Not a number.", "No es un número.")
NOT_BOOLEAN: Final = Text("Not true or false.", "No es true ni false.")
NOT_OBJECT: Final = Text("Not an object.", "No es un objeto.")
NOT_LIST: Final = Text("Not a list.", "No es una lista.")

# Marshmallow's own messages for what is not a field of ours, such as a schema that was given no object.
SCHEMA_MESSAGES: Final[dict[str, str]] = {"unknown": UNKNOWN, "type": NOT_OBJECT}


class Schema(marshmallow.Schema):
    """A schema of what comes in: its own messages are in both languages, as those of its fields are."""

    error_messages = SCHEMA_MESSAGES


# The type that marshmallow gives a message: text, or anything else that stands for it.
_Messages = dict[str, str | list[Any] | dict[Any, Any]]


def messages(invalid: Text) -> _Messages:
    """Messages of a field: ``invalid`` says what its value is not."""
    return {
        "required": REQUIRED,
        "null": NOT_NULL,
        "invalid": invalid,
        "validator_failed": invalid,
        "type": invalid,
        "too_large": invalid,
    }


class Str(fields.String):
    """A string; numbers are not turned into one."""

    default_error_messages = messages(NOT_STRING)


class Int(fields.Integer):
    """A whole number; neither ``"5"`` nor ``5.0`` nor ``true`` is one."""

    default_error_messages = messages(NOT_INTEGER)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        if type(value) is not int:
            raise self.make_error("invalid", input=value)
        result: int = super()._deserialize(value, attr, data, **kwargs)
        return result


class Number(fields.Float):
    """A number, whole or not; neither ``"5"`` nor ``true`` nor one without an end is one."""

    default_error_messages = messages(NOT_NUMBER)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> float:
        if type(value) not in (int, float) or not math.isfinite(value):
            raise self.make_error("invalid", input=value)
        return cast(float, value)


class Bool(fields.Boolean):
    """``true`` or ``false``; no other word or number is one."""

    default_error_messages = messages(NOT_BOOLEAN)

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> bool:
        if type(value) is not bool:
            raise self.make_error("invalid", input=value)
        return value


class Dict(fields.Dict):
    """A JSON object with any members."""

    default_error_messages = messages(NOT_OBJECT)


class List(fields.List[Any]):
    """A JSON list."""

    default_error_messages = messages(NOT_LIST)


class Nested(fields.Nested):
    """An object with a schema of its own."""

    default_error_messages = messages(NOT_OBJECT)


class Id(fields.Field[str]):
    """An identifier: a string, or a whole number that becomes one (databases use either)."""

    default_error_messages = messages(Text("Not a string or whole number.", "No es texto ni un número entero."))

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        if type(value) is int:
            return str(value)
        if not isinstance(value, str):
            raise self.make_error("invalid")
        return value


NOT_NAME: Final = Text(
    f"Must be printable text of 1 to {MAX_NAME_LENGTH} characters, with no space at either end.",
    f"Debe ser texto imprimible de 1 a {MAX_NAME_LENGTH} caracteres, sin espacios en los extremos.",
)


class Name(Id):
    """The name of a role, user or topic, in the one spelling that `audience.name_of` gives it."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        name = name_of(super()._deserialize(value, attr, data, **kwargs))
        if name is None:
            raise ValidationError(NOT_NAME)
        return name


def audience_of(values: Mapping[str, Any]) -> Audience:
    """The audience in the loaded values of a schema whose members are an audience's, ``except`` as ``excepted``."""
    return Audience.of(
        roles=values.get("roles", ()),
        users=values.get("users", ()),
        topics=values.get("topics", ()),
        everybody=values.get("all", False),
        except_users=values.get("excepted", {}).get("users", ()),
    )


def length(minimum: int, maximum: int) -> validate.Length:
    """Between ``minimum`` and ``maximum`` characters or members."""
    return validate.Length(
        minimum,
        maximum,
        error=Text(
            f"Length must be from {minimum} to {maximum}.", f"La longitud debe estar entre {minimum} y {maximum}."
        ),
    )


def between(minimum: int, maximum: int) -> validate.Range:
    """A number from ``minimum`` to ``maximum``, both included."""
    return validate.Range(
        minimum,
        maximum,
        error=Text(f"Must be from {minimum} to {maximum}.", f"Debe estar entre {minimum} y {maximum}."),
    )


def one_of(choices: tuple[str, ...]) -> validate.OneOf:
    """One of these words."""
    words = ", ".join(choices)
    return validate.OneOf(choices, error=Text(f"Must be one of: {words}.", f"Debe ser uno de: {words}."))


def matching(pattern: str, error: Text) -> validate.Regexp:
    r"""A whole string of this pattern (``\Z`` is added: ``$`` would let a trailing newline pass)."""
    return validate.Regexp(rf"(?:{pattern})\Z", error=error)


def problems_of(error: ValidationError) -> tuple[FieldProblem, ...]:
    """One `FieldProblem` a message, with the dotted path of its field."""
    return tuple(_flatten("", error.messages))


def _flatten(path: str, messages: Any) -> Iterator[FieldProblem]:
    if isinstance(messages, dict):
        for key, inner in messages.items():
            # Marshmallow files what concerns the whole object under "_schema".
            yield from _flatten(path if key == "_schema" else f"{path}.{key}".lstrip("."), inner)
    elif isinstance(messages, list | tuple):
        for inner in messages:
            yield from _flatten(path, inner)
    else:
        text = messages if isinstance(messages, Text) else Text(str(messages), str(messages))
        yield FieldProblem(path, text)
