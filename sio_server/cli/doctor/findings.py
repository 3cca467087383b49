"""What a check found, and how bad that is. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Level(StrEnum):
    """How bad a finding is: ``fault`` stops something from working, ``skipped`` was not looked at."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check: what is so, and how to mend it where it is wrong."""

    check: str
    level: Level
    text: str
    mend: str = ""


def ok(check: str, text: str) -> Finding:
    """All is well."""
    return Finding(check, Level.OK, text)


def warning(check: str, text: str, mend: str) -> Finding:
    """It works, and most likely not as it is meant to."""
    return Finding(check, Level.WARNING, text, mend)


def fault(check: str, text: str, mend: str) -> Finding:
    """It does not work."""
    return Finding(check, Level.FAULT, text, mend)


def skipped(check: str, text: str) -> Finding:
    """Not looked at, and what it would take."""
    return Finding(check, Level.SKIPPED, text)
