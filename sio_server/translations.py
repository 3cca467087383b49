"""A text in the languages that somebody wrote it in, and which of them a reader gets. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

# A language tag in the form of RFC 5646 §2.1: a language, then subtags such as a script or a region.
LOCALE_PATTERN: Final = r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8}){0,8}"
_LOCALE: Final = re.compile(LOCALE_PATTERN)

_SCRIPT_LENGTH: Final = 4
_REGION_LENGTH: Final = 2

# What a text falls back on where neither the reader's language nor a relative of it is there.
_COMMON: Final = "en"


def canonical(tag: str) -> str:
    """A language tag in its usual spelling, ``zh-Hant-TW`` (RFC 5646 §2.1.1); raises ValueError for what is no tag."""
    if not _LOCALE.fullmatch(tag):
        raise ValueError(f"'{tag}' is no language tag")
    first, *rest = tag.lower().split("-")
    return "-".join((first, *map(_spelled, rest)))


def _spelled(subtag: str) -> str:
    if len(subtag) == _SCRIPT_LENGTH and subtag.isalpha():
        return subtag.title()
    return subtag.upper() if len(subtag) == _REGION_LENGTH else subtag


@dataclass(frozen=True, slots=True)
class Translations:
    """A text by language tag, in the order in which it was written; with no language it is the empty text."""

    texts: Mapping[str, str]

    def within(self, locale: str) -> str:
        """The text in this language, or in the nearest there is.

        That is (RFC 4647 §3.4) the tag itself, then shorter ones: ``pt-BR``, ``pt``; then another tag of the same
        language; then English, or whatever was written first.
        """
        found = self.texts.get(locale)
        return self._nearest(locale) if found is None else found

    def _nearest(self, locale: str) -> str:
        wanted = locale
        while (wanted := wanted.rpartition("-")[0]) != "":
            if wanted in self.texts:
                return self.texts[wanted]
        language = locale.partition("-")[0]
        for tag, text in self.texts.items():
            if tag.partition("-")[0] == language:
                return text
        return self.texts.get(_COMMON) or next(iter(self.texts.values()), "")

    def as_dict(self) -> dict[str, str]:
        """The text by language, as a file and JSON have it."""
        return dict(self.texts)

    @classmethod
    def read(cls, value: str | Mapping[str, Any], locale: str) -> Self:
        """What a file or JSON says: a text by language, or one text, which is in ``locale``.

        Raises ValueError for a key that is no language tag.
        """
        if isinstance(value, str):
            return cls({locale: value})
        return cls({canonical(tag): str(text) for tag, text in value.items()})


NOTHING: Final = Translations({})
"""A text that nobody wrote."""
