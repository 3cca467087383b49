"""The project's own files agree with one another, and a fresh machine can install from them."""

import json
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

import sio_server
from tests.conftest import ROOT

PYPROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())
PROJECT: dict[str, Any] = PYPROJECT["project"]
GROUPS: dict[str, list[str]] = PYPROJECT["dependency-groups"]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
CLIENT: dict[str, Any] = tomllib.loads((ROOT / "client/pyproject.toml").read_text())["project"]
# The client's distribution is of this tree, and in no lock; what it needs is.
RUN = [
    *(line for line in PROJECT["dependencies"] if not line.startswith("sio-server-client")),
    *CLIENT["dependencies"],
    *GROUPS["build"],
]
WANTED = {"run": RUN, "dev": [*RUN, *GROUPS["dev"]], **{name: GROUPS[name] for name in ("bench", "node", "lock")}}
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==(\S+)(.*)$", re.MULTILINE)
ADDRESS = re.compile(r"[a-z+]+://|--(?:extra-)?index|--find-links|(?:^|\s)/", re.MULTILINE)


def pins(name: str) -> dict[str, set[Version]]:
    """Return the versions that ``requirements/NAME.txt`` gives each package; one, or one for each kind of Python."""
    found: dict[str, set[Version]] = {}
    for package, version, _ in PIN.findall((ROOT / "requirements" / f"{name}.txt").read_text()):
        found.setdefault(package, set()).add(Version(version))
    return found


def makefile_targets() -> set[str]:
    """Return the targets a person may call, as the Makefile's rules name them."""
    rules = re.findall(r"^([a-z][a-z-]*):(?!=)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return set(rules)


def make_help() -> set[str]:
    """Return the targets that `make help` lists."""
    shown = subprocess.run(["make", "-C", ROOT, "help"], capture_output=True, text=True, check=True).stdout  # noqa: S607
    return set(re.findall(r"^ *make ([a-z-]+)", shown, re.MULTILINE))


def test_each_lock_is_known() -> None:
    """Every file in requirements/ is the lock of a group in pyproject.toml, and every group has its lock."""
    assert {lock.stem for lock in LOCKS} == set(WANTED)


@pytest.mark.parametrize("name", sorted(WANTED))
def test_lock_covers_pyproject(name: str) -> None:
    """A lock holds every dependency of its group in a version that pyproject.toml allows."""
    locked = pins(name)
    for line in WANTED[name]:
        wanted = Requirement(line)
        versions = locked.get(canonicalize_name(wanted.name), set())
        assert versions, f"{wanted.name} is not in requirements/{name}.txt: run `make lock`"
        assert all(wanted.specifier.contains(version) for version in versions), line


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_lock_has_a_hash_for_each_package(lock: Path) -> None:
    """Every pin is followed by at least one SHA-256 of a file that may be installed for it."""
    entries = re.split(r"\n(?=\S)", lock.read_text().strip())
    packages = [entry for entry in entries if not entry.startswith("#")]
    assert packages
    for entry in packages:
        assert PIN.match(entry), entry
        assert re.search(r"--hash=sha256:[0-9a-f]{64}\b", entry), entry


def test_locks_agree() -> None:
    """A package has the same versions in every lock that holds it, so that installing one never undoes another."""
    seen: dict[str, tuple[str, set[Version]]] = {}
    for lock in LOCKS:
        for package, versions in pins(lock.stem).items():
            other, expected = seen.setdefault(package, (lock.stem, versions))
            assert versions == expected, f"{package} differs between {other}.txt and {lock.stem}.txt"
    assert set(pins("run")) <= set(pins("dev"))


@pytest.mark.parametrize("path", [*LOCKS, ROOT / "tests/node/package-lock.json"], ids=lambda path: path.name)
def test_lock_names_no_address(path: Path) -> None:
    """A lock holds checksums and no place to download from: each machine asks the registry it is set up for."""
    assert ADDRESS.search(path.read_text()) is None


def test_node_lock_is_whole() -> None:
    """tests/node/package-lock.json was made from its package.json and holds a checksum for each package."""
    lock = json.loads((ROOT / "tests/node/package-lock.json").read_text())
    package = json.loads((ROOT / "tests/node/package.json").read_text())
    root = lock["packages"].pop("")
    assert root["dependencies"] == package["dependencies"]
    assert lock["packages"]
    assert all(re.match(r"sha512-\S+$", entry["integrity"]) for entry in lock["packages"].values())


def test_installed_packages_fit_together() -> None:
    """What the locks installed is complete: no package misses one it needs or has it in a version it refuses."""
    result = subprocess.run([sys.executable, "-m", "pip", "check"], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_build_group_is_the_build_system() -> None:
    """The project is installed by the very tools that build its wheel."""
    assert PYPROJECT["build-system"]["requires"] == GROUPS["build"]


def test_help_lists_every_target() -> None:
    """`make help` shows each target a person may call; the steps that others are made of stay out of it."""
    inner = {"fmt-check", "setup-run", "setup-dev", "setup-bench", "setup-node", "setup-proxies"}
    assert make_help() == makefile_targets() - inner


def test_documented_targets_exist() -> None:
    """Each `make TARGET` in the documents is one of the Makefile's."""
    documents = [*ROOT.glob("*.md"), *(ROOT / "docs").glob("**/*.md")]
    named = {
        target
        for document in documents
        for target in re.findall(r"(?:^|[`$\s])make ([a-z][a-z-]*)(?=[`\s]|$)", _code(document.read_text()))
    }
    assert {"run", "test"} <= named
    assert named <= makefile_targets()


def _code(markdown: str) -> str:
    """Return what is code in a document: fenced blocks, and spans in backticks."""
    return "\n".join(
        [*re.findall(r"^```.*?^```", markdown, re.DOTALL | re.MULTILINE), *re.findall(r"`[^`\n]+`", markdown)]
    )


def test_ci_runs_make_check_alone() -> None:
    """CI has no steps of its own: it calls `make check`, which anyone can run."""
    lines = [line.strip() for line in (ROOT / ".ci" / "run").read_text().splitlines()]
    commands = [line for line in lines if line and not line.startswith("#")]
    assert commands == ["set -euo pipefail", 'cd "$(dirname "$0")/.."', "make check"]


def test_changelog_begins_with_this_version() -> None:
    """The newest version in CHANGELOG.md is the package's."""
    newest = re.search(r"^## \[?v?(\d+\.\d+\.\d+\S*?)\]?(?:\s|$)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert newest[1] == sio_server.__version__


def test_everything_has_one_version() -> None:
    """The server, the client that it asks for, the kit and the console are of one version."""
    assert f"sio-server-client=={sio_server.__version__}" in PROJECT["dependencies"]
    kit, console = (json.loads((ROOT / "web" / name / "package.json").read_text()) for name in ("hooks", "console"))
    assert {kit["version"], console["version"], console["dependencies"][kit["name"]]} == {sio_server.__version__}
    locked = json.loads((ROOT / "web/package-lock.json").read_text())["packages"]
    assert {locked["hooks"]["version"], locked["console"]["version"]} == {sio_server.__version__}


def test_readme_is_the_packages_page() -> None:
    """The readme and the licence that the package's metadata names are there."""
    assert (ROOT / PROJECT["readme"]).is_file()
    assert all((ROOT / name).is_file() for name in PROJECT["license-files"])
