"""What is listened on beside plain addresses: Unix sockets, and sockets that a supervisor opened."""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
from collections.abc import Mapping, MutableMapping
from pathlib import Path
from typing import Final

from sio_server.errors import ConfigError, Error

# The first descriptor that a supervisor hands over: sd_listen_fds(3), SD_LISTEN_FDS_START.
_FIRST_GIVEN: Final = 3

# Seconds for a server to take a connection on its own machine; one whose queue is full is there all the same.
_PATIENCE: Final = 1.0

_MENDS: Final = {
    errno.EADDRNOTAVAIL: ": it is no address of this machine",
    errno.EACCES: ": a port below 1024 needs the right to it (CAP_NET_BIND_SERVICE); take a higher one",
    errno.EAFNOSUPPORT: ": this machine has no addresses of this kind",
}
_UNIX_MENDS: Final = {
    errno.ENOENT: ": make its directory first, or have systemd make it (RuntimeDirectory=)",
    errno.EACCES: ": the server's user may not write to its directory",
    errno.EEXIST: ": there is something of that name, and it is no socket: move it away",
}


# What asyncio's `create_server` says, without a number, where none of a host's addresses is this machine's.
_NONE_LEFT: Final = "could not bind on any address"


def _told(number: int, mends: Mapping[int, str] = _MENDS) -> str:
    """A number of errno in words, and the mend."""
    return os.strerror(number) + mends.get(number, "")


class CannotListen(Error):
    """A place that cannot be listened at; the text is one line that says which, and the mend where there is one."""

    @classmethod
    def at(cls, place: str, error: OSError, *, unix: bool = False) -> CannotListen:
        """What the system says of a place, in words."""
        if isinstance(error, socket.gaierror):  # its number is none of errno's
            reason = f"this name leads to no address ({error.strerror})"
        elif not error.errno:
            # asyncio of Python 3.13 tries each address, and then forgets what the system said
            reason = _told(errno.EADDRNOTAVAIL) if _NONE_LEFT in str(error) else str(error)
        else:
            reason = _told(error.errno, _UNIX_MENDS if unix else _MENDS)
        return cls(f"cannot serve on {place}: {reason}")


class UnixSocket:
    """A Unix socket that is bound and not listened on yet; `remove` takes its name away."""

    def __init__(self, path: Path, mode: int) -> None:
        """Bind, in place of what a dead server left behind; raises `CannotListen`."""
        family = getattr(socket, "AF_UNIX", None)
        if family is None:
            raise CannotListen(f"cannot serve on {path}: Python has no Unix sockets on this system")
        self.path = path
        try:
            _make_way(path)
            self.socket = socket.socket(family, socket.SOCK_STREAM)
            try:
                self.socket.bind(str(path))
                path.chmod(mode)  # before it listens nobody gets in, whatever the umask
                self._made = _identity(path)
            except BaseException:
                self.socket.close()
                raise
        except OSError as error:
            raise CannotListen.at(str(path), error, unix=True) from error

    def remove(self) -> None:
        """Close it, and take its name away unless somebody else has it by now."""
        self.socket.close()
        with contextlib.suppress(OSError):
            if _identity(self.path) == self._made:
                self.path.unlink()


def _identity(path: Path) -> tuple[int, int, int]:
    found = path.lstat()
    return found.st_dev, found.st_ino, found.st_ctime_ns  # the number of a file that is gone is given again


def _make_way(path: Path) -> None:
    """Take away a socket that nobody listens on; raises OSError for one that is in use, and for any other file."""
    try:
        found = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(found.st_mode):
        raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST))
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as asking:
        asking.settimeout(_PATIENCE)
        try:
            asking.connect(str(path))
        except ConnectionRefusedError:
            path.unlink(missing_ok=True)
            return
        except (TimeoutError, BlockingIOError):
            pass
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def given(environ: MutableMapping[str, str], pid: int) -> list[socket.socket]:
    """The sockets that a supervisor opened for this process (systemd.socket(5)); the variables are taken away.

    Raises `ConfigError` for what cannot be served on.
    """
    count, meant = environ.pop("LISTEN_FDS", ""), environ.pop("LISTEN_PID", "")
    environ.pop("LISTEN_FDNAMES", None)
    if not count.isdecimal() or meant != str(pid):
        return []
    found = []
    for number in range(_FIRST_GIVEN, _FIRST_GIVEN + int(count)):
        try:
            one = socket.socket(fileno=number)
        except OSError as error:
            raise ConfigError(f"LISTEN_FDS: descriptor {number} is no socket") from error
        if one.type != socket.SOCK_STREAM or not one.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            raise ConfigError(f"LISTEN_FDS: descriptor {number} is not listened on: ListenStream= opens such a one")
        os.set_inheritable(number, False)  # noqa: FBT003 - the system's own
        found.append(one)
    if len({path_of(one) is None for one in found}) > 1:
        raise ConfigError(
            "LISTEN_FDS: Unix sockets together with addresses: whose word is taken for a client's address, differs"
        )
    return found


def path_of(one: socket.socket) -> Path | None:
    """The path of a Unix socket, None for one that has an address."""
    name = one.getsockname()
    return None if isinstance(name, tuple) else Path(os.fsdecode(name) if isinstance(name, bytes) else name)
