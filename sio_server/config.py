"""The settings of a server: one frozen `Config`, from flags, the environment, ``.env``, a TOML file and defaults.

The first of these that names a setting wins. A setting has one name in all of them: ``--data-dir``,
``SIO_SERVER_DATA_DIR``, ``data_dir``. Secrets have no flag: a command line is seen by every user of the machine.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from environs import Env
from marshmallow import RAISE, ValidationError

from sio_server import fields
from sio_server.config_schema import ConfigSchema
from sio_server.errors import ConfigError

ENV_PREFIX: Final = "SIO_SERVER_"

# Read by the publishing client and by commands, not by the server, so not a typing error when they are set.
CLIENT_NAMES: Final = frozenset({"SIO_SERVER_URL", "SIO_SERVER_PUBLISH_KEY", "SIO_SERVER_TOKEN", "SIO_SERVER_CONFIG"})

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
    publish_rate: int = 0
    trusted_proxies: tuple[str, ...] = ()
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
        config = Config(**ConfigSchema(unknown=RAISE).load(values))
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
