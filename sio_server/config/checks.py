"""What a setting can be: kinds of values, their checks, and how `Config` states one."""

from __future__ import annotations

import dataclasses
import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from marshmallow import ValidationError
from marshmallow.fields import Field, Integer, String

from sio_server.translations import canonical

SettingT = TypeVar("SettingT")

# Under this name the metadata of a member of `Config` hold its marshmallow field.
KIND: Final = "kind"

_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://(\[[0-9a-f:.]+\]|[a-z0-9*._-]+)(:([0-9]{1,5}|\*))?", re.IGNORECASE)
# The address part is IPv6: a Host header's brackets and port are taken off before it is compared.
_HOST: Final = re.compile(r"[a-z0-9._-]+|[0-9a-f:]*:[0-9a-f:.]*", re.IGNORECASE)


# What a host to listen on may be made of; its name may be written in any script.
_NAME_OR_ADDRESS: Final = re.compile(r"[\w.-]+|[0-9a-f:]*:[0-9a-f:.]*(%[\w.-]+)?", re.IGNORECASE)

# The unreserved characters (RFC 3986 §2.3): they mean the same to every proxy, browser and client, escaped or not.
_PART_OF_PATH: Final = re.compile(r"[A-Za-z0-9._~-]+")

# What PyJWT takes for no secret of HS256, whatever it is meant for: nobody could connect.
_KEY_OF_A_PAIR: Final = re.compile(r"-----BEGIN [A-Z0-9 ]+-----|(ssh-(ed25519|rsa|dss)|ecdsa-sha2-nistp)\S* ")


class Words(Field[tuple[str, ...]]):
    """Several words: a list in a file, parted by commas in the environment and in flags."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, str):
            value = value.split(",")
        if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
            raise ValidationError("Not a list of words, nor words parted by commas.")
        return tuple(word.strip() for word in value if word.strip())


class Whole(Integer):
    """A whole number, as text or as a number; 8080.7 is none."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, bool | float):
            raise ValidationError("Not a whole number.")
        return super()._deserialize(value, attr, data, **kwargs)


class Host(String):
    """A host name or an address; IPv6 may stand in brackets, as in a URL."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        return text[1:-1] if text.startswith("[") and text.endswith("]") else text


class BasePath(String):
    """The path of an address below which everything is served: ``/rt``; empty for all of the address.

    It may come without its first slash, since some shells take a word that begins with one for a file, and with a last.
    """

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        path = super()._deserialize(value, attr, data, **kwargs).strip("/")
        if not path:
            return ""
        parts = path.split("/")
        if not all(map(_PART_OF_PATH.fullmatch, parts)) or not {".", ".."}.isdisjoint(parts):
            raise ValidationError(
                f"'{value}' is no path that an address can begin with: write it as /rt or /apps/rt, of letters, digits "
                "and - . _ ~, without scheme, host, '..', '//', '?' and '#'."
            )
        return f"/{path}"


class PathField(Field[Path]):
    """A path; ``~`` is the home directory."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, str | Path) or not str(value).strip():
            raise ValidationError("Not a path.")
        try:
            return Path(value).expanduser()
        except RuntimeError as error:  # a user whom this machine does not know
            raise ValidationError("No such home directory.") from error


def check_origins(values: tuple[str, ...]) -> None:
    """Raise `ValidationError` for what is no origin of a page."""
    for origin in values:
        if origin not in ("*", "null", "file://") and not _ORIGIN.fullmatch(origin):
            raise ValidationError(
                f"'{origin}' is no origin: write scheme and host and no more, such as https://app.example.org or "
                "https://*.example.org; 'null' and 'file://' stand for pages that have none."
            )


def check_hosts(values: tuple[str, ...]) -> None:
    """Raise `ValidationError` for what is no host name, as a ``Host`` header has one."""
    for host in values:
        if not _HOST.fullmatch(host):
            raise ValidationError(f"'{host}' is no host name: write it without scheme, port or brackets.")


def check_host(value: str) -> None:
    """Raise `ValidationError` for what nothing can listen on."""
    if not _NAME_OR_ADDRESS.fullmatch(value):  # with an empty one the system would listen on every address
        raise ValidationError(f"'{value}' is no host name nor address: write it without scheme, port or spaces.")
    try:
        ipaddress.ip_address(value.partition("%")[0])
    except ValueError:
        try:
            value.encode("idna")
        except UnicodeError:
            raise ValidationError(f"'{value}' is no host name nor address.") from None


def check_locale(value: str) -> None:
    """Raise `ValidationError` for what is no language tag in its usual spelling."""
    try:
        usual = canonical(value)
    except ValueError:
        raise ValidationError(f"'{value}' is no language tag, such as es or pt-BR.") from None
    if usual != value:
        raise ValidationError(f"Write '{usual}'.")


def check_secret(value: str) -> None:
    """Raise `ValidationError` for a key of a pair, which is no shared secret."""
    if _KEY_OF_A_PAIR.match(value):
        raise ValidationError(
            "This is a key of a pair (PEM or SSH), and HS256 takes a secret that both sides share: for RS256, ES256 or "
            "EdDSA set SIO_SERVER_JWKS_URL."
        )


# RFC 6265 §4.1.1: a token of RFC 9110 §5.6.2.
_COOKIE: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}")


def check_cookie(value: str) -> None:
    """Raise `ValidationError` for what can be no cookie's name."""
    if not _COOKIE.fullmatch(value):
        raise ValidationError(f"'{value}' is no name of a cookie: write one such as __Host-avisos.")


def check_claims(values: tuple[str, ...]) -> None:
    """Raise `ValidationError` where no claim is named."""
    if not values:
        raise ValidationError("Names no claim.")


# Among the addresses of trusted proxies: whoever connects by a Unix socket, who has none. nginx has the same word.
BY_UNIX_SOCKET: Final = "unix:"

_MODE: Final = re.compile(r"(0o?)?[67][0-7]{2}")


def check_mode(value: str) -> None:
    """Raise `ValidationError` for what are no permissions of a file that its owner can use."""
    if not _MODE.fullmatch(value):
        raise ValidationError(f"'{value}' are no permissions: write three octal digits, the first 6 or 7, such as 660.")


def check_place(value: str) -> None:
    """Raise `ValidationError` for what is no place to listen at: HOST:PORT, or unix:PATH."""
    try:
        place_of(value)
    except ValueError:
        raise ValidationError(
            f"'{value}' is no place to listen at: write HOST:PORT, such as 127.0.0.1:9100 or [::1]:9100, or unix:PATH."
        ) from None


def place_of(value: str) -> tuple[str, int] | Path:
    """The host and the port, or the path of the Unix socket, that a text names; raises ValueError for any other."""
    if value.startswith(BY_UNIX_SOCKET):
        path = value.removeprefix(BY_UNIX_SOCKET)
        if not path:
            raise ValueError(value)
        return Path(path).expanduser()
    host, colon, port = value.rpartition(":")
    if not (colon and port.isascii() and port.isdecimal() and int(port) <= _MAX_PORT):
        raise ValueError(value)
    bare = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if ":" in bare and bare == host:
        raise ValueError(value)  # where an address of IPv6 ends, and the port begins, brackets say
    check_host(bare)
    return bare, int(port)


_MAX_PORT: Final = 65_535


def check_node_address(value: str) -> None:
    """Raise `ValidationError` for what is no address that other nodes can call: http://HOST:PORT, or unix:PATH."""
    scheme, _, place = value.partition("://")
    try:
        if scheme == "http" and isinstance(place_of(place), tuple):
            return
        if isinstance(place_of(value), Path):
            return
    except (ValueError, ValidationError):
        pass
    raise ValidationError(f"'{value}' is no address of a node: write http://HOST:PORT, such as http://10.0.0.7:9001.")


def check_proxies(values: tuple[str, ...]) -> None:
    """Raise `ValidationError` for what is no address or network."""
    for network in values:
        if network == BY_UNIX_SOCKET:
            continue
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError as error:
            raise ValidationError(f"'{network}' is no address or network, such as 10.0.0.0/8.") from error


def setting(
    kind: Field[SettingT], about: str, *, default: SettingT, secret: bool = False, hidden: bool = False
) -> SettingT:
    """A member of `Config`: how its value is checked, what it is for, and its value where nobody sets it.

    A secret has no flag, may stand in a file, and is in no repr: it would be in a log line or a traceback one day. What
    is ``hidden`` is in no repr either, since a secret may be part of it.
    """
    kind.metadata = {"about": about, "secret": secret}
    made: SettingT = dataclasses.field(default=default, repr=not (secret or hidden), metadata={KIND: kind})
    return made


def optional(kind: Field[SettingT], about: str, *, secret: bool = False) -> SettingT | None:
    """A member of `Config` as `setting` makes one, that is None where nobody sets it."""
    kind.metadata = {"about": about, "secret": secret}
    made: SettingT | None = dataclasses.field(default=None, repr=not secret, metadata={KIND: kind})
    return made
