"""What a notification says in which language: of its publisher's words, and the catalogue's."""

from __future__ import annotations

from typing import Any

from sio_server.audience import Audience
from sio_server.core.wordings import Worded, reworded, worded
from sio_server.event_types import EventType
from sio_server.extras import Choice, Extras
from sio_server.notification import Notification, PublishRequest

TYPE = EventType.from_dict(
    {"type": "tour", "message": {"es": "Hola {n}", "en": "Hi {n}"}, "data": {"n": "integer"}, "title": {"es": "Tour"}}
)
ONE = EventType.from_dict({"type": "tour", "message": "Hola {n}", "data": {"n": "integer"}})


def say(event_type: EventType = TYPE, locale: str = "es", **members: Any) -> Worded:
    """The texts of a request with these members."""
    extras = {name: members.pop(name) for name in ("texts", "actions") if name in members}
    request = PublishRequest(type="tour", data={"n": 7}, **members, extras=Extras(**extras) if extras else None)
    return worded(request, event_type, locale)


def test_own_message_is_in_every_language() -> None:
    """A message and no more is what everybody reads; so is that of a catalogue in one language."""
    assert say(message="Eh", title="T") == Worded("T", "Eh")
    assert say(ONE) == Worded(None, "Hola 7")


def test_catalogue_speaks_its_languages() -> None:
    """A message that is left out is the catalogue's in each of its languages, with the data in it."""
    said = say()
    assert (said.message, said.missing) == ("Hola 7", ())
    assert said.texts is not None
    assert said.texts.members == {"es": {}, "en": {"message": "Hi 7"}}
    assert say(locale="en").message == "Hi 7"
    assert say(locale="fr").message == "Hi 7"


def test_texts_come_before_the_rest() -> None:
    """What `texts` say in a language counts there; the rest is the request's own, or the catalogue's."""
    said = say(texts={"en": {"title": "Tour", "message": "Hey"}, "fr": {"message": "Salut"}}, title="Viaje")
    assert (said.title, said.message) == ("Viaje", "Hola 7")
    assert said.texts is not None
    assert said.texts.members == {
        "es": {},
        "en": {"title": "Tour", "message": "Hey"},
        "fr": {"message": "Salut"},
    }
    assert said.missing == ("fr",)
    own = say(texts={"es": {"message": "Buenas"}}, message="Hola")
    assert (own.message, own.texts) == ("Buenas", None)
    alone = say(ONE, texts={"en": {"message": "Hey"}, "pt": {"message": "Oi"}}, message="Hola")
    assert alone.texts is not None
    assert (alone.message, set(alone.texts.members)) == ("Hola", {"es", "en", "pt"})


def test_labels_of_actions_are_texts() -> None:
    """Labels in several languages make variants, a label in one does not."""
    choices = (Choice(id="si", label={"es": "Sí", "en": "Yes"}, value=1), Choice(id="no", label="No"))
    said = say(message="¿Vienes?", actions=choices)
    assert said.texts is not None
    assert said.texts.members == {
        "es": {},
        "en": {"actions": [{"id": "si", "label": "Yes", "value": 1}, {"id": "no", "label": "No"}]},
    }
    assert said.missing == ("en",)  # its message is in none but the server's language
    assert say(message="¿Vienes?", actions=choices[1:]).texts is None


def test_changed_words_keep_the_rest() -> None:
    """Whose data change and whose message is the catalogue's, has it anew; words that are given count before others."""
    first = say()
    made = Notification(
        id="i",
        type="tour",
        message=first.message,
        data={"n": 7},
        timestamp=0,
        audience=Audience.of(everybody=True),
        texts=first.texts,
        extras=Extras(texts={"es": {"title": "A"}, "en": {"title": "B"}}),
    )
    other = reworded(made, {"data": {"n": 8}}, {"data": {"n": 8}}, TYPE, "es")
    assert (other.title, other.message) == ("A", "Hola 8")
    assert other.texts is not None
    assert other.texts.members == {"es": {}, "en": {"title": "B", "message": "Hi 8"}}
    mended = reworded(made, {}, {"title": "C", "message": "Eh"}, TYPE, "es")
    assert (mended.title, mended.message) == ("C", "Eh")
    assert mended.texts is not None
    assert mended.texts.members == {"es": {}, "en": {"title": "B"}}
    assert reworded(made, {}, {"message": None}, None, "es").message == ""
