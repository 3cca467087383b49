"""On which line of a TOML file a key stands. Pure."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from typing import Any


def line_of(text: str, path: Sequence[str]) -> int | None:
    """The line, from 1, where what ``path`` names begins; that of the nearest table around it where it is not there.

    None for what is no TOML, and where nothing of the path is there. No parser of Python tells places, so the answer is
    found by what the beginnings of the file hold: the shortest one that has the key ends with it.
    """
    lines = text.split("\n")
    whole = _parsed(lines)
    if whole is None:
        return None
    while path and not _has(whole, path):
        path = path[:-1]
    return _begin(lines, path) if path else None


def _begin(lines: list[str], path: Sequence[str]) -> int:
    # `low` lines are TOML without the key, and no number of lines from `high` on is less than what has it.
    low, high = 0, len(lines)
    while low + 1 < high:
        middle = (low + high) // 2
        # Inside a list or a text of several lines a beginning is no TOML: the next one that is tells.
        found = next(((n, made) for n in range(middle, high) if (made := _parsed(lines[:n])) is not None), None)
        if found is None or _has(found[1], path):
            high = middle
        else:
            low = found[0]
    return low + 1


def _parsed(lines: list[str]) -> dict[str, Any] | None:
    try:
        return tomllib.loads("\n".join(lines) + "\n")
    except (ValueError, RecursionError):
        return None


def _has(document: object, path: Sequence[str]) -> bool:
    for key in path:
        if not isinstance(document, dict) or key not in document:
            return False
        document = document[key]
    return True
