"""The text of a publisher key: random, known as ours, and told from one that was cut off or mistyped."""

from __future__ import annotations

import re
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sio_server.auth.key_text import PREFIX, RANDOM_BYTES, hint_of, is_ours, is_whole, new_key

LENGTH = 56


def test_key_has_its_shape_and_its_randomness(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key is a word that a double click selects, holds 256 random bits, and is never the same twice."""
    keys = {new_key() for _ in range(200)}
    assert len(keys) == 200
    assert all(re.fullmatch(r"sio_pk_[0-9A-Za-z]{49}", key) for key in keys)
    assert all(is_whole(key) and len(key) == LENGTH for key in keys)

    asked: list[int] = []

    def biggest(count: int) -> bytes:
        asked.append(count)
        return b"\xff" * count

    monkeypatch.setattr(secrets, "token_bytes", biggest)
    assert is_whole(new_key())
    assert asked == [RANDOM_BYTES] == [32]


@given(st.integers(0, LENGTH - 1), st.characters(min_codepoint=33, max_codepoint=126))
def test_mistyped_key_is_known_as_such(place: int, character: str) -> None:
    """With any one character changed, a key is whole no more."""
    key = new_key()
    changed = key[:place] + character + key[place + 1 :]
    assert is_whole(changed) == (changed == key)


@given(st.integers(0, LENGTH - 1))
def test_part_of_a_key_is_no_key(length: int) -> None:
    """What is cut off, doubled, surrounded or spelt in another case is not whole."""
    key = new_key()
    for text in (key[:length], key + key[:length] + "x", f" {key}", f"{key}\n", key.swapcase(), PREFIX * 8):
        assert not is_whole(text)
    assert is_ours(key[: max(length, len(PREFIX))])
    assert not is_ours(key[1:])


def test_hint_says_little() -> None:
    """How a key begins gives 24 of its bits away and no more."""
    key = new_key()
    assert hint_of(key) == key[: len(PREFIX) + 4]
