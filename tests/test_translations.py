"""Texts in several languages, and which of them a reader gets."""

from __future__ import annotations

import pytest

from sio_server.translations import NOTHING, Translations, canonical

MANY = Translations({"es": "hola", "pt-PT": "olá", "en": "hello", "zh-Hant": "你好"})


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("es", "hola"),
        ("es-MX", "hola"),
        ("pt-PT", "olá"),
        ("pt", "olá"),
        ("pt-BR", "olá"),
        ("zh-Hant-TW", "你好"),
        ("zh", "你好"),
        ("en-GB", "hello"),
        ("de", "hello"),
        ("", "hello"),
    ],
)
def test_the_nearest_language_is_taken(locale: str, text: str) -> None:
    """A reader gets their language, a relative of it, or English."""
    assert MANY.within(locale) == text


def test_one_language_is_for_everybody() -> None:
    """Where there is neither the reader's language nor English, the first one is taken; of none there is no text."""
    assert Translations({"pt": "olá", "fr": "salut"}).within("de") == "olá"
    assert NOTHING.within("es") == ""


@pytest.mark.parametrize(
    ("written", "usual"),
    [
        ("ES", "es"),
        ("pt-br", "pt-BR"),
        ("ZH-hant-tw", "zh-Hant-TW"),
        ("es-419", "es-419"),
        ("ca-Valencia", "ca-valencia"),
    ],
)
def test_tag_is_spelled_as_usual(written: str, usual: str) -> None:
    """A language tag has one spelling, whatever case it is written in."""
    assert canonical(written) == usual


@pytest.mark.parametrize("written", ["", "e", "es_MX", "es-", "-es", "español", "es MX", "es-123456789", "1s", "es\n"])
def test_what_is_no_tag(written: str) -> None:
    """What is no language tag is refused."""
    with pytest.raises(ValueError, match="no language tag"):
        canonical(written)


def test_text_is_read_as_files_and_json_have_it() -> None:
    """A text alone is in the language that is given; texts by language have their own."""
    assert Translations.read("hola", "es").as_dict() == {"es": "hola"}
    assert Translations.read({"PT-br": "olá"}, "es").as_dict() == {"pt-BR": "olá"}
