"""An event type as a file has it, for whoever writes a first one. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from sio_server.audience import ADMIN_ROLE
from sio_server.event_types import humanized

HEAD = """\
# Event types of this server, beside the built-in ones. After a change: `sio-server catalog check FILE`, then SIGHUP.
# An editor completes what may stand here with `#:schema ./catalog.schema.json` in the first line, once
# `sio-server catalog schema --output catalog.schema.json` has written that file.
"""


def type_as_toml(
    name: str,
    *,
    title: str | None = None,
    message: str | None = None,
    audience: Mapping[str, object] | None = None,
    priority: str | None = None,
    ttl: int | None = None,
    data: Mapping[str, str] | None = None,
) -> str:
    """The table of a type: its title, for the administrators where nobody else is named, and what else is given."""
    members: dict[str, object] = {
        "title": title or humanized(name),
        "message": message,
        "audience": audience or {"roles": [ADMIN_ROLE]},
        "priority": priority,
        "ttl": ttl,
        "data": data or None,
    }
    lines = [f"{key} = {_value(value)}" for key, value in members.items() if value is not None]
    return "\n".join((f"[types.{_key(name)}]", *lines)) + "\n"


def _key(name: str) -> str:
    return name if name.replace("_", "").replace("-", "").isalnum() and name.isascii() else _value(name)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(str(key))} = {_value(inner)}" for key, inner in value.items()) + " }"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(map(_value, value)) + "]"
    # A text of JSON is one of TOML, but for this one character.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
