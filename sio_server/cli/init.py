"""``init``: a directory to serve from, with settings, secrets of its own, a publisher key and a catalogue."""

from __future__ import annotations

import os
import secrets
import shlex
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import click
from marshmallow import ValidationError

from sio_server import fields
from sio_server.cli.commands import CommandFailed, one_line
from sio_server.config import is_loopback
from sio_server.config.sample import settings_file
from sio_server.config.schema import ConfigSchema

SETTINGS_NAME: Final = "sio-server.toml"
CATALOG_NAME: Final = "catalog.toml"
DATA_NAME: Final = "data"
SECRETS_NAME: Final = "secrets"
JWT_SECRET_NAME: Final = f"{SECRETS_NAME}/jwt_secret"

# 256 random bits, as text that needs no quoting anywhere: RFC 7518 section 3.2 asks for as many as the hash has.
_SECRET_BYTES: Final = 32

_PRIVATE: Final = 0o600
_PUBLIC: Final = 0o644

_IGNORED: Final = (f"/{SECRETS_NAME}/", f"/{DATA_NAME}/")

_CATALOG: Final = """\
# Event types of your own, beside the built-in ones: `sio-server catalog list --catalog catalog.toml` shows both.
# Publishers name a type, and the catalogue says who gets it and what its data has to be. After a change: SIGHUP.
version = 1

[types.excursion_cancelada]
# Shown above the message.
title = { es = "Excursión cancelada", en = "Excursion cancelled" }
# The message where a publisher sends none; {field} is filled from data.
message = { es = "Se cancela {excursion}", en = "{excursion} is cancelled" }
# What happened, for whoever reads the catalogue.
description = { es = "No hay quórum o hace mal tiempo.", en = "Too few people, or bad weather." }
# Who gets it where a publisher names nobody: roles, users, topics, or all = true.
audience = { roles = ["admin"], users = ["{usuario_id}"] }
# low, normal, high or critical
priority = "high"
# Seconds until it is of no more use.
ttl = 604800
# The fields that are checked: id, string, integer, number, boolean, object, array or date. Others pass.
data = { excursion = "string", usuario_id = "id" }
"""


@dataclass(slots=True)
class _Made:
    """What was written so far: a line for each, and what to take away where the rest fails."""

    lines: list[tuple[str, str]] = field(default_factory=list)
    files: list[Path] = field(default_factory=list)
    directories: list[Path] = field(default_factory=list)
    renamed: list[tuple[Path, Path]] = field(default_factory=list)

    def undo(self) -> None:
        for path in reversed(self.files):
            with suppress(OSError):
                path.unlink()
        for before, after in self.renamed:
            with suppress(OSError):
                after.rename(before)
        for path in reversed(self.directories):
            with suppress(OSError):
                path.rmdir()


@click.command()
@click.argument("directory", type=click.Path(path_type=Path), required=False)
@click.option("--dir", "named", type=click.Path(path_type=Path), metavar="DIR", help="The same as the argument")
@click.option("--origin", "origins", multiple=True, metavar="ORIGIN", help="Pages that may connect (repeatable)")
@click.option("--jwks-url", metavar="URL", help="Verify tokens with the keys of this address, in place of a secret")
@click.option("--host", metavar="HOST", help="Address to listen on [default: 127.0.0.1]")
@click.option("--port", type=click.IntRange(1, 65535), metavar="PORT", help="Port to listen on [default: 8080]")
@click.option("--key-name", default="backend", show_default=True, metavar="NAME", help="Name of the publisher key")
@click.option("--force", is_flag=True, help="Write settings and catalogue anew; those of before are kept beside them")
def init(
    directory: Path | None, named: Path | None, key_name: str, *, force: bool, origins: tuple[str, ...], **chosen: Any
) -> None:
    """Write what a server needs into DIRECTORY (here where left out): settings, secrets, a publisher key, a catalogue.

    Nothing that is there is overwritten, secrets never: with --force settings and catalogue are written anew, and the
    ones of before are renamed.
    """
    if directory is not None and named is not None:
        raise CommandFailed("the directory is named twice: leave out --dir or the argument")
    place = (directory or named or Path()).expanduser()
    given = _checked({**chosen, "allowed_origins": list(origins)})
    made = _Made()
    try:
        _write_all(place, given, key_name, made, force=force)
    except OSError as error:
        made.undo()
        wrong = one_line(error.filename or place)
        raise CommandFailed(
            f"{wrong}: cannot be written: {error.strerror}: name another directory, or let this user write there"
        ) from error
    except BaseException:
        made.undo()
        raise
    _tell(place, given, key_name, made)


def _checked(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that were chosen, as a settings file has them. Raises `CommandFailed` by the name of the flag."""
    given = {name: value for name, value in chosen.items() if value not in (None, [])}
    try:
        ConfigSchema().load(given)
    except ValidationError as error:
        problem = fields.problems_of(error)[0]
        setting = problem.field.partition(".")[0]
        flag = "--origin" if setting == "allowed_origins" else "--" + setting.replace("_", "-")
        raise CommandFailed(f"{flag}: {problem.detail}") from error
    return given


# -- writing ----------------------------------------------------------------------------------------------------------


def _write_all(place: Path, given: dict[str, Any], key_name: str, made: _Made, *, force: bool) -> None:
    there = [name for name in (SETTINGS_NAME, CATALOG_NAME) if os.path.lexists(place / name)]
    if there and not force:
        raise CommandFailed(
            f"{place}: has {' and '.join(there)} already, and nothing was written: name another directory, "
            "or give --force, which keeps what is there under another name"
        )
    _directory(place, 0o755, made)
    _directory(place / SECRETS_NAME, 0o700, made)
    given |= {"data_dir": DATA_NAME, "catalog": CATALOG_NAME}
    if "jwks_url" not in given:
        given["jwt_secret_file"] = JWT_SECRET_NAME
        about = "signs tokens (HS256): for your backend, and for nobody else"
        _secret(place / JWT_SECRET_NAME, JWT_SECRET_NAME, secrets.token_urlsafe(_SECRET_BYTES), about, made)
    _key(place, key_name, made)
    for name in there:
        _put_aside(place / name, made)
    _file(place / SETTINGS_NAME, settings_file(given, SETTINGS_NAME), _PUBLIC, made)
    made.lines.append((SETTINGS_NAME, "settings, each with a sentence and its default"))
    _file(place / CATALOG_NAME, _CATALOG, _PUBLIC, made)
    made.lines.append((CATALOG_NAME, "event types of your own: one to start from"))
    _ignore(place, made)


def _directory(path: Path, mode: int, made: _Made) -> None:
    missing = [each for each in (path, *path.parents) if not each.exists()]
    path.mkdir(mode, parents=True, exist_ok=True)
    made.directories.extend(reversed(missing))


def _file(path: Path, text: str, mode: int, made: _Made) -> None:
    """Write a file that is not there yet; its mode is its own from the first moment on."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    made.files.append(path)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)


def _secret(path: Path, name: str, text: str, about: str, made: _Made) -> None:
    if os.path.lexists(path):
        made.lines.append((name, "is there already, and is kept"))
        return
    _file(path, f"{text}\n", _PRIVATE, made)
    made.lines.append((name, about))


def _key(place: Path, key_name: str, made: _Made) -> None:
    from sio_server.auth.key_file import KeyFile  # noqa: PLC0415 - the help need not wait for it
    from sio_server.auth.publishers import Scope  # noqa: PLC0415
    from sio_server.cli.keys import make_key  # noqa: PLC0415

    name = key_name_in(key_name)
    file = KeyFile(place / DATA_NAME)
    if any(key.name == key_name for key in file.read()):
        mend = "" if (place / name).exists() else f"; its text is not: sio-server keys rotate {key_name}"
        made.lines.append((name, f"the key '{key_name}' is there already, and is kept{mend}"))
        return
    if os.path.lexists(place / name):
        raise CommandFailed(f"{place / name}: is there already, and is no key of {file.path}: take another --key-name")
    _directory(place / DATA_NAME, 0o700, made)
    fresh = [path for path in (file.path, file.path.with_name("keys.lock")) if not path.exists()]
    made.files.extend(fresh)
    text = make_key(file, key_name, Scope())
    _secret(place / name, name, text, f"publisher key '{key_name}': for your backend, which sends it", made)


def key_name_in(key_name: str) -> str:
    """The file that holds the text of a publisher key, as seen from the directory."""
    return f"{SECRETS_NAME}/{key_name}.key"


def _put_aside(path: Path, made: _Made) -> None:
    kept = path.with_name(f"{path.name}.{time.strftime('%Y%m%d-%H%M%S')}")
    if os.path.lexists(kept):
        raise CommandFailed(f"{kept}: is there already: try again in a second")
    path.rename(kept)
    made.renamed.append((path, kept))
    made.lines.append((kept.name, "what was there before"))


def _ignore(place: Path, made: _Made) -> None:
    """Have Git pass over secrets and data; a file that is there gets the lines that it lacks."""
    path = place / ".gitignore"
    if not os.path.lexists(path):
        _file(path, "".join(f"{line}\n" for line in _IGNORED), _PUBLIC, made)
        made.lines.append((path.name, "keeps secrets and data out of Git"))
        return
    text = path.read_text("utf-8")
    missing = [line for line in _IGNORED if line not in text.splitlines()]
    if missing:
        with path.open("a", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in ("" if text.endswith("\n") or not text else "\n", *missing)))
        made.lines.append((path.name, f"has {' and '.join(missing)} now"))


# -- telling ----------------------------------------------------------------------------------------------------------


def _tell(place: Path, given: Mapping[str, Any], key_name: str, made: _Made) -> None:
    click.echo(one_line(f"In {place.absolute()}:"))
    width = max(len(name) for name, _ in made.lines)
    for name, about in made.lines:
        click.echo(one_line(f"  {name:{width}}  {about}"))
    click.echo("\nNext, the second and the third each in another terminal:")
    for command in next_commands(place, given, key_name):
        click.echo(f"  $ {command}")


def next_commands(place: Path, given: Mapping[str, Any], key_name: str) -> list[str]:
    """Three commands of a shell: serve, look on, publish. Where no token can be signed here, check comes first."""
    config = f"--config {shlex.quote(str(place / SETTINGS_NAME))}"
    key = shlex.quote(str(place / key_name_in(key_name)))
    url = _url_flag(given)
    serve = f"sio-server serve {config}"
    send = f'SIO_SERVER_PUBLISH_KEY="$(cat {key})" sio-server send test{url}'
    if "jwks_url" in given:
        return [f"sio-server check-config --strict {config}", serve, send]
    token = f"sio-server token --user 1 --role admin {config}"
    return [serve, f'SIO_SERVER_TOKEN="$({token})" sio-server listen{url}', send]


def _url_flag(given: Mapping[str, Any]) -> str:
    host, port = given.get("host", "127.0.0.1"), given.get("port", 8080)
    if is_loopback(host) or host in ("0.0.0.0", "::"):  # noqa: S104 - reached from here by loopback
        host = "127.0.0.1"
    if (host, port) == ("127.0.0.1", 8080):
        return ""
    return f" --url {shlex.quote(f'http://[{host}]:{port}' if ':' in host else f'http://{host}:{port}')}"
