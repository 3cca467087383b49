"""Which keys are good: those of the settings and the stored ones, each until it is over."""

from __future__ import annotations

import hmac

import pytest

from sio_server.auth import Keyring, Scope
from sio_server.auth.key_text import PREFIX, new_key
from sio_server.auth.keyring import Change
from tests.support.keys import made


class Clock:
    """A time of day that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        """The time now."""
        return self.now


def test_stored_key_is_its_name_whatever_its_text() -> None:
    """Both texts of a rotated key are one publisher, with what the key allows; the old one ends with the overlap."""
    clock = Clock()
    key, old = made("pagos", Scope(types=("pago_*",)), at=0.0, rate=7)
    key, new = key.rotated(1000.0, 60.0)
    ring = Keyring(["plain"], [key], now=clock)
    for text in (old, new):
        found = ring.identify(text)
        assert found is not None
        assert (found.name, found.scope.types, found.rate) == ("key:pagos", ("pago_*",), 7)
    before = ring.identify(old)
    clock.now = 1060.0
    assert ring.identify(old) is None
    assert ring.identify(new) is not None
    assert before is not None
    assert not ring.holds(before)
    assert "over" in str(ring.why_not(old))


def test_key_of_the_settings_stays_one() -> None:
    """A generated key in the settings may do everything, also where somebody stores the same text with less to it."""
    key, text = made("less", Scope(types=()))
    found = Keyring([text], [key]).identify(text)
    assert found is not None
    assert found.name.startswith("key-")
    assert found.scope.operate


def test_end_of_a_secret_is_noticed_once() -> None:
    """Whoever asks again and again learns once that a secret is over."""
    clock = Clock()
    one, _ = made("one", at=0.0, expires_at=1010.0)
    two, _ = made("two", at=0.0, expires_at=1020.0)
    ring = Keyring([], [one, two], now=clock)
    assert not ring.end_over()
    for moment, ended in ((1009.9, False), (1010.0, True), (1010.0, False), (1025.0, True), (2000.0, False)):
        clock.now = moment
        assert ring.end_over() is ended, moment


@pytest.mark.parametrize("number", [0, 1, 2, 3])
def test_stored_keys_are_compared_in_constant_time(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each known digest is compared in full, whichever is right, that of an expired key too."""
    pairs = [made("a"), made("b", expires_at=1.0), made("c")]
    texts = [text for _, text in pairs] + [new_key()]
    ring = Keyring(["plain"], [key for key, _ in pairs])
    compared: list[tuple[int, int]] = []
    original = hmac.compare_digest

    def counting(known: bytes, given: bytes) -> bool:
        compared.append((len(known), len(given)))
        return original(known, given)

    monkeypatch.setattr(hmac, "compare_digest", counting)
    assert (ring.identify(texts[number]) is not None) is (number in (0, 2))
    assert compared == [(32, 32)] * 4


@pytest.mark.parametrize(
    "spoil",
    [
        lambda key: key[:-1],
        lambda key: key + "x",
        lambda key: key.lower(),
        lambda key: key[len(PREFIX) :],
        lambda key: PREFIX + key,
        lambda key: f"key:{key}",
        lambda key: key[:-1] + "\ud800",
        lambda key: key * 1000,
    ],
    ids=["cut", "longer", "lower", "bare", "twice", "named", "surrogate", "huge"],
)
def test_what_is_all_but_a_key_is_none(spoil: object) -> None:
    """Neither a beginning of a key, nor one with something around it, nor its name, is the key."""
    key, text = made()
    ring = Keyring([], [key])
    assert callable(spoil)
    assert ring.identify(spoil(text)) is None
    assert ring.identify("reservas") is None
    assert ring.identify(key.secrets[0].sha256.hex()) is None
    assert ring.identify(key.secrets[0].hint) is None


def test_damaged_key_is_told_from_an_unknown_one() -> None:
    """A key whose checksum does not fit is called cut off or mistyped; a whole one is just not known."""
    ring = Keyring([], [made()[0]])
    assert "checksum" in str(ring.why_not(new_key()[:-1]))
    assert ring.why_not(new_key()) is None
    assert ring.why_not("anything") is None


def test_changes_are_told_by_name() -> None:
    """What was added, rotated, changed and revoked is told, and nothing else."""
    one, two, three = made("one")[0], made("two")[0], made("three")[0]
    ring = Keyring([], [one, two, three])
    rotated, _ = two.rotated(1.0, 1.0)
    wider = made("three")[0]
    wider = type(wider)(name="three", scope=Scope(observe=True), created_at=three.created_at, secrets=three.secrets)
    found = ring.set_stored([made("four")[0], rotated, wider])
    assert sorted(found) == sorted(
        [Change("added", "four"), Change("rotated", "two"), Change("changed", "three"), Change("revoked", "one")]
    )
    assert ring.set_stored(ring.stored) == []


def test_key_that_allows_something_else_is_another_publisher() -> None:
    """Who was let in by a key that changed is not held, and may come back with it."""
    key, text = made(scope=Scope())
    ring = Keyring([], [key])
    before = ring.identify(text)
    assert before is not None
    assert ring.holds(before)
    ring.set_stored([type(key)(name=key.name, scope=Scope(observe=True), created_at=0.0, secrets=key.secrets)])
    assert not ring.holds(before)
    assert ring.is_renewed(before)
    ring.set_stored([])
    assert not ring.is_renewed(before)


def test_count_of_a_key_survives_its_rotations() -> None:
    """Publishes of texts that are no more still count for their key."""
    key, text = made(at=0.0)
    ring = Keyring(["plain"], [key])
    used = ring.identify(text)
    assert used is not None
    used.use.published += 3
    renewed, newer = key.rotated(10.0, 0.0)
    ring.set_stored([renewed])
    now = ring.identify(newer)
    assert now is not None
    now.use.published += 2
    assert ring.published()["key:reservas"] == 5


def test_use_of_before_the_start_is_remembered() -> None:
    """When a key was used last is taken over, unless it was used since."""
    key, text = made()
    ring = Keyring([], [key])
    ring.remember({key.secrets[0].sha256.hex()[:16]: 5.0, "of nobody": 6.0})
    used = ring.identify(text)
    assert used is not None
    assert used.use.last == 5.0
    used.use.last = 9.0
    ring.remember({key.secrets[0].sha256.hex()[:16]: 7.0})
    assert list(ring.last_used().values()) == [9.0]
