"""A server that is fuzzed for a while stays as it was: see ``bench/fuzz.py`` for what is sent and looked for."""

import os
import secrets
import subprocess
import sys

import pytest

from tests.support.servers import ROOT, environment

SECONDS = 28
# Under CI the same input each time, so that a change is judged by what it changed; elsewhere other input each time.
SEED = 1 if os.environ.get("CI") else secrets.randbelow(2**31)


@pytest.mark.timeout(300)  # a run ends with the sessions that time out, and on a busy machine it is started late
@pytest.mark.parametrize("mode", ["prod", "dev"])
def test_fuzzing_finds_nothing(mode: str) -> None:
    """Random heads, frames, packets and values make no error, no line that is not JSON, and leave nothing behind."""
    words = ["--mode", mode, "--seconds", str(SECONDS), "--seed", str(SEED)]
    command = [sys.executable, "-m", "bench.fuzz", *words]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"python -m bench.fuzz {' '.join(words)}\n{done.stdout}\n{done.stderr}"
