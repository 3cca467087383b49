"""The functions of a catalogue as source code: a module for a backend, and the stub of the built-in ones.

Type checkers and editors read code and do not run it, so they know nothing of functions that are made at run time.
"""

from __future__ import annotations

import json
import keyword
import re
import textwrap
from collections.abc import Iterator
from typing import Final

from sio_server.client.bodies import PublishOptions
from sio_server.client.field_types import FIELD_SOURCES
from sio_server.client.named import names_of
from sio_server.event_types import EventType, EventTypes

_WIDTH: Final = 100

# What every function takes beside the fields of its type, as long as no field has its name.
_TEXTS: Final = {"message": "str | None = None", "data": "Mapping[str, Any] | None = None"}

_MODULE: Final = '''\
"""The event types of a sio-server as functions, written by `sio-server catalog export --format py`.

Change the catalogue, not this file. It needs `sio-server-client`.

    {example}(...)             hands a notification over, and returns at once
    Notifier(...).{example}(...)   the same, by a notifier of one's own
"""
# ruff: noqa

from __future__ import annotations

import json
{imports}

__all__ = [
    "CATALOG",
    "Notifier",
{names}]

CATALOG: Final = EventTypes.of(
    json.loads(
        r"""
{catalog}
"""
    )
)


{functions}


class Notifier(BaseNotifier):
    """A notifier whose functions are those of this catalogue; it is made as every `sio_server.client.Notifier`."""

    known = CATALOG

{methods}
'''

# Where the names come from that a module may use: it imports those that it does.
_NAMES: Final[dict[str, tuple[str, ...]]] = {
    "collections.abc": ("Iterable", "Mapping"),
    "datetime": ("datetime", "timedelta"),
    "typing": ("Any", "Final", "Unpack"),
    "sio_server.audience": ("Audience",),
    "sio_server.client": (
        "Action",
        "BaseNotifier",
        "HandedOver",
        "LocaleTexts",
        "PublishOptions",
        "enviar_notificacion",
    ),
    "sio_server.client.field_types": ("Array", "Date", "Id", "Number", "Object"),
    "sio_server.client.named": ("with_fields",),
    "sio_server.event_types": ("EventTypes", "Priority"),
}

_STUB: Final = """\
# The built-in functions, for type checkers and editors. Written by scripts/stubs.py: change the catalogue instead.

from collections.abc import Mapping
from typing import Any, Generic, TypeVar, Unpack

from sio_server.client.bodies import PublishOptions
from sio_server.client.field_types import {kinds}
from sio_server.client.shared import HandedOver

__all__ = [
{names}]

_Returned_co = TypeVar("_Returned_co", covariant=True)

{functions}

class Functions(Generic[_Returned_co]):
{methods}
"""


def as_module(types: EventTypes) -> str:
    """A module of functions over the default notifier, and a class `Notifier` with the same ones; fully typed."""
    named = names_of(types)
    listed = ",\n".join(json.dumps(kind.as_dict(), ensure_ascii=False) for kind in types.types.values())
    functions = "\n\n\n".join(_function(name, kind, method=False) for name, kind in named.items())
    methods = "\n\n".join(_function(name, kind, method=True) for name, kind in named.items())
    return _MODULE.format(
        example=next(iter(named), "notificar_…"),
        imports=_imports(functions),
        names=_listed(named),
        catalog=f"[\n{listed}\n]",
        functions=functions,
        methods=textwrap.indent(methods, " " * 4),
    )


def _imports(functions: str) -> str:
    used = {*re.findall(r"\w+", functions), "BaseNotifier", "EventTypes", "Final"}
    imports = {place: sorted(used.intersection(names)) for place, names in _NAMES.items()}
    return "\n".join(f"from {place} import {', '.join(names)}" for place, names in imports.items() if names)


def as_stub(types: EventTypes) -> str:
    """The stub of the built-in functions: those of the module, and those of the clients by what they return."""
    named = names_of(types)
    used = {FIELD_SOURCES[kind] for event_type in named.values() for kind in event_type.data.values()}
    functions = (_head(name, kind, "HandedOver") for name, kind in named.items())
    methods = (_head(name, kind, "_Returned_co", method=True) for name, kind in named.items())
    return _STUB.format(
        kinds=", ".join(sorted(used - {"str", "int", "bool"})),
        names=_listed(named),
        functions="\n\n".join(functions),
        methods=textwrap.indent("\n\n".join(methods), " " * 4),
    )


def _listed(names: dict[str, EventType]) -> str:
    return "".join(f'    "{name}",\n' for name in sorted(names))


def _fields(kind: EventType) -> dict[str, str]:
    """The fields that can be a parameter; others go into ``data``."""
    return {name: of for name, of in kind.data.items() if not keyword.iskeyword(name) and name != "self"}


def _head(name: str, kind: EventType, returns: str, *, method: bool = False) -> str:
    """A function's head and documentation."""
    lines = [f"def {name}(", *(["    self,"] if method else []), "    *,"]
    lines.extend(f"    {parameter}," for parameter in _parameters(kind))
    lines.append(f") -> {returns}:")
    lines.extend(_documentation(kind))
    return "\n".join(lines)


def _parameters(kind: EventType) -> Iterator[str]:
    fields = _fields(kind)
    yield from (f"{name}: {FIELD_SOURCES[of]} | None = None" for name, of in fields.items())
    yield from (f"{name}: {text}" for name, text in _TEXTS.items() if name not in fields)
    options = _options(kind)
    if options is None:
        yield "**options: Unpack[PublishOptions]"
    else:
        yield from (f"{name}: {of} = {'False' if of == 'bool' else 'None'}" for name, of in options.items())


def _options(kind: EventType) -> dict[str, str] | None:
    """The options one by one where a field has the name of one, and so takes its place (PEP 692 allows no overlap)."""
    options = {name: str(of) for name, of in _option_sources().items()}
    fields = _fields(kind)
    if options.keys().isdisjoint(fields):
        return None
    return {name: of for name, of in options.items() if name not in fields}


def _option_sources() -> dict[str, str]:
    annotations = PublishOptions.__annotations__
    return {name: getattr(of, "__forward_arg__", str(of)) for name, of in annotations.items()}


def _documentation(kind: EventType) -> Iterator[str]:
    # The end of the text must not be the end of the docstring, and a backslash is one.
    about = " ".join(f"Publish ``{kind.name}``: {kind.about('en')}".split())
    about = about.replace("\\", "\\\\").replace('"', '\\"')
    yield textwrap.indent(f'"""{textwrap.fill(about, _WIDTH, break_long_words=False)}"""', " " * 4)


def _function(name: str, kind: EventType, *, method: bool) -> str:
    fields, options = _fields(kind), _options(kind)
    known = "".join(f'"{field}": {field}, ' for field in fields).removesuffix(", ")
    arguments = [
        f'CATALOG["{kind.name}"]',
        "None" if "message" in fields else "message",
        f"with_fields({'None' if 'data' in fields else 'data'}, {{{known}}})",
        *(["**options"] if options is None else [f"{option}={option}" for option in options]),
    ]
    call = "self.notify" if method else "return enviar_notificacion"
    body = "\n".join([f"    {call}(", *(f"        {argument}," for argument in arguments), "    )"])
    return f"{_head(name, kind, 'None' if method else 'HandedOver', method=method)}\n{body}"
