"""``catalog``: the event types, for people, for programs and for whoever adds one."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import click

from sio_server.cli.commands import (
    EXIT_USER_ERROR,
    CommandFailed,
    key_option,
    language_option,
    one_line,
    read_dotenv,
)

if TYPE_CHECKING:  # the help need not wait for any of it
    from sio_server.catalog.file import CatalogFile, Problem
    from sio_server.event_types import EventTypes

F = TypeVar("F", bound=Callable[..., Any])

# Columns of a table that no terminal sets a width for: it goes to a file or a pipe, where lines may be long.
PIPE_WIDTH: Final = 160

# Seconds for a server that is asked for its types.
TIMEOUT: Final = 5.0

# How others call the types of fields, so that nobody has to look ours up first.
_KINDS: Final = {
    "text": "string",
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "list": "array",
}


@click.group()
def catalog() -> None:
    """Look at the event types, the built-in ones and those of your own file, and add to them."""


def _catalog_option(command: F) -> F:
    return click.option(
        "--catalog",
        "path",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="TOML file whose event types are added to the built-in ones [SIO_SERVER_CATALOG]",
    )(command)


def _server_option(command: F) -> F:
    return click.option("--url", metavar="URL", help="Take the types of the server at this address, and of no file")(
        command
    )


def _output_option(command: F) -> F:
    return click.option(
        "--output", type=click.Path(path_type=Path), metavar="FILE", help="Where to [default: standard output]"
    )(command)


def _load(path: Path | None, url: str | None = None, key: str | None = None) -> EventTypes:
    read_dotenv()
    if url is not None:
        if path is not None:
            raise CommandFailed("--url and --catalog: give one of them")
        from sio_server.client.checking import fetch_types  # noqa: PLC0415 - imports an HTTP client
        from sio_server.client.exchange import Target  # noqa: PLC0415

        return fetch_types(Target.of(url, key, TIMEOUT, None))
    from sio_server.catalog import Catalog  # noqa: PLC0415 - the help need not wait for it

    return Catalog.load(path or _configured(), locale=_locale())


def _configured() -> Path | None:
    named = os.environ.get("SIO_SERVER_CATALOG")
    return Path(named).expanduser() if named else None


def _locale() -> str:
    return os.environ.get("SIO_SERVER_LOCALE") or "es"


@catalog.command("list")
@_catalog_option
@_server_option
@key_option
@language_option
def list_types(path: Path | None, url: str | None, key: str | None, lang: str) -> None:
    """Show each type, whom it is for and what its data holds."""
    from rich.table import Table  # noqa: PLC0415

    table = Table("type", "audience", "priority", "data", "message")
    for event_type in _load(path, url, key).types.values():
        table.add_row(
            _plain(one_line(event_type.name)),
            _plain(_audience(event_type.audience)),
            _plain(one_line(event_type.priority)),
            _plain(one_line(", ".join(f"{name}: {kind}" for name, kind in event_type.data.items()))),
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
@_output_option
@_catalog_option
@_server_option
@key_option
def export(form: str, output: Path | None, path: Path | None, url: str | None, key: str | None) -> None:
    """Write the types as JSON (as GET /v1/catalog answers), as TypeScript interfaces, or as Python functions."""
    loaded = _load(path, url, key)
    from sio_server.catalog.export import as_json, as_typescript  # noqa: PLC0415 - for this command alone
    from sio_server.client.source import as_module  # noqa: PLC0415 - the same

    _write({"json": as_json, "ts": as_typescript, "py": as_module}[form](loaded), output)


@catalog.command()
@_output_option
def schema(output: Path | None) -> None:
    """Write the JSON Schema of a file of event types, by which editors complete and check it."""
    from sio_server.catalog.json_schema import as_text  # noqa: PLC0415 - for this command alone

    _write(as_text(), output)


def _write(text: str, output: Path | None, mode: str = "w") -> None:
    if output is None:
        click.echo(text, nl=False)
        return
    try:
        with output.open(mode, encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        raise CommandFailed(f"{output}: cannot be written: {error.strerror}") from error


@catalog.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--strict", is_flag=True, help="Fail for what is only worth a look, too")
@language_option
def check(file: Path | None, lang: str, *, strict: bool) -> None:
    """Say what is wrong with FILE, and what may not be meant, each with its line [default: SIO_SERVER_CATALOG]."""
    read_dotenv()
    from sio_server.catalog.advice import advice_on  # noqa: PLC0415 - the help need not wait for it
    from sio_server.catalog.types import builtin_types, read_file  # noqa: PLC0415

    path = file or _configured()
    if path is None:
        raise CommandFailed("there is nothing to check: name a FILE, or set SIO_SERVER_CATALOG")
    read = read_file(path, _locale())
    advice = list(advice_on(read, builtin_types(), _locale()))
    for word, problems in (("error", read.problems), ("warning", advice)):
        for problem in problems:
            click.echo(_placed(path, read, problem, word, lang))
    counted = f"errors: {len(read.problems)}" if read.problems else f"types: {len(read.types)}"
    if read.topics and not read.problems:
        counted += f", topics: {len(read.topics)}"
    click.echo(f"{one_line(path)}: {counted}, warnings: {len(advice)}")
    if read.problems or (strict and advice):
        sys.exit(EXIT_USER_ERROR)


def _placed(path: Path, file: CatalogFile, problem: Problem, word: str, lang: str) -> str:
    line = file.line_of(problem)
    place = str(path) if line is None else f"{path}:{line}"
    return one_line(f"{place}: {word}: {problem.told(lang)}")


@catalog.command()
@click.argument("name")
@click.option(
    "--field",
    "fields",
    metavar="NAME:TYPE",
    multiple=True,
    help="A field of its data, such as usuario_id:id (repeatable)",
)
@click.option("--title", metavar="TEXT", help="Short text; made of the name where left out")
@click.option("--message", "-m", metavar="TEXT", help="Text where a publisher sends none; {field} is filled from data")
@click.option("--role", "roles", metavar="ROLE", multiple=True, help="For everybody with this role (repeatable)")
@click.option("--user", "users", metavar="ID", multiple=True, help="For this user, such as {usuario_id} (repeatable)")
@click.option("--topic", "topics", metavar="TOPIC", multiple=True, help="For followers of this topic (repeatable)")
@click.option("--all", "everybody", is_flag=True, help="For everybody")
@click.option("--priority", type=click.Choice(["low", "normal", "high", "critical"]), help="normal where left out")
@click.option("--ttl", type=int, metavar="SECONDS", help="Seconds until it is of no more use")
@click.option(
    "--to", type=click.Path(path_type=Path), metavar="FILE", help="Add it to this file, in place of showing it"
)
def new(
    name: str,
    to: Path | None,
    *,
    fields: tuple[str, ...],
    roles: tuple[str, ...],
    users: tuple[str, ...],
    topics: tuple[str, ...],
    everybody: bool,
    **members: Any,
) -> None:
    """Write the type NAME; it is for the administrators where nobody is named."""
    from sio_server.catalog.file import read_catalog  # noqa: PLC0415 - the help need not wait for it
    from sio_server.catalog.types import builtin_types, read_file  # noqa: PLC0415
    from sio_server.catalog.writing import HEAD, type_as_toml  # noqa: PLC0415

    read_dotenv()
    stated = {"roles": list(roles), "users": list(users), "topics": list(topics), "all": everybody}
    audience = {part: who for part, who in stated.items() if who}
    text = type_as_toml(name, audience=audience, data=dict(map(_field, fields)), **members)
    for problem in read_catalog(text, name, _locale()).problems:
        raise CommandFailed(problem.told("en").removeprefix("types."))
    if to is None:
        click.echo(text, nl=False)
        return
    before = HEAD
    if to.exists():
        there = read_file(to, _locale())
        if name in there.types:
            raise CommandFailed(f"{to} has a type {name} already, in line {_line_of(there, name)}")
        before = there.text
    read_catalog(f"{before}\n{text}", str(to), _locale()).check()
    _write(("\n" if before.endswith("\n") else "\n\n") + text if to.exists() else f"{HEAD}\n{text}", to, "a")
    click.echo(f"{one_line(to)}: {name} was added; a server that has this file takes it with SIGHUP")
    if name in builtin_types():
        click.echo(f"It takes the place of the built-in type {name}.")


def _line_of(file: CatalogFile, name: str) -> int | None:
    from sio_server.catalog.places import line_of  # noqa: PLC0415 - the help need not wait for it

    return line_of(file.text, ("types", name))


def _field(given: str) -> tuple[str, str]:
    name, colon, kind = given.partition(":")
    return name, _KINDS.get(kind, kind) if colon else "string"
