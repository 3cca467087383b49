"""The settings of a server: one frozen `Config`, from flags, the environment, ``.env``, a TOML file and defaults.

The first of these that names a setting wins. A setting has one name in all of them: ``--data-dir``,
``SIO_SERVER_DATA_DIR``, ``data_dir``. Secrets have no flag: a command line is seen by every user of the machine.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import marshmallow
from environs import Env
from marshmallow import RAISE, Schema, ValidationError, post_load

from sio_server import fields
from sio_server.errors import ConfigError

ENV_PREFIX: Final = "SIO_SERVER_"

# Read by the publishing client and by commands, not by the server, so not a typing error when they are set.
CLIENT_NAMES: Final = frozenset({"SIO_SERVER_URL", "SIO_SERVER_PUBLISH_KEY", "SIO_SERVER_TOKEN", "SIO_SERVER_CONFIG"})

# RFC 7518 §3.2: an HS256 key is at least as long as the hash. A shorter one can be guessed off line from one token.
MIN_SECRET_BYTES: Final = 32


_ORIGIN: Final = re.compile(r"[a-z][a-z0-9+.-]*://(\[[0-9a-f:.]+\]|[a-z0-9*._-]+)(:([0-9]{1,5}|\*))?", re.IGNORECASE)
# The address part is IPv6: a Host header's brackets and port are taken off before it is compared.
_HOST: Final = re.compile(r"[a-z0-9._-]+|[0-9a-f:]*:[0-9a-f:.]*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every setting, checked. `ConfigSchema` says what each is for."""

    host: str = "127.0.0.1"
    port: int = 8080
    data_dir: Path = Path("data")
    broker: str = "sqlite:"
    catalog: Path | None = None
    locale: str = "es"
    # No secret in a repr: it would be in a log line or a traceback one day.
    jwt_secret: str | None = field(default=None, repr=False)
    jwt_secret_previous: str | None = field(default=None, repr=False)
    jwks_url: str | None = None
    token_audience: str | None = None
    token_issuer: str | None = None
    publish_keys: tuple[str, ...] = field(default=(), repr=False)
    allowed_origins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    max_body: int = 64 * 1024
    idempotency_ttl: int = 24 * 3600
    shutdown_timeout: float = 4.0
    log_format: str = "auto"
    log_level: str = "info"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach the server."""
        return is_loopback(self.host)

    @property
    def verifies_tokens(self) -> bool:
        """Whether there is anything to verify a token with."""
        return self.jwt_secret is not None or self.jwks_url is not None

    @property
    def development(self) -> bool:
        """On a loopback host with no secret set: publishing needs no key and a client may state its own role."""
        return self.loopback and not self.verifies_tokens and not self.publish_keys

    def warnings(self) -> list[str]:
        """What is allowed and yet most likely not meant, a line each."""
        found = []
        if not self.development and not self.publish_keys:
            found.append("SIO_SERVER_PUBLISH_KEYS is not set: nobody can publish")
        if not self.development and not self.verifies_tokens:
            found.append("neither SIO_SERVER_JWT_SECRET nor SIO_SERVER_JWKS_URL is set: no client can connect")
        if any(
            secret and len(secret.encode()) < MIN_SECRET_BYTES
            for secret in (self.jwt_secret, self.jwt_secret_previous, *self.publish_keys)
        ):
            found.append(f"a secret is shorter than {MIN_SECRET_BYTES} bytes: it can be guessed")
        return found


def is_loopback(host: str) -> bool:
    """Whether a host name or address (IPv6 with or without brackets) is this machine's own."""
    name = host.strip("[]").lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


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


class _PathField(marshmallow.fields.Field[Path]):
    """A path; ``~`` is the home directory."""

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> Any:
        if not isinstance(value, str | Path) or not str(value):
            raise ValidationError("Not a path.")
        return Path(value).expanduser()


def _check_broker(value: str) -> None:
    if value not in ("sqlite:", "memory:"):
        scheme = value.partition(":")[0]  # what follows may hold a password
        raise ValidationError(f"'{scheme}:' is not supported: use 'sqlite:' or 'memory:'.")


def _check_origins(values: tuple[str, ...]) -> None:
    for origin in values:
        if origin != "*" and not _ORIGIN.fullmatch(origin):
            raise ValidationError(
                f"'{origin}' is no origin: write scheme and host and no more, such as https://app.example.org or "
                "https://*.example.org."
            )


def _check_hosts(values: tuple[str, ...]) -> None:
    for host in values:
        if not _HOST.fullmatch(host):
            raise ValidationError(f"'{host}' is no host name: write it without scheme, port or brackets.")


def _about(text: str, *, secret: bool = False) -> dict[str, object]:
    return {"about": text, "secret": secret}


_LEVELS: Final = ("debug", "info", "warning", "error")


class ConfigSchema(Schema):
    """The checks of every setting, and what it is for: flags and ``check-config`` are made of it."""

    error_messages = fields.SCHEMA_MESSAGES

    host = marshmallow.fields.String(
        metadata=_about("Address to listen on; anything but loopback needs the secrets below")
    )
    port = _Whole(validate=fields.between(0, 65535), metadata=_about("Port to listen on; 0 takes a free one"))
    data_dir = _PathField(metadata=_about("Directory of the notification log"))
    broker = marshmallow.fields.String(
        validate=_check_broker,
        metadata=_about("Where the log is: 'sqlite:' in the data directory, or 'memory:' and gone with the process"),
    )
    catalog = _PathField(metadata=_about("TOML file whose event types are added to the built-in ones"))
    locale = marshmallow.fields.String(
        validate=fields.one_of(("es", "en")), metadata=_about("Language of a message that a publisher left out")
    )
    jwt_secret = marshmallow.fields.String(
        validate=fields.length(1, 4096),
        metadata=_about("Secret that verifies clients' HS256 tokens, shared with the backend", secret=True),
    )
    jwt_secret_previous = marshmallow.fields.String(
        validate=fields.length(1, 4096),
        metadata=_about("The secret before it, still accepted while tokens are renewed", secret=True),
    )
    jwks_url = marshmallow.fields.Url(
        require_tld=False,
        schemes={"http", "https"},
        metadata=_about("JWKS address whose keys verify RS256, ES256 and EdDSA tokens"),
    )
    token_audience = marshmallow.fields.String(metadata=_about("What a token's 'aud' must name, if set"))
    token_issuer = marshmallow.fields.String(metadata=_about("What a token's 'iss' must be, if set"))
    publish_keys = _Words(
        metadata=_about("Keys that may publish, parted by commas; all are valid at once", secret=True)
    )
    allowed_origins = _Words(
        validate=_check_origins,
        metadata=_about("Origins whose pages may connect, such as https://app.example.org or https://*.example.org"),
    )
    allowed_hosts = _Words(
        validate=_check_hosts,
        metadata=_about("Host names the server answers to; with none set, any (loopback in development)"),
    )
    max_body = _Whole(
        validate=fields.between(1024, 16 * 1024 * 1024), metadata=_about("Largest body of one notification, in bytes")
    )
    idempotency_ttl = _Whole(
        validate=fields.between(60, 30 * 24 * 3600),
        metadata=_about("How long an idempotency key is remembered, in seconds"),
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

    @post_load
    def make(self, values: dict[str, Any], **_: Any) -> Config:
        """Turn checked values into a `Config`."""
        return Config(**values)


def env_name(setting: str) -> str:
    """The environment variable of a setting."""
    return ENV_PREFIX + setting.upper()


def load(
    flags: Mapping[str, Any] | None = None, *, config_file: Path | None = None, env_file: Path | None = None
) -> Config:
    """Put a `Config` together; raises `ConfigError` that names each wrong setting, where it is from, and the mend.

    ``flags`` maps setting names to values, None meaning not given. ``env_file`` is ``.env`` in the working directory
    where None.
    """
    values: dict[str, Any] = {}
    sources: dict[str, str] = {}

    def take(setting: str, value: Any, source: str) -> None:
        if value is not None and setting not in values:
            values[setting], sources[setting] = value, source

    for setting, value in (flags or {}).items():
        take(setting, value, "--" + setting.replace("_", "-"))
    env = Env()
    env_path = env_file or Path.cwd() / ".env"
    try:
        if env_path.is_file():
            env.read_env(env_path, recurse=False)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{env_path}: cannot be read: {_why(error)}") from error
    for setting in ConfigSchema().fields:
        # A variable that is set to nothing is how compose files and unit files say "not set".
        take(setting, env.str(env_name(setting), "") or None, env_name(setting))
    for setting, value in (_read_file(config_file) if config_file else {}).items():
        take(setting, value, f"{config_file}: {setting}")
    try:
        config: Config = ConfigSchema(unknown=RAISE).load(values)
    except ValidationError as error:
        raise ConfigError(_explain(error, sources)) from error
    _check_together(config)
    return config


def unknown_environment() -> list[str]:
    """A line for each ``SIO_SERVER_*`` variable that is no setting, with the nearest name."""
    known = [*map(env_name, ConfigSchema().fields), *CLIENT_NAMES]
    return [
        f"{name} is no setting{_nearest(name, known)}"
        for name in sorted(os.environ)
        if name.startswith(ENV_PREFIX) and name not in known
    ]


def _read_file(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as file:
            return tomllib.load(file)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"{path}: not valid TOML: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {_why(error)}") from error


def _why(error: OSError | UnicodeDecodeError) -> str:
    return str(error.strerror) if isinstance(error, OSError) else "not UTF-8 text"


def _explain(error: ValidationError, sources: Mapping[str, str]) -> str:
    names = list(ConfigSchema().fields)
    lines = []
    for problem in fields.problems_of(error):
        setting = problem.field.partition(".")[0]
        hint = _nearest(setting, names) if setting not in names else ""
        lines.append(f"{sources.get(setting, setting)}: {problem.detail}{hint}")
    return "\n".join(lines)


def _nearest(name: str, known: list[str]) -> str:
    found = difflib.get_close_matches(name, known, n=1)
    return f" (did you mean {found[0]}?)" if found else ""


def _check_together(config: Config) -> None:
    if config.jwt_secret_previous is not None and config.jwt_secret is None:
        raise ConfigError("SIO_SERVER_JWT_SECRET_PREVIOUS needs SIO_SERVER_JWT_SECRET, the secret of today")
    if not config.loopback:
        _check_protected(config)


def _check_protected(config: Config) -> None:
    missing = []
    if not config.verifies_tokens:
        missing.append("SIO_SERVER_JWT_SECRET or SIO_SERVER_JWKS_URL (how clients' tokens are verified)")
    if not config.publish_keys:
        missing.append("SIO_SERVER_PUBLISH_KEYS (who may publish)")
    short = [
        env_name(name)
        for name in ("jwt_secret", "jwt_secret_previous")
        if (secret := getattr(config, name)) is not None and len(secret.encode()) < MIN_SECRET_BYTES
    ]
    if short:
        missing.append(f"{' and '.join(short)} of at least {MIN_SECRET_BYTES} bytes (RFC 7518 section 3.2)")
    if missing:
        raise ConfigError(
            f"refusing to listen on {config.host} unprotected; set " + "; and ".join(missing) + ". "
            "For development without them, use --host 127.0.0.1."
        )
