"""A text in the languages that somebody wrote it in, and which of them a reader gets. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
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


def nearest(tags: Collection[str], locale: str) -> str | None:
    """The nearest of some language tags to one, None where there is none of the same language.

    That is (RFC 4647 §3.4) the tag itself, then shorter ones: ``pt-BR``, ``pt``; then another tag of the language.
    """
    wanted = locale
    while wanted not in tags:
        wanted = wanted.rpartition("-")[0]
        if not wanted:
            language = locale.partition("-")[0]
            return next((tag for tag in tags if tag.partition("-")[0] == language), None)
    return wanted


@dataclass(frozen=True, slots=True)
class Translations:
    """A text by language tag, in the order in which it was written; with no language it is the empty text."""

    texts: Mapping[str, str]

    def within(self, locale: str, default: str = _COMMON) -> str:
        """The text in this language, or in the `nearest` there is.

        Where there is none of the language, it is the text in ``default``, else in English, else what was written
        first.
        """
        found = self.texts.get(locale)
        if found is not None:
            return found
        for wanted in (locale, default, _COMMON):
            tag = nearest(self.texts, wanted)
            if tag is not None:
                return self.texts[tag]
        return next(iter(self.texts.values()), "")

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
