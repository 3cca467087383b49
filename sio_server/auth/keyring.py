"""The publisher keys that are good now: those of the settings and those that are stored with names."""

from __future__ import annotations

import hashlib
import hmac
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from sio_server.auth.key_text import is_ours, is_whole
from sio_server.auth.publishers import Publisher, Use
from sio_server.auth.stored_keys import StoredKey
from sio_server.errors import Text


class Change(NamedTuple):
    """What happened to the key of this name: ``added``, ``rotated``, ``changed`` or ``revoked``."""

    kind: str
    name: str


class Keyring:
    """The publisher keys, all valid at once. ``now`` gives Unix seconds."""

    def __init__(
        self, plain: Iterable[str] = (), stored: Sequence[StoredKey] = (), *, now: Callable[[], float] = time.time
    ) -> None:
        self.stored: tuple[StoredKey, ...] = ()
        self.now = now
        self._uses: dict[bytes, Use] = {}
        self._plain: list[Publisher] = []
        self._named: list[Publisher] = []
        self._known: list[Publisher] = []
        self._next_end: float | None = None
        self._gone: dict[str, int] = {}
        self.set_plain(plain)
        self.set_stored(stored)

    def set_plain(self, keys: Iterable[str]) -> None:
        """Know these keys of the settings in place of those before."""
        # Digests have one length: comparing them tells nothing about a key's.
        digests = dict.fromkeys(hashlib.sha256(key.encode()).digest() for key in keys)
        self._plain = [
            Publisher(f"key-{digest.hex()[:8]}", digest=digest, use=self.use_of(digest)) for digest in digests
        ]
        self._renew()

    def set_stored(self, keys: Sequence[StoredKey]) -> list[Change]:
        """Know these stored keys in place of those before; returns what that changes."""
        changes = list(_changes({key.name: key for key in self.stored}, {key.name: key for key in keys}))
        self.stored = tuple(keys)
        self._named = [
            replace(publisher, use=self.use_of(publisher.digest)) for key in keys for publisher in key.publishers()
        ]
        self._renew()
        return changes

    def _renew(self) -> None:
        before, self._known = self._known, [*self._plain, *self._named]
        digests = {publisher.digest for publisher in self._known}
        for publisher in before:
            if publisher.digest not in digests:  # a rotation must not make a counter smaller
                self._gone[publisher.name] = self._gone.get(publisher.name, 0) + publisher.use.published
        self._uses = {publisher.digest: publisher.use for publisher in self._known}
        self.end_over()

    def end_over(self) -> bool:
        """Whether a secret has come to its end since this was asked last."""
        now = self.now()
        ended = self._next_end is not None and self._next_end <= now
        ends = (one.until for one in self._known if one.until is not None)
        self._next_end = min((end for end in ends if end > now), default=None)
        return ended

    # -- who holds one ------------------------------------------------------------------------------------------------

    def identify(self, key: str) -> Publisher | None:
        """The publisher of this key, or None. Takes as long for a wrong key as for a right one."""
        found = self._find(key)
        return None if found is None or self._is_over(found) else found

    def _find(self, key: str) -> Publisher | None:
        digest = hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest()
        found = None
        for publisher in self._known:
            if hmac.compare_digest(publisher.digest, digest):
                # a key of the settings stays what it was, also where somebody stores the same one with less to it
                found = found or publisher
        return found

    def _is_over(self, publisher: Publisher) -> bool:
        return publisher.until is not None and publisher.until <= self.now()

    def holds(self, publisher: Publisher) -> bool:
        """Whether this publisher's key is still good, for just what it was good for."""
        return publisher in self._known and not self._is_over(publisher)

    def is_renewed(self, publisher: Publisher) -> bool:
        """Whether this publisher's key is still good, if for something else."""
        return any(one.digest == publisher.digest and not self._is_over(one) for one in self._known)

    def why_not(self, key: str) -> Text | None:
        """What is wrong with a key that is not good, where more can be said than that it is not known."""
        if self._find(key) is not None:
            return _OVER
        return _DAMAGED if is_ours(key) and not is_whole(key) else None

    @property
    def is_empty(self) -> bool:
        """Whether there is no key at all."""
        return not self._known

    # -- what is told of them -----------------------------------------------------------------------------------------

    def published(self) -> dict[str, int]:
        """How many publishes each key had accepted since the start, by the name that its notifications bear."""
        found: dict[str, int] = {}
        for publisher in self._known:
            so_far = found.get(publisher.name, self._gone.get(publisher.name, 0))
            found[publisher.name] = so_far + publisher.use.published
        return found

    @property
    def plain(self) -> tuple[Publisher, ...]:
        """Who holds a key of the settings."""
        return tuple(self._plain)

    def use_of(self, digest: bytes) -> Use:
        """When the secret with this SHA-256 was used."""
        return self._uses.setdefault(digest, Use())

    def remember(self, last: Mapping[str, float]) -> None:
        """Take over when secrets were used before this process began, by the first 16 digits of their SHA-256."""
        for publisher in self._known:
            at = last.get(publisher.digest.hex()[:DIGITS])
            if at is not None and publisher.use.last is None:
                publisher.use.last = at

    def last_used(self) -> dict[str, float]:
        """When each secret was used last, by the first 16 digits of its SHA-256."""
        return {one.digest.hex()[:DIGITS]: one.use.last for one in self._known if one.use.last is not None}


# Of a secret's SHA-256, beside a moment: enough to tell secrets apart.
DIGITS: Final = 16


def _changes(before: Mapping[str, StoredKey], after: Mapping[str, StoredKey]) -> Iterable[Change]:
    for name, key in after.items():
        known = before.get(name)
        if known is None:
            yield Change("added", name)
        elif known.secrets[-1].sha256 != key.secrets[-1].sha256:
            yield Change("rotated", name)
        elif known != key:
            yield Change("changed", name)
    for name in before.keys() - after.keys():
        yield Change("revoked", name)


_OVER: Final = Text(
    "This publisher key is over: its time ran out, or it was rotated a while ago.",
    "Esta clave de publicación ya no vale: se acabó su tiempo, o se renovó hace un rato.",
)
_DAMAGED: Final = Text(
    "This publisher key is cut off or mistyped: its checksum does not fit.",
    "Esta clave de publicación está cortada o mal copiada: su suma de comprobación no cuadra.",
)
