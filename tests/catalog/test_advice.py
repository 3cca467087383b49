"""What is worth a look in a file of event types that is right."""

from __future__ import annotations

import pytest

from sio_server.catalog.advice import advice_on
from sio_server.catalog.file import read_catalog
from sio_server.catalog.types import builtin_types


def told(text: str, lang: str = "en") -> list[str]:
    """What is told of a file with this text."""
    file = read_catalog(text, "my.toml", "es")
    file.check()
    return [problem.told(lang) for problem in advice_on(file, builtin_types(), "es")]


@pytest.mark.parametrize(
    "text",
    [
        "[types.a]\n",
        "[types.a]\ntitle = 'A'\nmessage = 'b {c}'\ndata = {c = 'id'}\n[types.b]\ntitle = {es = 'B'}\n",
        "[types.a]\ntitle = {pt = 'A', en = 'B'}\n[types.b]\n[types.c]\ntitle = {en = 'A', pt = 'B'}\n",
    ],
)
def test_nothing_is_told_of_what_is_meant(text: str) -> None:
    """One language is enough, and so is a name; who writes in two languages everywhere hears nothing."""
    assert told(text) == []


def test_missing_translations_are_told() -> None:
    """A text that lacks a language which the file has elsewhere is told of, with what is used in its place."""
    text = "[types.a]\ntitle = {es = 'A', en = 'B'}\n[types.b]\ntitle = {es = 'C'}\nmessage = {en = 'D', es = 'E'}\n"
    assert told(text) == ["types.b.title: No text in 'en', in which others are: 'C' is used."]
    assert told(text, "es") == ["types.b.title: Sin texto en 'en', que otros sí tienen: se usa 'C'."]


def test_fields_of_a_message_that_are_none_are_told() -> None:
    """A message that names what is no field of data is told of: its readers will get the title."""
    assert told("[types.a]\nmessage = 'Pedido {n} de {m}'\ndata = {n = 'id'}\n") == [
        "types.a.message: {m} is no field of data: where a publisher leaves it out, the title is sent."
    ]


def test_types_in_the_place_of_built_in_ones_are_told() -> None:
    """A type that takes a built-in one's place is told of, and the fields that are no longer checked."""
    assert told("[types.guia_eliminado]\ndata = {guia_id = 'id'}\n") == [
        "types.guia_eliminado: Takes the place of the built-in type. These fields are no longer checked: nombre."
    ]
    assert told('[types.guia_eliminado]\ndata = {guia_id = "id", nombre = "string"}\n') == [
        "types.guia_eliminado: Takes the place of the built-in type."
    ]


def test_what_is_removed_before_it_expires_is_told() -> None:
    """A type that is kept for less than its ttl is told of, also where one of them is the file's default."""
    assert told("[types.a]\nretention_days = 0.5\nttl = 86400\n[types.b]\nretention_days = 1\nttl = 86400\n") == [
        "types.a.retention_days: Removed after 0.5 days, which is before its ttl is over (86400 s are 1 days)."
    ]
    text = "[defaults]\nretention_days = 7\n[types.a]\nttl = 864000\n[types.b]\nretention_days = 0\nttl = 864000\n"
    assert told(text, "es") == [
        "types.a.retention_days: Se elimina a los 7 días, antes de que acabe su ttl (864000 s son 10 días)."
    ]
