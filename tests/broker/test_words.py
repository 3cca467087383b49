"""What an operator types finds what it should, whatever signs are in it."""

from __future__ import annotations

from typing import Any

import pytest

from sio_server.broker import Words, fold
from tests.support.brokers import notification

IDENTITY = "01a2204d-fbf4-72e6-97f3-9b56b7215210"


def finds(sought: str, *, message: str = "", title: str | None = None, data: dict[str, Any] | None = None) -> bool:
    """Whether a search for this finds a notification with these texts, which is the seventh."""
    made = notification(message, title=title, data=data or {})
    return Words.of(sought).are_in(IDENTITY, 7, made.body)


@pytest.mark.parametrize(
    "sought",
    [
        *("laguna", "LAGUNA", "aguna", "69", "reserva laguna", "laguna reserva", "  laguna\t69\n"),
        *("anulacion", "ANULACIÓN", "anulacio\u0301n", "canon", "CAÑÓN", "Título", "titulo"),
        *("R-000042", "r-000042", "450.5", "450", "rosa quispe", "hondo", "quispe laguna titulo"),
    ],
)
def test_words_are_found_wherever_they_stand(sought: str) -> None:
    """Every word is found in title, message or data, as part of a word, in any order, without case or accents."""
    data = {"reserva": "R-000042", "total": 450.5, "turista": {"nombre": "Rosa Quispe", "otros": [["hondo"]]}}
    assert finds(sought, title="Título", message="Reserva para Laguna 69: Anulación. Cañón", data=data)


@pytest.mark.parametrize(
    "sought", ["laguna 70", "lagunas", "reserva_id", "true", "null", "test", "normal", "timestamp", "ana%", "l_guna"]
)
def test_what_stands_nowhere_is_not_found(sought: str) -> None:
    """A word more, names of fields, true and null, and other members of the envelope are not what is looked in."""
    assert not finds(sought, message="Reserva para Laguna 69", data={"reserva_id": "R", "pagado": True, "guia": None})


@pytest.mark.parametrize("sign", [*"%_\"'\\*?[](){}^$.|+-:;/<>&#@~`,", "☂", "👩🏽‍🚀", "ﷺ", "ß", "İ", "א", "字"])
def test_every_sign_stands_for_itself(sign: str) -> None:
    """What means something to a query language or to a pattern is found where it stands, and nowhere else."""
    assert finds(sign, message=f"uno{sign}dos")
    assert finds(f"uno{sign}dos", data={"a": f"uno{sign}dos"})
    assert not finds(sign, message="uno dos")


def test_id_is_found_whole_and_by_its_beginning() -> None:
    """A whole id, in any case, and its first eight signs or more find the notification; fewer are only words."""
    for sought in (IDENTITY, IDENTITY.upper(), IDENTITY[:8], IDENTITY[:20]):
        assert finds(sought)
    for sought in (IDENTITY[:7], IDENTITY[1:], IDENTITY[:-1] + "f"):
        assert not finds(sought)
    assert (Words.of(IDENTITY.upper()).id, Words.of(IDENTITY[:-1]).id) == (IDENTITY, None)


def test_number_is_a_position_and_a_word() -> None:
    """A number finds what has this seq, and where it stands in a text."""
    assert finds("7")
    assert finds("07")
    assert not finds("8")
    assert finds("8", message="18 personas")
    assert [Words.of(text).seq for text in ("12", "x12", "1" * 19, "1 2", "-1")] == [12, None, None, None, None]


def test_spellings_of_one_text_are_one() -> None:
    """Composed and decomposed, capital and small, wide and narrow letters are the same letters."""
    assert fold("ÁRBOL") == fold("a\u0301rbol") == fold("arbol") == fold("\uff21rbol") == "arbol"
    assert fold("Straße") == fold("STRASSE")
    assert fold("ΣΊΣΥΦΟΣ") == fold("Σίσυφος")
