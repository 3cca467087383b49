"""What a doctor finds at an address, by the names of its checks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sio_server.cli.doctor.examination import examine
from sio_server.cli.doctor.findings import Finding, Level
from sio_server.cli.doctor.site import Question
from tests.support.servers import FOR_EVER


class Findings:
    """All that was found, in order."""

    def __init__(self, found: list[Finding]) -> None:
        self.all = found

    def of(self, check: str) -> Finding:
        """The one finding of a check."""
        found = [finding for finding in self.all if finding.check == check]
        assert len(found) == 1, self.all
        return found[0]

    @property
    def faults(self) -> list[str]:
        """The checks that found a fault."""
        return [finding.check for finding in self.all if finding.level is Level.FAULT]

    @property
    def warnings(self) -> list[str]:
        """The checks that found something odd."""
        return [finding.check for finding in self.all if finding.level is Level.WARNING]

    def assert_only(self, check: str, text: str, mend: str, *, level: Level = Level.FAULT) -> None:
        """Just this check found something, which it tells in these words, with this mend."""
        told = self.of(check)
        assert told.level is level, self.all
        assert text in told.text
        assert mend in told.mend
        assert self.faults == ([check] if level is Level.FAULT else []), self.all
        assert self.warnings == ([check] if level is Level.WARNING else []), self.all


async def examined(url: str, directory: Path | None = None, **asked: Any) -> Findings:
    """What is found at an address; nothing is given up for time, and idle connections are left out."""
    question = Question(url, **{"patience": FOR_EVER, "first_byte": FOR_EVER, "quick": True, **asked})
    return Findings([finding async for finding in examine(question, directory)])
