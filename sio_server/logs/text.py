"""What of a value, an exception, a library's line may stand in a line of the log: nothing that a peer has sent.

A text is a program's own when it stands in the program's source. So a library's words are written and the values that
it fills in are not; an exception is written with its type, its place, and what of its message is no value. All of it is
short, printable, and made without anything that can run out: no import, no descriptor.
"""

from __future__ import annotations

import linecache
import re
import sqlite3
import sys
from collections.abc import Iterable, Iterator, Mapping
from types import CodeType, TracebackType
from typing import Any, Final

from sio_server.errors import ConfigError, LogError

HIDDEN: Final = "[hidden]"

# Members that must not be logged whatever a later line of code hands over; a net below care, not instead of it.
_SECRET_WORDS: Final = frozenset(
    {"token", "ticket", "key", "keys", "secret", "data", "auth", "authorization", "body", "cookie"}
)

# A JSON Web Token wherever it stands (RFC 7515 §3.1: `{"` in base64url begins with these letters), a guest's pass,
# or a ticket.
_TOKEN: Final = re.compile(r"eyJ[\w-]*\.[\w-]*(?:\.[\w-]*)?|(?:gp1|tk1)_[\w-]*", re.ASCII)

# Bounds of one line: characters of a text, members of a collection, collections within each other.
MAX_TEXT: Final = 2000
_MAX_MEMBERS: Final = 50
_MAX_DEPTH: Final = 4

# Bits of a number that is written in digits; making many digits takes the square of their number in time.
_MAX_BITS: Final = 256

# Of a traceback: frames at its beginning and its end, exceptions that caused one another, characters.
_FIRST_FRAMES: Final = 4
_LAST_FRAMES: Final = 12
_MAX_CAUSES: Final = 4
MAX_TRACEBACK: Final = 8000

# How far up the stack it is looked for whose words a line has.
_MAX_CALLERS: Final = 30

# Exceptions whose messages the interpreter, the system or the product makes. Names of the program may stand in them
# in quotes, as others may: those are looked at one by one.
_OWN_WORDS: Final = (
    ArithmeticError,
    AttributeError,
    ConfigError,
    ImportError,
    LogError,
    MemoryError,
    NameError,
    OSError,
    RecursionError,
    TypeError,
    UnicodeError,
    sqlite3.Error,
)
_QUOTED: Final = re.compile(r"'[^']*'|\"[^\"]*\"")


def is_secret(name: object) -> bool:
    """Whether a member of this name would hold a credential or a payload."""
    return not _SECRET_WORDS.isdisjoint(str(name).lower().replace("-", "_").split("_"))


def printable(text: str) -> str:
    """The text with everything that would steer a terminal, or begin a line, as one of Python's escapes."""
    return text if text.isprintable() else "".join(c if c.isprintable() else _escape(ord(c)) for c in text)


def _escape(code: int) -> str:
    # by hand: the codec `unicode_escape` is a module, whose import needs a descriptor at the very moment there is none
    if code in _SHORT:
        return _SHORT[code]
    if code < 0x100:  # noqa: PLR2004 - what two, four and eight digits hold
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"  # noqa: PLR2004


_SHORT: Final = {10: "\\n", 13: "\\r", 9: "\\t"}


def short(text: str, most: int = MAX_TEXT) -> str:
    """At most so many characters of a text, tokens hidden, which UTF-8 can hold."""
    cut = text if len(text) <= most else f"{text[: most - 1]}…"
    if "eyJ" in cut or "gp1_" in cut or "tk1_" in cut:
        cut = _TOKEN.sub(HIDDEN, cut)
    # half of a surrogate pair is no text: neither a file nor a reader of JSON takes it
    return cut if cut.isascii() else "".join("\ufffd" if "\ud800" <= c <= "\udfff" else c for c in cut)


def plain(name: object, value: object, depth: int = 0) -> Any:
    """A member's value as JSON has it: bounded, without secrets, whatever it is. Raises nothing."""
    if is_secret(name):
        return HIDDEN
    kind = type(value)
    if kind is str:
        return short(value)  # type: ignore[arg-type]
    if value is None or kind is bool:
        return value
    if kind is int:
        bits = value.bit_length()  # type: ignore[attr-defined]
        return value if bits <= _MAX_BITS else f"[a number of {bits} bits]"
    if kind is float:
        return value if abs(value) < float("inf") else str(value)  # type: ignore[arg-type]
    try:
        return _plain_object(value, depth)
    except Exception as error:  # noqa: BLE001 - whatever an object's own text does, the line is written
        return f"[{kind.__name__} without a text: {type(error).__name__}]"


def _plain_object(value: object, depth: int) -> Any:
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {message_of(value)}"
    if isinstance(value, bytes | bytearray | memoryview):
        return f"[{len(value)} bytes]"
    if isinstance(value, Mapping | list | tuple | set | frozenset):
        if depth >= _MAX_DEPTH:
            return "…"
        if isinstance(value, Mapping):
            return {short(str(key)): plain(key, inner, depth + 1) for key, inner in _some(value.items(), _MAX_MEMBERS)}
        return [plain("", inner, depth + 1) for inner in _some(value, _MAX_MEMBERS)]
    return short(str(value))


def _some(items: Iterable[Any], most: int) -> Iterator[Any]:
    for number, item in enumerate(items):
        if number == most:
            return
        yield item


# -- words of a program -----------------------------------------------------------------------------------------------


def stands_in_source(text: object) -> bool:
    """Whether one of the functions that are running now has this very text in its source."""
    frame = sys._getframe(1)  # noqa: SLF001 - the documented way to look at the stack
    for _ in range(_MAX_CALLERS):
        if _has(frame.f_code, text):
            return True
        if frame.f_back is None:
            return False
        frame = frame.f_back
    return False


def _has(code: CodeType, text: object) -> bool:
    return any(type(constant) is str and constant == text for constant in code.co_consts)


def words_of(template: object, arguments: object) -> str | None:
    """A library's line without the values in it, numbers kept; None when its words are not found in its source."""
    if type(template) is not str or not stands_in_source(template):
        return None
    if not arguments:
        return short(template)
    try:
        if isinstance(arguments, Mapping):
            return short(template % {key: _shown(value) for key, value in arguments.items()})
        return short(template % tuple(map(_shown, arguments)))  # type: ignore[call-overload]
    except Exception:  # noqa: BLE001 - arguments that do not fit are the library's mistake
        return short(template)


class _Left:
    """Stands in place of a value, however the value is written."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


def _shown(value: object) -> object:
    if type(value) in (int, float, bool, type(None)):
        return value
    if isinstance(value, BaseException):
        return _Left(f"{type(value).__name__}: {message_of(value)}")
    return _Left("[value]")


# -- exceptions -------------------------------------------------------------------------------------------------------


def message_of(error: BaseException) -> str:
    """What of an exception's message no peer can have written. Raises nothing."""
    try:
        text = str(error)
        code = _raised_in(error.__traceback__)
        if not text or (code is not None and _has(code, text)):
            return short(text)
        if isinstance(error, KeyError) and error.args and _is_name(error.args[0], code):
            return short(text)
        if isinstance(error, ConfigError | LogError):
            return short(text)
        if isinstance(error, _OWN_WORDS):
            return short(_QUOTED.sub(lambda found: found[0] if _is_name(found[0][1:-1], code) else "…", text))
    except Exception:  # noqa: BLE001 - whatever an exception's own text does, the line is written
        return "[without a text]"
    return HIDDEN


def _raised_in(traceback: TracebackType | None) -> CodeType | None:
    if traceback is None:
        return None
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback.tb_frame.f_code


def _is_name(word: object, code: CodeType | None) -> bool:
    """Whether a word is a type of the language or stands in the code that raised."""
    if word in _TYPES:
        return True
    return code is not None and (word in code.co_names or word in code.co_varnames or _has(code, word))


_TYPES: Final = frozenset(
    {"NoneType", "str", "bytes", "int", "float", "bool", "list", "tuple", "dict", "set", "function", "type", "object"}
)


def traceback_of(error: BaseException) -> str:
    """Where an exception was, as Python shows it, bounded, without values. Raises nothing."""
    parts: list[str] = []
    seen: set[int] = set()
    found: BaseException | None = error
    while found is not None and len(parts) < _MAX_CAUSES and id(found) not in seen:
        seen.add(id(found))
        parts.append(_one_of(found))
        cause = found.__cause__
        found = cause if cause is not None or found.__suppress_context__ else found.__context__
    text = "\n\nfollowed by:\n\n".join(reversed(parts))
    if isinstance(error, BaseExceptionGroup):
        text += "".join(f"\n\nin it:\n\n{_one_of(inner)}" for inner in error.exceptions[:_MAX_CAUSES])
    return short(text, MAX_TRACEBACK)


def _one_of(error: BaseException) -> str:
    frames = list(_frames(error.__traceback__))
    left_out = len(frames) - _FIRST_FRAMES - _LAST_FRAMES
    if left_out > 0:
        frames[_FIRST_FRAMES:-_LAST_FRAMES] = [f"  … {left_out} frames …"]
    message = message_of(error)
    last = f"{type(error).__name__}: {message}" if message else type(error).__name__
    return "\n".join(("Traceback (most recent call last):", *frames, last))


def _frames(traceback: TracebackType | None) -> Iterator[str]:
    while traceback is not None:
        code, line = traceback.tb_frame.f_code, traceback.tb_lineno
        yield f'  File "{code.co_filename}", line {line}, in {code.co_name}{_source(code.co_filename, line)}'
        traceback = traceback.tb_next


def _source(path: str, line: int) -> str:
    try:
        text = linecache.getline(path, line).strip()
    except Exception:  # noqa: BLE001 - the line is a comfort: without a descriptor to read it there is none
        text = ""
    return f"\n    {text}" if text else ""


def place_of(error: BaseException) -> str:
    """Where an exception was raised: the innermost file and line."""
    traceback = error.__traceback__
    if traceback is None:
        return ""
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return f"{traceback.tb_frame.f_code.co_filename}:{traceback.tb_lineno}"
