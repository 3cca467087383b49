"""``health``: whether a server answers, for containers that have no other program to ask with.

It starts in a few hundredths of a second, since it is run every few seconds: it reads the settings that make up an
address by itself, unchecked, and asks with the standard library.
"""

from __future__ import annotations

import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from sio_server.cli.commands import complain, one_line
from sio_server.errors import ConfigError

if TYPE_CHECKING:
    from http.client import HTTPConnection

# Docker takes 0 for healthy and 1 for not; 2 is reserved.
_UNHEALTHY: Final = 1

_TIMEOUT: Final = 3.0
_PREFIX: Final = "SIO_SERVER_"

# The settings that say where a server listens.
READ: Final = ("host", "port", "base_path", "tls_cert", "unix")

# Names for every address of a machine, and the one of them by which it reaches itself.
_ANY: Final = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}  # noqa: S104 - nothing listens here

# An answer of a server of ours is some hundred bytes.
_MAX_ANSWER: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class _Address:
    """Where to ask. ``unix`` is a socket's path; ``verify``: whether a certificate must be for this name."""

    host: str
    port: int
    base: str = ""
    tls: bool = False
    unix: str | None = None
    verify: bool = False

    def __str__(self) -> str:
        if self.unix:
            return f"unix:{self.unix}{self.base}"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}{self.base}"


@click.command()
@click.option("--url", metavar="URL", help="Address of the server, or unix:/PATH [default: where its settings say]")
@click.option("--live", is_flag=True, help="Whether the process runs and answers")
@click.option("--ready", is_flag=True, help="Whether it should get traffic, too: asked where nothing is said")
@click.option("--timeout", type=float, default=_TIMEOUT, show_default=True, metavar="SECONDS", help="Longest wait")
@click.option(
    "--config",
    "config_file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The server's TOML file, for its address [SIO_SERVER_CONFIG]",
)
def health(url: str | None, config_file: Path | None, *, live: bool, ready: bool, timeout: float) -> int:
    """Ask whether a server is well: exit code 0 where it is, 1 where it is not, and one line that says so.

    Without --url it is the one that these settings start, asked from this machine: of its certificate nothing but its
    being there is looked at.
    """
    wanted = "live" if live and not ready else "ready"
    try:
        address = _settings_address(config_file) if url is None else _stated(url)
        reason = _ask(address, f"/health/{wanted}", timeout)
    except (ConfigError, OSError, ValueError) as error:
        complain(f"health: {one_line(getattr(error, 'strerror', None) or error)}")
        return _UNHEALTHY
    if reason is None:
        click.echo(f"{address}: {wanted}")
        return 0
    complain(f"{address}: not {wanted}: {one_line(reason)}")
    return _UNHEALTHY


# -- asking -----------------------------------------------------------------------------------------------------------


def _ask(address: _Address, path: str, timeout: float) -> str | None:
    """None for a server that is well, else why it is not."""
    from http.client import HTTPException  # noqa: PLC0415 - the help need not wait for it

    connection = _connection(address, timeout)
    try:
        connection.request("GET", address.base + path, headers={"Accept": "application/json"})
        reply = connection.getresponse()
        body, status = reply.read(_MAX_ANSWER), reply.status
    except TimeoutError:
        return f"no answer within {timeout:g} s"
    except OSError as error:
        return error.strerror or str(error)
    except HTTPException as error:
        return f"what answers is no sio-server: {error!r}"
    finally:
        connection.close()
    return _verdict(status, body)


def _verdict(status: int, body: bytes) -> str | None:
    try:
        answer = json.loads(body)
    except ValueError:
        answer = None
    if not isinstance(answer, dict):
        return f"what answers is no sio-server: status {status}"
    if status == 200 and answer.get("status") == "ok":  # noqa: PLR2004 - RFC 9110 §15.3.1
        return None
    return f"{answer.get('code') or answer.get('title') or answer} ({status})"


def _connection(address: _Address, timeout: float) -> HTTPConnection:
    from http.client import HTTPConnection, HTTPSConnection  # noqa: PLC0415 - see above

    if address.unix:
        return _unix_connection(address.unix, timeout)
    if not address.tls:
        return HTTPConnection(address.host, address.port, timeout=timeout)
    import ssl  # noqa: PLC0415 - some hundredths of a second, which most need not wait for

    context = ssl.create_default_context()
    if not address.verify:
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return HTTPSConnection(address.host, address.port, timeout=timeout, context=context)


def _unix_connection(path: str, timeout: float) -> HTTPConnection:
    import socket  # noqa: PLC0415 - see above
    from http.client import HTTPConnection  # noqa: PLC0415 - see above

    connection = HTTPConnection("localhost", timeout=timeout)
    connection.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.sock.settimeout(timeout)
    try:
        connection.sock.connect(path)
    except OSError:
        connection.close()
        raise
    return connection


# -- where ------------------------------------------------------------------------------------------------------------


def _stated(url: str) -> _Address:
    """The address in a flag. Raises ValueError."""
    from urllib.parse import urlsplit  # noqa: PLC0415 - see above

    if url.startswith("unix:"):
        return _Address("", 0, unix="/" + url.removeprefix("unix:").lstrip("/"))
    parts = urlsplit(url if "://" in url else f"http://{url}")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"--url: '{url}' is no http(s) address")
    tls = parts.scheme == "https"
    port = parts.port or (443 if tls else 80)
    return _Address(parts.hostname, port, parts.path.rstrip("/"), tls, verify=True)


def _settings_address(config_file: Path | None) -> _Address:
    """Where a server with these settings listens, as this machine reaches it. Raises `ConfigError` and ValueError."""
    read = _settings(config_file)
    host, base = read.get("host", "127.0.0.1").strip("[]"), read.get("base_path", "").strip("/")
    port = read.get("port", "8080")
    if not port.isascii() or not port.isdigit() or not 0 < int(port) <= 65535:  # noqa: PLR2004 - TCP's last port
        raise ValueError(f"port '{port}' is not one to ask: give --url")
    return _Address(
        _ANY.get(host, host),
        int(port),
        f"/{base}" if base else "",
        tls="tls_cert" in read,
        unix=read.get("unix"),
    )


def _settings(config_file: Path | None) -> Mapping[str, str]:
    """The settings that say where a server listens, as they were written; those that nobody set are missing.

    As `config.sources` finds them, whose libraries take half a second to import.
    """
    dotenv = _of_dotenv()
    named = os.environ.get(f"{_PREFIX}CONFIG") or dotenv.get(f"{_PREFIX}CONFIG")
    config_file = config_file or (Path(named) if named else None)
    file = dict(_of_toml(config_file)) if config_file else {}
    if config_file and isinstance(file.get("unix"), str):  # a path in a file begins at the file's directory
        file["unix"] = config_file.expanduser().parent / file["unix"]
    found = {}
    for name in READ:
        variable = _PREFIX + name.upper()
        texts = (os.environ.get(variable), dotenv.get(variable), file.get(name))
        # Kubernetes sets SIO_SERVER_PORT to an address for a Service called sio-server
        for text in texts:
            if text not in (None, "") and "://" not in str(text):
                found[name] = str(text).strip()
                break
    return found


def _of_dotenv() -> Mapping[str, str]:
    path = Path.cwd() / ".env"
    if not path.is_file():
        return {}
    from sio_server.files import bindings_of  # noqa: PLC0415 - mostly there is no such file

    return {line.key: line.value for line in bindings_of(path) if line.key and line.value}


def _of_toml(path: Path) -> Mapping[str, Any]:
    try:
        return tomllib.loads(path.expanduser().read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from error
