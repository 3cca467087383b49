"""Which language a reader gets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sio_server.locales import LOCALES, preferred_locale


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("es", "es"),
        ("en", "en"),
        ("es-MX,es;q=0.9,en;q=0.8", "es"),
        ("en-GB,en;q=0.9,es;q=0.8", "en"),
        ("en;q=0.5, es;q=0.7", "es"),
        ("de,fr;q=0.9,es;q=0.1", "es"),
        ("ES_es", "es"),
        ("es ; q=0.3 , en;q=0.2", "es"),
        ("es;q=0", "en"),
        ("es;q=0,en;q=0", "en"),
        ("es;q=abc", "en"),
        ("es;q=nan", "en"),
        ("estonian", "en"),
        ("de", "en"),
        ("*", "en"),
        ("", "en"),
        (",;,=;q", "en"),
        (None, "en"),
    ],
)
def test_preference(header: str | None, expected: str) -> None:
    """The language with the highest quality among ours is taken, and English where none is asked for."""
    assert preferred_locale(header) == expected


def test_first_of_equals_wins() -> None:
    """Of languages that are wanted alike the first is taken."""
    assert preferred_locale("es,en") == "es"
    assert preferred_locale("en,es") == "en"


def test_default_is_the_callers() -> None:
    """Where a reader has no preference, the caller's default holds."""
    assert preferred_locale(None, "es") == "es"
    assert preferred_locale("de", "es") == "es"
    assert preferred_locale("en", "es") == "en"


def test_overlong_header_is_not_read_to_its_end() -> None:
    """What comes after the first 256 characters counts for nothing, so that a long header costs no time."""
    assert preferred_locale("de," * 100 + "es") == "en"


@given(st.text() | st.text(alphabet="esn-_;,q=0.1* "))
def test_whatever_is_sent_one_of_ours_is_taken(header: str) -> None:
    """No header makes it fail or give a language that we do not have."""
    assert preferred_locale(header) in LOCALES
