"""Tokens and keys for tests, good ones and ones that no library would make, and how they are refused."""

import base64
import hmac
import json
import time
from typing import Any

import jwt
import pytest

from sio_server.audience import Identity
from sio_server.auth import Authenticator
from sio_server.config import Config
from sio_server.errors import Refused
from tests.support.servers import SECRET, secured

OTHER = "another secret of the tests, long enough as well"
AUTH = Authenticator(secured(host="0.0.0.0"))  # noqa: S104
DEVELOPMENT = Authenticator(Config(dev=True))


async def refusal(credential: str | None, authenticator: Authenticator = AUTH, **stated: Any) -> Refused:
    """Return how a token is refused, having seen that it is told in both languages."""
    with pytest.raises(Refused) as caught:
        await authenticator.identity(credential, stated)
    assert caught.value.detail.es != str(caught.value.detail)
    assert caught.value.kind.status == 401
    return caught.value


async def code(credential: str | None, authenticator: Authenticator = AUTH) -> str:
    """Return the code that a token is refused with."""
    return (await refusal(credential, authenticator)).kind.code


async def outcome(
    authenticator: Authenticator, credential: str | None, stated: dict[str, Any] | None = None
) -> Identity | Refused:
    """Return whom a token is for, or how it is refused; anything else is a failure."""
    try:
        return await authenticator.identity(credential, stated)
    except Refused as refused:
        return refused


def signed(claims: dict[str, Any], key: str = SECRET, algorithm: str = "HS256", **headers: Any) -> str:
    """Sign exactly these claims."""
    return jwt.encode(claims, key, algorithm, headers or None)


def part(value: Any) -> str:
    """Write a part of a token."""
    text = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


def crafted(header: Any, claims: Any = None, signature: bytes = b"\0" * 32) -> str:
    """Put a token together that no library would make."""
    payload = {"sub": "1", "role": "admin", "exp": time.time() + 600} if claims is None else claims
    return f"{part(header)}.{part(payload)}.{part(signature)}"


def macced(key: bytes, header: Any, claims: Any = None) -> str:
    """Sign a crafted token with HMAC-SHA-256: libraries refuse to do so with a public key, and for odd claims."""
    text = crafted(header, claims).rpartition(".")[0]
    return f"{text}.{part(hmac.digest(key, text.encode(), 'sha256'))}"


def later(seconds: float = 600) -> float:
    """Return a moment as a claim has it."""
    return time.time() + seconds


STRICT = Authenticator(secured(token_audience="tourism", token_issuer="id"))
