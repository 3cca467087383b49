"""Which of our two languages a reader prefers. Pure."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from sio_server.translations import canonical

LOCALES: Final = ("en", "es")

# A longer header is no browser's: reading its thousands of parts would only cost time.
_MAX_LENGTH: Final = 256


def preferred_locale(accept_language: str | None, default: str = "en") -> str:
    """``es`` or ``en`` by an ``Accept-Language`` header or a locale name (RFC 9110 §12.5.4, RFC 5646)."""
    return _preferred(accept_language[:_MAX_LENGTH], default) if accept_language else default


@lru_cache(maxsize=1024)  # whoever comes says it, in the words of a few browsers
def accepted_tags(accept_language: str) -> tuple[str, ...]:
    """The language tags of an ``Accept-Language`` header in their usual spelling, the most wanted first."""
    found: list[tuple[float, str]] = []
    for part in accept_language[:_MAX_LENGTH].split(","):
        name, _, parameter = part.strip().partition(";")
        try:
            tag = canonical(name.strip().replace("_", "-"))
        except ValueError:
            continue  # *, or no tag
        if (quality := _quality(parameter)) > 0:
            found.append((quality, tag))
    return tuple(tag for _, tag in sorted(found, key=lambda pair: -pair[0]))


@lru_cache(maxsize=256)  # every publish asks, and the programs that publish are few
def _preferred(accept_language: str, default: str) -> str:
    best, best_quality = default, 0.0
    for part in accept_language.split(","):
        name, _, parameter = part.strip().partition(";")
        language = name.strip().replace("_", "-").partition("-")[0].lower()
        quality = _quality(parameter)
        if language in LOCALES and quality > best_quality:
            best, best_quality = language, quality
    return best


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return float(value)
    except ValueError:
        return 0.0
