"""What a search is asked with in a query string: moments and words."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from marshmallow import ValidationError
from marshmallow import fields as plain

from sio_server.broker import Words
from sio_server.errors import Text
from sio_server.schemas.loading import about

# Characters of what is searched for: a sentence. Each word is looked for in each notification.
MAX_TEXT: Final = 200

# RFC 3339 §5.6. In an address a plus sign that was not encoded arrives as a space.
_MOMENT: Final = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[Tt ](?P<minute>\d\d:\d\d):(?P<second>\d\d)(?P<part>\.\d{1,9})?"
    r"(?:[Zz]|(?P<sign>[+ -])(?P<offset>\d\d:\d\d))",
    re.ASCII,
)

# A leap second (RFC 3339 §5.7) is the first one of the next minute here.
_LEAP: Final = 60


class Moment(plain.Field[int]):
    """A moment in a query string, RFC 3339 with a zone; becomes milliseconds of Unix time, rounded up."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> int:
        found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
        moment = None if found is None else _moment(found)
        if moment is None:
            raise ValidationError(_NO_MOMENT)
        return moment


def _moment(found: re.Match[str]) -> int | None:
    """Milliseconds of Unix time; None for a day, a time or a zone that there is not."""
    leap = int(found["second"]) == _LEAP
    sign, offset = (found["sign"] or "+").replace(" ", "+"), found["offset"] or "00:00"
    text = f"{found['day']}T{found['minute']}:{59 if leap else found['second']}{sign}{offset}"
    try:
        whole = datetime.fromisoformat(text).astimezone(UTC) + timedelta(seconds=int(leap))
    except (ValueError, OverflowError):
        return None
    part = (found["part"] or ".")[1:].ljust(9, "0")
    return round(whole.timestamp()) * 1000 - (-int(part) // 1_000_000)


_NO_MOMENT: Final = Text(
    "Not a moment with a zone (RFC 3339), such as 2026-11-28T03:00:00Z or 2026-11-27T22:00:00-05:00.",
    "No es un momento con zona (RFC 3339), como 2026-11-28T03:00:00Z o 2026-11-27T22:00:00-05:00.",
)


def moment_field(text: str) -> Moment:
    """A moment in a query; None where it is left out."""
    return Moment(load_default=None, metadata=about(text, type="string", format="date-time"))


class Sought(plain.Field[str]):
    """Text that is searched for, in a query string."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> str:
        text = value.strip() if isinstance(value, str) else ""
        if not 0 < len(text) <= MAX_TEXT or any(map(_is_no_text, text)) or not Words.of(text).words:
            raise ValidationError(_NOT_SOUGHT)
        return text


def _is_no_text(character: str) -> bool:
    """Whether a character is a control or half of a pair: no text holds it, and no screen shows it."""
    return unicodedata.category(character) in ("Cc", "Cs") and not character.isspace()


_NOT_SOUGHT: Final = Text(
    f"Must be text of 1 to {MAX_TEXT} characters to look for, without control characters.",
    f"Debe ser un texto de 1 a {MAX_TEXT} caracteres que buscar, sin caracteres de control.",
)


def text_field(text: str) -> Sought:
    """The field ``q`` of a query: text to look for; None where it is left out."""
    return Sought(load_default=None, data_key="q", metadata=about(text, type="string", minLength=1, maxLength=MAX_TEXT))
