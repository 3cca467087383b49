"""The settings of a server: one frozen `Config`, from flags, the environment, ``.env``, a TOML file and defaults."""

from sio_server.config.settings import (
    CLIENT_NAMES,
    ENV_PREFIX,
    MIN_SECRET_BYTES,
    PROTECTION,
    Config,
    Loaded,
    env_name,
    is_loopback,
    load,
    read,
    unknown_environment,
)

__all__ = [
    "CLIENT_NAMES",
    "ENV_PREFIX",
    "MIN_SECRET_BYTES",
    "PROTECTION",
    "Config",
    "Loaded",
    "env_name",
    "is_loopback",
    "load",
    "read",
    "unknown_environment",
]
