"""A server in a process of its own, seen from outside alone: its address, its log, and what it takes of the machine."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, Protocol

import jwt

from bench import traced
from tests.support.waiting import ASKING, Patience, work_of

HERE: Final = Path(__file__).resolve().parent.parent
STOP: Final = 20.0  # seconds a server may take to end before it is killed
_TICKS: Final = os.sysconf("SC_CLK_TCK")

#: What a log may never hold. Every secret and every ``data`` that these tools send has it in it.
CANARY: Final = "cAnArY"


@dataclass(frozen=True, slots=True)
class Credentials:
    """What lets somebody in: the ``mode`` ("prod" or "dev"), and the secrets of a server that has some."""

    mode: str
    secret: str = f"{CANARY}-secret-of-a-server-that-is-attacked-and-long-enough"
    key: str = f"{CANARY}-key-of-a-publisher-of-these-tools-and-long-enough"

    def token(self, user: str, role: str = "turista") -> str:
        """A token of a user, good for a day, as a backend would sign it."""
        claims = {"sub": user, "role": role, "exp": int(time.time()) + 86_400, "jti": CANARY}
        return jwt.encode(claims, self.secret, algorithm="HS256")

    def auth(self, user: str, role: str = "turista") -> dict[str, str]:
        """The ``auth`` of a Socket.IO CONNECT."""
        return {"user": user, "role": role} if self.mode == "dev" else {"token": self.token(user, role)}

    def publishing(self) -> dict[str, str]:
        """The header of a publisher; none in development mode, where none is needed."""
        return {} if self.mode == "dev" else {"Authorization": f"Bearer {self.key}"}

    def operating(self) -> dict[str, str]:
        """The header of an administrator."""
        return {} if self.mode == "dev" else {"Authorization": f"Bearer {self.token('operator', 'admin')}"}

    def environment(self) -> dict[str, str]:
        """The settings of the server."""
        if self.mode == "dev":
            return {"SIO_SERVER_DEV": "1"}  # which a version that does not ask for it warns of, no more
        return {"SIO_SERVER_JWT_SECRET": self.secret, "SIO_SERVER_PUBLISH_KEYS": self.key}


class Child(Protocol):
    """What these tools use of a process that they started: `subprocess.Popen` is one."""

    pid: int

    def poll(self) -> int | None:
        """How it ended; None while it runs."""

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; raises `subprocess.TimeoutExpired`."""

    def send_signal(self, number: int, /) -> None:
        """Send it a signal."""

    def kill(self) -> None:
        """End it at once."""


class Launch(Protocol):
    """What runs a module as a process, with these descriptors as its standard output and error."""

    def __call__(
        self, module: str, arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], output: int, errors: int
    ) -> Child:
        """Start it."""


def interpreter(
    module: str,
    arguments: Sequence[str],
    *,
    cwd: Path,
    env: Mapping[str, str],
    output: int,
    errors: int,
    prepare: Callable[[], None] | None = None,
) -> Child:
    """Run a module in a Python of its own; ``prepare`` is called in the new process, before it is another program."""
    return subprocess.Popen(
        [sys.executable, "-m", module, *arguments],
        cwd=cwd,
        env=env,
        stdout=output,
        stderr=errors,
        preexec_fn=prepare,  # noqa: PLW1509 - before any thread of ours
    )


@dataclass(frozen=True, slots=True)
class Process:
    """A server that runs: its address, its process and its log.

    Every figure is the operating system's, but for the memory of one that is ``traced``: the file of `bench.traced`.
    """

    port: int
    pid: int
    log: Path
    child: Child
    traced: Path | None = None

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def alive(self) -> bool:
        """Whether it has not ended."""
        return self.child.poll() is None

    def memory(self) -> int:
        """Bytes that are resident, 0 once it has ended; where it is traced, those that it allocated."""
        return traced.read(self.traced)[0] if self.traced else self._of_status("VmRSS")

    def peak(self) -> int:
        """The most of these bytes at once."""
        return traced.read(self.traced)[1] if self.traced else self._of_status("VmHWM")

    def _of_status(self, name: str) -> int:
        with contextlib.suppress(OSError):
            found = re.search(rf"{name}:\s+(\d+)", Path(f"/proc/{self.pid}/status").read_text())
            return int(found[1]) * 1024 if found else 0
        return 0

    def files(self) -> int:
        """Descriptors that are open."""
        with contextlib.suppress(OSError):
            return sum(1 for _ in Path(f"/proc/{self.pid}/fd").iterdir())
        return 0

    def cpu(self) -> float:
        """Seconds of processor that it has used."""
        with contextlib.suppress(OSError):
            words = Path(f"/proc/{self.pid}/stat").read_text().rpartition(")")[2].split()
            return (int(words[11]) + int(words[12])) / _TICKS
        return 0.0


def _program(data: str, figures: Path | None) -> tuple[str, list[str]]:
    words = ["serve", "--port", "0", "--host", "127.0.0.1", "--data-dir", data, "--log-format", "json"]
    return ("sio_server", words) if figures is None else ("bench.traced", [str(figures), *words])


def _prepare(descriptors: int | None, cpu: int | None) -> Callable[[], None]:
    def prepare() -> None:
        if descriptors is not None:
            resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
        if cpu is not None:
            os.sched_setaffinity(0, {cpu})

    return prepare


@contextlib.contextmanager
def serving(
    credentials: Credentials,
    *,
    checkout: Path = HERE,
    settings: Mapping[str, str] | None = None,
    descriptors: int | None = None,
    cpu: int | None = None,
    trace: bool = False,
    launch: Launch | None = None,
) -> Iterator[Process]:
    """Run ``sio-server serve`` of a checkout on a free port of 127.0.0.1, its log on the disk, until the block ends.

    ``settings`` are more environment variables; ``descriptors`` is the limit of open files; ``cpu`` the processor it
    is held to; with ``trace`` its memory is counted by `bench.traced`, which makes it slower. ``launch`` starts it in
    place of a new Python, and knows neither limit nor processor. Raises RuntimeError when it ends instead of starting,
    `Stuck` when it does neither.
    """
    launch = launch or partial(interpreter, prepare=_prepare(descriptors, cpu))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SIO_SERVER_")}
    environment = {**kept, "PYTHONPATH": str(checkout), **credentials.environment(), **(settings or {})}
    with tempfile.TemporaryDirectory(prefix="sio-server-", ignore_cleanup_errors=True) as directory:
        log = Path(directory, "stderr")
        said = Path(directory, "stdout")
        figures = Path(directory, "memory") if trace else None
        with log.open("wb") as errors, said.open("wb") as output:
            child = launch(
                *_program(str(Path(directory, "data")), figures),
                cwd=Path(directory),
                env=environment,
                output=output.fileno(),
                errors=errors.fileno(),
            )
        try:
            yield Process(_port(child, said, log), child.pid, log, child, figures)
        finally:
            _end(child)


def _port(child: Child, said: Path, log: Path) -> int:
    waiting = Patience("an address", work_of(child))
    while not (found := re.search(r"http://127\.0\.0\.1:(\d+)", said.read_text())):
        if child.poll() is not None:
            raise RuntimeError(f"the server did not start: {log.read_text()[-2000:]}")
        time.sleep(ASKING)
        waiting.look(ASKING)
    return int(found[1])


def _end(child: Child) -> None:
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
        try:
            child.wait(STOP)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
