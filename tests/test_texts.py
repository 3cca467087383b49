"""What a notification says otherwise in which language."""

from __future__ import annotations

import orjson

from sio_server.audience import Audience
from sio_server.notification import Entry, Notification, Position
from sio_server.texts import Texts

SEVERAL = Texts.of({"es": {}, "en": {"message": "Hello"}, "pt-BR": {"message": "Oi", "title": "T"}})


def entry(texts: Texts | None) -> Entry:
    """An entry with these texts beside its own."""
    made = Notification(
        id="i",
        type="test",
        message="Hola",
        data={"a": 1},
        timestamp=0,
        audience=Audience.of(everybody=True),
        texts=texts,
    )
    return Entry.of(made, Position("abcdef01", 7))


def test_nearest_language_is_read() -> None:
    """A reader gets the own language, a shorter tag of it, or another tag of it, else what the body says."""
    found = {
        tag: entry(SEVERAL).within(tag).envelope()["message"] for tag in ("en", "en-GB", "pt", "pt-PT", "es-MX", "fr")
    }
    assert found == {"en": "Hello", "en-GB": "Hello", "pt": "Oi", "pt-PT": "Oi", "es-MX": "Hola", "fr": "Hola"}


def test_rest_of_the_envelope_stays() -> None:
    """In each language an envelope has the same members in the same order, and no other value but the texts."""
    whole = entry(SEVERAL)
    plain, other = orjson.loads(whole.encode()), orjson.loads(whole.within("pt-BR").encode(replayed=True))
    assert list(plain) == list(other)
    assert {name for name in plain if plain[name] != other[name]} == {"title", "message", "replayed"}


def test_variants_are_few() -> None:
    """Readers who get the same share a variant; who gets the body as it is has none."""
    assert SEVERAL is not None
    assert [SEVERAL.variant(tag) for tag in ("en-US", "en-GB", "es", "fr", "pt")] == ["en", "en", None, None, "pt-BR"]
    plain = entry(None)
    assert plain.within("en") is plain
    assert [SEVERAL.knows(tag) for tag in ("es-PE", "en", "fr")] == [True, True, False]


def test_one_language_is_none() -> None:
    """Texts that differ nowhere are none, and what is stored is read back with its size."""
    assert Texts.of({"es": {}, "en": {}}) is None
    assert SEVERAL is not None
    assert Texts.load(SEVERAL.dump()) == SEVERAL
    assert entry(SEVERAL).size == len(entry(SEVERAL).body) + SEVERAL.size
    assert entry(None).size == len(entry(None).body)
