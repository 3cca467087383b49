"""Checks of single values of a publish, in the words of the server's schemas: see `sio_server.client.strict`."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from sio_server.client.context import TRACEPARENT
from sio_server.errors import Text
from sio_server.event_types import MAX_TTL, PRIORITIES

Check = Callable[[Any], Text | None]
"""What is wrong with a value, or None."""

NOT_STRING: Final = Text("Not a string: put it in quotes.", "No es texto: ponlo entre comillas.")
NOT_OBJECT: Final = Text("Not an object.", "No es un objeto.")
NOT_LIST: Final = Text("Not a list.", "No es una lista.")
NOT_INTEGER: Final = Text("Not a whole number.", "No es un número entero.")
LENGTH: Final = Text("Length must be from {0} to {1}.", "La longitud debe estar entre {0} y {1}.")
REQUIRED: Final = Text("Required.", "Obligatorio.")
UNKNOWN: Final = Text("Unknown field.", "Campo desconocido.")

_LINK: Final = re.compile(r"/(?![/\\])[^\x00-\x20]*|[Hh][Tt][Tt][Pp][Ss]?://[^\x00-\x20]+")
_NOT_LINK: Final = Text(
    "Must be a path beginning with '/', or an http or https address.",
    "Debe ser una ruta que empiece por '/', o una dirección http o https.",
)
_NOT_TRACE: Final = Text(
    "Must be a traceparent of W3C Trace Context, such as 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.",
    "Debe ser un traceparent de W3C Trace Context, como 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.",
)


def text(least: int, most: int, *further: Check) -> Check:
    """Text of so many characters that passes these checks, too."""

    def rule(value: Any) -> Text | None:
        if not isinstance(value, str):
            return NOT_STRING
        if not least <= len(value) <= most:
            return LENGTH.format(least, most)
        return next((wrong for check_further in further if (wrong := check_further(value)) is not None), None)

    return rule


def matching(pattern: str, wrong: Text) -> Check:
    """Text that is of this pattern as a whole."""
    compiled = re.compile(pattern)
    return lambda value: None if compiled.fullmatch(value) else wrong


def link(value: str) -> Text | None:
    """Where a click may lead."""
    return None if _LINK.fullmatch(value) else _NOT_LINK


def trace(value: str) -> Text | None:
    """A trace's name."""
    return None if TRACEPARENT.fullmatch(value) else _NOT_TRACE


def printable(value: str) -> Text | None:
    """Text that a screen shows."""
    return None if value.isprintable() else Text("Must be printable text.", "Debe ser texto imprimible.")


def priority(value: object) -> Text | None:
    """One of the priorities."""
    words = ", ".join(PRIORITIES)
    if not isinstance(value, str):
        return NOT_STRING
    return None if value in PRIORITIES else Text("Must be one of: {0}.", "Debe ser uno de: {0}.").format(words)


def between(least: int, most: int) -> Check:
    """A whole number from the one to the other."""

    def rule(value: object) -> Text | None:
        if type(value) is not int:
            return NOT_INTEGER
        return (
            None
            if least <= value <= most
            else Text("Must be from {0} to {1}.", "Debe estar entre {0} y {1}.").format(least, most)
        )

    return rule


ttl: Final = between(1, MAX_TTL)
"""Seconds to live."""


def boolean(value: object) -> Text | None:
    """Either truth value."""
    return None if isinstance(value, bool) else Text("Not true or false.", "No es true ni false.")


def json_object(value: object) -> Text | None:
    """An object of JSON."""
    return None if isinstance(value, dict) else NOT_OBJECT
