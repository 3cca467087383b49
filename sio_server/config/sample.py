"""A settings file to start from, as text: made of the one list of settings, so that it names each of them. Pure."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping
from dataclasses import fields as members_of
from pathlib import Path
from typing import Any, Final

import marshmallow

from sio_server.config.schema import SECRETS, ConfigSchema
from sio_server.config.settings import Config
from sio_server.config.sources import FILE_SUFFIX

# What a setting without a default may look like; of others the kind says it.
EXAMPLES: Final[Mapping[str, Any]] = {
    "allowed_hosts": ["avisos.example.org"],
    "allowed_origins": ["https://app.example.org"],
    "catalog": "catalog.toml",
    "cloudevents_prefix": ["com.example."],
    "jwks_url": "https://id.example.org/.well-known/jwks.json",
    "metrics_listen": "127.0.0.1:9100",
    "node_address": "http://10.0.0.7:9001",
    "node_listen": "10.0.0.7:9001",
    "tls_cert": "/etc/letsencrypt/live/example.org/fullchain.pem",
    "tls_key": "/etc/letsencrypt/live/example.org/privkey.pem",
    "token_audience": "avisos",
    "token_cookie": "__Host-avisos",
    "token_issuer": "https://id.example.org/",
    "trusted_proxies": ["127.0.0.1"],
    "unix": "/run/sio-server/http.sock",
    "unknown_types": "refuse",
}

# Not in a file that is to be served from: it protects nothing.
_LEFT_OUT: Final = frozenset({"dev"})

_COLUMNS: Final = 110

_HEAD: Final = """\
# Settings of sio-server: sio-server serve --config {name}
#
# A flag (--data-dir) or a variable (SIO_SERVER_DATA_DIR) goes before what stands here. A path begins at the
# directory of this file. What is in force, and where it is from: sio-server check-config --config {name}
"""

_REST: Final = """\
# Everything else, with its default, or with an example where there is none: take the '#' away to set it.
"""


def settings_file(given: Mapping[str, Any], name: str = "sio-server.toml") -> str:
    """The text of a settings file called ``name``: what is ``given`` in force, everything else as a comment.

    ``given`` has settings by name; of a secret, ``x_file`` names the file that holds it.
    """
    kinds = ConfigSchema().fields
    set_here, others = [], []
    for setting, kind in kinds.items():
        if setting in _LEFT_OUT:
            continue
        key = setting + FILE_SUFFIX.lower() if setting in SECRETS else setting
        about = str(kind.metadata["about"]) + ("; this names the file that holds it" if setting in SECRETS else "")
        if key in given:
            set_here.append(f"{_comment(about)}\n{_line(key, given[key])}")
        else:
            value = f"secrets/{setting}" if setting in SECRETS else _default(setting, kind)
            others.append(f"{_comment(about)}\n# {_line(key, value)}")
    return "\n".join([_HEAD.format(name=name), *(f"{part}\n" for part in set_here), _REST, "\n\n".join(others), ""])


def _comment(about: str) -> str:
    return "\n".join(f"# {line}" for line in textwrap.wrap(f"{about}.", _COLUMNS, break_on_hyphens=False))


def _line(key: str, value: Any) -> str:
    # JSON's texts, numbers, booleans and lists are TOML's, too.
    plain = str(value) if isinstance(value, Path) else list(value) if isinstance(value, tuple) else value
    return f"{key} = {json.dumps(plain, ensure_ascii=False)}"


_DEFAULTS: Final = {member.name: member.default for member in members_of(Config)}


def _default(setting: str, kind: marshmallow.fields.Field[Any]) -> Any:
    default = _DEFAULTS[setting]
    if default not in (None, ()):
        return default
    if setting in EXAMPLES:
        return EXAMPLES[setting]
    return [] if default == () else 0 if isinstance(kind, marshmallow.fields.Number) else "..."
