"""What may not be meant in a file of event types that is right: told by ``catalog check``. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from sio_server.catalog.file import CatalogFile, Problem
from sio_server.errors import Text
from sio_server.event_types import PLACEHOLDER, EventType, humanized
from sio_server.translations import Translations


def advice_on(file: CatalogFile, builtin: Mapping[str, EventType], locale: str) -> Iterator[Problem]:
    """What to look at; ``locale`` is the server's language."""
    languages = _languages(file, locale)
    for kind in file.types.values():
        if kind.name in builtin:
            yield from _shadowing(kind, builtin[kind.name])
        yield from _removed_early(kind)
        for member, text in _texts(kind):
            yield from _untranslated(kind, member, text, languages)
            yield from _unfilled(kind, member, text)
    for topic in file.topics:
        if PLACEHOLDER.search(topic):
            yield Problem(("topics", topic), _BRACES)


_DAY: Final = 24 * 3600

_BRACES: Final = Text(
    "Nothing is filled in here: this is a topic with braces in its name. A * at the end stands for anything.",
    "Aquí no se rellena nada: es un tema con llaves en el nombre. Un * al final vale por cualquier cosa.",
)


def _languages(file: CatalogFile, locale: str) -> list[str]:
    """The languages of the file, in order; one is enough, so it is held to no more than it uses somewhere."""
    used = dict.fromkeys(tag for kind in file.types.values() for _, text in _texts(kind) for tag in text.texts)
    return list(used or {locale: None})


def _texts(kind: EventType) -> Iterator[tuple[str, Translations]]:
    if list(kind.title.texts.values()) != [humanized(kind.name)]:  # or nobody need have written it
        yield "title", kind.title
    if kind.message != kind.title:
        yield "message", kind.message
    if kind.description.texts:
        yield "description", kind.description


def _shadowing(kind: EventType, builtin: EventType) -> Iterator[Problem]:
    lost = [name for name in builtin.data if name not in kind.data]
    detail = Text("Takes the place of the built-in type.", "Sustituye al tipo incorporado.")
    if lost:
        detail = Text(
            "{0} These fields are no longer checked: {1}.", "{0} Ya no se comprueban estos campos: {1}."
        ).format(detail, ", ".join(lost))
    yield Problem(("types", kind.name), detail)


def _removed_early(kind: EventType) -> Iterator[Problem]:
    """A type whose notifications are removed before they expire."""
    days = kind.retention_days
    if days and kind.ttl is not None and kind.ttl > days * _DAY:
        yield Problem(
            ("types", kind.name, "retention_days"),
            Text(
                "Removed after {0:g} days, which is before its ttl is over ({1} s are {2:.3g} days).",
                "Se elimina a los {0:g} días, antes de que acabe su ttl ({1} s son {2:.3g} días).",
            ).format(days, kind.ttl, kind.ttl / _DAY),
        )


def _untranslated(kind: EventType, member: str, text: Translations, languages: list[str]) -> Iterator[Problem]:
    for tag in languages:
        if tag not in text.texts:
            yield Problem(
                ("types", kind.name, member),
                Text(
                    "No text in '{0}', in which others are: '{1}' is used.",
                    "Sin texto en '{0}', que otros sí tienen: se usa '{1}'.",
                ).format(tag, text.within(tag)),
            )


def _unfilled(kind: EventType, member: str, text: Translations) -> Iterator[Problem]:
    """Fields that a message names and the type does not."""
    if member != "message":
        return
    named = dict.fromkeys(name for each in text.texts.values() for name in PLACEHOLDER.findall(each))
    for name in named:
        if name not in kind.data:
            yield Problem(
                ("types", kind.name, member),
                Text(
                    "{{{0}}} is no field of data: where a publisher leaves it out, the title is sent.",
                    "{{{0}}} no es un campo de data: si falta al publicar, se envía el título.",
                ).format(name),
            )
