"""What is wrong with the rarer members of a publish, in the words of the server's `sio_server.schemas.extras`."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, Final

import orjson

from sio_server.client.rules import (
    LENGTH,
    NOT_LIST,
    NOT_OBJECT,
    REQUIRED,
    UNKNOWN,
    Check,
    between,
    matching,
    printable,
    text,
)
from sio_server.client.rules import link as is_link
from sio_server.errors import FieldProblem, Text
from sio_server.event_types import check_type_name
from sio_server.translations import canonical

MAX_ACTIONS: Final = 4
MAX_LABEL: Final = 100
MAX_VALUE: Final = 1024
MAX_LOCALES: Final = 20
MAX_AHEAD: Final = 366 * 24 * 3600

_HTTPS: Final = r"[Hh][Tt][Tt][Pp][Ss]://[^\x00-\x20]+"
_NO_IMAGE: Final = Text("Must be an https address.", "Debe ser una dirección https.")
_NO_ICON: Final = Text(
    "Must be a name of small letters, digits, '_' and '-', or an https address.",
    "Debe ser un nombre de letras minúsculas, cifras, '_' y '-', o una dirección https.",
)
_NO_ID: Final = Text(
    "Must be 1 to 64 small letters, digits, '_' or '-'.",
    "Debe tener de 1 a 64 letras minúsculas, cifras, '_' o '-'.",
)
_NO_LABEL: Final = Text(
    f"Must be text of 1 to {MAX_LABEL} characters, or an object of such texts by language.",
    f"Debe ser un texto de 1 a {MAX_LABEL} caracteres, o un objeto de tales textos por idioma.",
)
_NO_TAG: Final = Text("'{0}' is no language tag, such as es or en-GB.", "'{0}' no es un idioma, como es o en-GB.")
_SAME_TAG: Final = Text("'{0}' is named twice.", "'{0}' aparece dos veces.")
_NO_TEXTS: Final = Text(
    f"Must be an object of 1 to {MAX_LOCALES} languages, each with a title, a message or both.",
    f"Debe ser un objeto de 1 a {MAX_LOCALES} idiomas, cada uno con title, message o ambos.",
)
_BOTH: Final = Text("Give link or value, not both.", "Indica link o value, no ambos.")
_LARGE: Final = Text(f"Larger than {MAX_VALUE} bytes as JSON.", f"Ocupa más de {MAX_VALUE} bytes como JSON.")
_SAME_ID: Final = Text("Two actions have the id '{0}'.", "Dos acciones tienen el id '{0}'.")
_TWO_TIMES: Final = Text("Give deliver_at or deliver_in, not both.", "Indica deliver_at o deliver_in, no ambos.")
_NO_MOMENT: Final = Text(
    "Not a moment with a zone (RFC 3339), such as 2026-11-28T03:00:00Z or 2026-11-27T22:00:00-05:00.",
    "No es un momento con zona (RFC 3339), como 2026-11-28T03:00:00Z o 2026-11-27T22:00:00-05:00.",
)

_MOMENT: Final = re.compile(
    r"(?P<day>\d{4}-\d\d-\d\d)[Tt ](?P<minute>\d\d:\d\d):(?P<second>\d\d)(?P<part>\.\d{1,9})?"
    r"([Zz]|(?P<zone>[+ -]\d\d:\d\d))",
    re.ASCII,
)


def moment_of(value: object) -> datetime | None:
    """The moment that a text names (RFC 3339); None where it names none."""
    found = _MOMENT.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        return None
    second = "59" if found["second"] == "60" else found["second"]
    zone = (found["zone"] or "+00:00").replace(" ", "+")
    try:
        moment = datetime.fromisoformat(f"{found['day']}T{found['minute']}:{second}{found['part'] or ''}{zone}")
        moment.timestamp()
    except (ValueError, OverflowError):
        return None
    return moment


def _moment(value: object) -> Text | None:
    return None if moment_of(value) is not None else _NO_MOMENT


_KEY: Final = text(1, 128, printable)
_ADDRESS: Final = text(1, 2048, matching(_HTTPS, _NO_IMAGE))

_RULES: Final[dict[str, Check]] = {
    "collapse_key": _KEY,
    "group": _KEY,
    "image": _ADDRESS,
    "icon": text(1, 2048, matching(rf"[a-z0-9][a-z0-9_-]{{0,63}}|{_HTTPS}", _NO_ICON)),
    "category": text(0, 1 << 30, check_type_name),
    "deliver_at": _moment,
    "deliver_in": between(1, MAX_AHEAD),
}


def problems_of_extras(body: Mapping[str, Any]) -> Iterator[FieldProblem]:
    """What is wrong with these members of a body."""
    for member, rule in _RULES.items():
        value = body.get(member)
        if value is not None and (wrong := rule(value)) is not None:
            yield FieldProblem(member, wrong)
    for member, nested in (("actions", _actions), ("texts", _texts)):
        value = body.get(member)
        if value is not None:
            yield from nested(value)
    if body.get("deliver_at") is not None and body.get("deliver_in") is not None:
        yield FieldProblem("deliver_at", _TWO_TIMES)


def _actions(value: object) -> Iterator[FieldProblem]:
    if not isinstance(value, list):
        yield FieldProblem("actions", NOT_LIST)
        return
    found = [problem for place, each in enumerate(value) for problem in _action(f"actions.{place}", each)]
    yield from found
    if found:
        return
    if not 1 <= len(value) <= MAX_ACTIONS:
        yield FieldProblem("actions", LENGTH.format(1, MAX_ACTIONS))
        return
    ids = [each["id"] for each in value]
    twice = next((identity for place, identity in enumerate(ids) if identity in ids[:place]), None)
    if twice is not None:
        yield FieldProblem("actions", _SAME_ID.format(twice))


def _action(path: str, value: object) -> Iterator[FieldProblem]:
    if not isinstance(value, dict):
        yield FieldProblem(path, NOT_OBJECT)
        return
    rules: dict[str, Callable[[Any], Text | None]] = {
        "id": text(0, 1 << 30, matching(r"[a-z0-9_-]{1,64}", _NO_ID)),
        "label": _label,
        "link": lambda given: None if given is None else text(1, 2048, is_link)(given),
        "value": lambda _: None,
    }
    found = [FieldProblem(f"{path}.{name}", REQUIRED) for name in ("id", "label") if name not in value]
    for name, inner in value.items():
        rule = rules.get(name)
        wrong = UNKNOWN if rule is None else rule(inner)
        if wrong is not None:
            found.append(FieldProblem(f"{path}.{name}", wrong))
    yield from found
    if found or value.get("value") is None:
        return
    if value.get("link") is not None:
        yield FieldProblem(path, _BOTH)
    elif len(orjson.dumps(value["value"])) > MAX_VALUE:
        yield FieldProblem(f"{path}.value", _LARGE)


def _label(value: object) -> Text | None:
    if isinstance(value, dict) and 0 < len(value) <= MAX_LOCALES:
        wrong = _tags(value)
        return wrong or (None if all(map(_is_label, value.values())) else _NO_LABEL)
    return None if _is_label(value) else _NO_LABEL


def _is_label(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_LABEL and bool(value.strip())


def _tags(value: Mapping[str, Any]) -> Text | None:
    found: set[str] = set()
    for tag in value:
        try:
            name = canonical(tag)
        except ValueError:
            return _NO_TAG.format(tag[:64])
        if name in found:
            return _SAME_TAG.format(name)
        found.add(name)
    return None


def _texts(value: object) -> Iterator[FieldProblem]:
    if not isinstance(value, dict) or not 0 < len(value) <= MAX_LOCALES:
        yield FieldProblem("texts", _NO_TEXTS)
        return
    wrong = _tags(value)
    if wrong is not None:
        yield FieldProblem("texts", wrong)
        return
    rules: dict[str, Check] = {"title": text(0, 200), "message": text(0, 1 << 30)}
    for tag, given in value.items():
        path = f"texts.{canonical(tag)}"
        if not isinstance(given, dict):
            yield FieldProblem(path, NOT_OBJECT)
            continue
        present = {name: inner for name, inner in given.items() if inner is not None or name not in rules}
        if not present:
            yield FieldProblem(path, _NO_TEXTS)
        for name, inner in present.items():
            rule = rules.get(name)
            problem = UNKNOWN if rule is None else rule(inner)
            if problem is not None:
                yield FieldProblem(f"{path}.{name}", problem)
