"""Private ids of connection state recovery (`pid`): what they say is signed, so that only their maker can make one.

A private id is `base64url(body) "." base64url(HMAC-SHA256(key, body))`. The body is not secret; who holds a private
id may ask for what its connection missed.
"""

from __future__ import annotations

import base64
import hashlib
import hmac


def private_id(body: bytes, key: bytes) -> str:
    """The private id that says `body`, signed with `key`."""
    return (base64.urlsafe_b64encode(body) + b"." + _mac(body, key)).decode()


def read_private_id(pid: str, key: bytes) -> bytes | None:
    """What a private id says; None for what is none, or was not signed with `key` (compared in constant time)."""
    try:
        encoded, _, mac = pid.encode("ascii").partition(b".")
        body = base64.b64decode(encoded, b"-_", validate=True)
    except ValueError:  # no ASCII, no base64
        return None
    return body if hmac.compare_digest(mac, _mac(body, key)) else None


def _mac(body: bytes, key: bytes) -> bytes:
    return base64.urlsafe_b64encode(hmac.digest(key, body, hashlib.sha256))
