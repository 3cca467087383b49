"""In which language whoever comes gets texts."""

from __future__ import annotations

import pytest

from sio_server.audience import Identity
from sio_server.catalog import Catalog
from sio_server.core.languages import Language, Languages, tag_of
from sio_server.event_types import EventType

ANA, PT = Identity("ana"), Identity("ana", locale="pt_br")


def catalog(*tags: str) -> Catalog:
    """A catalogue with one type in these languages."""
    return Catalog({"a": EventType.from_dict({"type": "a", "message": dict.fromkeys(tags, "A")})})


@pytest.mark.parametrize(
    ("asked", "identity", "header", "chosen"),
    [
        ("en-gb", PT, "fr", "en-GB"),
        (None, PT, "fr", "pt-BR"),
        ("", ANA, "fr;q=0.5, en;q=0.8", "en"),
        ("no tag!", ANA, None, "es"),
        (None, ANA, "fr-FR,fr;q=0.9,en-US;q=0.8,es;q=0.7", "en-US"),
        (None, ANA, "fr-FR,fr;q=0.9", "fr-FR"),
        (None, ANA, "*", "es"),
        (None, ANA, "en;q=0", "es"),
        (7, Identity("ana", locale="x" * 40), None, "es"),
    ],
)
def test_who_says_it_counts(asked: object, identity: Identity, header: str | None, chosen: str) -> None:
    """What was asked for, else the token, else the browser's first that the catalogue has, else the server's own."""
    assert Languages(catalog("es", "en"), "es").choose(asked, identity, header) == chosen


@pytest.mark.parametrize(
    ("asked", "claimed", "header", "spoken"),
    [
        ("es-PE", "en", "en", Language("es-PE", "es", asked=True)),
        (None, "es", "en", Language("es", "es")),
        (None, None, "fr,es;q=0.5", Language("es", "es")),
        ("fr", None, "es", Language("fr", "es", asked=True)),
        (None, None, None, Language("es", "en")),
        ("no tag!", None, None, Language("es", "en")),
    ],
)
def test_errors_in_the_language(asked: object, claimed: str | None, header: str | None, spoken: Language) -> None:
    """Errors are in the language that was said, else in the browser's, else in English, as over HTTP."""
    assert Languages(catalog("es", "en"), "es").spoken(asked, Identity("ana", locale=claimed), header) == spoken


def test_another_catalogue_is_looked_at_anew() -> None:
    """Once the catalogue in force has a language, browsers that would rather have it get it."""
    made = catalog("es")
    languages = Languages(made, "es")
    assert languages.choose(None, ANA, "fr,en") == "fr"
    made.types = dict(catalog("en").types)
    assert languages.choose(None, ANA, "fr,en") == "en"


def test_tags_in_their_usual_spelling() -> None:
    """A tag is spelt as usual, whatever is between its parts; what is too long or no text is none."""
    assert [tag_of(text) for text in ("PT_br", "zh-hant-tw", "", "e", None, "en-" + "a" * 40)] == [
        "pt-BR",
        "zh-Hant-TW",
        None,
        None,
        None,
        None,
    ]
