"""``migrate``: the log of one server moves to where many nodes share it."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import click

from sio_server.cli.commands import CommandFailed, read_dotenv

_SQLITE: Final = "sqlite:"


@click.command()
@click.option("--from", "source", required=True, metavar="sqlite:DIR", help="The data directory of the server")
@click.option(
    "--to", "target", metavar="postgresql://…", help="Where it is to be: the broker of the nodes [SIO_SERVER_BROKER]"
)
@click.option("--quiet", "-q", is_flag=True, help="Say nothing where all is well")
def migrate(source: str, target: str | None, *, quiet: bool) -> None:
    """Copy a log from SQLite into PostgreSQL, whole or not at all. The server must be stopped.

    Notifications, inboxes, receipts, what people follow, what is scheduled, revocations and idempotency keys go with
    it, and cursors of clients lead on. The schema there has to be empty; to run it again does no harm. Nothing is
    changed in the data directory: do not start a server on it afterwards. Publisher keys stay in their file.
    """
    from sio_server.broker.address import is_postgres  # noqa: PLC0415 - the help need not wait for it
    from sio_server.broker.opening import check_scheme  # noqa: PLC0415 - as above

    read_dotenv()
    target = target or os.environ.get("SIO_SERVER_BROKER", "")
    if not source.startswith(_SQLITE):
        raise CommandFailed("--from: name the data directory as sqlite:DIR, for example sqlite:data")
    if not is_postgres(target):
        raise CommandFailed("--to: name the address as postgresql://user@host/database")
    check_scheme(target, "--to")
    from sio_server.broker.postgres.moving import move  # noqa: PLC0415 - imports what the log needs

    directory = Path(source.removeprefix(_SQLITE) or "data").expanduser()
    shown = not quiet and sys.stderr.isatty()
    done = asyncio.run(move(directory, target, _told if shown else lambda *_: None))
    if shown:
        click.echo(err=True)
    if quiet:
        return
    if done.already:
        click.echo(f"it is there already, up to position {done.head}: nothing was changed")
        return
    people = done.rows.get("visit", 0)
    click.echo(
        f"moved up to position {done.head}: {done.rows['notification']} notifications, {people} users, "
        f"{done.rows['schedule']} scheduled; start the nodes with --broker, and no server on {directory}"
    )


def _told(table: str, done: int, total: int) -> None:
    click.echo(f"\r{table}: {done} of {total}\x1b[K", nl=False, err=True)
