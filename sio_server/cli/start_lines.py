"""What ``serve`` says once it answers: its address for programs, and for people what matters of how it runs."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final, NamedTuple

import click

from sio_server import __version__
from sio_server.cli.commands import one_line, to_nowhere
from sio_server.config import Config

if TYPE_CHECKING:
    from sio_server.serving import Started

UNPROTECTED: Final = (
    "development mode: nothing is protected, every program of this machine may publish and read everything"
)

_EVENT: Final = '{"type":"test","message":"Hola mundo","data":{}}'

# What a server listens on that others can reach, and what it is called from this machine.
_ANY: Final = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - nothing is bound here


class Line(NamedTuple):
    """A line for people: what it is about, and whether it is to be seen before the others."""

    about: str
    text: str
    stands_out: bool = False


def announce(started: Started) -> None:
    """Say on standard output where the server is, and on standard error how it runs."""
    try:
        # Flushed: whoever started this process waits for the line, and a pipe would hold it back.
        click.echo(started.url)
        sys.stdout.flush()
    except OSError:  # a full disk, or nobody at the other end: no reason not to serve
        to_nowhere(sys.stdout)
    try:
        _tell(started)
        sys.stderr.flush()
    except OSError:
        to_nowhere(sys.stderr)


def _tell(started: Started) -> None:
    config = started.config
    if config.log_format == "json" or (config.log_format == "auto" and not sys.stderr.isatty()):
        from sio_server.logs import get_logger  # noqa: PLC0415 - a quarter of a second that the help need not wait for

        logger = get_logger("serving")
        logger.info("serving", **_members(started))
        if config.development:
            logger.warning(UNPROTECTED)
        return
    for about, text, stands_out in lines_of(started):
        told = one_line(text)
        if stands_out:
            told = click.style(f" {told} ", fg="black", bg="yellow", bold=True)
        click.echo(f"  {click.style(f'{about:8}', dim=True)} {told}", err=True)


def _members(started: Started) -> dict[str, str | int]:
    """The same for machines, without what is there to be tried."""
    config = started.config
    members: dict[str, str | int] = {
        "version": __version__,
        "mode": _mode(config),
        "address": started.url,
        "log": _log(config),
    }
    if started.metrics_url is not None:
        members["metrics"] = started.metrics_url
    if not config.development:
        members |= {
            "publishers": len(config.publish_keys) + started.stored_keys,
            "origins": len(config.allowed_origins),
        }
    return members


def _mode(config: Config) -> str:
    return "development" if config.development else "production"


def lines_of(started: Started) -> Iterator[Line]:
    """What people are told of a server that has started, the most important first."""
    config, url = started.config, _called(started.url)
    yield Line("mode", f"sio-server {__version__}, {_mode(config)}")
    if config.development:
        yield Line("", UNPROTECTED, stands_out=True)
    else:
        yield from _protection(started)
    if not url.startswith("unix:"):
        yield Line("console", f"{url}/")
    yield Line("log", "in memory, gone with the process" if config.broker == "memory:" else _log(config))
    if started.metrics_url is not None:
        yield Line("metrics", f"{started.metrics_url} (no credential is asked for)")
    yield from _commands(config, url)


def _protection(started: Started) -> Iterator[Line]:
    config, stored = started.config, started.stored_keys
    keys = [f"{len(config.publish_keys)} of the settings"] if config.publish_keys else []
    keys += [f"{stored} made with `sio-server keys`"] if stored else []
    yield Line("keys", " and ".join(keys) or "none: nobody can publish", stands_out=not keys)
    checks = ["HS256 with the shared secret"] if config.jwt_secret is not None else []
    checks += [f"the keys at {config.jwks_url}"] if config.jwks_url is not None else []
    yield Line("tokens", "verified by " + " and ".join(checks))
    origins = ", ".join(config.allowed_origins)
    none = "none but the server's own: pages elsewhere cannot connect (SIO_SERVER_ALLOWED_ORIGINS)"
    yield Line("origins", origins or none, stands_out=not origins)


def _log(config: Config) -> str:
    from sio_server.broker.opening import shown  # noqa: PLC0415 - as above

    return str(config.data_dir.absolute()) if config.broker == "sqlite:" else shown(config.broker)


def _commands(config: Config, url: str) -> Iterator[Line]:
    """The first things to try, that work as they stand."""
    key = "" if config.development else " -H 'Authorization: Bearer KEY'"
    place = url
    if url.startswith("unix:"):
        place = f"--unix-socket {url.removeprefix('unix:')} http://localhost{config.base_path}"
    trusting = " -k" if url.startswith("https:") else ""
    yield Line("try", f"curl{trusting}{key} -d '{_EVENT}' {place}/notify")
    if url.startswith("http:"):
        listen = "" if config.development else " --token TOKEN"
        yield Line("watch", f"sio-server listen --url {url}{listen}   (in another terminal)")


def _called(url: str) -> str:
    """The address as this machine calls it."""
    scheme, separator, rest = url.partition("://")
    host, colon, port = rest.rpartition(":")
    return f"{scheme}{separator}{_ANY.get(host, host)}{colon}{port}" if separator else url
