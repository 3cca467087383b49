"""``backup``, ``restore`` and ``vacuum``: what is done with a data directory as a whole."""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import click

from sio_server.cli.commands import complain, one_line, read_dotenv
from sio_server.cli.places import data_dir_of, ensure_file, place_options

if TYPE_CHECKING:  # the help need not wait for it
    from sio_server.core.backups import Backup

_NOT_WHOLE: Final = 1
_KIB: Final = 1024

# Where it is told how a log in a database is copied.
_PAGE: Final = "docs/postgresql.md"

_quiet = click.option("--quiet", "-q", is_flag=True, help="Say nothing where all is well")


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--check", is_flag=True, help="Make none: say whether the backup at PATH is whole; exit code 1 if not")
@click.option("--force", is_flag=True, help="Replace the backup that is at PATH, once the new one is whole")
@_quiet
@place_options
def backup(
    path: Path, data_dir: Path | None, config_file: Path | None, *, check: bool, force: bool, quiet: bool
) -> int:
    """Copy the log, the inboxes and the publisher keys into the new directory PATH, with the server running or not.

    Publishes go on meanwhile, and each that was answered before the call is in the copy, which is checked. It holds
    secrets: keep it where only you can read it. Run this as the user that the server runs as.
    """
    from sio_server.broker.opening import open_copies  # noqa: PLC0415
    from sio_server.core.backups import BackupDamaged, check_backup, make_backup  # noqa: PLC0415

    read_dotenv()
    if not check:
        ensure_file(data_dir, config_file, instead=f"copy it with pg_dump ({_PAGE})")
    data = data_dir_of(data_dir, config_file)
    if check:
        try:
            found = check_backup(path, open_copies(data))
        except BackupDamaged as error:
            complain(str(error))
            return _NOT_WHOLE
        _say(f"{path}: a whole backup of {found.made_at}: {_holds(found)}", quiet=quiet)
        return 0
    with _ended_tidily(), _progress(quiet=quiet) as told:
        made = make_backup(data, open_copies(data), path, force=force, told=told)
    _say(f"{path}: {_holds(made)}, checked", quiet=quiet)
    return 0


@click.command()
@click.argument("path", type=click.Path(path_type=Path))
@click.option("--keep-keys", is_flag=True, help="Leave the publisher keys as they are, and restore the rest")
@_quiet
@place_options
def restore(path: Path, data_dir: Path | None, config_file: Path | None, *, keep_keys: bool, quiet: bool) -> None:
    """Check the backup at PATH, and put it in place of what the data directory holds. The server must be stopped.

    What was there is kept in the directory, under before-restore-TIME. Clients fetch their inboxes anew: what they have
    from after the backup is no place in it.
    """
    from sio_server.broker.opening import open_copies  # noqa: PLC0415
    from sio_server.core.restoring import restore_backup  # noqa: PLC0415

    read_dotenv()
    ensure_file(data_dir, config_file, instead=f"restore it with pg_restore ({_PAGE})")
    data = data_dir_of(data_dir, config_file)
    with _ended_tidily():
        done = restore_backup(path, data, open_copies(data), keep_keys=keep_keys)
    _say(f"{data}: restored as of {done.backup.made_at}: {_holds(done.backup)}", quiet=quiet)
    if done.aside is not None:
        lost = f", with up to {done.newer} notifications from after the backup" if done.newer else ""
        _say(f"what was there{lost} is in {done.aside}: delete it when you need it no more", quiet=quiet)
    if done.keys:
        _say("publisher keys are those of the backup: revoke again what was revoked since", quiet=quiet)


@click.command()
@_quiet
@place_options
def vacuum(data_dir: Path | None, config_file: Path | None, *, quiet: bool) -> None:
    """Give the disk back what retention has freed in the log. The server must be stopped.

    It takes seconds for each gigabyte, and as much free space as the log will have. Without it the log does not grow
    before it has used what is free in it.
    """
    from sio_server.broker.opening import open_copies  # noqa: PLC0415

    read_dotenv()
    ensure_file(data_dir, config_file, instead="PostgreSQL cleans up by itself, and VACUUM FULL gives the disk back")
    data = data_dir_of(data_dir, config_file)
    log = open_copies(data)
    with log.held():
        before, after = log.shrink(lambda line: _say(line, quiet=quiet))
    _say(f"{data}: {_size(before)} before, {_size(after)} now", quiet=quiet)


def _holds(found: Backup) -> str:
    size = _size(sum(found.files.values()))
    return (
        f"{found.log.notifications} notifications up to position {found.log.head}, {size}, "
        f"schema {found.log.schema} of sio-server {found.program}"
    )


def _size(size: int) -> str:
    if size < _KIB * _KIB:
        return f"{size / _KIB:.0f} KiB"
    return f"{size / _KIB**2:.1f} MiB" if size < _KIB**3 else f"{size / _KIB**3:.2f} GiB"


def _say(line: str, *, quiet: bool) -> None:
    if not quiet:
        click.echo(one_line(line))


@contextmanager
def _progress(*, quiet: bool) -> Iterator[Callable[[int, int], None]]:
    """A bar for somebody who looks on; nothing where the output is kept."""
    if quiet or not sys.stderr.isatty():
        yield lambda _, __: None
        return
    with click.progressbar(length=1, label="copying", file=sys.stderr) as bar:

        def told(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        yield told


@contextmanager
def _ended_tidily() -> Iterator[None]:
    """Let SIGTERM end the command as Ctrl-C does: what was begun is taken away."""

    def end(*_: Any) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
