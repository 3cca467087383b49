"""``serve`` and ``check-config``: both take every setting as a flag, made from the one list of settings."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import fields as members_of
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import marshmallow

from sio_server import config as settings
from sio_server.auth.key_file import KeyFile
from sio_server.broker.opening import check_scheme
from sio_server.catalog import Catalog
from sio_server.cli.commands import CommandFailed, complain, one_line, to_nowhere
from sio_server.config import Config, Loaded, env_name
from sio_server.config.schema import ConfigSchema

F = TypeVar("F", bound=Callable[..., Any])

_FIELDS: Final = ConfigSchema().fields
_DEFAULTS: Final = {member.name: member.default for member in members_of(Config)}


def _is_secret(name: str) -> bool:
    return bool(_FIELDS[name].metadata["secret"])


def _metavar(field: marshmallow.fields.Field[Any]) -> str:
    for validator in field.validators:
        if isinstance(validator, marshmallow.validate.OneOf):
            return "|".join(map(str, validator.choices))
    if isinstance(field, marshmallow.fields.Number):
        return "NUMBER"
    return "TEXT"


def _shown_default(name: str) -> str:
    default = _DEFAULTS[name]
    if isinstance(default, tuple):
        default = ", ".join(default) or None
    return "" if default is False or default is None else f" [default: {default}]"


def settings_options(command: F) -> F:
    """A flag for each setting that is no secret, and ``--config``. Values stay text: `config.load` checks them all."""
    for name in reversed(list(_FIELDS)):
        if _is_secret(name):
            continue
        about = f"{_FIELDS[name].metadata['about']}{_shown_default(name)}"
        flag = "--" + name.replace("_", "-")
        if isinstance(_FIELDS[name], marshmallow.fields.Boolean):
            command = click.option(flag, name, is_flag=True, default=None, help=about)(command)
            continue
        command = click.option(flag, name, metavar=_metavar(_FIELDS[name]), help=about)(command)
    return click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="TOML file with the same names, 'data_dir = \"/var/lib/sio-server\"' [SIO_SERVER_CONFIG]",
    )(command)


_EPILOG: Final = (
    "Each of these is also an environment variable, SIO_SERVER_DATA_DIR for --data-dir, or a line of .env. "
    "Secrets have no flag, since every user of a machine can read its command lines: "
    + "; ".join(f"{env_name(name)} ({_FIELDS[name].metadata['about']})" for name in _FIELDS if _is_secret(name))
    + "."
)


_UNPROTECTED: Final = (
    "development mode: nothing is protected, every program of this machine may publish and read everything"
)


@click.command(epilog=_EPILOG)
@settings_options
def serve(config_file: Path | None, **flags: Any) -> None:
    """Run the server until SIGTERM or Ctrl-C; the first line of output is its address."""

    def read() -> Loaded:
        return _read(flags, config_file)

    loaded = read()
    config = loaded.config
    # Both need a quarter of a second to import, which a wrong setting need not wait for.
    from sio_server import logs  # noqa: PLC0415
    from sio_server.serving import serve as run  # noqa: PLC0415

    logs.configure(config.log_format, config.log_level)
    for line in loaded.warnings:
        logs.get_logger("config").warning(line)
    if config.development:
        _warn_of_development(config.log_format)
    try:
        asyncio.run(run(config, _announce, read))
    except OSError as error:
        raise CommandFailed(f"cannot serve on {config.host} port {config.port}: {_reason(error)}") from error


def _read(flags: dict[str, Any], config_file: Path | None) -> Loaded:
    """The settings, all of them checked; raises `ConfigError` that says where each wrong one is from."""
    loaded = settings.read(flags, config_file=config_file)
    check_scheme(loaded.config.broker, loaded.sources.get("broker", "broker"))
    return loaded


def _reason(error: OSError) -> str:
    """What the system says of an address that cannot be listened on, and the mend where it is not plain."""
    if isinstance(error, socket.gaierror):  # its number is none of errno's
        return str(error.strerror)
    reason = os.strerror(error.errno) if error.errno else str(error)
    return f"{reason}{_MENDS.get(error.errno or 0, '')}"


_MENDS: Final = {
    errno.EADDRNOTAVAIL: ": it is no address of this machine",
    errno.EACCES: ": a port below 1024 needs the right to it (CAP_NET_BIND_SERVICE); take a higher one",
    errno.EAFNOSUPPORT: ": this machine has no addresses of this kind",
}


def _warn_of_development(log_format: str) -> None:
    """Say on standard error that nothing is protected: a line for people, or a log line where machines read them."""
    if log_format == "json" or (log_format == "auto" and not sys.stderr.isatty()):
        from sio_server import logs  # noqa: PLC0415 - as above

        logs.get_logger("config").warning(_UNPROTECTED)
    else:
        click.secho(f" {_UNPROTECTED} ", err=True, fg="black", bg="yellow", bold=True)


def _announce(address: str) -> None:
    try:
        # Flushed: whoever started this process waits for the line, and a pipe would hold it back.
        click.echo(address)
        sys.stdout.flush()
    except OSError:  # a full disk, or nobody at the other end: no reason not to serve
        to_nowhere(sys.stdout)


@click.command("check-config", epilog=_EPILOG)
@settings_options
def check_config(config_file: Path | None, **flags: Any) -> None:
    """Check the settings as `serve` would with the same flags, and show what is in effect; secrets stay hidden."""
    loaded = _read(flags, config_file)
    config = loaded.config
    types = Catalog.load(config.catalog).types
    file = KeyFile(config.data_dir)
    stored = file.read()
    width = max(map(len, _FIELDS))
    for name in _FIELDS:
        click.echo(f"{name:{width}}  {_shown(name, getattr(config, name))}")
    click.echo()
    click.echo(f"{len(types)} event types" + (one_line(f", with those of {config.catalog}") if config.catalog else ""))
    click.echo(f"{len(stored)} stored publisher keys" + (one_line(f", of {file.path}") if stored else ""))
    if config.development:
        click.echo("development mode: publishing needs no key, and a client may state its own role and user")
    for line in loaded.warnings:
        complain(f"warning: {line}")


def _shown(name: str, value: Any) -> str:
    if value in (None, ()):
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if _is_secret(name):
        return f"{len(value)} hidden" if isinstance(value, tuple) else "hidden"
    return one_line(", ".join(value) if isinstance(value, tuple) else value)
