"""Reading the settings: from flags, the environment, ``.env``, a TOML file and defaults.

The first of these that names a setting wins. What makes sense only together is checked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from marshmallow import RAISE, ValidationError

from sio_server import fields
from sio_server.config.schema import PATHS, SECRETS, SETTINGS, ConfigSchema
from sio_server.config.settings import MIN_SECRET_BYTES, Config, is_loopback
from sio_server.config.sources import ENV_PREFIX, env_name, gather, nearest, unknown_names
from sio_server.errors import ConfigError

# In the data directory, what `sio-server keys` writes.
KEY_FILE: Final = "keys.json"

# The settings that development mode does without.
PROTECTION: Final = ("jwt_secret", "jwt_secret_previous", "jwks_url", "publish_keys")


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings as they were read, and a line for each thing that is allowed and yet most likely not meant.

    ``sources`` says of each setting that was given what it is called there: a flag, a variable, a file and its key;
    ``places`` where that is, as people say it.
    """

    config: Config
    warnings: tuple[str, ...]
    sources: Mapping[str, str]
    places: Mapping[str, str]


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
    """Load the settings as `load` does, with lines for what is odd about them and about how they were written."""
    found = gather(
        flags or {}, settings=SETTINGS, secrets=SECRETS, paths=PATHS, config_file=config_file, env_file=env_file
    )
    try:
        config = Config(**ConfigSchema(unknown=RAISE).load(found.values))
    except ValidationError as error:
        raise ConfigError(_explain(error, found.names)) from error
    _check_together(config)
    _check_listening(config, found.names)
    unknown = unknown_names(SETTINGS, SECRETS, env_file)
    return Loaded(config, (*config.warnings(), *found.notes, *unknown), found.names, found.places)


def unknown_environment() -> list[str]:
    """A line for each ``SIO_SERVER_*`` name in the environment or ``.env`` that is no setting, with the nearest one."""
    return unknown_names(SETTINGS, SECRETS)


def _explain(error: ValidationError, sources: Mapping[str, str]) -> str:
    lines = []
    for problem in fields.problems_of(error):
        setting = problem.field.partition(".")[0]
        plain = setting.lower().removeprefix(ENV_PREFIX.lower()).replace("-", "_")
        hint = nearest(plain, SETTINGS) if setting not in SETTINGS else ""
        lines.append(f"{sources.get(setting, setting)}: {problem.detail}{hint}")
    return "\n".join(lines)


def _check_together(config: Config) -> None:
    if config.jwt_secret_previous is not None and config.jwt_secret is None:
        raise ConfigError("SIO_SERVER_JWT_SECRET_PREVIOUS needs SIO_SERVER_JWT_SECRET, the secret of today")
    if config.dev:
        _check_development(config)
    else:
        _check_protected(config)


def _check_listening(config: Config, sources: Mapping[str, str]) -> None:
    given = [name for name in ("host", "port", "tls_cert", "tls_key") if name in sources]
    if config.unix is not None and given:
        raise ConfigError(
            f"{sources.get('unix', 'unix')} together with {' and '.join(sources[name] for name in given)}: a Unix "
            "socket takes the place of an address, and TLS is for what comes over a network; leave out the one or the "
            "other"
        )
    if config.tls_cert is None:
        for name in ("tls_key", "tls_key_password"):
            if getattr(config, name) is not None:
                raise ConfigError(f"{sources.get(name, name)} needs SIO_SERVER_TLS_CERT, the certificate of that key")
    _check_between(config, sources)
    place = config.metrics_place
    if config.dev and isinstance(place, tuple) and not is_loopback(place[0]):
        raise ConfigError(
            f"{sources.get('metrics_listen', 'metrics_listen')}: development mode is for this machine alone; "
            "use 127.0.0.1, or leave --dev out and set the secrets"
        )


# Addresses that are listened on, and that nobody can call.
_ANY: Final = frozenset({"0.0.0.0", "::"})  # noqa: S104 - nothing is bound here


def _check_between(config: Config, sources: Mapping[str, str]) -> None:
    """Raise `ConfigError` where other nodes could not find this one."""
    place = config.node_place
    named = sources.get("node_listen", "node_listen")
    if place is None and config.node_address is not None:
        raise ConfigError(
            f"{sources.get('node_address', 'node_address')} needs SIO_SERVER_NODE_LISTEN, what is listened on there"
        )
    if isinstance(place, tuple):
        if config.dev and not is_loopback(place[0]):
            raise ConfigError(
                f"{named}: development mode is for this machine alone; use 127.0.0.1, or leave --dev out and set the "
                "secrets"
            )
        if place[0] in _ANY and config.node_address is None:
            raise ConfigError(
                f"{named}: other nodes cannot call {place[0]}: name an address of this machine, or say with "
                f"SIO_SERVER_NODE_ADDRESS how they find it, such as http://10.0.0.7:{place[1]}"
            )


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
    if not config.publish_keys and not (config.data_dir / KEY_FILE).exists():
        missing.append("SIO_SERVER_PUBLISH_KEYS, or make a key with `sio-server keys add NAME` (who may publish)")
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
