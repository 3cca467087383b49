"""``check-config``: the settings that would be in force, where each is from, and what is odd about them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click

from sio_server.auth.key_file import KeyFile
from sio_server.broker.opening import shown
from sio_server.catalog import Catalog
from sio_server.cli.commands import EXIT_USER_ERROR, complain, one_line
from sio_server.cli.serve import EPILOG, FIELDS, is_secret, read_checked, settings_options
from sio_server.cli.surroundings import Remark, addresses, around, certificate, database, has_log, keys_at
from sio_server.config import Config, Loaded

EXIT_WARNED: Final = 1

# Columns. A longer value moves the place it is from to the right.
_WIDEST: Final = 48


@click.command("check-config", epilog=EPILOG)
@click.option("--strict", is_flag=True, help="Exit with 1 where there is a warning, for CI")
@click.option("--offline", is_flag=True, help="Ask neither the JWKS address nor the database")
@click.option("--json", "as_json", is_flag=True, help="Print settings, warnings and errors as JSON")
@settings_options
def check_config(config_file: Path | None, *, strict: bool, offline: bool, as_json: bool, **flags: Any) -> None:
    """Check the settings as `serve` would with the same flags, and show what is in effect; secrets stay hidden.

    Exit code: 0, also with warnings; 1 with a warning and --strict; 2 with what a server does not start with.
    """
    loaded = read_checked(flags, config_file)
    config = loaded.config
    told = [Remark(line) for line in loaded.warnings]
    facts = [*_types(config)]
    told += [*around(config), *addresses(config), *certificate(config)]
    if not any(remark.stops for remark in told):
        facts += [*_keys(config), *_log(config)]
    if not offline:
        told += database(config)
        if config.jwks_url is not None:
            told += keys_at(config.jwks_url)
    warnings = [remark.text for remark in told if not remark.stops]
    errors = [remark.text for remark in told if remark.stops]
    if as_json:
        settings = {name: {"value": value, "source": source} for name, value, source in _rows(loaded)}
        click.echo(json.dumps({"settings": settings, "facts": facts, "warnings": warnings, "errors": errors}, indent=2))
    else:
        _print(_rows(loaded), facts)
        for line in warnings:
            complain(f"warning: {line}")
        for line in errors:
            complain(f"error: {line}")
    if errors:
        raise click.exceptions.Exit(EXIT_USER_ERROR)
    if warnings and strict:
        raise click.exceptions.Exit(EXIT_WARNED)


def _print(rows: list[tuple[str, str, str]], facts: list[str]) -> None:
    named = max(len(name) for name, _, _ in rows)
    valued = min(max(len(value) for _, value, _ in rows), _WIDEST)
    for name, value, source in rows:
        click.echo(f"{name:{named}}  {value:{valued}}  {source}")
    click.echo()
    for fact in facts:
        click.echo(fact)


def _rows(loaded: Loaded) -> list[tuple[str, str, str]]:
    """Each setting: its name, its value as it may be shown, and where that is from."""
    config = loaded.config
    return [
        (name, _shown(name, getattr(config, name)), one_line(loaded.places.get(name, "default"))) for name in FIELDS
    ]


def _types(config: Config) -> Iterator[str]:
    own = one_line(f", with those of {config.catalog}") if config.catalog else ""
    catalog = Catalog.load(config.catalog)
    yield f"{len(catalog.types)} event types{own}"
    if catalog.topics:
        yield one_line(f"topics that may be followed: {', '.join(catalog.topics)}")


def _keys(config: Config) -> Iterator[str]:
    file = KeyFile(config.data_dir)
    stored = file.read()
    yield f"{len(stored)} stored publisher keys" + (one_line(f", of {file.path}") if stored else "")


def _log(config: Config) -> Iterator[str]:
    if config.broker == "sqlite:":
        yield "the log of before is gone on with" if has_log(config) else "a new log is begun at the start"
    if config.development:
        yield "development mode: publishing needs no key, and a client may state its own role and user"


def _shown(name: str, value: Any) -> str:
    if value in (None, (), ""):
        return "-"
    if is_secret(name):
        return _measured(value)
    if name == "broker":
        return one_line(shown(value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Path):
        return one_line(value.absolute())
    return one_line(", ".join(value) if isinstance(value, tuple) else value)


def _measured(secret: str | tuple[str, ...]) -> str:
    """What may be told of a secret: that it is set, and how long it is."""
    if isinstance(secret, str):
        return f"set ({len(secret)} characters)"
    lengths = " and ".join(str(len(one)) for one in secret)
    return f"set ({len(secret)} of {lengths} characters)"
