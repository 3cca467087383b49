"""Where a command beside the server finds the server's settings and its data directory."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from sio_server.cli.commands import CommandFailed

F = TypeVar("F", bound=Callable[..., Any])

_DEFAULT_DATA_DIR: Final = "data"


def config_option(command: F) -> F:
    """``--config``: the settings file of the server."""
    return click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The server's TOML file [SIO_SERVER_CONFIG]",
    )(command)


def place_options(command: F) -> F:
    """``--data-dir`` and ``--config``: the data directory of the server."""
    return click.option(
        "--data-dir",
        type=click.Path(path_type=Path),
        metavar="DIR",
        help="Data directory of the server [SIO_SERVER_DATA_DIR; default: the file's, or data]",
    )(config_option(command))


def settings_in(config_file: Path | None) -> dict[str, Any]:
    """What stands in the settings file that a flag or SIO_SERVER_CONFIG names, unchecked; nothing without one.

    Call `read_dotenv` before. Raises `ConfigError`.
    """
    # The list of settings takes a tenth of a second to import, which the help need not wait for.
    from sio_server.config.schema import PATHS, SECRETS  # noqa: PLC0415
    from sio_server.config.sources import CONFIG_NAME, read_settings  # noqa: PLC0415

    named = config_file or (Path(text) if (text := os.environ.get(CONFIG_NAME)) else None)
    return read_settings(named, PATHS, SECRETS) if named is not None else {}


def database_of(data_dir: Path | None, config_file: Path | None) -> str | None:
    """The database that a server with these settings has its log in, as it may be shown; None for a log in a file.

    Whoever names a data directory with a flag means the log that is there. Call `read_dotenv` before. Raises
    `ConfigError`.
    """
    if data_dir is not None:
        return None
    from sio_server.broker.address import is_postgres  # noqa: PLC0415 - imports what the help need not wait for
    from sio_server.broker.opening import shown  # noqa: PLC0415 - as above

    named: Any = os.environ.get("SIO_SERVER_BROKER") or settings_in(config_file).get("broker")
    return shown(named) if isinstance(named, str) and is_postgres(named) else None


def ensure_file(data_dir: Path | None, config_file: Path | None, *, instead: str) -> None:
    """Raise `CommandFailed` where the log is in a database, which this command does nothing with; see `database_of`."""
    database = database_of(data_dir, config_file)
    if database is not None:
        raise CommandFailed(f"the log is in {database}, and this command is for a log in a file: {instead}")


def data_dir_of(data_dir: Path | None, config_file: Path | None) -> Path:
    """The data directory that a server with these settings uses. Call `read_dotenv` before. Raises `ConfigError`."""
    named: Any = data_dir or os.environ.get("SIO_SERVER_DATA_DIR")
    if named is None:
        named = settings_in(config_file).get("data_dir")
        if named is not None and not isinstance(named, str):
            raise CommandFailed(f"{config_file or os.environ.get('SIO_SERVER_CONFIG')}: data_dir: Not a path.")
    return Path(named or _DEFAULT_DATA_DIR).expanduser()
