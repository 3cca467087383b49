"""JSON as it enters, by whatever way: one rule for what a value may be, told by the name of its field. Pure: no I/O.

JSON (RFC 8259) allows more than can be handed on unchanged: halves of surrogate pairs, numbers of any length, nesting
without an end. A reader alone would refuse some of it by a line and a column, change some of it without a word, and
let some of it in that no writer writes. So what enters is read exactly (`exact`) and then looked at (`admitted`).
"""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any, Final

import orjson

from sio_server.errors import MAX_PROBLEMS, FieldProblem, Refused, Text

# Levels of objects and lists in one member of a body. orjson writes 254 and reads 1,024; others' readers take less.
MAX_DEPTH: Final = 100

# Whole numbers that every part of the way holds: 64 bits, with a sign or without.
MIN_INTEGER: Final = -(2**63)
MAX_INTEGER: Final = 2**64 - 1

# JavaScript's numbers are doubles: beyond this they are not all there (ECMA-262, Number.MAX_SAFE_INTEGER).
MAX_SAFE: Final = 2**53

# Digits that are read of a number too long to be held; int() of more takes quadratic time.
_MAX_DIGITS: Final = 400

# A run of as many digits and points is a number that may lose some of them, or part of a text, as ids and times are.
_RUN: Final = 16
_SIGNS: Final = bytes.maketrans(b"123456789.{", b"0" * 10 + b"[")
_LONG: Final = b"0" * _RUN
_BEFORE_NUMBER: Final = frozenset(b" \t\r\n:,[")  # behind a quotation mark or a letter none begins

_BOM: Final = b"\xef\xbb\xbf"  # RFC 8259 §8.1: a reader may ignore it

# What is cut where nesting is deeper than anything reads: a little below what is refused by name anyway.
_CUT_BELOW: Final = MAX_DEPTH + 20

# Characters of a text that is looked through for where it is nested so deep: it takes some 60 ns for each.
_MAX_CUT: Final = 64 * 1024


class _Inexact(float):
    """A number whose digits a double does not hold, or not at all: infinity. orjson writes none of this class."""


class Noted(dict[str, Any]):
    """A body that is taken, with what its sender should know of it."""

    warnings: tuple[Text, ...] = ()


def decode(body: bytes) -> Any:
    """The value of a JSON text that enters; an object can be a `Noted` one.

    Raises `Refused`: ``invalid_json`` with the place, ``invalid_data`` with the name of each field that is not taken.
    """
    signs = body.translate(_SIGNS)  # as in `is_plain`: a call would cost as much again
    at = signs.find(_LONG)
    if signs.count(b"[") <= MAX_DEPTH and (at < 0 or not _holds_long_number(body, signs, at)):
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            pass
    return admitted(exact(body))


def is_plain(body: bytes) -> bool:
    """Whether a JSON text is neither deep nor holds a long number: most are, and this is all that they cost."""
    signs = body.translate(_SIGNS)
    at = signs.find(_LONG)
    return signs.count(b"[") <= MAX_DEPTH and (at < 0 or not _holds_long_number(body, signs, at))


def _holds_long_number(body: bytes, signs: bytes, at: int) -> bool:
    """Whether a number begins where one of the long runs does, of which ``at`` is the first; texts look alike."""
    while at >= 0:
        begin = at - (body[at - 1 : at] == b"-")
        if begin == 0 or body[begin - 1] in _BEFORE_NUMBER:
            return True
        at = signs.find(_LONG, at + _RUN)
    return False


def exact(body: bytes) -> Any:
    """The value of a JSON text, nothing of it lost: it may hold what `admitted` refuses.

    Raises `Refused` (``invalid_json``) with the place.
    """
    body = body.removeprefix(_BOM)
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        return _read_again(body, error)
    signs = body.translate(_SIGNS)
    at = signs.find(_LONG)
    return _read_again(body, None) if at >= 0 and _holds_long_number(body, signs, at) else value


def _read_again(body: bytes, error: orjson.JSONDecodeError | None) -> Any:
    """The value by the standard library's reader, which tells numbers as they stand and takes halves of pairs."""
    try:
        text = body.decode()
        return _read(text if error is None or "depth" not in error.msg else _cut(text))
    except (ValueError, RecursionError) as reason:
        raise _not_json(body, error) from reason


def _read(text: str) -> Any:
    return json.loads(text, parse_int=_integer, parse_float=_float, parse_constant=_no_constant)


def _integer(digits: str) -> int:
    return int(digits[:_MAX_DIGITS])


def _float(digits: str) -> float:
    value = float(digits)
    if len(digits) < _RUN and math.isfinite(value):
        return value
    lost = not math.isfinite(value) or len(digits) > _MAX_DIGITS or Decimal(digits) != Decimal(repr(value))
    return _Inexact(value) if lost else value


def _no_constant(word: str) -> None:
    raise ValueError(word)


def _cut(text: str) -> str:
    """A text without what is nested too deep, so that the rest can be read and the field be named.

    Raises ValueError for what is no JSON, or too long to be looked through.
    """
    if len(text) > _MAX_CUT:
        raise ValueError
    kept: list[str] = []
    depth = begin = at = 0
    while at < len(text):
        sign = text[at]
        if sign == '"':
            at = _end_of_string(text, at)
        elif sign in "[{":
            depth += 1
            if depth == _CUT_BELOW:
                kept.append(text[begin:at])
        elif sign in "]}":
            depth -= 1
            if depth == _CUT_BELOW - 1:
                kept.append("0")
                begin = at + 1
        at += 1
    kept.append(text[begin:])
    return "".join(kept)


def _end_of_string(text: str, at: int) -> int:
    """Where the string ends that begins here."""
    at += 1
    while text[at : at + 1] not in ("", '"'):
        at += 2 if text[at] == "\\" else 1
    return at


def _not_json(body: bytes, error: orjson.JSONDecodeError | None) -> Refused:
    if not body.strip():
        return Refused("invalid_json", _EMPTY)
    if error is None:
        return Refused("invalid_json")
    return Refused("invalid_json", _NOT_JSON.format(error.lineno, error.colno, error.msg.partition(":")[0]))


# -- what may be in a value ---------------------------------------------------------------------------------------


def admitted(value: Any, *, noting: bool = True) -> Any:
    """The value, where all of it can be handed on as it is; an object with warnings becomes a `Noted`.

    ``noting``: whether anybody wants to know of numbers that others read otherwise.
    Raises `Refused` (``invalid_data``) that names each field that is not taken.
    """
    return measured(value, noting=noting)[0]


def measured(value: Any, *, noting: bool = True) -> tuple[Any, int]:
    """The value as `admitted` gives it, and its length as JSON in bytes; raises the same."""
    try:
        encoded = orjson.dumps(value)
    except orjson.JSONEncodeError:
        _check_depth(value)
        value = _looked_at(value)
        return value, len(orjson.dumps(value))
    if not is_plain(encoded):
        _check_depth(value)
        if noting:
            value = _looked_at(value)
    return value, len(encoded)


def _looked_at(value: Any) -> Any:
    look = _Look()
    value = look.at(value, "")
    if look.problems:
        raise Refused.of_problems("invalid_data", tuple(look.problems))
    if look.warnings and isinstance(value, dict):
        value = Noted(value)
        value.warnings = tuple(look.warnings)
    return value


def _check_depth(value: Any) -> None:
    members = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    deep = tuple(FieldProblem(_name(name), _TOO_DEEP) for name, member in members if _is_deep(member))
    if deep:
        raise Refused.of_problems("invalid_data", deep)


def _is_deep(value: Any) -> bool:
    level = [value] if isinstance(value, dict | list | tuple) else []
    for _ in range(MAX_DEPTH):
        if not level:
            return False
        level = [
            inner
            for container in level
            for inner in (container.values() if isinstance(container, dict) else container)
            if isinstance(inner, dict | list | tuple)
        ]
    return bool(level)


class _Look:
    """One look at everything in a value that is not nested too deep."""

    def __init__(self) -> None:
        self.problems: list[FieldProblem] = []
        self.warnings: list[Text] = []

    def at(self, value: Any, path: str) -> Any:
        """The value as it is handed on; what is wrong with it, or should be known, is noted."""
        if isinstance(value, str):
            if is_broken(value):
                self._wrong(path, BROKEN)
        elif isinstance(value, dict):
            return {self._key(key, path): self.at(inner, _below(path, key)) for key, inner in value.items()}
        elif isinstance(value, list | tuple):
            return [self.at(inner, _below(path, number)) for number, inner in enumerate(value)]
        elif isinstance(value, bool) or value is None:
            pass
        elif isinstance(value, int):
            self._integer(value, path)
        elif isinstance(value, float):
            return self._float(value, path)
        else:
            self._wrong(path, _NO_VALUE)
        return value

    def _key(self, key: Any, path: str) -> Any:
        if not isinstance(key, str) or is_broken(key):
            self._wrong(_below(path, key), BROKEN if isinstance(key, str) else _NO_VALUE)
        return key

    def _integer(self, value: int, path: str) -> None:
        if not MIN_INTEGER <= value <= MAX_INTEGER:
            self._wrong(path, _TOO_LONG)
        elif abs(value) > MAX_SAFE:
            self._note(path, _UNSAFE.format(path, value, format(Decimal(repr(float(value))), "f")))

    def _float(self, value: float, path: str) -> float:
        if not math.isfinite(value):
            self._wrong(path, _TOO_BIG)
        elif isinstance(value, _Inexact):
            value = float(value)
            self._note(path, _ROUNDED.format(path, value))
        return value

    def _wrong(self, path: str, detail: Text) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(FieldProblem(path, detail))

    def _note(self, path: str, warning: Text) -> None:
        # of what is handed to clients as a number; elsewhere numbers become text, or have bounds of their own
        if path.startswith("data") and len(self.warnings) < MAX_PROBLEMS:
            self.warnings.append(warning)


def is_broken(value: str) -> bool:
    """Whether a text holds half of a surrogate pair, which has no UTF-8 (RFC 3629 §3)."""
    if value.isascii():
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return True
    return False


def _below(path: str, name: object) -> str:
    return f"{path}.{_name(name)}" if path else _name(name)


def _name(name: object) -> str:
    """A member's name as it can be told: its sender chose it."""
    return str(name)[:64].encode("utf-8", "backslashreplace").decode()


BROKEN: Final = Text(
    "Holds half of a surrogate pair (an emoji cut in two): cut texts between characters.",
    "Contiene medio par sustituto (un emoji partido en dos): corta los textos entre caracteres.",
)
_TOO_DEEP: Final = Text(f"Nested deeper than {MAX_DEPTH} levels.", f"Anidado a más de {MAX_DEPTH} niveles.")
_TOO_LONG: Final = Text(
    "A whole number beyond 64 bits would lose digits: send it as text.",
    "Un entero de más de 64 bits perdería cifras: envíalo como texto.",
)
_TOO_BIG: Final = Text(
    "Beyond what a number can be (about 1.8e308): send it as text.",
    "Más de lo que puede ser un número (unos 1.8e308): envíalo como texto.",
)
_NO_VALUE: Final = Text("Not a JSON value.", "No es un valor JSON.")
_UNSAFE: Final = Text(
    "{0}: {1} is beyond 2^53, JavaScript reads it as {2}: send it as text",
    "{0}: {1} pasa de 2^53, JavaScript lo lee como {2}: envíalo como texto",
)
_ROUNDED: Final = Text(
    "{0}: a number holds fewer digits, it is kept as {1}: send it as text",
    "{0}: un número no guarda tantas cifras, queda en {1}: envíalo como texto",
)
_EMPTY: Final = Text(
    'The body is empty: send JSON such as {"type":"test"}.', 'El cuerpo está vacío: envía JSON como {"type":"test"}.'
)
_NOT_JSON: Final = Text("Line {0}, column {1}: {2}.", "Línea {0}, columna {1}: {2}.")
