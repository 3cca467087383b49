"""The checks of every setting, and what it is for; flags and ``check-config`` are made of it."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import marshmallow
from marshmallow import Schema, ValidationError

from sio_server import fields

_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://(\[[0-9a-f:.]+\]|[a-z0-9*._-]+)(:([0-9]{1,5}|\*))?", re.IGNORECASE)
# The address part is IPv6: a Host header's brackets and port are taken off before it is compared.
_HOST: Final = re.compile(r"[a-z0-9._-]+|[0-9a-f:]*:[0-9a-f:.]*", re.IGNORECASE)


# What a host to listen on may be made of; its name may be written in any script.
_NAME_OR_ADDRESS: Final = re.compile(r"[\w.-]+|[0-9a-f:]*:[0-9a-f:.]*(%[\w.-]+)?", re.IGNORECASE)

# What PyJWT takes for no secret of HS256, whatever it is meant for: nobody could connect.
_KEY_OF_A_PAIR: Final = re.compile(r"-----BEGIN [A-Z0-9 ]+-----|(ssh-(ed25519|rsa|dss)|ecdsa-sha2-nistp)\S* ")


class _Words(marshmallow.fields.Field[tuple[str, ...]]):
    """Several words: a list in a file, parted by commas in the environment and in flags."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, str):
            value = value.split(",")
        if not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value):
            raise ValidationError("Not a list of words, nor words parted by commas.")
        return tuple(word.strip() for word in value if word.strip())


class _Whole(marshmallow.fields.Integer):
    """A whole number, as text or as a number; 8080.7 is none."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if isinstance(value, bool | float):
            raise ValidationError("Not a whole number.")
        return super()._deserialize(value, attr, data, **kwargs)


class _Host(marshmallow.fields.String):
    """A host name or an address; IPv6 may stand in brackets, as in a URL."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        text = super()._deserialize(value, attr, data, **kwargs)
        return text[1:-1] if text.startswith("[") and text.endswith("]") else text


class _PathField(marshmallow.fields.Field[Path]):
    """A path; ``~`` is the home directory."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, str | Path) or not str(value).strip():
            raise ValidationError("Not a path.")
        try:
            return Path(value).expanduser()
        except RuntimeError as error:  # a user whom this machine does not know
            raise ValidationError("No such home directory.") from error


def _check_origins(values: tuple[str, ...]) -> None:
    for origin in values:
        if origin not in ("*", "null", "file://") and not _ORIGIN.fullmatch(origin):
            raise ValidationError(
                f"'{origin}' is no origin: write scheme and host and no more, such as https://app.example.org or "
                "https://*.example.org; 'null' and 'file://' stand for pages that have none."
            )


def _check_hosts(values: tuple[str, ...]) -> None:
    for host in values:
        if not _HOST.fullmatch(host):
            raise ValidationError(f"'{host}' is no host name: write it without scheme, port or brackets.")


def _check_host(value: str) -> None:
    if not _NAME_OR_ADDRESS.fullmatch(value):  # with an empty one the system would listen on every address
        raise ValidationError(f"'{value}' is no host name nor address: write it without scheme, port or spaces.")
    try:
        ipaddress.ip_address(value.partition("%")[0])
    except ValueError:
        try:
            value.encode("idna")
        except UnicodeError:
            raise ValidationError(f"'{value}' is no host name nor address.") from None


def _check_secret(value: str) -> None:
    if _KEY_OF_A_PAIR.match(value):
        raise ValidationError(
            "This is a key of a pair (PEM or SSH), and HS256 takes a secret that both sides share: for RS256, ES256 or "
            "EdDSA set SIO_SERVER_JWKS_URL."
        )


def _check_claims(values: tuple[str, ...]) -> None:
    if not values:
        raise ValidationError("Names no claim.")


def _check_proxies(values: tuple[str, ...]) -> None:
    for network in values:
        try:
            ipaddress.ip_network(network, strict=False)
        except ValueError as error:
            raise ValidationError(f"'{network}' is no address or network, such as 10.0.0.0/8.") from error


def _about(text: str, *, secret: bool = False) -> dict[str, object]:
    return {"about": text, "secret": secret}


_LEVELS: Final = ("debug", "info", "warning", "error")


class ConfigSchema(Schema):
    """The checks of every setting, and what it is for: flags and ``check-config`` are made of it."""

    error_messages = fields.SCHEMA_MESSAGES

    dev = marshmallow.fields.Boolean(
        metadata=_about("Development mode: nothing is protected, and only this machine is answered; no secrets then")
    )
    host = _Host(validate=_check_host, metadata=_about("Address to listen on"))
    port = _Whole(validate=fields.between(0, 65535), metadata=_about("Port to listen on; 0 takes a free one"))
    data_dir = _PathField(metadata=_about("Directory of the notification log"))
    broker = marshmallow.fields.String(
        metadata=_about("Where the log is: 'sqlite:' in the data directory, or 'memory:' and gone with the process"),
    )
    catalog = _PathField(metadata=_about("TOML file whose event types are added to the built-in ones"))
    locale = marshmallow.fields.String(
        validate=fields.one_of(("es", "en")), metadata=_about("Language of a message that a publisher left out")
    )
    jwt_secret = marshmallow.fields.String(
        validate=(fields.length(1, 4096), _check_secret),
        metadata=_about("Secret that verifies clients' HS256 tokens, shared with the backend", secret=True),
    )
    jwt_secret_previous = marshmallow.fields.String(
        validate=(fields.length(1, 4096), _check_secret),
        metadata=_about("The secret before it, still accepted while tokens are renewed", secret=True),
    )
    jwks_url = marshmallow.fields.Url(
        require_tld=False,
        schemes={"http", "https"},
        metadata=_about("JWKS address whose keys verify RS256, ES256 and EdDSA tokens"),
    )
    token_audience = marshmallow.fields.String(metadata=_about("What a token's 'aud' must name, if set"))
    token_issuer = marshmallow.fields.String(metadata=_about("What a token's 'iss' must be, if set"))
    token_leeway = marshmallow.fields.Float(
        validate=fields.between(0, 300),
        metadata=_about("Seconds that clocks may differ by when a token's 'exp', 'nbf' and 'iat' are looked at"),
    )
    user_claim = _Words(
        validate=_check_claims,
        metadata=_about("Claim that names the user; of several, parted by commas, the first that a token has"),
    )
    roles_claim = _Words(
        validate=_check_claims,
        metadata=_about(
            "Claims that name the roles, parted by commas: a name such as https://app.example/roles, "
            "or a path such as realm_access.roles"
        ),
    )
    publish_keys = _Words(
        metadata=_about("Keys that may publish, parted by commas; all are valid at once", secret=True)
    )
    allowed_origins = _Words(
        validate=_check_origins,
        metadata=_about(
            "Origins whose pages may connect, such as https://app.example.org or https://*.example.org; "
            "null and file:// for pages that have none"
        ),
    )
    allowed_hosts = _Words(
        validate=_check_hosts,
        metadata=_about("Host names the server answers to; with none set, any (loopback in development)"),
    )
    recovery = marshmallow.fields.String(
        validate=fields.one_of(("asking", "always")),
        metadata=_about(
            "Socket.IO's own recovery for clients that ask ('asking': auth.recovery = true) or for all ('always')"
        ),
    )
    retention_days = marshmallow.fields.Float(
        validate=fields.between(0, 3650), metadata=_about("Days a notification is kept in the log; 0 is for ever")
    )
    retention_count = _Whole(
        validate=fields.between(0, 10**9), metadata=_about("Newest notifications that are kept in the log; 0 is all")
    )
    max_body = _Whole(
        validate=fields.between(1024, 16 * 1024 * 1024), metadata=_about("Largest body of one notification, in bytes")
    )
    send_cap = _Whole(
        validate=fields.between(256 * 1024, 1024**3),
        metadata=_about("Bytes that may wait for a client that does not read before it is cut as 'slow'"),
    )
    events_per_second = _Whole(
        validate=fields.between(0, 10**6), metadata=_about("Events a second that a client may send; 0 is no limit")
    )
    connections_per_user = _Whole(
        validate=fields.between(0, 10**6), metadata=_about("Connections one user may have; 0 is no limit")
    )
    connections_per_address = _Whole(
        validate=fields.between(0, 10**7),
        metadata=_about("Connections one address may have, loopback ones excepted; 0 is no limit"),
    )
    handshakes = _Whole(
        validate=fields.between(1, 10**6),
        metadata=_about("Connections that may be on their way in at once; the oldest gives way"),
    )
    ipv6_prefix = _Whole(
        validate=fields.between(1, 128),
        metadata=_about("Bits of an IPv6 address that count as one address where addresses are counted"),
    )
    publish_rate = _Whole(
        validate=fields.between(0, 10**6),
        metadata=_about("Notifications a second that one publisher key may publish; 0 is no limit"),
    )
    trusted_proxies = _Words(
        validate=_check_proxies,
        metadata=_about("Addresses or networks of proxies whose X-Forwarded-For is believed, parted by commas"),
    )
    idempotency_ttl = _Whole(
        validate=fields.between(60, 30 * 24 * 3600),
        metadata=_about("How long an idempotency key is remembered, in seconds"),
    )
    trust_clock = marshmallow.fields.Boolean(
        metadata=_about("The clock is right, however far ahead of the last entry it is at the start: count it for age")
    )
    shutdown_timeout = marshmallow.fields.Float(
        validate=fields.between(0, 600), metadata=_about("Longest wait for open requests when stopping, in seconds")
    )
    log_format = marshmallow.fields.String(
        validate=fields.one_of(("auto", "console", "json")),
        metadata=_about(
            "Log lines for people ('console') or machines ('json'); 'auto' looks whether this is a terminal"
        ),
    )
    log_level = marshmallow.fields.String(
        validate=fields.one_of(_LEVELS), metadata=_about("Least severe log line that is written")
    )
