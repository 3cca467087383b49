"""The units of systemd are right, name what exists, and are as closed as the documents say."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from sio_server.cli.commands import COMMANDS
from sio_server.serving.running import END_WITHIN
from tests.support.deployment import DEPLOY, unknown_settings
from tests.support.documents import Document
from tests.support.servers import ROOT

UNITS = ("sio-server.service", "sio-server-backup.service", "sio-server-backup.timer", "sio-server.socket")
ANALYZE = shutil.which("systemd-analyze") or ""

# What `systemd-analyze security` may count at most, of ten.
EXPOSURE = {"sio-server.service": 1.5, "sio-server-backup.service": 1.0}


def options(unit: str, name: str) -> list[str]:
    """The values of an option, in order."""
    return re.findall(rf"^{name}=(.*)$", (DEPLOY / unit).read_text(), re.MULTILINE)


def test_units_name_what_exists() -> None:
    """Each setting, command and file that a unit names is there."""
    for unit in UNITS[:2]:
        assert unknown_settings((DEPLOY / unit).read_text()) == set()
        commands = re.findall(r"/bin/sio-server ([a-z-]+)", "\n".join(options(unit, "ExecStart")))
        assert commands
        assert set(commands) <= set(COMMANDS)


def test_stop_waits_for_the_drain() -> None:
    """Systemd kills a server that ends only after it would have ended by itself."""
    (seconds,) = options("sio-server.service", "TimeoutStopSec")
    assert int(seconds) > END_WITHIN + 2


if ANALYZE:

    def test_systemd_takes_the_units(tmp_path: Path) -> None:
        """`systemd-analyze verify` has nothing to say of them."""
        program = Path(sys.executable).with_name("sio-server")
        for unit in UNITS:
            text = (DEPLOY / unit).read_text().replace("/opt/sio-server/bin/sio-server", str(program))
            (tmp_path / unit).write_text(text)
        done = subprocess.run(
            (ANALYZE, "verify", *(str(tmp_path / unit) for unit in UNITS)), capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout + done.stderr) == (0, "")

    @pytest.mark.parametrize("unit", EXPOSURE)
    def test_units_are_closed(unit: str) -> None:
        """`systemd-analyze security` counts no more than the documents say."""
        done = subprocess.run(
            (ANALYZE, "security", "--offline=true", "--no-pager", str(DEPLOY / unit)),
            capture_output=True,
            text=True,
            check=False,
        )
        found = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout)
        assert found is not None, done.stdout + done.stderr
        assert float(found[1]) <= EXPOSURE[unit]
        assert f"at most {EXPOSURE[unit]}" in " ".join(
            token.content for token in Document.read(ROOT / "docs" / "production.md").inline
        )
