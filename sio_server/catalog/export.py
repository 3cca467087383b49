"""The catalogue as other programs read it: JSON as ``GET /v1/catalog`` answers, and TypeScript for a frontend. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Final

from sio_server.event_types import PRIORITIES, EventType, EventTypes

# By the catalogue's types of data, as JSON carries them: an id is what the publisher's database calls one.
_TS_TYPES: Final = {
    "id": "string | number",
    "string": "string",
    "integer": "number",
    "number": "number",
    "boolean": "boolean",
    "object": "Record<string, unknown>",
    "array": "unknown[]",
    "date": "string",
}

_HEAD: Final = """\
// The event types of sio-server, written by `sio-server catalog export --format ts`.
// Change the catalogue, not this file.

export type Priority = {priorities};

/** Who caused what a notification tells of. */
export interface Actor {{
  id: string;
  name?: string;
}}

/** Something that the reader of a notification can do about it. */
export interface Action {{
  id: string;
  /** In the reader's language. */
  label: string;
  /** Where it leads, where it is a link. */
  link?: string;
  /** What the publisher put there. */
  value?: unknown;
}}

/** What every notification is made of. Dates are in ISO 8601, UTC. */
export interface Envelope<Type extends string, Data> {{
  id: string;
  /** Its place in the log: grows by one, and is the only order. */
  seq: number;
  /** The same place for the server to resume at; opaque. */
  cursor: string;
  type: Type;
  title: string | null;
  message: string;
  data: Data;
  timestamp: string;
  priority: Priority;
  link: string | null;
  actor: Actor | null;
  expires_at: string | null;
  /** The trace that it belongs to (W3C Trace Context), where the publisher named one. */
  traceparent?: string;
  /** The newest of this key and the same audience takes the place of the one before. */
  collapse_key?: string;
  /** What an inbox puts together under one heading. */
  group?: string;
  /** What its reader can do about it, at most four. */
  actions?: Action[];
  /** The https address of a picture. */
  image?: string;
  /** The name of an icon, or the https address of one. */
  icon?: string;
  /** What kind of notification it is to its reader. */
  category?: string;
  /** Only on what is not kept in the log: it is in no inbox, and `seq` is the place of the last one that is kept. */
  persist?: false;
  /** Whether it was sent before and comes again from the log. */
  replayed: boolean;
}}
"""

_TOPICS: Final = """\
/** The topics that somebody may follow. */
"""

_TAIL: Final = """\
export type EventType = keyof EventMap;

/** Any notification; its `type` tells which. */
export type AnyNotification = EventMap[EventType];

/** For a client of socket.io-client: `const socket: Socket<ListenEvents> = io(url)`. */
export type ListenEvents = { [Type in EventType]: (notification: EventMap[Type]) => void };
"""


def as_json(catalog: EventTypes) -> str:
    """The types in the order of the files, as a JSON document."""
    return json.dumps(catalog.as_dict(), ensure_ascii=False, indent=2) + "\n"


def as_typescript(catalog: EventTypes) -> str:
    """An interface for each type, and `EventMap` from names to interfaces; valid under ``strict``."""
    names = _interface_names(catalog)
    blocks = [_HEAD.format(priorities=" | ".join(map(json.dumps, PRIORITIES)))]
    blocks.extend(_interfaces(event_type, names[event_type.name]) for event_type in catalog.types.values())
    entries = "".join(f"  {json.dumps(name)}: {interface}Event;\n" for name, interface in names.items())
    blocks.extend((f"export interface EventMap {{\n{entries}}}\n", _TAIL))
    if catalog.topics:
        blocks.append(f"{_TOPICS}export type Topic = {' | '.join(map(_topic, catalog.topics))};\n")
    return "\n".join(blocks)


def _topic(pattern: str) -> str:
    """A topic as a type; of a pattern, a template: ``tour:*`` is any text that begins with ``tour:``."""
    if not pattern.endswith("*"):
        return json.dumps(pattern)
    return "`" + re.sub(r"([`\\$])", r"\\\1", pattern[:-1]) + "${string}`"


def _interface_names(catalog: EventTypes) -> Mapping[str, str]:
    """``reserva_creada`` is ``ReservaCreada``; types whose names differ in punctuation alone are numbered."""
    names: dict[str, str] = {}
    taken: set[str] = set()
    for name in catalog.types:
        base = "".join(part[:1].upper() + part[1:] for part in re.split(r"[_.-]+", name))
        interface, number = base, 1
        while interface in taken:
            number += 1
            interface = f"{base}_{number}"
        taken.add(interface)
        names[name] = interface
    return names


def _interfaces(event_type: EventType, interface: str) -> str:
    return "\n".join(_lines(event_type, interface)) + "\n"


def _lines(event_type: EventType, interface: str) -> Iterator[str]:
    # The ending of a comment inside a description would let the rest of it into the code.
    about = " ".join(event_type.about("en").replace("*/", "* /").split())
    yield f"export interface {interface}Data {{"
    # Every field may be absent or null, and publishers may add others: the catalogue checks only what is there.
    for name, kind in event_type.data.items():
        yield f"  {name}?: {_TS_TYPES[kind]} | null;"
    yield "  [field: string]: unknown;"
    yield "}"
    yield ""
    yield f"/** {about} */"
    yield f"export type {interface}Event = Envelope<{json.dumps(event_type.name)}, {interface}Data>;"
