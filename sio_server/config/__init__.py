"""The settings of a server: one frozen `Config`, from flags, the environment, ``.env``, a TOML file and defaults."""

from sio_server.config.reading import KEY_FILE, PROTECTION, Loaded, load, read, unknown_environment
from sio_server.config.settings import MIN_SECRET_BYTES, Config, is_loopback
from sio_server.config.sources import CLIENT_NAMES, ENV_PREFIX, env_name

__all__ = [
    "CLIENT_NAMES",
    "ENV_PREFIX",
    "KEY_FILE",
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
