"""Unix sockets that are bound in place of dead ones, and sockets that a supervisor opened."""

from __future__ import annotations

import contextlib
import os
import socket
import stat
from pathlib import Path

import pytest

from sio_server.serving.sockets import CannotListen, UnixSocket, given, path_of
from tests.support.commands import script


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where a Unix socket may be."""
    return tmp_path / "server.sock"


def listening(path: Path) -> UnixSocket:
    """A socket that is listened on."""
    bound = UnixSocket(path, 0o660)
    bound.socket.listen()
    return bound


@pytest.mark.parametrize("mode", [0o600, 0o660, 0o666])
def test_socket_has_its_permissions(path: Path, mode: int) -> None:
    """Whatever the umask is, the permissions are those that were asked for, from the first connection on."""
    before = os.umask(0o027)
    try:
        bound = UnixSocket(path, mode)
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == mode
    with socket.socket(socket.AF_UNIX) as asking, pytest.raises(ConnectionRefusedError):
        asking.connect(str(path))  # it is not listened on yet
    bound.remove()
    assert not path.exists()


def test_socket_of_a_dead_server_is_replaced(path: Path) -> None:
    """What a process that is gone left behind is no reason not to serve."""
    listening(path).socket.close()
    assert path.exists()
    bound = listening(path)
    with socket.socket(socket.AF_UNIX) as asking:
        asking.connect(str(path))
    bound.remove()


def test_socket_in_use_is_left_alone(path: Path) -> None:
    """A socket that somebody listens on is in use, also where its queue is full."""
    bound = UnixSocket(path, 0o660)
    bound.socket.listen(0)
    waiting = []
    for _ in range(2):
        with pytest.raises(CannotListen, match=f"cannot serve on {path}: Address already in use"):
            UnixSocket(path, 0o660)
        one = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM | socket.SOCK_NONBLOCK)
        with contextlib.suppress(BlockingIOError):
            one.connect(str(path))
        waiting.append(one)
    for one in waiting:
        one.close()
    bound.remove()


def test_what_is_no_socket_is_left_alone(path: Path) -> None:
    """A file of that name is never deleted."""
    path.write_text("mine")
    with pytest.raises(CannotListen, match="it is no socket: move it away"):
        UnixSocket(path, 0o660)
    assert path.read_text() == "mine"


def test_directory_that_is_missing_is_told(path: Path) -> None:
    """Where the directory is not there the mend is named."""
    with pytest.raises(CannotListen, match="make its directory first"):
        UnixSocket(path.parent / "none" / "x", 0o660)


def test_path_that_is_too_long_is_told(path: Path) -> None:
    """A path that the system cannot take is one line."""
    with pytest.raises(CannotListen, match="too long"):
        UnixSocket(path.parent / ("x" * 200), 0o660)


def test_successors_socket_is_left_alone(path: Path) -> None:
    """Who ends does not take away the socket that a successor has made in the meantime."""
    first = listening(path)
    first.socket.close()
    second = listening(path)
    first.remove()
    assert path.exists()
    second.remove()


# -- what a supervisor hands over -------------------------------------------------------------------------------------


@pytest.fixture
def environ() -> dict[str, str]:
    """An environment that names one descriptor that was handed over to this process."""
    return {"LISTEN_FDS": "1", "LISTEN_PID": "7", "LISTEN_FDNAMES": "x", "PATH": "/bin"}


def test_nothing_is_handed_over(environ: dict[str, str]) -> None:
    """Descriptors that are another process's, or none, are not touched; the variables are taken away."""
    for variables in ({}, {"LISTEN_FDS": "1"}, {**environ}, {"LISTEN_FDS": "x", "LISTEN_PID": "8"}):
        assert given(variables, 8) == []
        assert variables.keys() <= {"PATH"}


# Descriptors begin at 3, so a process of its own is asked.
GIVEN = """
import os, socket, sys
from pathlib import Path
from sio_server.errors import ConfigError
from sio_server.serving.sockets import given, path_of
kinds = sys.argv[1].split(",")
made = []
for kind in kinds:
    if kind == "file":
        made.append(os.open("/dev/null", os.O_RDONLY))
        continue
    one = socket.socket(socket.AF_UNIX if kind == "unix" else socket.AF_INET,
                        socket.SOCK_DGRAM if kind == "datagram" else socket.SOCK_STREAM)
    one.bind(sys.argv[2] if kind == "unix" else ("127.0.0.1", 0))
    if kind not in ("idle", "datagram"):
        one.listen()
    made.append(one.detach())
for number, descriptor in enumerate(made):
    if descriptor != 3 + number:
        os.dup2(descriptor, 3 + number)
environ = {"LISTEN_FDS": str(len(made)), "LISTEN_PID": str(os.getpid())}
try:
    found = given(environ, os.getpid())
    inheritable = [os.get_inheritable(one.fileno()) for one in found]
    print(len(found), [str(path_of(one)) for one in found], inheritable, environ)
except ConfigError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("kinds", "told"),
    [
        ("tcp", "1 ['None'] [False] {}"),
        ("tcp,tcp", "2 ['None', 'None'] [False, False] {}"),
        ("unix", "1 ['{path}'] [False] {}"),
        ("file", "LISTEN_FDS: descriptor 3 is no socket"),
        ("idle", "LISTEN_FDS: descriptor 3 is not listened on"),
        ("datagram", "LISTEN_FDS: descriptor 3 is not listened on"),
        ("tcp,unix", "LISTEN_FDS: Unix sockets together with addresses"),
    ],
)
async def test_what_is_handed_over(path: Path, kinds: str, told: str) -> None:
    """Sockets that are listened on are taken, and closed to children; anything else is one line."""
    async with script(GIVEN, kinds, str(path)) as process:
        assert process.stdout is not None
        said = (await process.stdout.read()).decode()
    assert said.startswith(told.replace("{path}", str(path)))


def test_path_of_an_address() -> None:
    """Only a Unix socket has a path."""
    with socket.create_server(("127.0.0.1", 0)) as one:
        assert path_of(one) is None


def test_address_of_another_machine_is_told_where_python_forgets_the_number() -> None:
    """What asyncio of Python 3.13 raises, without a number, is told as what it comes from."""
    error = OSError("could not bind on any address out of [('203.0.113.5', 80)]")
    assert str(CannotListen.at("203.0.113.5 port 80", error)).endswith(": it is no address of this machine")
