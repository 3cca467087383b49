"""Tokens of the plain kind, as nearly all of a shared secret are: found good in a seventh of the time PyJWT takes.

Nothing is refused here. A token is good, or PyJWT looks at it, and words what is wrong with it: whatever has another
header, no whole numbers for times, a time that is not clearly past or to come, or a signature that does not fit.
"""

from __future__ import annotations

import base64
import hmac
import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any, Final

import jwt
from jwt.algorithms import HMACAlgorithm

# What a plain header may say. Anything else, such as `crit` (RFC 7515 §4.1.11), may mean something.
_HEADERS: Final = frozenset({"alg", "typ", "kid"})

# Characters of a header that is remembered as plain: strangers choose them.
_LONGEST: Final = 256


def usable(secrets: Sequence[str]) -> tuple[bytes, ...]:
    """The secrets as bytes, without those that PyJWT takes for none: public keys, certificates and JWKs."""
    found = []
    for secret in secrets:
        try:
            found.append(HMACAlgorithm(HMACAlgorithm.SHA256).prepare_key(secret))
        except jwt.PyJWTError:
            continue
    return tuple(found)


def plain_claims(token: str, secrets: Sequence[bytes], now: float) -> dict[str, Any] | None:
    """The claims of a plain token that one of these secrets signed with HS256 and that is good now (Unix seconds).

    None for any other. ``token`` is ASCII and has two dots. Audience and issuer are not looked at.
    """
    signed, _, signature = token.rpartition(".")
    header, _, payload = signed.partition(".")
    if len(header) > _LONGEST or not _is_plain(header) or not _is_signed(signed.encode(), signature, secrets):
        return None
    claims = _json(payload)
    if claims is None:
        return None
    expires_at = claims.get("exp")
    if type(expires_at) is not int or expires_at <= now:
        return None
    for name in ("iat", "nbf"):
        moment = claims.get(name, 0)
        if type(moment) is not int or moment > now:
            return None
    return claims


def _is_signed(signed: bytes, signature: str, secrets: Sequence[bytes]) -> bool:
    for secret in secrets:
        made = base64.urlsafe_b64encode(hmac.digest(secret, signed, "sha256")).rstrip(b"=").decode()
        if hmac.compare_digest(made, signature):
            return True
    return False


@lru_cache(maxsize=64)
def _is_plain(header: str) -> bool:
    said = _json(header)
    return (
        said is not None
        and said.keys() <= _HEADERS
        and said.get("alg") == "HS256"
        and all(isinstance(value, str) for value in said.values())
    )


def _json(part: str) -> dict[str, Any] | None:
    """A part of a token; None for what is no JSON object in base64url."""
    try:
        # the parser that PyJWT has: others differ in large numbers, and in names that stand there twice
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None
