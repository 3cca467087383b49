"""``send`` and ``token``: what a backend does, by hand."""

from __future__ import annotations

import dataclasses
import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from sio_server.cli.commands import (
    CommandFailed,
    complain,
    key_option,
    language_option,
    one_line,
    read_dotenv,
    url_option,
)
from sio_server.cli.listen import resolve_url
from sio_server.cli.places import config_option, settings_in

if TYPE_CHECKING:  # it imports an HTTP client
    from sio_server.client import PublishResult

# Seconds. Somebody is looking on, and would rather start the server than wait for it.
TIMEOUT: Final = 2.0

PRIORITIES: Final = ("low", "normal", "high", "critical")


@click.command()
@click.argument("event_type", metavar="TYPE")
@click.option("--message", "-m", metavar="TEXT", help="Its text; the catalogue's where left out")
@click.option("--data", "-d", metavar="JSON", help="Its fields, a JSON object; @FILE reads a file, @- standard input")
@click.option("--title", metavar="TEXT", help="Short text above the message")
@click.option("--role", "roles", metavar="ROLE", multiple=True, help="For everybody with this role (repeatable)")
@click.option("--user", "users", metavar="ID", multiple=True, help="For this user (repeatable)")
@click.option("--topic", "topics", metavar="TOPIC", multiple=True, help="For followers of this topic (repeatable)")
@click.option("--all", "everybody", is_flag=True, help="For everybody")
@click.option("--except-user", "except_users", metavar="ID", multiple=True, help="But not for this user (repeatable)")
@click.option("--priority", type=click.Choice(PRIORITIES), help="The type's where left out")
@click.option("--ttl", type=int, metavar="SECONDS", help="Seconds until it is of no more use")
@click.option("--link", metavar="LINK", help="Where a click leads: a path or an http(s) address")
@click.option("--collapse-key", metavar="KEY", help="It takes the place of the one before with this key and audience")
@click.option("--group", metavar="NAME", help="Heading that an inbox puts it under")
@click.option("--actions", metavar="JSON", help="What its reader can do, a JSON list of {id, label, link | value}")
@click.option("--image", metavar="URL", help="The https address of a picture")
@click.option("--icon", metavar="NAME", help="The name of an icon, or the https address of one")
@click.option("--category", metavar="NAME", help="What kind of notification it is to its reader")
@click.option("--at", "deliver_at", metavar="MOMENT", help="When it is delivered, such as 2026-12-01T09:00:00-05:00")
@click.option("--in", "deliver_in", type=int, metavar="SECONDS", help="The same in seconds from now")
@click.option("--idempotency-key", metavar="KEY", help="The same key publishes once, however often it is sent")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON")
@url_option
@key_option
@language_option
def send(
    event_type: str,
    data: str | None,
    actions: str | None,
    *,
    url: str | None,
    key: str | None,
    lang: str,
    as_json: bool,
    **options: Any,
) -> None:
    """Publish one notification of TYPE, for the catalogue's audience where none is named."""
    read_dotenv()
    from sio_server.client import NotifyRefused, SyncNotifyClient  # noqa: PLC0415 - imports an HTTP client

    with SyncNotifyClient(resolve_url(url), key, timeout=TIMEOUT, locale=lang) as client:
        try:
            result = client.publish(event_type, data=json_object(data), actions=json_list(actions), **options)
        except NotifyRefused as error:
            if error.mend is None:
                raise
            raise CommandFailed(f"{error}\n{error.mend}") from None
    if as_json:
        click.echo(json.dumps(_json(result)))
    else:
        again = "  duplicate" if result.duplicate else ""
        far = f"seq {result.seq}  sockets {result.sockets}" if result.due is None else f"due {result.due.isoformat()}"
        click.echo(one_line(f"{result.type}  {far}  id {result.id}{again}"))
    for warning in result.warnings:
        complain(f"warning: {one_line(warning)}")


def _json(result: PublishResult) -> dict[str, Any]:
    """The result as it is printed: ``due`` where it is delivered later, ``replaces`` where it took a place."""
    members = dataclasses.asdict(result)
    due, replaces = members.pop("due"), members.pop("replaces")
    more = {"due": None if due is None else due.isoformat(), "replaces": replaces}
    return {**members, **{name: value for name, value in more.items() if value is not None}}


def json_object(text: str | None) -> dict[str, Any] | None:
    """The JSON object in a flag, a file or standard input."""
    decoded = _decoded("--data", text)
    if decoded is not None and not isinstance(decoded, dict):
        raise CommandFailed('--data: must be a JSON object, such as \'{"nombre": "Lago Azul"}\'')
    return decoded


def json_list(text: str | None) -> list[Any] | None:
    """The JSON list of objects in a flag, a file or standard input."""
    decoded = _decoded("--actions", text)
    if decoded is not None and not (isinstance(decoded, list) and all(isinstance(each, dict) for each in decoded)):
        raise CommandFailed('--actions: must be a JSON list, such as \'[{"id": "si", "label": "Confirmar"}]\'')
    return decoded


def _decoded(option: str, text: str | None) -> Any:
    if text is None:
        return None
    if text.startswith("@"):
        text = _read(option, text[1:])
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise CommandFailed(f"{option}: not valid JSON: {error}") from error


def _read(option: str, name: str) -> str:
    try:
        return sys.stdin.read() if name == "-" else Path(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8 text"
        raise CommandFailed(f"{option}: {name} cannot be read: {reason}") from error


@click.command()
@click.option("--user", required=True, metavar="ID", help="Whom it speaks for ('sub')")
@click.option("--role", "roles", metavar="ROLE", multiple=True, help="A role of this user (repeatable)")
@click.option("--topic", "topics", metavar="TOPIC", multiple=True, help="A topic that this user follows (repeatable)")
@click.option(
    "--ttl", type=click.IntRange(1), default=3600, show_default=True, metavar="SECONDS", help="How long it holds"
)
@click.option(
    "--secret",
    metavar="SECRET",
    help="Secret to sign with; better in the environment, where other users do not see it [SIO_SERVER_JWT_SECRET]",
)
@config_option
def token(
    user: str,
    roles: tuple[str, ...],
    topics: tuple[str, ...],
    *,
    ttl: int,
    secret: str | None,
    config_file: Path | None,
) -> None:
    """Sign a token (HS256) as a backend would, for tests, and print it."""
    read_dotenv()
    click.echo(sign(user, roles, topics, ttl=ttl, secret=secret, file=settings_in(config_file)))


def sign(
    user: str,
    roles: tuple[str, ...] = (),
    topics: tuple[str, ...] = (),
    *,
    ttl: int = 3600,
    secret: str | None = None,
    file: Mapping[str, Any] | None = None,
) -> str:
    """A token that a server with the settings of this environment takes. Raises `CommandFailed` without a secret.

    ``file`` is what stands in its settings file (`places.settings_in`).
    """
    import jwt  # noqa: PLC0415 - imports a cryptography library

    from sio_server.config import MIN_SECRET_BYTES  # noqa: PLC0415
    from sio_server.config.sources import secret_in  # noqa: PLC0415

    file = file or {}
    secret = secret or secret_in(os.environ, "jwt_secret", file)
    if not secret:
        raise CommandFailed(
            "there is nothing to sign with: set SIO_SERVER_JWT_SECRET, or name the server's settings with --config"
        )
    if len(secret.encode()) < MIN_SECRET_BYTES:
        raise CommandFailed(f"the secret is too short: HS256 needs at least {MIN_SECRET_BYTES} bytes (RFC 7518)")
    now = int(time.time())
    claims = {
        "sub": user,
        "roles": list(roles),
        "topics": list(topics),
        "iat": now,
        "exp": now + ttl,
        "aud": os.environ.get("SIO_SERVER_TOKEN_AUDIENCE") or file.get("token_audience"),
        "iss": os.environ.get("SIO_SERVER_TOKEN_ISSUER") or file.get("token_issuer"),
    }
    return jwt.encode({name: value for name, value in claims.items() if value}, secret, algorithm="HS256")
