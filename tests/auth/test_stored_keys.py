"""What is kept of a key, and how it is rotated."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
import pytest

from sio_server.auth import Scope, StoredKey
from sio_server.auth.stored_keys import MAX_KEYS, MAX_SECRETS, VERSION, document_of, keys_in
from sio_server.errors import ConfigError
from tests.support.keys import made


def copy_of(keys: list[StoredKey]) -> dict[str, Any]:
    """A file of these keys, decoded, to be spoilt."""
    document: dict[str, Any] = orjson.loads(orjson.dumps(document_of(keys)))
    return document


def test_keys_come_back_as_they_were() -> None:
    """What is written is read as the same keys, whatever they allow, and holds none of the texts."""
    plain, first = made("a")
    narrow, second = made("b.c-1", Scope(observe=True, types=("x_*",), roles=(), users=False), rate=5, expires_at=9e9)
    rotated, third = narrow.rotated(100.0, 60.0)
    assert keys_in(copy_of([plain, rotated])) == (plain, rotated)
    written = orjson.dumps(document_of([plain, rotated])).decode()
    assert not any(text in written for text in (first, second, third))
    assert hashlib.sha256(third.encode()).hexdigest() in written


def test_rotated_key_has_both_for_a_while() -> None:
    """The text of before is good until the overlap is over, or as long as it was, and the new one stays."""
    key, _ = made(at=0.0)
    once, _ = key.rotated(100.0, 60.0)
    assert [one.ends_at for one in once.secrets] == [160.0, None]
    again, _ = once.rotated(120.0, 500.0)
    assert [one.ends_at for one in again.secrets] == [160.0, 620.0, None]
    shorter, _ = again.rotated(130.0, 0.0)
    assert [one.ends_at for one in shorter.secrets] == [None]
    later, _ = again.rotated(700.0, 60.0)
    assert [one.ends_at for one in later.secrets] == [760.0, None]
    assert {one.name for one in again.publishers()} == {"key:reservas"}


def test_key_that_is_rotated_all_the_time_stays_small() -> None:
    """However often a key is rotated, a few of its texts are kept, the newest of them."""
    key, _ = made(at=0.0)
    for moment in range(20):
        key, _ = key.rotated(float(moment), 1000.0)
    assert len(key.secrets) == MAX_SECRETS
    assert keys_in(copy_of([key])) == (key,)
    assert [one.created_at for one in key.secrets] == [15.0, 16.0, 17.0, 18.0, 19.0]


def test_key_is_over_with_its_time() -> None:
    """A key that expires is over then, and so is each text of it."""
    key, _ = made(at=0.0, expires_at=50.0)
    assert not key.is_over(49.0)
    assert key.is_over(50.0)
    assert [one.until for one in key.publishers()] == [50.0]


def spoilt(path: str, value: object) -> Any:
    """A file in which one place has another value; `...` takes the member away."""
    document: Any = copy_of([made("a")[0], made("b")[0]])
    *way, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    place = document
    for part in way:
        place = place[part]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return document


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("version", "1"),
        ("version", ...),
        ("keys", None),
        ("keys", {}),
        ("keys.0", "a"),
        ("keys.0.name", ""),
        ("keys.0.name", "a\n"),
        ("keys.0.name", "a b"),
        ("keys.0.name", "x" * 65),
        ("keys.0.name", "../a"),
        ("keys.0.name", "key:a"),
        ("keys.0.scope", None),
        ("keys.0.scope.publish", ...),
        ("keys.0.scope.types", "x"),
        ("keys.0.scope.types", ["x" * 129]),
        ("keys.0.scope.types", ["x"] * 101),
        ("keys.0.scope.types", [1]),
        ("keys.0.scope.everything", True),
        ("keys.0.rate", 0),
        ("keys.0.rate", 1.5),
        ("keys.0.rate", "many"),
        ("keys.0.created_at", None),
        ("keys.0.expires_at", "tomorrow"),
        ("keys.0.expires_at", 1e300),
        ("keys.0.secrets", []),
        ("keys.0.secrets.0.sha256", "0" * 63),
        ("keys.0.secrets.0.sha256", "0" * 64 + "\n"),
        ("keys.0.secrets.0.sha256", "g" * 64),
        ("keys.0.secrets.0.hint", "x" * 33),
        ("keys.1.name", "a"),
    ],
    ids=str,
)
def test_damaged_file_is_refused(path: str, value: object) -> None:
    """Anything that is not as it was written is refused, with its place where there is one."""
    with pytest.raises(ConfigError) as caught:
        keys_in(spoilt(path, value))
    assert str(caught.value)


def test_place_of_the_damage_is_told() -> None:
    """The refusal names the member."""
    with pytest.raises(ConfigError, match=r"keys\.0\.secrets\.0\.sha256: "):
        keys_in(spoilt("keys.0.secrets.0.sha256", "x"))


def test_one_secret_is_one_keys() -> None:
    """Two keys with one secret are refused: nobody could say which of them was meant."""
    one = made("a")[0]
    document = copy_of([one, made("b")[0]])
    document["keys"][1]["secrets"] = copy_of([one])["keys"][0]["secrets"]
    with pytest.raises(ConfigError, match="one secret"):
        keys_in(document)


def test_no_end_of_keys_is_refused() -> None:
    """More keys than are compared in no time are refused."""
    key = made("a")[0]
    document = copy_of([key])
    document["keys"] *= MAX_KEYS + 1
    with pytest.raises(ConfigError):
        keys_in(document)


@pytest.mark.parametrize("document", [None, [], "x", 1, {}, {"version": VERSION}], ids=str)
def test_what_is_no_file_of_keys_is_refused(document: object) -> None:
    """JSON of something else is refused."""
    with pytest.raises(ConfigError):
        keys_in(document)


def test_file_of_a_newer_version_is_told_as_such() -> None:
    """A newer format is not called damaged, whatever else is new in it."""
    document = {**spoilt("keys.0.scope.everything", value=True), "version": VERSION + 1}
    with pytest.raises(ConfigError, match="newer sio-server"):
        keys_in(document)
