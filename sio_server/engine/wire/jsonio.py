"""JSON in and out: fast, and never with the three words that are not JSON.

`NaN`, `Infinity` and `-Infinity` are refused when they come in and written as `null` when they go out: a
JavaScript receiver closes the connection on them, so one sender could cut every other (RFC 8259, section 6).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import orjson

Dumps = Callable[[Any], bytes]
Loads = Callable[[str], Any]

#: Digits of a JSON integer: int() of more is quadratic, and Python itself refuses them above 4,300.
_MAX_DIGITS = 400


def finite(value: Any) -> Any:
    """A copy of a value in which None stands for each float that JSON cannot write."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [finite(item) for item in value]
    return value


def dumps(value: Any) -> bytes:
    """UTF-8 JSON. Raises TypeError for what is no JSON value, or is nested too deeply to be written.

    orjson writes NaN as null and is ten times as fast as the standard library; integers above 64 bits, keys
    that are no strings and lone surrogates go through the standard library, as python-socketio users may send
    them.
    """
    try:
        return orjson.dumps(value)
    except TypeError:
        try:
            text = json.dumps(finite(value), separators=(",", ":"), allow_nan=False)
        except RecursionError:
            message = "nested too deeply"
            raise TypeError(message) from None  # its traceback has a line for each level
        return text.encode()


def loads(text: str) -> Any:
    """The value of a JSON text. Raises ValueError, also for NaN and for nesting beyond 1,024 levels."""
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        if "e" not in text and "E" not in text and not _has_surrogate(text):
            raise
        return _loads_slowly(text)


def _has_surrogate(text: str) -> bool:
    return "\\ud" in text or "\\uD" in text


def _loads_slowly(text: str) -> Any:
    # JavaScript reads 1e999 and half a surrogate pair; refusing them would cut clients that Node accepts.
    def number(digits: str) -> float | None:
        value = float(digits)
        return value if math.isfinite(value) else None

    def integer(digits: str) -> int | None:
        if len(digits) > _MAX_DIGITS:
            message = "integer is too large"
            raise ValueError(message)
        return int(digits)

    def refuse(word: str) -> None:
        message = f"{word} is not JSON"
        raise ValueError(message)

    try:
        return json.loads(text, parse_float=number, parse_int=integer, parse_constant=refuse)
    except RecursionError:
        message = "nested too deeply"
        raise ValueError(message) from None


def codec(module: Any) -> tuple[Dumps, Loads]:
    """The pair for a server: the engine's own, or one made of an application's `json` module."""
    if module is None:
        return dumps, loads

    def module_dumps(value: Any) -> bytes:
        text = module.dumps(finite(value), separators=(",", ":"))
        return text if isinstance(text, bytes) else str(text).encode()

    return module_dumps, module.loads
