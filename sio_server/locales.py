"""Which of our two languages a reader prefers. Pure."""

from __future__ import annotations

from typing import Final

LOCALES: Final = ("en", "es")

# A longer header is no browser's: reading its thousands of parts would only cost time.
_MAX_LENGTH: Final = 256


def preferred_locale(accept_language: str | None, default: str = "en") -> str:
    """``es`` or ``en`` by an ``Accept-Language`` header or a locale name (RFC 9110 §12.5.4, RFC 5646)."""
    best, best_quality = default, 0.0
    for part in (accept_language or "")[:_MAX_LENGTH].split(","):
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
