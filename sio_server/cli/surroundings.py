"""What settings meet on this machine: the data directory and its disk, the address to listen on, the keys' address."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from sio_server.broker.opening import weaknesses
from sio_server.config import Config, env_name
from sio_server.errors import ConfigError, LogError

# The log of a busy day has some hundred MB, and SQLite needs room beside it when the write-ahead log is taken in.
LITTLE_SPACE: Final = 1024**3

_MIB: Final = 1024**2


@dataclass(frozen=True, slots=True)
class Remark:
    """A line about what the settings meet; ``stops`` where a server could not serve with it."""

    text: str
    stops: bool = False


def around(config: Config) -> Iterator[Remark]:
    """What is odd about the data directory and its disk. Asks nobody else, so each start may look."""
    if config.broker == "sqlite:":
        yield from _directory(config)


def addresses(config: Config) -> Iterator[Remark]:
    """What is wrong with the address to listen on; a port that is in use may be this server's own."""
    if config.unix is not None:
        return
    name = env_name("host")
    try:
        found = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        yield Remark(f"{name}: '{config.host}' leads to no address ({reason}): look at its spelling", stops=True)
        return
    for family, kind, protocol, _, address in found:
        try:
            with socket.socket(family, kind, protocol) as trying:
                trying.bind((address[0], 0, *address[2:]))
        except OSError as error:
            if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                yield Remark(f"{name}: {address[0]} is no address of this machine", stops=True)


def certificate(config: Config) -> Iterator[Remark]:
    """What is wrong with the certificate and its key; a server tells it by itself as it starts."""
    from sio_server import certificates  # noqa: PLC0415 - slow

    try:
        found = certificates.load(config)
    except ConfigError as error:
        yield Remark(str(error), stops=True)
        return
    if found is not None:
        yield from (Remark(line) for line in found.warnings_at(time.time()))


def keys_at(url: str) -> Iterator[Remark]:
    """What is wrong with a JWKS address, which is asked."""
    from sio_server.auth.jwks import ASYMMETRIC_ALGORITHMS, NoKeySet, fetch_keys, verifies  # noqa: PLC0415 - slow

    name = env_name("jwks_url")
    try:
        keys = asyncio.run(fetch_keys(url))
    except NoKeySet as error:
        yield Remark(f"{name}: {error}")
        return
    if not verifies(keys):
        yield Remark(f"{name}: none of its {len(keys)} keys is for {', '.join(sorted(ASYMMETRIC_ALGORITHMS))}")


def database(config: Config) -> Iterator[Remark]:
    """What is wrong with the database that the log is in, and which promises it weakens; it is asked."""
    try:
        found = asyncio.run(weaknesses(config))
    except LogError as error:
        yield Remark(f"{env_name('broker')}: {error}", stops=True)
        return
    yield from (Remark(f"{env_name('broker')}: {line}") for line in found)


def has_log(config: Config) -> bool:
    """Whether there is a log in the data directory already."""
    from sio_server.broker.sqlite import FILE_NAME  # noqa: PLC0415 - imports what the log needs

    return (config.data_dir / FILE_NAME).exists()


def _directory(config: Config) -> Iterator[Remark]:
    name, directory = env_name("data_dir"), config.data_dir.absolute()
    there = next(path for path in (directory, *directory.parents) if path.exists())
    if not there.is_dir():
        yield Remark(f"{name}: {there} is no directory", stops=True)
        return
    if not os.access(there, os.W_OK | os.X_OK):
        made = "" if there == directory else f", so {directory} cannot be made"
        yield Remark(f"{name}: {there} cannot be written to by this user{made}: chown it, or name another", stops=True)
    free = shutil.disk_usage(there).free
    if free < LITTLE_SPACE:
        yield Remark(f"{name}: the disk of {there} has {free // _MIB} MiB free: a full one takes no notification")
    if not config.development and not config.data_dir.is_absolute() and not has_log(config):
        yield Remark(
            f"{name}: '{config.data_dir}' begins at the directory one starts in, and there is no log in {directory} "
            "yet: started elsewhere, a server finds none of its notifications; give an absolute path, "
            "or set it in a settings file"
        )
