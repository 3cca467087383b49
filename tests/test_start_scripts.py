"""The scripts that start the server for whoever knows no command of it: `start.sh`, and those for PowerShell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import aiohttp
import pytest

from tests.conftest import Node
from tests.support.servers import PUBLISH_KEY, ROOT, SECRET, serving_command

POWERSHELL = ("install.ps1", "start.ps1")
SECRETS = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEYS": PUBLISH_KEY}


@pytest.mark.parametrize(("env", "development"), [({}, True), (SECRETS, False)], ids=["development", "production"])
async def test_start_sh_starts_what_is_installed(tmp_path: Path, env: dict[str, str], *, development: bool) -> None:
    """An installed server is started with the script's arguments, its log beside the script, in the mode that fits."""
    for name in ("start.sh", "scripts/mode.sh"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
    async with (
        serving_command(
            str(tmp_path / "start.sh"), "--port", "0", "--locale", "en", env={**env, "PATH": path}
        ) as server,
        aiohttp.ClientSession() as http,
        http.get(f"{server.url}/v1/session") as response,
    ):
        assert (await response.json())["development"] is development
        assert (tmp_path / "data").is_dir()
        assert await server.stop() == 0, "the script is the server, so that a signal reaches it"


def test_powershell_scripts_are_powershell(node: Node, tmp_path: Path) -> None:
    """PowerShell's grammar has no objection to the scripts; a script that is none is told by its line."""
    wrong = tmp_path / "wrong.ps1"
    wrong.write_text("Set-Location .\nif ($x { 1 }\n")
    read = (node.binary, ROOT / "tests/node/powershell.mjs")
    done = subprocess.run([*read, *POWERSHELL], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    refused = subprocess.run([*read, wrong], capture_output=True, text=True, check=False)
    assert (refused.returncode, refused.stdout.startswith(f"{wrong}:")) == (1, True)


@pytest.mark.parametrize("name", POWERSHELL)
def test_powershell_scripts_say_that_nobody_ran_them(name: str) -> None:
    """What the tests cannot run says so in its first line."""
    assert (ROOT / name).read_text("utf-8").startswith("# Not run by the project's tests")


def test_start_scripts_agree_on_what_configures_secrets() -> None:
    """Both look for the same names before they choose development mode."""
    names = re.compile(r"SIO_SERVER_\([A-Z_()|?]+\)\(_FILE\)\?")
    told = [names.findall((ROOT / name).read_text("utf-8")) for name in ("scripts/mode.sh", "start.ps1")]
    assert told[0] == told[1]
    assert len(told[0]) == 1
