"""``users``: who is connected to a running server, putting somebody out, and what is kept about somebody."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import click

from sio_server.cli.asking import ask, credential_option
from sio_server.cli.catalog import console
from sio_server.cli.commands import CommandFailed, complain, language_option, one_line, read_dotenv, url_option

# Users in one page: as many as the server gives.
_PAGE: Final = 100

# Seconds for what the server does in steps, with a log of any size.
_PATIENCE: Final = 600.0


@click.group()
def users() -> None:
    """List who is connected to a running server, put somebody out, and export or erase what is kept about somebody."""


@users.command("list")
@click.argument("text", required=False)
@click.option("--role", metavar="ROLE", help="Only users with this role")
@click.option("--json", "as_json", is_flag=True, help="A JSON document a line, for each user all that is known")
@url_option
@credential_option
@language_option
def list_users(
    text: str | None, role: str | None, url: str | None, key: str | None, lang: str, *, as_json: bool
) -> None:
    """Show who is connected to this node, by name; with TEXT only who has it in the name."""
    read_dotenv()
    wanted: dict[str, str | int] = {"limit": _PAGE}
    if role is not None:
        wanted["role"] = role
    if text is not None:
        wanted["q"] = text
    pages = _pages(url, key, lang, wanted)
    if as_json:
        for page in pages:
            for one in (*page["users"], *({"user": None, **found} for found in page["nameless"])):
                click.echo(json.dumps(one, ensure_ascii=False))
        return
    _print(list(pages))


def _pages(url: str | None, key: str | None, lang: str, wanted: dict[str, str | int]) -> Iterator[dict[str, Any]]:
    after: str | None = None
    while True:
        page = ask(
            url, key, "GET", "/v1/users", lang=lang, query=wanted if after is None else {**wanted, "after": after}
        )
        yield page
        after = page["next_after"]
        if after is None:
            return


def _print(pages: list[dict[str, Any]]) -> None:
    from rich.table import Table  # noqa: PLC0415 - the help need not wait for it

    table = Table("user", "roles", "topics", "connection", "over", "since", "from")
    for user in (user for page in pages for user in page["users"]):
        for number, connection in enumerate(user["connections"]):
            named = (user["user"], *(", ".join(user[name]) for name in ("roles", "topics")))
            table.add_row(*map(one_line, named if number == 0 else ("", "", "")), *_cells(connection))
    for nameless in pages[0]["nameless"]:
        table.add_row("-", *(one_line(", ".join(nameless[name])) for name in ("roles", "topics")), *_cells(nameless))
    connected, without = pages[0]["total"], pages[0]["nameless_total"]
    if table.row_count:
        console().print(table, markup=False)
    complain(f"{connected} users" + (f", and {without} connections without a name" if without else ""))


def _cells(connection: dict[str, Any]) -> tuple[str, ...]:
    over = f"{connection['protocol']} {connection['transport']}"
    waiting = connection["queued_bytes"]
    if waiting:
        over += f", {waiting} bytes wait"
    return tuple(
        one_line(cell)
        for cell in (
            connection["id"],
            over,
            connection["since"][:19].replace("T", " ") + "Z",
            connection["address"] or "-",
        )
    )


@users.command()
@click.argument("user")
@click.option("--connection", is_flag=True, help="USER is the id of one connection: close it, and revoke nothing")
@url_option
@credential_option
@language_option
def disconnect(user: str, url: str | None, key: str | None, lang: str, *, connection: bool) -> None:
    """Close the connections of USER, and refuse the tokens of before from now on; newer ones are let in."""
    read_dotenv()
    if connection:
        ask(url, key, "POST", f"/v1/connections/{quote(user, safe='')}/disconnect", lang=lang)
        click.echo(one_line(f"connection {user} closed; its client may come back"))
        return
    done = ask(url, key, "POST", f"/v1/users/{quote(user, safe='')}/disconnect", lang=lang)
    click.echo(one_line(f"{done['user']}: {done['disconnected']} connections closed, tokens of before are refused"))


@users.command()
@click.argument("user")
@click.option(
    "--output", "-o", type=click.Path(path_type=Path, dir_okay=False), help="File for it, which only you can read"
)
@url_option
@credential_option
@language_option
def export(user: str, output: Path | None, url: str | None, key: str | None, lang: str) -> None:
    """Write all that is kept about USER as JSON: what was sent, seen and followed, and the connections of now."""
    read_dotenv()
    found = ask(url, key, "GET", f"/v1/users/{quote(user, safe='')}/export", lang=lang, timeout=_PATIENCE)
    text = json.dumps(found, ensure_ascii=False, indent=2)
    if output is None:
        click.echo(text)
        return
    try:
        with os.fdopen(os.open(output, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
            file.write(text + "\n")
    except OSError as error:
        raise CommandFailed(one_line(f"{output}: {error.strerror}")) from error
    complain(f"{output}: {len(found.get('notifications', ()))} notifications, and what became of them")


@users.command()
@click.argument("user")
@click.option("--yes", is_flag=True, help="Do not ask whether that is meant")
@url_option
@credential_option
@language_option
def erase(user: str, url: str | None, key: str | None, lang: str, *, yes: bool) -> None:
    """Close the connections of USER and erase all that is kept about USER, for good.

    What was deleted is in no row any more. Stop the server and run `sio-server vacuum` for it to be in no byte of the
    files either, and think of the backups: they hold it still.
    """
    read_dotenv()
    if not yes:
        click.confirm(one_line(f"Erase all that is kept about {user}? It cannot be undone"), abort=True)
    done = ask(url, key, "DELETE", f"/v1/users/{quote(user, safe='')}", lang=lang, timeout=_PATIENCE)
    kinds = ", ".join(f"{number} {kind}" for kind, number in done["erased"].items()) or "nothing was kept"
    click.echo(one_line(f"{done['user']}: {done['disconnected']} connections closed; {kinds}"))
