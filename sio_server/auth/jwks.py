"""Keys that verify tokens, fetched from a JWKS address (RFC 7517) and kept.

Fetched again when they are old and when a token names a key that is not among them; the latter not too often, since
anybody can send a token with an invented ``kid``.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Any, Final

import aiohttp

from sio_server.errors import Refused

if TYPE_CHECKING:
    import jwt

ASYMMETRIC_ALGORITHMS: Final = frozenset({"RS256", "ES256", "EdDSA"})
_KEY_TYPES: Final = {"RS256": "RSA", "ES256": "EC", "EdDSA": "OKP"}

# Seconds the keys are good for: a key that its owner withdrew must not be accepted for much longer.
MAX_AGE: Final = 600.0

# Seconds after which keys that cannot be renewed are good for nothing: whoever withdrew one must be heard some day.
MAX_STALE: Final = 24 * 3600.0

# Seconds between two fetches that unknown key ids asked for: tokens of an attacker must not become requests to it.
REFETCH_AFTER: Final = 10.0

FETCH_TIMEOUT: Final = 5.0
MAX_DOCUMENT: Final = 512 * 1024


class JwksKeys:
    """The key set of one address. Used on one event loop."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: list[jwt.PyJWK] = []
        self._fetched = self._tried = float("-inf")
        self._lock = asyncio.Lock()

    async def keys(self, kid: str | None, algorithm: str) -> list[Any]:
        """The keys for this id and algorithm; all of the algorithm's kind where a token names none.

        Raises `Refused` (``keys_unavailable``) when no key set was ever got.
        """
        found = self._matching(kid, algorithm)
        if self._is_old() or not found:
            async with self._lock:
                # Whoever held the lock before may have fetched already.
                found = self._matching(kid, algorithm)
                if (self._is_old() or not found) and time.monotonic() - self._tried >= REFETCH_AFTER:
                    await self._fetch()
                    found = self._matching(kid, algorithm)
        if time.monotonic() - self._fetched > MAX_STALE:
            self._keys = []
        if not self._keys:
            raise Refused("keys_unavailable", retry_after=int(REFETCH_AFTER))
        return found

    def _is_old(self) -> bool:
        return time.monotonic() - self._fetched > MAX_AGE

    def _matching(self, kid: str | None, algorithm: str) -> list[Any]:
        return [
            key.key
            for key in self._keys
            if key.key_type == _KEY_TYPES[algorithm]
            and key.algorithm_name == algorithm
            and key.public_key_use in (None, "sig")
            and (kid is None or key.key_id == kid)
        ]

    async def _fetch(self) -> None:
        """Get the key set; on failure the old one stays: an issuer that is down for a minute is no reason to refuse."""
        import jwt  # noqa: PLC0415 - see `auth.Authenticator`: only a server that verifies tokens pays for it

        self._tried = time.monotonic()
        timeout = aiohttp.ClientTimeout(total=FETCH_TIMEOUT)
        try:
            async with aiohttp.ClientSession(timeout=timeout) as session, session.get(self._url) as response:
                response.raise_for_status()
                document = await response.content.read(MAX_DOCUMENT)
                while chunk := await response.content.read(MAX_DOCUMENT):
                    document += chunk
                    if len(document) > MAX_DOCUMENT:
                        return
            self._keys = jwt.PyJWKSet.from_json(document.decode()).keys
            self._fetched = time.monotonic()
        except (aiohttp.ClientError, TimeoutError):
            return
        except (ValueError, TypeError, AttributeError, RecursionError, jwt.PyJWTError):
            return  # no key set at all: a proxy in the way answered, for instance
