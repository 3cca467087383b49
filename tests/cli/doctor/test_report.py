"""Findings as people and programs see them, without a secret."""

from __future__ import annotations

import json

import pytest

from sio_server.cli.doctor.findings import fault, ok, skipped, warning
from sio_server.cli.doctor.report import Report

SECRET = "sio_pk_0123456789"


@pytest.mark.parametrize("as_json", [False, True])
def test_no_secret_is_shown(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:  # noqa: FBT001 - pytest gives it
    """Whatever a server answers, a secret that was handed in is not shown; nor is an escape sequence."""
    report = Report((SECRET, None, "x"), as_json=as_json)
    report.add(fault("key", f"'{SECRET}' is wrong\x1b[31m", f"not {SECRET}"))
    report.end()
    told = capsys.readouterr().out
    assert SECRET not in told
    assert "\x1b[31m" not in told
    assert "is wrong" in told


def test_findings_are_lines_with_signs(capsys: pytest.CaptureFixture[str]) -> None:
    """Each finding is a line with its sign, each mend a line below, and the sum is at the end."""
    report = Report((), as_json=False)
    for finding in (ok("a", "well"), warning("b", "odd", "mend it"), fault("c", "bad", "do this"), skipped("d", "no")):
        report.add(finding)
    report.end()
    assert capsys.readouterr().out.splitlines() == [
        *("✓ well", "! odd", "    mend it", "✗ bad", "    do this", "- no", ""),
        "1 fault, 1 warning, 1 check without either, 1 not looked at",
    ]
    assert not report.is_healthy


def test_findings_are_json(capsys: pytest.CaptureFixture[str]) -> None:
    """As JSON all findings are one document, with whether the server is healthy; warnings are no illness."""
    report = Report((), as_json=True)
    report.add(warning("b", "odd", "mend it"))
    report.end()
    document = json.loads(capsys.readouterr().out)
    assert document == {
        "healthy": True,
        "findings": [{"check": "b", "level": "warning", "text": "odd", "mend": "mend it"}],
    }
