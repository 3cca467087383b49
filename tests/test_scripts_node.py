"""scripts/node.sh: the Node of the tests and of the build, on machines with one, with an old one, with none."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT

# What the script itself calls: a machine with nothing more than Debian's base has these.
BASE = ("sh", "tr", "grep", "paste", "mkdir", "ln", "chmod", "mv", "cat")


def program(path: Path, text: str) -> None:
    """Write a program of the shell."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Make a project whose lock of Node is installed, and a machine with Debian's base and no Node."""
    for name in BASE:
        found = shutil.which(name)
        assert found is not None
        (tmp_path / "base").mkdir(exist_ok=True)
        (tmp_path / "base" / name).symlink_to(found)
    place = tmp_path / "wheel"
    program(place / "bin/node", 'echo "the lock: $*"')
    for name in ("npm", "npx"):
        program(place / f"lib/node_modules/npm/bin/{name}-cli.js", "exit 1")
    project = tmp_path / "a project"
    program(project / ".venv/bin/python", f'echo "{place}"')
    program(project / "scripts/setup.sh", "exit 0")
    shutil.copy(ROOT / "scripts/node.sh", project / "scripts/node.sh")
    return project


def found(project: Path, *path: Path) -> list[str]:
    """Run `node`, `npm` and `npx` by name after `find_node`, with these directories on PATH; return what each says."""
    script = "set -eu; . scripts/node.sh; find_node; node one; npm two; npx three"
    search = os.pathsep.join(map(str, [*path, project.parent / "base"]))
    done = subprocess.run(
        ["/bin/sh", "-c", script], cwd=project, env={"PATH": search}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


def system(directory: Path, *, new: bool, names: tuple[str, ...] = ("npm", "npx")) -> Path:
    """Make a system's Node in a directory; `new` is what it says when its version is asked for."""
    program(directory / "node", f'[ "$1" != -e ] || exit {0 if new else 1}; echo "system: $*"')
    for name in names:
        program(directory / name, f'echo "system {name}: $*"')
    return directory


def test_machine_without_node_gets_all_three_names(checkout: Path) -> None:
    """Where there is no Node, `node`, `npm` and `npx` are those of the lock, called by name."""
    npm = checkout.parent / "wheel/lib/node_modules/npm/bin"
    assert found(checkout) == ["the lock: one", f"the lock: {npm}/npm-cli.js two", f"the lock: {npm}/npx-cli.js three"]


def test_system_node_is_used_where_it_is_whole(checkout: Path, tmp_path: Path) -> None:
    """A system's Node that is new enough and has npm and npx is the one that all three names call."""
    assert found(checkout, system(tmp_path / "usr", new=True)) == [
        "system: one",
        "system npm: two",
        "system npx: three",
    ]


@pytest.mark.parametrize(("new", "names"), [(False, ("npm", "npx")), (True, ()), (True, ("npm",))])
def test_other_system_node_is_passed_over(checkout: Path, tmp_path: Path, *, new: bool, names: tuple[str, ...]) -> None:
    """A system's Node that is too old, or lacks npm or npx, is not used for any of the three."""
    said = found(checkout, system(tmp_path / "usr", new=new, names=names))
    assert [line.partition(":")[0] for line in said] == ["the lock"] * 3


def test_called_again_from_a_test_it_finds_the_same(checkout: Path, tmp_path: Path) -> None:
    """With its own directory already first on PATH it finds the system's Node again, and no link to itself."""
    usr = system(tmp_path / "usr", new=True)
    first = found(checkout, usr)
    assert found(checkout, checkout / ".venv/node-bin", usr) == first
