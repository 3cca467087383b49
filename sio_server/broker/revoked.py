"""From when on users' tokens hold, in memory. Pure."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from typing import Final

# Seconds after which a revocation is forgotten. No token that was issued before it lives that long.
REVOCATION_TTL: Final = 30 * 24 * 3600

# How the name of an erased user begins in a revocation.
VEIL: Final = "erased:"


def veil_of(user: str, secret: bytes) -> str:
    """What the revocation of an erased user is known by: without the log's key nobody finds the name in it."""
    return VEIL + hmac.digest(secret, b"erased" + user.encode(), hashlib.sha256).hex()


class RevokedUsers:
    """One moment a user. ``veil`` gives the name by which that of an erased user is known."""

    def __init__(self, veil: Callable[[str], str]) -> None:
        self._veil = veil
        self._veiled = False
        self._before: dict[str, float] = {}

    def load(self, known: Mapping[str, float]) -> None:
        """These are all that there are."""
        self._before = dict(known)
        self._veiled = any(user.startswith(VEIL) for user in known)

    def before(self, user: str) -> float | None:
        """See `Revocations.revoked_before`."""
        found = self._before.get(user)
        if not self._veiled:
            return found
        veiled = self._before.get(self._veil(user))
        return found if veiled is None else max(veiled, found or veiled)

    def note(self, user: str, before: float) -> bool:
        """A user's tokens of before this moment hold no longer; returns whether that is new."""
        known = self._before.get(user)
        if known is not None and known >= before:
            return False
        self._before[user] = before
        self._veiled = self._veiled or user.startswith(VEIL)
        return True

    def forget(self, users: Iterable[str]) -> None:
        """Nothing is known of these."""
        for user in users:
            self._before.pop(user, None)

    def veil(self, user: str, veil: str) -> None:
        """A user was erased: what was revoked is known by another name in the log, and so it is here."""
        before = self.before(user)
        self._before.pop(user, None)
        if before is not None:
            self.note(veil, before)
