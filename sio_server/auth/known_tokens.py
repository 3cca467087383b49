"""Tokens that were found good: who comes back with the same one is not asked for its signature again."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any, Final

from sio_server.audience import Identity

# Tokens that are kept, oldest given up first: 165 bytes each. Where a network fails, everybody comes back with the one
# of before, in the order of before: with fewer places than people each would have pushed out who comes next.
MOST: Final = 16_384


class KnownTokens:
    """Whose tokens these are, until they expire. No token is kept, but what SHA-256 makes of it."""

    def __init__(self) -> None:
        self._identities: dict[bytes, Identity] = {}

    def __len__(self) -> int:
        return len(self._identities)

    def find(self, token: str, now: float) -> Identity | None:
        """Whose token this is; None where it has to be looked at. ``now`` in Unix seconds.

        One that has expired, or is not valid yet since the clock was set back, is looked at anew: how much that
        matters is not judged here.
        """
        identity = self._identities.get(_digest(token))
        if identity is None:
            return None
        good = (identity.issued_at or 0.0) <= now < (identity.expires_at or 0.0)
        return identity if good else None

    def add(self, token: str, identity: Identity, claims: Mapping[str, Any]) -> None:
        """Keep whose token this is, where that says until when and from when on it is good."""
        if identity.warnings or "nbf" in claims:
            return
        if len(self._identities) >= MOST:
            del self._identities[next(iter(self._identities))]
        self._identities[_digest(token)] = identity

    def clear(self) -> None:
        """Forget all: a key may be good no more."""
        self._identities.clear()


def _digest(token: str) -> bytes:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()
