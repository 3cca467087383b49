"""``keys``: publisher keys with names, made, listed, rotated and revoked in the data directory of a server."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from sio_server.cli.catalog import console
from sio_server.cli.commands import CommandFailed, complain, one_line, read_dotenv
from sio_server.cli.places import data_dir_of, place_options

if TYPE_CHECKING:  # the help need not wait for it
    from sio_server.auth.key_file import KeyFile
    from sio_server.auth.publishers import Scope
    from sio_server.auth.stored_keys import StoredKey

_UNITS: Final = {"s": 1, "m": 60, "h": 3600, "d": 24 * 3600, "w": 7 * 24 * 3600}
_DURATION: Final = re.compile(r"([0-9]{1,6})\s*([smhdw])", re.ASCII)
_RATE: Final = re.compile(r"([0-9]{1,7})(?:/s)?", re.ASCII)
_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


@click.group()
def keys() -> None:
    """Make, list, rotate and revoke publisher keys; a server that runs knows of it within a second.

    Run this as the user that the server runs as, with its data directory.
    """


def _file(data_dir: Path | None, config_file: Path | None) -> KeyFile:
    """The keys of the data directory that a server with these settings uses."""
    read_dotenv()
    from sio_server.auth.key_file import KeyFile  # noqa: PLC0415

    return KeyFile(data_dir_of(data_dir, config_file))


# Click calls these with the text of a flag, and names the flag where one raises `click.BadParameter`.


def names(text: str) -> tuple[str, ...]:
    """Names parted by commas."""
    from sio_server.auth.stored_keys import MAX_NAMES, MAX_PATTERN  # noqa: PLC0415

    found = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    if not found or len(found) > MAX_NAMES or any(len(name) > MAX_PATTERN for name in found):
        raise click.BadParameter(f"give 1 to {MAX_NAMES} names of at most {MAX_PATTERN} characters, parted by commas")
    return found


def rate(text: str) -> int:
    """Notifications a second, as ``10/s``."""
    from sio_server.auth.stored_keys import MAX_RATE  # noqa: PLC0415

    found = _RATE.fullmatch(text.strip())
    if found is None or not 1 <= int(found[1]) <= MAX_RATE:
        raise click.BadParameter(f"'{one_line(text)}' is no rate from 1/s to {MAX_RATE}/s, such as 10/s")
    return int(found[1])


def duration(text: str) -> float:
    """Seconds, as ``90d``."""
    found = _DURATION.fullmatch(text.strip())
    if found is None:
        raise click.BadParameter(f"'{one_line(text)}' is no duration, such as 30m, 24h or 90d")
    return float(int(found[1]) * _UNITS[found[2]])


def moment(text: str) -> float:
    """Unix seconds: a date, or a duration from now on."""
    if not _DATE.fullmatch(text.strip()):
        return time.time() + duration(text)
    try:
        found = datetime.fromisoformat(text.strip()).replace(tzinfo=UTC).timestamp()
    except ValueError:
        raise click.BadParameter(f"'{text}' is no date") from None
    if found <= time.time():
        raise click.BadParameter(f"'{text}' is over")
    return found


# -- add --------------------------------------------------------------------------------------------------------------


@keys.command()
@click.argument("name")
@click.option("--types", type=names, metavar="TYPES", help="Only these event types, as 'reserva_*,pago_*'")
@click.option("--roles", type=names, metavar="ROLES", help="Reaches these roles")
@click.option("--topics", type=names, metavar="TOPICS", help="Reaches followers of these topics, as 'tour:*'")
@click.option("--users", is_flag=True, help="Reaches single users")
@click.option("--everybody", is_flag=True, help="Reaches everybody at once")
@click.option("--rate", type=rate, metavar="N/s", help="Notifications a second [default: SIO_SERVER_PUBLISH_RATE]")
@click.option("--observe", is_flag=True, help="Looks at the whole server, too: notifications, users, numbers, metrics")
@click.option("--operate", is_flag=True, help="As --observe, and closes connections and lets guests in")
@click.option("--read", is_flag=True, help="As --observe, and publishes nothing: for a scraper of metrics")
@click.option("--expires", type=moment, metavar="WHEN", help="Is over then: 90d, or a date (UTC) such as 2027-01-31")
@place_options
def add(
    name: str,
    rate: int | None,
    expires: float | None,
    data_dir: Path | None,
    config_file: Path | None,
    **allowed: Any,
) -> None:
    """Make a key called NAME, and print it: it is shown this once.

    It publishes, to whomever the catalogue or a request names, and sees nothing. With any of --roles, --topics, --users
    and --everybody it reaches nobody but those.
    """
    file = _file(data_dir, config_file)
    key = make_key(file, name, _scope(**allowed), rate=rate, expires_at=expires)
    complain(f"key '{name}' added to {file.path}; it is shown this once, and only its hash is kept")
    click.echo(key)


def make_key(
    file: KeyFile, name: str, scope: Scope, *, rate: int | None = None, expires_at: float | None = None
) -> str:
    """Add a key of this name to a file of keys, and return its text, which is kept nowhere.

    Raises `CommandFailed` for a name that is none or is taken, and `ConfigError` as `KeyFile.edit` does.
    """
    from sio_server.auth.key_text import new_key  # noqa: PLC0415
    from sio_server.auth.stored_keys import MAX_KEYS, NAME_PATTERN, Secret, StoredKey  # noqa: PLC0415

    if not NAME_PATTERN.fullmatch(name):
        raise CommandFailed(
            "a key's name has 1 to 64 characters: small letters, digits, and between them '.', '_' and '-'"
        )
    key, now = new_key(), time.time()
    made = StoredKey(
        name=name, scope=scope, created_at=now, secrets=(Secret.of(key, now),), rate=rate, expires_at=expires_at
    )

    def added(known: Sequence[StoredKey]) -> Sequence[StoredKey]:
        if any(one.name == name for one in known):
            raise CommandFailed(f"there is a key '{name}': rotate it, revoke it, or take another name")
        if len(known) >= MAX_KEYS:
            raise CommandFailed(f"there are {MAX_KEYS} keys, and no more are kept: revoke one")
        return (*known, made)

    file.edit(added)
    return key


def _scope(
    *,
    types: tuple[str, ...] | None,
    roles: tuple[str, ...] | None,
    topics: tuple[str, ...] | None,
    users: bool,
    everybody: bool,
    observe: bool,
    operate: bool,
    read: bool,
) -> Scope:
    from sio_server.auth.publishers import Scope  # noqa: PLC0415

    narrowed = bool(roles or topics or users or everybody)
    if read and (types or narrowed):
        raise CommandFailed("--read publishes nothing: leave out --types, --roles, --topics, --users and --everybody")
    return Scope(
        publish=not read,
        observe=observe or operate or read,
        operate=operate,
        types=types,
        roles=(roles or ()) if narrowed else None,
        topics=(topics or ()) if narrowed else None,
        users=users or not narrowed,
        everybody=everybody or not narrowed,
    )


# -- list -------------------------------------------------------------------------------------------------------------


@keys.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON, without the hashes")
@place_options
def list_keys(data_dir: Path | None, config_file: Path | None, *, as_json: bool) -> None:
    """Show each key: what it allows, when it was made, used and is over; never the key."""
    file = _file(data_dir, config_file)
    from sio_server.auth.keyring import DIGITS  # noqa: PLC0415

    known, used, now = file.read(), file.read_use(), time.time()
    shown = []
    for key in sorted(known, key=lambda one: one.name):
        last = max((used.get(one.sha256.hex()[:DIGITS], 0.0) for one in key.secrets), default=0.0)
        shown.append(
            {
                "name": key.name,
                "state": "over" if key.is_over(now) else "active",
                "scope": key.scope.as_dict(),
                "rate": key.rate,
                "created_at": _written(key.created_at),
                "expires_at": _written(key.expires_at),
                "last_used_at": _written(last or None),
                "secrets": [{"hint": one.hint, "ends_at": _written(key.until(one))} for one in key.secrets],
            }
        )
    if as_json:
        click.echo(json.dumps(shown, indent=2))
    elif not shown:
        complain(f"{file.path}: no keys yet: make one with `sio-server keys add NAME`")
    else:
        _print(shown)


def _print(shown: Sequence[dict[str, Any]]) -> None:
    from rich.table import Table  # noqa: PLC0415

    table = Table("name", "begins", "may", "reaches", "rate", "made", "last used", "over")
    for key in shown:
        scope, over = key["scope"], key["expires_at"] or "-"
        table.add_row(
            key["name"],
            "\n".join(
                f"{one['hint']}…" + (f" until {one['ends_at']}" if one["ends_at"] else "") for one in key["secrets"]
            ),
            one_line(may(scope)),
            one_line(reaches(scope)),
            f"{key['rate']}/s" if key["rate"] else "-",
            key["created_at"],
            key["last_used_at"] or "-",
            f"{over} (over)" if key["state"] == "over" else over,
        )
    console().print(table, markup=False)


def may(scope: Mapping[str, Any]) -> str:
    """What a scope (`Scope.as_dict`) lets one do, in a few words."""
    publish = (
        ["publish" if scope["types"] is None else f"publish {', '.join(scope['types'])}"] if scope["publish"] else []
    )
    return "; ".join([*publish, *(word for word in ("observe", "operate") if scope[word])])


def reaches(scope: Mapping[str, Any]) -> str:
    """Whom a scope (`Scope.as_dict`) lets one reach, in a few words."""
    if not scope["publish"]:
        return "-"
    if scope["roles"] is None and scope["topics"] is None and scope["users"] and scope["everybody"]:
        return "anybody"
    named = [f"role:{name}" for name in scope["roles"] or ()] + [f"topic:{name}" for name in scope["topics"] or ()]
    return ", ".join([*named, *(word for word in ("users", "everybody") if scope[word])])


def _written(seconds: float | None) -> str | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")


# -- rotate, revoke ---------------------------------------------------------------------------------------------------


@keys.command()
@click.argument("name")
@click.option(
    "--overlap",
    type=duration,
    default="24h",
    show_default=True,
    metavar="TIME",
    help="How long the key of before is good beside the new one: 0s, 30m, 7d",
)
@place_options
def rotate(name: str, overlap: float, data_dir: Path | None, config_file: Path | None) -> None:
    """Give the key NAME another text, and print it; the one of before is good for a while yet.

    It stays the same publisher: what it allows, its rate and its idempotency keys do not change.
    """
    file, now = _file(data_dir, config_file), time.time()
    text = ""

    def rotated(known: Sequence[StoredKey]) -> Sequence[StoredKey]:
        nonlocal text
        found = _named(known, name, file)
        if found.expires_at is not None and found.expires_at <= now:
            raise CommandFailed(f"the key '{name}' is over: revoke it and add another one")
        renewed, text = found.rotated(now, overlap)
        return [renewed if one is found else one for one in known]

    file.edit(rotated)
    complain(f"key '{name}' rotated; the one of before is good until {_written(now + overlap)}")
    click.echo(text)


@keys.command()
@click.argument("name")
@place_options
def revoke(name: str, data_dir: Path | None, config_file: Path | None) -> None:
    """Forget the key NAME: it is good for nothing within a second, and who is connected by it is let go."""
    file = _file(data_dir, config_file)

    def revoked(known: Sequence[StoredKey]) -> Sequence[StoredKey]:
        found = _named(known, name, file)
        return [one for one in known if one is not found]

    file.edit(revoked)
    complain(f"key '{name}' revoked")


def _named(known: Sequence[StoredKey], name: str, file: KeyFile) -> StoredKey:
    for key in known:
        if key.name == name:
            return key
    all_of_them = ", ".join(key.name for key in known) or "none"
    raise CommandFailed(one_line(f"there is no key '{name}' in {file.path}; known: {all_of_them}"))
