"""Diagrams of the documents, drawn while the site is built: no browser and no script is needed to see one.

They are written in a part of Mermaid's language, which GitHub draws by itself: https://mermaid.js.org. Known are
``sequenceDiagram`` (``participant``, ``->>``, ``-->>``, ``Note over``) and ``flowchart LR`` (``a[Text] -->|words| b``).
Each begins with ``accTitle:``, what it shows in a sentence, for whoever cannot see it.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Final

_FENCE: Final = re.compile(r"^```mermaid\n(.*?)^```$", re.DOTALL | re.MULTILINE)

_TITLE: Final = re.compile(r"accTitle: *(.+)")
_PARTICIPANT: Final = re.compile(r"participant (\w+)(?: as (.+))?")
_MESSAGE: Final = re.compile(r"(\w+)(-?->>)(\w+): *(.+)")
_NOTE: Final = re.compile(r"Note over (\w+)(?:, *(\w+))?: *(.+)")
_EDGE: Final = re.compile(r"(\w+)(?:\[(.+?)\])? *(-\.->|-->)(?:\|(.+?)\|)? *(\w+)(?:\[(.+?)\])?")

# Widths of letters of the site's font, about: what is too narrow runs into its neighbour.
_LETTER: Final = 7.4
_LINE: Final = 34
_PAD: Final = 14


class DiagramError(Exception):
    """A line that is no part of what is known of Mermaid's language."""


def drawn(text: str) -> str:
    """A document with its diagrams drawn; raises `DiagramError` for one that cannot be."""
    return _FENCE.sub(lambda found: f'<figure class="diagram">{draw(found[1])}</figure>', text)


def draw(source: str) -> str:
    """The SVG of one diagram."""
    kind, *lines = [line.strip() for line in source.strip().splitlines() if line.strip()]
    title = _TITLE.fullmatch(lines[0]) if lines else None
    if title is None:
        raise DiagramError(f"a diagram says what it shows: accTitle, after {kind!r}")
    if kind == "sequenceDiagram":
        width, height, parts = _sequence(lines[1:])
    elif kind == "flowchart LR":
        width, height, parts = _flow(lines[1:])
    else:
        raise DiagramError(f"not known: {kind!r}")
    # A page may have several, and each its own tip of an arrow.
    tip = f"tip-{hashlib.sha256(source.encode()).hexdigest()[:8]}"
    size = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}"'
    drawing = "".join(parts).replace("#tip", f"#{tip}")
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img"><title>{escape(title[1])}</title>'
        f'<defs><marker id="{tip}" {_TIP}><path d="M0 1 9 5 0 9z" fill="currentColor"/></marker></defs>{drawing}</svg>'
    )


_TIP: Final = 'viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7" markerHeight="7" orient="auto-start-reverse"'


def _text(x: float, y: float, words: str, *, anchor: str = "middle", of: str = "said") -> str:
    return f'<text class="{of}" x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{escape(words)}</text>'


def _box(x: float, y: float, width: float, height: float, of: str = "box") -> str:
    return f'<rect class="{of}" x="{x:.0f}" y="{y:.0f}" width="{width:.0f}" height="{height:.0f}" rx="8"/>'


def _wide(words: str) -> float:
    return len(words) * _LETTER + 2 * _PAD


# -- what is said in turn -----------------------------------------------------------------------------------------


@dataclass
class _Sequence:
    names: dict[str, str] = field(default_factory=dict)
    steps: list[tuple[str, str, str, str]] = field(default_factory=list)
    """Kind (an arrow, or ``note``), from, to, words."""


def _read(lines: list[str]) -> _Sequence:
    made = _Sequence()
    for line in lines:
        if found := _PARTICIPANT.fullmatch(line):
            made.names[found[1]] = found[2] or found[1]
        elif found := _MESSAGE.fullmatch(line):
            made.steps.append((found[2], found[1], found[3], found[4]))
        elif found := _NOTE.fullmatch(line):
            made.steps.append(("note", found[1], found[2] or found[1], found[3]))
        else:
            raise DiagramError(f"not known in a sequenceDiagram: {line!r}")
        for name in made.steps[-1][1:3] if made.steps else ():
            made.names.setdefault(name, name)
    return made


def _sequence(lines: list[str]) -> tuple[float, float, list[str]]:
    made = _read(lines)
    at = _columns(made)
    top, bottom = 48.0, 48.0 + _LINE * (len(made.steps) + 0.6)
    parts = []
    for name, words in made.names.items():
        parts.append(f'<line class="life" x1="{at[name]:.0f}" y1="{top:.0f}" x2="{at[name]:.0f}" y2="{bottom:.0f}"/>')
        parts.append(_box(at[name] - _wide(words) / 2, 8, _wide(words), 34))
        parts.append(_text(at[name], 30, words, of="name"))
    for number, (kind, start, end, words) in enumerate(made.steps, 1):
        parts += _step(kind, at[start], at[end], top + number * _LINE, words)
    last = list(made.names)[-1]
    to_itself = [at[start] + _wide(words) for _, start, end, words in made.steps if start == end]
    widest = max([at[last] + _wide(made.names[last]) / 2, *to_itself])
    return widest + 8, bottom + 8, parts


def _columns(made: _Sequence) -> dict[str, float]:
    """Where each participant stands: as far from those before as their names and what they say to it need."""
    at: dict[str, float] = {}
    names = list(made.names)
    for index, name in enumerate(names):
        least = 8 + _wide(made.names[name]) / 2
        if index:
            least = at[names[index - 1]] + (_wide(made.names[names[index - 1]]) + _wide(made.names[name])) / 2 + 20
        for _, start, end, words in made.steps:
            other = start if end == name else end if start == name else None
            if other in at and other != name:
                least = max(least, at[other] + _wide(words) + 6)
        at[name] = least
    return at


def _step(kind: str, start: float, end: float, y: float, words: str) -> Iterator[str]:
    if kind == "note":
        middle, width = (start + end) / 2, max(_wide(words), abs(end - start) + 40)
        yield _box(middle - width / 2, y - 21, width, 27, of="note")
        yield _text(middle, y - 3, words, of="noted")
        return
    dashed = ' stroke-dasharray="5 4"' if kind.startswith("--") else ""
    way = f'x1="{start:.0f}" y1="{y:.0f}" x2="{end:.0f}" y2="{y:.0f}"'
    yield f'<line class="arrow" {way}{dashed} marker-end="url(#tip)"/>'
    yield _text((start + end) / 2, y - 7, words)


# -- what leads to what -------------------------------------------------------------------------------------------


def _flow(lines: list[str]) -> tuple[float, float, list[str]]:
    names: dict[str, str] = {}
    edges: list[tuple[str, str, str, str]] = []
    for line in lines:
        found = _EDGE.fullmatch(line)
        if found is None:
            raise DiagramError(f"not known in a flowchart: {line!r}")
        start, said, kind, words, end, also = found.groups()
        for name, text in ((start, said), (end, also)):
            names[name] = text or names.get(name, name)
        edges.append((start, end, kind, words or ""))
    columns = _depths(names, edges)
    x = 8.0
    places: dict[str, tuple[float, float, float]] = {}
    tallest = max(len(column) for column in columns)
    for index, column in enumerate(columns):
        width = max(_wide(names[name]) for name in column)
        for row, name in enumerate(column):
            places[name] = (x, 8 + 58 * (row + (tallest - len(column)) / 2), width)
        leaving = [_wide(words) for start, _, _, words in edges if start in column]
        x += width + (max([64.0, *leaving]) if index < len(columns) - 1 else 8)
    return x, 8 + 58 * tallest, [*_edges(edges, places), *_boxes(names, places)]


def _depths(names: dict[str, str], edges: list[tuple[str, str, str, str]]) -> list[list[str]]:
    """The names by how far they are from where everything begins."""
    depth = dict.fromkeys(names, 0)
    for _ in names:
        for start, end, _, _ in edges:
            depth[end] = max(depth[end], depth[start] + 1)
            if depth[end] > len(names):
                raise DiagramError(f"a flowchart that leads back: {end!r}")
    ordered = sorted(names, key=lambda name: depth[name])
    return [list(group) for _, group in itertools.groupby(ordered, key=lambda name: depth[name])]


def _edges(edges: list[tuple[str, str, str, str]], places: dict[str, tuple[float, float, float]]) -> Iterator[str]:
    for start, end, kind, words in edges:
        (x1, y1, width), (x2, y2, _) = places[start], places[end]
        left, middle = x1 + width, (x1 + width + x2) / 2
        dashed = ' stroke-dasharray="5 4"' if kind == "-.->" else ""
        way = f"M{left:.0f} {y1 + 20:.0f}C{middle:.0f} {y1 + 20:.0f} {middle:.0f} {y2 + 20:.0f} {x2:.0f} {y2 + 20:.0f}"
        yield f'<path class="arrow" fill="none" d="{way}"{dashed} marker-end="url(#tip)"/>'
        if words:
            yield _text(middle, (y1 + y2) / 2 + 14, words)


def _boxes(names: dict[str, str], places: dict[str, tuple[float, float, float]]) -> Iterator[str]:
    for name, (x, y, width) in places.items():
        yield _box(x, y, width, 40)
        yield _text(x + width / 2, y + 25, names[name], of="name")
