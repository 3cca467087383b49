"""The settings of a server: one frozen `Config`, from flags, the environment, ``.env``, a TOML file and defaults.

The first of these that names a setting wins. A setting has one name in all of them: ``--data-dir``,
``SIO_SERVER_DATA_DIR``, ``data_dir``. Secrets have no flag: a command line is seen by every user of the machine.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from marshmallow import RAISE, ValidationError

from sio_server import fields
from sio_server.config.claim_names import ROLE_CLAIMS, USER_CLAIMS
from sio_server.config.schema import ConfigSchema
from sio_server.config.sources import CLIENT_NAMES, ENV_PREFIX, env_name, gather, nearest, unknown_names
from sio_server.errors import ConfigError

__all__ = ["CLIENT_NAMES", "ENV_PREFIX", "Config", "Loaded", "env_name", "is_loopback", "load", "read"]

_FIELDS: Final = tuple(ConfigSchema().fields)

SECRETS: Final = tuple(name for name, field_ in ConfigSchema().fields.items() if field_.metadata["secret"])

# A path may begin or end with a space.
_PATHS: Final = ("data_dir", "catalog")

# The settings that development mode does without.
PROTECTION: Final = ("jwt_secret", "jwt_secret_previous", "jwks_url", "publish_keys")

# RFC 7518 §3.2: an HS256 key is at least as long as the hash. A shorter one can be guessed off line from one token.
MIN_SECRET_BYTES: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Every setting, checked. `ConfigSchema` says what each is for."""

    dev: bool = False
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
    token_leeway: float = 30.0
    user_claim: tuple[str, ...] = USER_CLAIMS
    roles_claim: tuple[str, ...] = ROLE_CLAIMS
    publish_keys: tuple[str, ...] = field(default=(), repr=False)
    allowed_origins: tuple[str, ...] = ()
    allowed_hosts: tuple[str, ...] = ()
    recovery: str = "asking"
    retention_days: float = 30.0
    retention_count: int = 1_000_000
    max_body: int = 64 * 1024
    send_cap: int = 1024 * 1024
    events_per_second: int = 200
    connections_per_user: int = 50
    connections_per_address: int = 5000
    handshakes: int = 1000
    ipv6_prefix: int = 64
    publish_rate: int = 0
    trusted_proxies: tuple[str, ...] = ()
    idempotency_ttl: int = 24 * 3600
    trust_clock: bool = False
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
        """Development mode: publishing needs no key and a client may state its own role.

        It has to be asked for, and counts for a loopback host with no secret set alone.
        """
        return self.dev and self.loopback and not self.verifies_tokens and not self.publish_keys

    def warnings(self) -> list[str]:
        """What is allowed and yet most likely not meant, a line each."""
        found = []
        if any(len(key.encode()) < MIN_SECRET_BYTES for key in self.publish_keys):
            found.append(
                f"a key of SIO_SERVER_PUBLISH_KEYS is shorter than {MIN_SECRET_BYTES} bytes: it can be guessed"
            )
        found += [
            f"SIO_SERVER_ALLOWED_ORIGINS has '{origin}': pages of any file and of any sandboxed frame may connect"
            for origin in ("null", "file://")
            if origin in self.allowed_origins
        ]
        return found


def is_loopback(host: str) -> bool:
    """Whether a host name or address (IPv6 with or without brackets) is this machine's own."""
    name = host.strip("[]").lower().rstrip(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        address = ipaddress.ip_address(name)
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return (mapped or address).is_loopback


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings as they were read, and a line for each thing that is allowed and yet most likely not meant.

    ``sources`` says of each setting that was given where it is from: a flag, a variable, a file and its key.
    """

    config: Config
    warnings: tuple[str, ...]
    sources: Mapping[str, str]


def load(
    flags: Mapping[str, Any] | None = None, *, config_file: Path | None = None, env_file: Path | None = None
) -> Config:
    """Put a `Config` together; raises `ConfigError` that names each wrong setting, where it is from, and the mend.

    ``flags`` maps setting names to values, None meaning not given. ``env_file`` is ``.env`` in the working directory
    where None.
    """
    return read(flags, config_file=config_file, env_file=env_file).config


def read(
    flags: Mapping[str, Any] | None = None, *, config_file: Path | None = None, env_file: Path | None = None
) -> Loaded:
    """As `load`, with what is odd about the settings and about how they were written."""
    found = gather(
        flags or {}, settings=_FIELDS, secrets=SECRETS, paths=_PATHS, config_file=config_file, env_file=env_file
    )
    try:
        config = Config(**ConfigSchema(unknown=RAISE).load(found.values))
    except ValidationError as error:
        raise ConfigError(_explain(error, found.names)) from error
    _check_together(config)
    unknown = unknown_names(_FIELDS, SECRETS, env_file)
    return Loaded(config, (*config.warnings(), *found.notes, *unknown), found.names)


def unknown_environment() -> list[str]:
    """A line for each ``SIO_SERVER_*`` name in the environment or ``.env`` that is no setting, with the nearest one."""
    return unknown_names(_FIELDS, SECRETS)


def _explain(error: ValidationError, sources: Mapping[str, str]) -> str:
    lines = []
    for problem in fields.problems_of(error):
        setting = problem.field.partition(".")[0]
        plain = setting.lower().removeprefix(ENV_PREFIX.lower()).replace("-", "_")
        hint = nearest(plain, _FIELDS) if setting not in _FIELDS else ""
        lines.append(f"{sources.get(setting, setting)}: {problem.detail}{hint}")
    return "\n".join(lines)


def _check_together(config: Config) -> None:
    if config.jwt_secret_previous is not None and config.jwt_secret is None:
        raise ConfigError("SIO_SERVER_JWT_SECRET_PREVIOUS needs SIO_SERVER_JWT_SECRET, the secret of today")
    if config.dev:
        _check_development(config)
    else:
        _check_protected(config)


def _check_development(config: Config) -> None:
    """Development mode protects nothing, so it must be neither reached by others nor mistaken for protection."""
    if not config.loopback:
        raise ConfigError(
            f"--dev on {config.host}: development mode protects nothing, so it is for this machine alone; "
            "use --host 127.0.0.1, or leave --dev out and set the secrets"
        )
    secrets = [env_name(name) for name in PROTECTION if getattr(config, name)]
    if secrets:
        raise ConfigError(
            f"--dev (SIO_SERVER_DEV) together with {' and '.join(secrets)}: development mode checks no secret; "
            "leave out the one or the other"
        )


def _check_protected(config: Config) -> None:
    """Raise `ConfigError` that says both ways out, a line each, where a secret is missing or can be guessed."""
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
            "refusing to start unprotected\n"
            f"to serve others: set {'; and '.join(missing)}\n"
            "for development on this machine alone, without any secret: serve --dev (or SIO_SERVER_DEV=1)"
        )
