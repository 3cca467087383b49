"""Keys that verify tokens, fetched from a JWKS address (RFC 7517) and kept.

Fetched again when they are old and when a token names a key that is not among them; the latter not too often, since
anybody can send a token with an invented ``kid``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit, urlunsplit

import aiohttp

from sio_server.errors import Refused
from sio_server.logs import get_logger

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

logger = get_logger("auth")


class JwksKeys:
    """The key set of one address. Used on one event loop."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._keys: list[jwt.PyJWK] = []
        self._fetched = self._tried = float("-inf")
        self._lock = asyncio.Lock()
        self.number = 0
        """How many key sets there were: what was found with one may not be so with the next."""

    @property
    def is_fresh(self) -> bool:
        """Whether a key set is here that need not be fetched again."""
        return not self._is_old()

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
        self._tried = time.monotonic()
        try:
            self._keys = await fetch_keys(self._url)
        except NoKeySet as error:
            logger.warning("the keys that verify tokens cannot be fetched", url=_shown(self._url), reason=str(error))
        else:
            self._fetched = time.monotonic()
            self.number += 1


class NoKeySet(Exception):
    """No keys at a JWKS address; the text says why, in words for whoever set it."""


async def fetch_keys(url: str) -> list[jwt.PyJWK]:
    """The keys at a JWKS address, of whatever kind. Raises `NoKeySet`."""
    import jwt  # noqa: PLC0415 - see `auth.Authenticator`: only a server that verifies tokens pays for it

    document = await _document(url)
    try:
        return jwt.PyJWKSet.from_json(document.decode()).keys
    except (ValueError, TypeError, AttributeError, RecursionError, jwt.PyJWTError) as error:
        # a proxy in the way answered, for instance
        raise NoKeySet("what is there is no key set (RFC 7517): it has no 'keys' that can be read") from error


def verifies(keys: Iterable[jwt.PyJWK]) -> bool:
    """Whether any of these keys can verify a token here."""
    return any(key.algorithm_name in ASYMMETRIC_ALGORITHMS for key in keys)


async def _document(url: str) -> bytes:
    timeout = aiohttp.ClientTimeout(total=FETCH_TIMEOUT)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session, session.get(url) as response:
            response.raise_for_status()
            document = await response.content.read(MAX_DOCUMENT)
            while chunk := await response.content.read(MAX_DOCUMENT):
                document += chunk
                if len(document) > MAX_DOCUMENT:
                    raise NoKeySet(f"what is there is larger than {MAX_DOCUMENT // 1024} KiB, which no key set is")
    except aiohttp.ClientResponseError as error:
        raise NoKeySet(f"answered with HTTP status {error.status}") from error
    except TimeoutError as error:
        raise NoKeySet(f"did not answer within {FETCH_TIMEOUT:g} s") from error
    except (aiohttp.ClientError, ValueError) as error:
        raise NoKeySet(f"cannot be reached: {_why(error)}") from error
    return document


def _why(error: Exception) -> str:
    """The system's or OpenSSL's words; aiohttp's own are about its connector."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return str(error.certificate_error)
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.os_error.strerror or str(error.os_error)
    return str(error) or type(error).__name__


def _shown(url: str) -> str:
    """An address without a user, a password or a query: it is written to the log."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
