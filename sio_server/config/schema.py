"""The marshmallow schema of the settings, made of `Config`: flags, variables and ``check-config`` follow from it."""

from __future__ import annotations

import dataclasses
from typing import Final

from sio_server import fields
from sio_server.config.checks import KIND, PathField
from sio_server.config.settings import Config

_KINDS: Final = {member.name: member.metadata[KIND] for member in dataclasses.fields(Config)}

ConfigSchema: Final = fields.Schema.from_dict(_KINDS, name="ConfigSchema")
"""A field for each setting, in their order; its metadata say what the setting is for and whether it is a secret."""

SETTINGS: Final = tuple(_KINDS)
SECRETS: Final = tuple(name for name, kind in _KINDS.items() if kind.metadata["secret"])
PATHS: Final = tuple(name for name, kind in _KINDS.items() if isinstance(kind, PathField))
