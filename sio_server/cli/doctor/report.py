"""Findings as lines for people and as JSON; no secret that was handed in is in either."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Final

import click

from sio_server.cli.commands import one_line
from sio_server.cli.doctor.findings import Finding, Level

_SIGNS: Final = {Level.OK: "✓", Level.WARNING: "!", Level.FAULT: "✗", Level.SKIPPED: "-"}
_COLOURS: Final = {Level.OK: "green", Level.WARNING: "yellow", Level.FAULT: "red", Level.SKIPPED: None}

# A shorter text may stand anywhere by chance, and is no secret.
_LEAST: Final = 4


class Report:
    """Shows findings as they come, or all of them at the end as JSON. ``secrets`` are never shown."""

    def __init__(self, secrets: Iterable[str | None], *, as_json: bool) -> None:
        self._secrets = sorted({text for text in secrets if text and len(text) >= _LEAST}, key=len, reverse=True)
        self._as_json = as_json
        self.findings: list[Finding] = []

    def add(self, finding: Finding) -> None:
        """Show one more."""
        plain = Finding(finding.check, finding.level, self._hidden(finding.text), self._hidden(finding.mend))
        self.findings.append(plain)
        if self._as_json:
            return
        sign = click.style(_SIGNS[plain.level], fg=_COLOURS[plain.level], bold=plain.level is not Level.SKIPPED)
        click.echo(f"{sign} {one_line(plain.text)}")
        if plain.mend:
            click.echo(f"    {one_line(plain.mend)}")

    def end(self) -> None:
        """Sum up; as JSON, show all of it."""
        if self._as_json:
            click.echo(json.dumps({"healthy": self.is_healthy, "findings": as_documents(self.findings)}, indent=2))
            return
        count = {level: sum(one.level is level for one in self.findings) for level in Level}
        click.echo()
        click.echo(
            f"{_several(count[Level.FAULT], 'fault')}, {_several(count[Level.WARNING], 'warning')}, "
            f"{_several(count[Level.OK], 'check')} without either, {count[Level.SKIPPED]} not looked at"
        )

    @property
    def is_healthy(self) -> bool:
        """Whether nothing was found that does not work."""
        return all(one.level is not Level.FAULT for one in self.findings)

    def _hidden(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return text


def as_documents(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """Findings as JSON has them."""
    return [{"check": one.check, "level": one.level, "text": one.text, "mend": one.mend} for one in findings]


def _several(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"
