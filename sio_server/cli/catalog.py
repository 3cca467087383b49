"""``catalog list`` and ``catalog export``: the event types, for people and for programs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, TypeVar

import click

from sio_server.cli.commands import CommandFailed, language_option, one_line, read_dotenv

F = TypeVar("F", bound=Callable[..., Any])

# Columns of a table that no terminal sets a width for: it goes to a file or a pipe, where lines may be long.
PIPE_WIDTH: Final = 160


@click.group()
def catalog() -> None:
    """List or export the event types: the built-in ones and those of your own file."""


def _catalog_option(command: F) -> F:
    return click.option(
        "--catalog",
        "path",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="TOML file whose event types are added to the built-in ones [SIO_SERVER_CATALOG]",
    )(command)


def _load(path: Path | None) -> Any:
    read_dotenv()
    from sio_server.catalog import Catalog  # noqa: PLC0415 - the help need not wait for it

    named = os.environ.get("SIO_SERVER_CATALOG")
    return Catalog.load(path or (Path(named).expanduser() if named else None))


@catalog.command("list")
@_catalog_option
@language_option
def list_types(path: Path | None, lang: str) -> None:
    """Show each type, whom it is for and what its data holds."""
    from rich.table import Table  # noqa: PLC0415

    table = Table("type", "audience", "priority", "data", "message")
    for event_type in _load(path).types.values():
        table.add_row(
            event_type.name,
            _audience(event_type.audience),
            event_type.priority,
            one_line(", ".join(f"{name}: {kind}" for name, kind in event_type.data.items())),
            # Not markup: a message in brackets is a message.
            _plain(one_line(event_type.message.within(lang))),
        )
    console().print(table)


def _plain(text: str) -> Any:
    from rich.text import Text  # noqa: PLC0415

    return Text(text)


def _audience(audience: Any) -> str:
    excepted = [f"not user:{user}" for user in audience.except_users]
    return one_line(" ".join((*audience.rooms(), *excepted)))


def console(*, stderr: bool = False) -> Any:
    """Where tables go: as wide as the terminal, or wide enough for a pipe."""
    from rich.console import Console  # noqa: PLC0415

    made = Console(stderr=stderr, highlight=False)
    return (
        made
        if made.is_terminal or os.environ.get("COLUMNS")
        else Console(stderr=stderr, width=PIPE_WIDTH, highlight=False)
    )


@catalog.command()
@click.option(
    "--format", "form", type=click.Choice(["json", "ts", "py"]), default="json", show_default=True, help="What to write"
)
@click.option("--output", type=click.Path(path_type=Path), metavar="FILE", help="Where to [default: standard output]")
@_catalog_option
def export(form: str, output: Path | None, path: Path | None) -> None:
    """Write the types as JSON (as GET /v1/catalog answers), as TypeScript interfaces, or as Python functions."""
    loaded = _load(path)
    from sio_server.catalog.export import as_json, as_typescript  # noqa: PLC0415 - for this command alone
    from sio_server.client.source import as_module  # noqa: PLC0415 - the same

    text = {"json": as_json, "ts": as_typescript, "py": as_module}[form](loaded)
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        output.write_text(text, "utf-8")
    except OSError as error:
        raise CommandFailed(f"{output}: cannot be written: {error.strerror}") from error
