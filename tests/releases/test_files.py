"""What `make dist` put there: nothing is missing, all of it is as the checksums say, and another build is the same."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any, Final

import pytest

from sio_server import __version__
from tests.support.servers import ROOT

# What is in a release, by the ends of its files' names.
SERVER: Final = f"sio_server-{__version__}"
EXPECTED: Final = {
    f"sio_server_client-{__version__}-py3-none-any.whl",
    f"{SERVER}-py3-none-any.whl",
    f"{SERVER}.tar.gz",
    f"sio-server-react-{__version__}.tgz",
    f"sio-server-{__version__}.cdx.json",
    "SHA256SUMS",
}


def sums(dist: Path) -> dict[str, str]:
    """The checksum of each file by its name."""
    lines = (dist / "SHA256SUMS").read_text("ascii").splitlines()
    return {name: digest for digest, name in (line.split("  ") for line in lines)}


def server_wheels(dist: Path) -> list[Path]:
    """The wheels of the server: the one for all machines, and this machine's."""
    return sorted(dist.glob("sio_server-*.whl"))


def test_release_is_whole(dist: Path) -> None:
    """There are the server's wheel for all machines and one for this kind, the client's, the kit and the rest."""
    names = {path.name for path in dist.iterdir()}
    assert names >= EXPECTED
    [native] = names - EXPECTED
    assert native.startswith(f"{SERVER}-cp311-abi3-")


def test_checksums_are_those_of_the_files(dist: Path) -> None:
    """Each file is named once with its SHA-256."""
    told = sums(dist)
    assert set(told) == {path.name for path in dist.iterdir()} - {"SHA256SUMS"}
    for name, digest in told.items():
        assert hashlib.sha256((dist / name).read_bytes()).hexdigest() == digest, name


def test_wheels_have_the_console(dist: Path) -> None:
    """Whoever installs a wheel of the server needs no Node: the built console is in it, compressed, too."""
    for wheel in server_wheels(dist):
        with zipfile.ZipFile(wheel) as archive:
            names = set(archive.namelist())
            page = archive.read("sio_server/static/console/index.html").decode()
        assets = re.findall(r'(?:src|href)="\.?/?(assets/[^"]+)"', page)
        assert assets
        for asset in assets:
            assert f"sio_server/static/console/{asset}" in names
        assert any(name.endswith(".js.br") for name in names)


def test_kit_has_what_its_package_names(dist: Path) -> None:
    """The kit's archive has each file that its exports lead to, and no test."""
    [kit] = dist.glob("*.tgz")
    with tarfile.open(kit) as archive:
        names = {name.removeprefix("package/") for name in archive.getnames()}
        about = archive.extractfile("package/package.json")
        assert about is not None
        package: dict[str, Any] = json.load(about)
    assert package["version"] == __version__
    targets = re.findall(r'"\./((?:dist|src)/[^"]+)"', json.dumps(package["exports"]))
    assert targets
    assert set(targets) <= names
    assert not [name for name in names if "test" in name]


def test_bill_of_materials_names_everything(dist: Path) -> None:
    """The SBOM has each package that the server is installed with, and React and the rest of the console, by hash."""
    [path] = dist.glob("*.cdx.json")
    bill = json.loads(path.read_text("utf-8"))
    components = {each["purl"]: each for each in bill["components"]}
    lock = re.findall(r"^(\S+)==(\S+)", (ROOT / "requirements/run.txt").read_text("utf-8"), re.MULTILINE)
    wanted = {f"pkg:pypi/{name}@{version}" for name, version in lock if name != "setuptools"}
    assert {purl for purl in components if purl.startswith("pkg:pypi/")} == {
        *wanted,
        f"pkg:pypi/sio-server-client@{__version__}",
    }
    for purl in wanted:
        assert components[purl]["externalReferences"][0]["hashes"], purl
    web = {purl: each for purl, each in components.items() if purl.startswith("pkg:npm/")}
    names = {purl.removeprefix("pkg:npm/").rpartition("@")[0] for purl in web}
    assert {"react", "react-dom", "scheduler", "socket.io-client", "%40mantine/core", "sonner"} <= names
    assert not names & {"vite", "typescript", "vitest", "eslint", "playwright"}
    ours = {"%40sio-server/console", "%40sio-server/react"}
    assert all(each.get("hashes") for purl, each in web.items() if purl[8:].rpartition("@")[0] not in ours)
    assert bill["metadata"]["component"]["purl"] == f"pkg:pypi/sio-server@{__version__}"


def test_bill_of_materials_hangs_together(dist: Path) -> None:
    """Everything in the SBOM is needed by something that the server needs."""
    [path] = dist.glob("*.cdx.json")
    bill = json.loads(path.read_text("utf-8"))
    needs = {each["ref"]: each.get("dependsOn", []) for each in bill["dependencies"]}
    reached: set[str] = set()
    waiting = [bill["metadata"]["component"]["bom-ref"]]
    while waiting:
        ref = waiting.pop()
        if ref not in reached:
            reached.add(ref)
            waiting.extend(needs[ref])
    left = {each["bom-ref"] for each in bill["components"]} - reached
    # What this kind of Python has built in, and another has to install.
    assert {purl.rpartition("@")[0].removeprefix("pkg:pypi/") for purl in left} <= {"typing-extensions"}


@pytest.mark.parametrize("umask", [0o077, 0o002], ids=["own", "shared"])
def test_another_build_is_the_same(dist: Path, tmp_path: Path, umask: int) -> None:
    """Built once more, by somebody with other habits, each of Python's distributions is the same to the byte."""
    made = {path: path.stat().st_mtime for path in (ROOT / "sio_server").glob("*.py")}
    [archive] = dist.glob("*.tar.gz")
    moment = int.from_bytes(archive.read_bytes()[4:8], "little")
    subprocess.run(
        [sys.executable, ROOT / "scripts/dist.py", "--python", tmp_path / "again"],
        check=True,
        umask=umask,
        env={**os.environ, "SOURCE_DATE_EPOCH": str(moment), "TZ": "Asia/Kathmandu", "LC_ALL": "C"},
        cwd=tmp_path,
    )
    again = sums(tmp_path / "again")
    assert again
    assert {name: digest for name, digest in sums(dist).items() if name in again} == again
    assert {path: path.stat().st_mtime for path in made} == made, "a build leaves the tree alone"


def test_page_of_the_index_is_readable(dist: Path) -> None:
    """The metadata has the readme, the licence and the Pythons it is for."""
    for wheel in dist.glob("*.whl"):
        with zipfile.ZipFile(wheel) as archive:
            [name] = [each for each in archive.namelist() if each.endswith(".dist-info/METADATA")]
            text = archive.read(name).decode()
        assert "Description-Content-Type: text/markdown\n" in text
        assert "License-Expression: MIT\n" in text
        assert "Requires-Python: >=3.11\n" in text
