"""``serve``, and what it shares with ``check-config``: every setting as a flag, made from the one list of them."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from dataclasses import fields as members_of
from pathlib import Path
from typing import Any, Final, TypeVar

import click
import marshmallow

from sio_server import config as settings
from sio_server.broker.opening import check_scheme, check_workers
from sio_server.cli.commands import CommandFailed
from sio_server.cli.start_lines import announce
from sio_server.cli.surroundings import around, keys_at
from sio_server.config import Config, Loaded, env_name
from sio_server.config.schema import ConfigSchema

F = TypeVar("F", bound=Callable[..., Any])

FIELDS: Final = ConfigSchema().fields
_DEFAULTS: Final = {member.name: member.default for member in members_of(Config)}


def is_secret(name: str) -> bool:
    """Whether a setting may be shown to nobody."""
    return bool(FIELDS[name].metadata["secret"])


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
    return "" if default is False or default in (None, "") else f" [default: {default}]"


def settings_options(command: F) -> F:
    """A flag for each setting that is no secret, and ``--config``. Values stay text: `config.load` checks them all."""
    for name in reversed(list(FIELDS)):
        if is_secret(name):
            continue
        about = f"{FIELDS[name].metadata['about']}{_shown_default(name)}"
        flag = "--" + name.replace("_", "-")
        if isinstance(FIELDS[name], marshmallow.fields.Boolean):
            command = click.option(flag, name, is_flag=True, default=None, help=about)(command)
            continue
        command = click.option(flag, name, metavar=_metavar(FIELDS[name]), help=about)(command)
    return click.option(
        "--config",
        "config_file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="TOML file with the same names, 'data_dir = \"/var/lib/sio-server\"' [SIO_SERVER_CONFIG]",
    )(command)


EPILOG: Final = (
    "Each of these is also an environment variable, SIO_SERVER_DATA_DIR for --data-dir, or a line of .env. "
    "Secrets have no flag, since every user of a machine can read its command lines: "
    + "; ".join(f"{env_name(name)} ({FIELDS[name].metadata['about']})" for name in FIELDS if is_secret(name))
    + "."
)


@click.command(epilog=EPILOG)
@settings_options
def serve(config_file: Path | None, **flags: Any) -> None:
    """Run the server until SIGTERM or Ctrl-C; the first line of output is its address."""

    def read() -> Loaded:
        return read_checked(flags, config_file)

    loaded = read()
    config = loaded.config
    # Both need a quarter of a second to import, which a wrong setting need not wait for.
    from sio_server import logs  # noqa: PLC0415
    from sio_server.serving import become_worker, run_worker  # noqa: PLC0415
    from sio_server.serving import serve as run  # noqa: PLC0415

    logs.configure(config.log_format, config.log_level)
    for line in (*loaded.warnings, *(remark.text for remark in around(config))):
        logs.get_logger("config").warning(line)
    worker = become_worker(config, announce)
    if config.jwks_url is not None and (worker is None or worker.number == 0):
        threading.Thread(target=_warn_of_keys, args=(config.jwks_url,), daemon=True).start()
    try:
        asyncio.run(run(config, announce, read) if worker is None else run_worker(config, read, worker))
    except OSError as error:
        raise CommandFailed(f"cannot serve: {error}") from error


def _warn_of_keys(url: str) -> None:
    """Ask a JWKS address once, so that one that is wrong is told before the first client is refused for it."""
    from sio_server import logs  # noqa: PLC0415 - as above

    for remark in keys_at(url):
        logs.get_logger("config").warning(remark.text)


def read_checked(flags: dict[str, Any], config_file: Path | None) -> Loaded:
    """The settings, all of them checked; raises `ConfigError` that says where each wrong one is from."""
    loaded = settings.read(flags, config_file=config_file)
    check_scheme(loaded.config.broker, loaded.sources.get("broker", "broker"))
    check_workers(loaded.config.broker, loaded.config.workers, loaded.sources.get("workers", "workers"))
    return loaded
