"""What a request to the engine's path may be, without I/O: aiohttp's way in and the front's ask here."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

#: The error bodies of Node's server, by its codes.
UNKNOWN_TRANSPORT = (0, "Transport unknown")
UNKNOWN_SID = (1, "Session ID unknown")
BAD_METHOD = (2, "Bad handshake method")
BAD_REQUEST = (3, "Bad request")
FORBIDDEN = (4, "Forbidden")
UNSUPPORTED_VERSION = (
    5,
    "Unsupported protocol version: this server speaks Socket.IO 3 and later (EIO=4): update socket.io-client",
)
#: Of this server alone: every place for sessions without a namespace is taken.
FULL = (3, "Too many connections are on their way in: try again in a moment")

_FAST_QUERY = "EIO=4&transport=websocket"


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer in place of what was asked for. `headers` are (name, value) pairs."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("Content-Type", "application/json"),)


def refusal(error: tuple[int, str], status: int = 400) -> Refusal:
    """The answer with one of Node's errors: its code and message as JSON."""
    code, message = error
    return Refusal(status, json.dumps({"code": code, "message": message}, separators=(",", ":")).encode())


@dataclass(frozen=True, slots=True)
class Ask:
    """What the query of a request to the engine's path asks for."""

    transport: str
    version: str
    sid: str | None
    jsonp: bool = False
    query: dict[str, list[str]] = field(default_factory=dict)


def parse_query(query: str) -> Ask:
    """The query's parameters; a repeated one counts once, the first."""
    if query == _FAST_QUERY:
        return Ask("websocket", "4", None)
    found = parse_qs(query, keep_blank_values=True, max_num_fields=64)
    sid = found.get("sid")
    return Ask(
        found.get("transport", [""])[0],
        found.get("EIO", [""])[0],
        sid[0] if sid else None,
        "j" in found,
        found,
    )


def check(
    ask: Ask, method: str, environ: Mapping[str, Any], transports: list[str], sids: Mapping[str, Any]
) -> tuple[int, str] | None:
    """For which of Node's errors the request is refused, or None."""
    error: tuple[int, str] | None = None
    if ask.jsonp:
        error = BAD_REQUEST
    elif ask.transport not in transports:
        error = UNKNOWN_TRANSPORT
    elif ask.sid is not None:
        if ask.sid not in sids:
            error = UNKNOWN_SID
        elif method not in ("GET", "POST") or (method == "POST" and ask.transport != "polling"):
            error = BAD_REQUEST
    elif method != "GET":
        error = BAD_METHOD
    elif ask.version != "4":
        error = UNSUPPORTED_VERSION
    if error is None and ask.transport == "websocket" and not is_upgrade(environ):
        error = BAD_REQUEST
    return error


def is_upgrade(environ: Mapping[str, Any]) -> bool:
    """Whether the headers are a websocket handshake (RFC 6455, section 4.2.1)."""
    connection = environ.get("HTTP_CONNECTION", "").lower()
    return (
        environ.get("HTTP_UPGRADE", "").lower() == "websocket"
        and any(part.strip() == "upgrade" for part in connection.split(","))
        and environ.get("HTTP_SEC_WEBSOCKET_VERSION") == "13"
    )


def is_websocket_key(key: str | None) -> bool:
    """Whether a Sec-WebSocket-Key is 16 bytes in base64."""
    try:
        return key is not None and len(base64.b64decode(key, validate=True)) == 16  # noqa: PLR2004
    except (binascii.Error, ValueError):
        return False


def switching(accept: str, extra: tuple[tuple[str, str], ...] = ()) -> bytes:
    """The answer 101 to a websocket handshake, with `extra` headers."""
    lines = [
        "HTTP/1.1 101 Switching Protocols",
        "Upgrade: websocket",
        "Connection: Upgrade",
        f"Sec-WebSocket-Accept: {accept}",
    ]
    lines.extend(f"{name}: {value}" for name, value in extra)
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
