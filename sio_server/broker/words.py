"""What an operator types to find a notification, and whether one has it: the same with every broker. Pure.

No index is asked for words: it would cost each publish a row, to make some searches a day faster, and would find whole
words alone. SQLite's LIKE takes Ñ and ñ, or Ó and o, for different letters. Here every sign stands for itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Self

import orjson

# The beginning of an id that is taken for one: as long as its first group.
_LEAST_OF_ID: Final = 8

_WHOLE_ID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_SEQ: Final = re.compile(r"[0-9]{1,18}", re.ASCII)


class _Folding(dict[int, str]):
    """What becomes of each character, worked out when it is met first; there are some hundred in all texts together."""

    def __missing__(self, code: int) -> str:
        whole = unicodedata.normalize("NFKD", chr(code)).casefold()
        folded = "".join(one for one in unicodedata.normalize("NFKD", whole) if not unicodedata.combining(one))
        if len(self) < _MAX_FOLDED:
            self[code] = folded
        return folded


# Characters whose folding is kept; a text in Chinese has thousands.
_MAX_FOLDED: Final = 20_000

_FOLDING: Final = _Folding()


def fold(text: str) -> str:
    """A text as it is compared: without case and accents, so that "avion" finds "AVIÓN"; in NFKD (UAX #15)."""
    return text.lower() if text.isascii() else text.translate(_FOLDING)


@dataclass(frozen=True, slots=True)
class Words:
    """What is looked for: an id or its beginning, a ``seq``, or words that all stand somewhere in a notification."""

    whole: str
    words: tuple[str, ...]

    @classmethod
    def of(cls, text: str) -> Self:
        """What a text looks for; a word may be any part of one."""
        folded = fold(text).strip()
        return cls(folded, tuple(folded.split()))

    @property
    def id(self) -> str | None:
        """The id that was typed, where it is a whole one."""
        return self.whole if _WHOLE_ID.fullmatch(self.whole) else None

    @property
    def seq(self) -> int | None:
        """The ``seq`` that was typed, where it is a number."""
        return int(self.whole) if _SEQ.fullmatch(self.whole) else None

    def are_in(self, notification_id: str, seq: int, body: bytes, texts: str | None = None) -> bool:
        """Whether this is the notification's id or position, or all words are in its title, message and data.

        ``body`` is `Notification.body`, ``texts`` what `Texts.dump` made of its other languages. Of data the values
        count, names of fields do not.
        """
        if self.seq == seq or (len(self.whole) >= _LEAST_OF_ID and notification_id.startswith(self.whole)):
            return True
        text = fold("\n".join((*_texts_of(body), *_translated(texts))))
        return all(word in text for word in self.words)


def _texts_of(body: bytes) -> Iterator[str]:
    members = orjson.loads(b"{%b}" % body)
    for name in ("title", "message"):
        if members[name]:
            yield members[name]
    yield from _values_of(members["data"])


def _translated(texts: str | None) -> Iterator[str]:
    for members in () if texts is None else orjson.loads(texts).values():
        for name in ("title", "message"):
            if members.get(name):
                yield members[name]


def _values_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _values_of(inner)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield orjson.dumps(value).decode()
