"""How a node knows that a request was passed on by another node of the same log. Pure.

The header `X-Sio-Node` has the name of the node it is for, the time, whom the request came from, and an HMAC-SHA256
(RFC 2104) over these with the method, the target and the body. Headers of the client are not in it, and nothing is
encrypted: nodes talk to one another on a network of their own.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from sio_server.engine import PassedOn

HEADER: Final = "X-Sio-Node"

# Milliseconds that a request is good for, before and after its time: the clocks of two machines may differ by so much.
WINDOW: Final = 30_000

_VERSION: Final = "v1"
_NOTHING: Final = "-"
_PARTS: Final = 7


class NotSignedError(Exception):
    """A request that no node of this log passed on to this one, now. ``reason`` is a word: see `REASONS`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


# Why a request was not taken, in words for a log.
REASONS: Final = {
    "form": "it was not signed as this version does it",
    "signature": "it was signed with the key of another log",
    "node": "another node is there by now",
    "clock": f"the clocks of the two machines differ by more than {WINDOW // 1000} seconds",
}


def sign(
    key: bytes,
    *,
    to: str,
    at: int,
    method: str,
    target: str,
    peer: tuple[str, str] = ("", ""),
    secure: bool = False,
    body: bytes = b"",
) -> str:
    """The value of the header of a request to the node ``to`` at ``at`` (milliseconds of Unix time).

    ``peer`` is the address and the port that the request came from, ``secure`` whether it came over TLS.
    """
    said = (_VERSION, to, str(at), peer[0] or _NOTHING, peer[1] or _NOTHING, "1" if secure else "0")
    return " ".join((*said, _code(key, said, method, target, body)))


def read(key: bytes, value: str, *, to: str, now: int, method: str, target: str, body: bytes = b"") -> PassedOn:
    """What the header says of a request that was passed on to the node ``to``; raises `NotSignedError`."""
    parts = value.split(" ")
    if len(parts) != _PARTS or parts[0] != _VERSION or not parts[2].isdecimal():
        raise NotSignedError("form")
    *said, code = parts
    if not hmac.compare_digest(code.encode(), _code(key, said, method, target, body).encode()):
        raise NotSignedError("signature")
    _, meant, at, address, port, secure = said
    if meant != to:
        raise NotSignedError("node")
    if abs(now - int(at)) > WINDOW:
        raise NotSignedError("clock")
    return PassedOn(("" if address == _NOTHING else address, "" if port == _NOTHING else port), secure == "1", body)


def _code(key: bytes, said: tuple[str, ...] | list[str], method: str, target: str, body: bytes) -> str:
    lines = "\n".join((*said, method, target, hashlib.sha256(body).hexdigest()))
    return hmac.new(key, lines.encode("utf-8", "surrogateescape"), hashlib.sha256).hexdigest()
