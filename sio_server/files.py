"""Files that settings are read from: no pipe or device keeps the server waiting, and none is read without an end.

Beside them what whoever writes a file needs, so that its name outlives a power cut.
"""

from __future__ import annotations

import errno
import io
import logging
import os
import select
import stat
import time
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sio_server.errors import ConfigError

if TYPE_CHECKING:  # a backend that publishes reads the catalogue, and no .env by this
    from dotenv.parser import Binding

# A catalogue of a thousand types has some hundred KiB; a device or a log that was named by mistake has no end.
MAX_FILE: Final = 4 * 1024 * 1024

# Seconds for whoever writes into a pipe, such as a shell's <(command), or a program that keeps secrets.
PIPE_PATIENCE: Final = 3.0

# It says on standard error, as plain text, that it passed over a line; `notes_of_dotenv` tells which one, and why.
logging.getLogger("dotenv.main").disabled = True


def read_file(path: Path, most: int = MAX_FILE) -> bytes:
    """What a file or a pipe holds, as far as ``most`` bytes and one more.

    Raises OSError, also for a pipe into which nobody writes.
    """
    # without O_NONBLOCK, opening a pipe waits for its writer
    descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
    with io.FileIO(descriptor) as file:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            with io.BufferedReader(file) as reader:
                return reader.read(most + 1)
        return _read_pipe(file, most)


def _read_pipe(file: io.FileIO, most: int) -> bytes:
    deadline = time.monotonic() + PIPE_PATIENCE
    found = b""
    while len(found) <= most:
        ready = select.select([file], [], [], max(0.0, deadline - time.monotonic()))[0]
        part = file.read(most + 1 - len(found)) if ready else None
        if part:
            found += part
        elif part is not None and (found or not stat.S_ISFIFO(os.fstat(file.fileno()).st_mode)):
            break
        elif time.monotonic() >= deadline:
            raise OSError(errno.ETIMEDOUT, "nothing was written into this pipe")
        else:
            time.sleep(0.01)  # a pipe without a writer is readable, and gives nothing
    return found


def read_text(path: Path, name: str | None = None) -> str:
    """A file of settings as text, with or without a byte order mark; raises `ConfigError` that begins with ``name``."""
    named = str(path) if name is None else f"{name}: {path}"
    try:
        content = read_file(path.expanduser())
        text = content.decode("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{named}: cannot be read: {why(error)}") from error
    except (RuntimeError, ValueError) as error:  # a user whom this machine does not know; a zero in a name
        raise ConfigError(f"{named}: cannot be read: not a path") from error
    if len(content) > MAX_FILE:
        raise ConfigError(f"{named}: larger than {MAX_FILE // 1024**2} MiB, which no file of settings is")
    return text


def parse_toml(text: str, name: str) -> dict[str, Any]:
    """What stands in a TOML file; raises `ConfigError` that begins with ``name``."""
    try:
        return tomllib.loads(text)
    except RecursionError as error:
        raise ConfigError(f"{name}: not valid TOML: nested too deeply") from error
    except ValueError as error:  # also a number of thousands of digits
        raise ConfigError(f"{name}: not valid TOML: {str(error).partition(';')[0]}") from error


def why(error: OSError | UnicodeDecodeError) -> str:
    """The reason of an error of the system, in its words."""
    return str(error.strerror) if isinstance(error, OSError) else "not UTF-8 text"


def bindings_of(path: Path) -> list[Binding]:
    """What stands in a ``.env``, a statement each; nothing where there is none.

    Raises `ConfigError` for one that cannot be read.
    """
    from dotenv.parser import parse_stream  # noqa: PLC0415 - see above

    return list(parse_stream(io.StringIO(read_text(path)))) if path.is_file() else []


def notes_of_dotenv(path: Path, bindings: list[Binding], prefix: str) -> list[str]:
    """A line for what is passed over in a ``.env``, and for names of ours that stand there twice. No value is in it."""
    if path.exists() and not path.is_file():
        return [f"{path.name} is passed over: it is no file"]
    notes = [
        f"{path.name}: line {_line_of(binding)} is passed over: it is not NAME=value"
        for binding in bindings
        if binding.error or (binding.key and binding.key.startswith(prefix) and binding.value is None)
    ]
    times = Counter(binding.key for binding in bindings if binding.key and binding.key.startswith(prefix))
    notes += [
        f"{path.name}: {name} stands there {count} times: the last one counts"
        for name, count in times.items()
        if count > 1
    ]
    return notes


def _line_of(binding: Binding) -> int:
    """A statement begins with the blank lines before it."""
    text = binding.original.string
    return binding.original.line + text[: len(text) - len(text.lstrip())].count("\n")


def sync_directory(directory: Path) -> None:
    """Have the names in a directory on the disk, which syncing the files in it does not do."""
    if os.name != "posix":
        return  # Windows opens no directory, and renames durably
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
