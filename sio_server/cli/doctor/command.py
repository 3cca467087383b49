"""``doctor``: what it takes, and how it ends."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import click

from sio_server.cli.commands import key_option, read_dotenv
from sio_server.cli.listen import resolve_url
from sio_server.cli.places import data_dir_of, database_of, place_options

EXIT_FAULT = 1


@click.command()
@click.argument("url", required=False)
@click.option("--origin", metavar="ORIGIN", help="Origin of your pages, such as https://app.example.org")
@click.option("--token", metavar="TOKEN", help="A client's token; better in the environment [SIO_SERVER_TOKEN]")
@key_option
@click.option(
    "--ca", type=click.Path(exists=True, dir_okay=False), metavar="FILE", help="Certificates of authorities of your own"
)
@click.option("--quick", is_flag=True, help="Do not wait for the server's ping on an idle connection, half a minute")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON")
@place_options
def doctor(
    url: str | None,
    origin: str | None,
    data_dir: Path | None,
    config_file: Path | None,
    *,
    token: str | None,
    key: str | None,
    ca: str | None,
    quick: bool,
    as_json: bool,
) -> None:
    """Examine the server at URL [SIO_SERVER_URL; default: http://127.0.0.1:8080] as a client of it.

    Each check is a line: ✓ is well, ! works and is most likely not meant, ✗ does not work, - was not looked at. Below a
    fault is its mend. With --data-dir or --config it looks at this machine, too. Nothing is published or changed.
    Exit code: 1 with any ✗.
    """
    read_dotenv()
    # Half a second of imports, which the help need not wait for.
    from sio_server.cli.doctor.examination import examine  # noqa: PLC0415
    from sio_server.cli.doctor.report import Report  # noqa: PLC0415
    from sio_server.cli.doctor.site import Question  # noqa: PLC0415

    token = token or os.environ.get("SIO_SERVER_TOKEN") or None
    key = key or os.environ.get("SIO_SERVER_PUBLISH_KEY") or None
    question = Question(resolve_url(url), origin, token=token, key=key, authorities=ca, quick=quick)
    report = Report((token, key), as_json=as_json)
    here = data_dir is not None or config_file is not None
    directory = data_dir_of(data_dir, config_file) if here else None
    database = database_of(data_dir, config_file) if here else None

    async def examined() -> None:
        async for finding in examine(question, directory, database):
            report.add(finding)

    asyncio.run(examined())
    report.end()
    if not report.is_healthy:
        raise click.exceptions.Exit(EXIT_FAULT)
