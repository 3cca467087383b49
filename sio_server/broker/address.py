"""The address of a log in PostgreSQL. Pure: it imports no library of the database."""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from sio_server.errors import ConfigError

SCHEMES: Final = ("postgresql://", "postgres://")

DEFAULT_SCHEMA: Final = "sio_server"

# Bytes of a name in PostgreSQL; it cuts longer ones off without a word.
MAX_NAME: Final = 63

# A password is in the address, and an error must not show it: so none shows what was there.
_UNREADABLE: Final = (
    "the address cannot be read: write postgresql://user:password@host:port/database, with %40 for @, %2F for /, %3A "
    "for :, %3F for ? and %23 for # in the user's name and the password; or leave the password out, for PGPASSWORD"
)


class Address(NamedTuple):
    """Where a log is: ``dsn`` as libpq takes it, the schema, and ``place``, the address as it may be shown."""

    dsn: str
    schema: str
    place: str


def address_of(broker: str) -> Address:
    """The address that the setting ``broker`` gives, as postgresql://user:password@host/database?schema=name.

    Raises `ConfigError`, whose text shows nothing of a password.
    """
    try:
        parts = urlsplit(broker)
        options = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    except ValueError:
        raise ConfigError(_UNREADABLE) from None
    hosts = parts.netloc.rpartition("@")[2]
    if "@" in parts.path or parts.fragment or not all(map(_is_host, hosts.split(","))):
        raise ConfigError(_UNREADABLE)
    schema = options.pop("schema", DEFAULT_SCHEMA)
    if not 0 < len(schema.encode()) <= MAX_NAME:
        raise ConfigError(f"schema={schema!r}: is no name of a schema: use 1 to {MAX_NAME} bytes")
    shown = f"{parts.scheme}://{hosts or _local(options)}{parts.path}"
    if schema != DEFAULT_SCHEMA:
        shown += f"?{urlencode({'schema': schema})}"
    return Address(urlunsplit(parts._replace(query=urlencode(options))), schema, shown)


def is_postgres(broker: str) -> bool:
    """Whether the setting ``broker`` names a log in PostgreSQL."""
    return broker.startswith(SCHEMES)


def quoted(name: str) -> str:
    """A name as SQL writes it."""
    return '"' + name.replace('"', '""') + '"'


def _is_host(host: str) -> bool:
    name, colon, port = host.rpartition(":")
    return not colon or "]" in port or (port.isdecimal() and ("]" in name or ":" not in name)) or not host


def _local(options: dict[str, str]) -> str:
    # The directory of a socket, as %2Frun%2Fpostgresql would be in the place of a host.
    return f"[{options['host']}]" if "host" in options else ""
