"""``amend`` and ``retract``: changing what was published, or taking it back, by hand."""

from __future__ import annotations

import json
from typing import Any, Final

import click

from sio_server.cli.asking import ask
from sio_server.cli.commands import CommandFailed, key_option, language_option, one_line, read_dotenv, url_option
from sio_server.cli.send import PRIORITIES, json_list, json_object

# What a change may name, but for those whose option is JSON.
_PLAIN: Final = ("title", "message", "link", "priority", "ttl", "group", "image", "icon", "category")


@click.command()
@click.argument("identity", metavar="ID")
@click.option("--message", "-m", metavar="TEXT", help="Its text")
@click.option("--title", metavar="TEXT", help="Short text above the message")
@click.option(
    "--data", "-d", metavar="JSON", help="All its fields, a JSON object; @FILE reads a file, @- standard input"
)
@click.option("--link", metavar="LINK", help="Where a click leads: a path or an http(s) address")
@click.option("--priority", type=click.Choice(PRIORITIES), help="How much it matters")
@click.option("--ttl", type=int, metavar="SECONDS", help="Seconds from now until it is of no more use")
@click.option("--group", metavar="NAME", help="Heading that an inbox puts it under")
@click.option("--actions", metavar="JSON", help="What its reader can do, a JSON list of {id, label, link | value}")
@click.option("--image", metavar="URL", help="The https address of a picture")
@click.option("--icon", metavar="NAME", help="The name of an icon, or the https address of one")
@click.option("--category", metavar="NAME", help="What kind of notification it is to its reader")
@click.option("--without", "without", metavar="MEMBER", multiple=True, help="Take a member out (repeatable)")
@click.option("--revision", type=int, metavar="N", help="Only if it was changed so often before")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON")
@url_option
@key_option
@language_option
def amend(
    identity: str,
    data: str | None,
    actions: str | None,
    without: tuple[str, ...],
    revision: int | None,
    *,
    url: str | None,
    key: str | None,
    lang: str,
    as_json: bool,
    **plain: Any,
) -> None:
    """Change the notification ID where it stands; whoever has it is told."""
    read_dotenv()
    given = {**{name: plain[name] for name in _PLAIN}, "data": json_object(data), "actions": json_list(actions)}
    body = {name: value for name, value in given.items() if value is not None}
    if twice := sorted(body.keys() & set(without)):
        raise CommandFailed(f"--without {one_line(twice[0])}: the same member is given, too")
    body.update(dict.fromkeys(without))
    if not body:
        raise CommandFailed("there is nothing to change: give --message, or another option")
    if revision is not None:
        body["revision"] = revision
    done = ask(url, key, "PATCH", f"/v1/notifications/{_path_of(identity)}", lang=lang, body=body)
    if as_json:
        click.echo(json.dumps(done))
    else:
        place = f"due {done['due']}" if done["status"] == "scheduled" else f"seq {done['seq']}"
        click.echo(one_line(f"changed  revision {done['revision']}  {place}  id {done['id']}"))


@click.command()
@click.argument("identity", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON")
@url_option
@key_option
@language_option
def retract(identity: str, url: str | None, key: str | None, lang: str, *, as_json: bool) -> None:
    """Take the notification ID back; whoever has it is told. One that is scheduled is cancelled."""
    read_dotenv()
    done = ask(url, key, "DELETE", f"/v1/notifications/{_path_of(identity)}", lang=lang)
    if as_json:
        click.echo(json.dumps(done))
    else:
        click.echo(one_line(f"{'cancelled' if done.get('cancelled') else 'taken back'}  id {done['id']}"))


def _path_of(identity: str) -> str:
    from urllib.parse import quote  # noqa: PLC0415 - the help need not wait for it

    return quote(identity, safe="")
