"""A strict parser for the few HTTP/1.1 heads the front answers itself, and the replies it writes. No I/O.

What is unusual is not refused here: it is handed to aiohttp, whose parser judges it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from types import MappingProxyType
from typing import Any, NamedTuple

from sio_server.engine.limits import MAX_FAST_BODY

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
#: Characters that no header value or target may hold (RFC 9110, section 5.5).
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
#: Headers that may come once only: two of them are how requests are smuggled.
_SINGLE = frozenset(
    {"host", "content-length", "authorization", "origin", "content-type", "idempotency-key", "x-request-id"}
    | {"sec-fetch-site", "sec-fetch-mode", "sec-websocket-key", "sec-websocket-version"}
)
_MAX_HEADERS = 64
#: What is looked at of a head that is not HTTP, and of the path in it.
_LOOSE, _LOOSE_PATH = 65_536, 256
_METHOD = re.compile(r"[A-Z][A-Z-]{0,19}\Z")
#: Headers that make a fast route's request unusual.
_UNUSUAL = ("transfer-encoding", "expect", "content-encoding", "upgrade", "trailer")


@dataclass(frozen=True, slots=True)
class Head:
    """A request head. `headers` as sent, `fields` by lower-case name (repeated ones joined by commas)."""

    method: str
    target: str
    headers: list[tuple[str, str]]
    fields: Mapping[str, str]
    memo: dict[str, Any] = field(default_factory=dict, compare=False)


def parse_head(data: bytes) -> Head | None:
    """The head (everything up to the blank line), or None when it is not plain HTTP/1.1."""
    try:
        lines = data.decode("ascii").split("\r\n")
    except UnicodeDecodeError:
        return None
    parts = lines[0].split(" ")
    if len(parts) != 3 or parts[2] != "HTTP/1.1" or _CONTROL.search(data.decode("ascii").replace("\r\n", "")):  # noqa: PLR2004
        return None
    if len(lines) > _MAX_HEADERS:
        return None
    headers: list[tuple[str, str]] = []
    fields: dict[str, str] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if not colon or not _TOKEN.match(name):
            return None
        value = value.strip(" \t")
        headers.append((name, value))
        lower = name.lower()
        if lower not in fields:
            fields[lower] = value
        elif lower in _SINGLE:
            return None
        else:
            fields[lower] += "," + value
    return Head(parts[0], parts[1], headers, MappingProxyType(fields)) if "host" in fields else None


def loose_fields(data: bytes) -> tuple[str, str, dict[str, str]]:
    """(method, path, headers) of a head that is not HTTP, as far as they are plain: for a log line and for CORS.

    Nothing is decided by them. The path has no query, which may hold a token; names are in lower case, and what came
    twice with different values is left out.
    """
    lines = data[:_LOOSE].decode("latin-1").split("\r\n\r\n")[0].split("\r\n")
    words = lines[0].split(" ")
    plain = len(words) == 3 and _METHOD.match(words[0]) is not None and words[1].isprintable()  # noqa: PLR2004
    method, path = (words[0], words[1].partition("?")[0][:_LOOSE_PATH]) if plain else ("", "")
    found: dict[str, set[str]] = {}
    for line in lines[1:]:
        name, colon, value = line.partition(":")
        if colon and _TOKEN.match(name) and value.isascii() and value.strip().isprintable():
            found.setdefault(name.lower(), set()).add(value.strip())
    return method, path, {name: values.pop() for name, values in found.items() if len(values) == 1}


class FrontRequest(NamedTuple):
    """A request to a fast route: header names in lower case, `peer` the client's real address.

    `memo` is kept for as long as the parsed head is, for requests with the same target and headers byte for byte: an
    application may keep there what it worked out from these alone.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    peer: str
    memo: dict[str, Any]


class FrontReply(NamedTuple):
    """The answer of a fast route."""

    status: int = 200
    body: bytes = b""
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()
    common: str = ""
    """Further header lines as `header_lines` made them, for headers that many replies share."""


class FrontPromise:
    """A reply that comes by a call, where a coroutine or a future would cost more than the request itself."""

    __slots__ = ("_reply", "_then")

    def __init__(self) -> None:
        self._reply: FrontReply | None = None
        self._then: Callable[[FrontReply], None] | None = None

    def settle(self, reply: FrontReply) -> None:
        """Give the reply; to be called once, on the loop."""
        self._reply = reply
        if self._then is not None:
            self._then(reply)

    def then(self, callback: Callable[[FrontReply], None]) -> None:
        """Have the reply, now or when it comes."""
        self._then = callback
        if self._reply is not None:
            callback(self._reply)


#: What answers the requests of a fast route.
FastHandler = Callable[[FrontRequest], FrontReply | FrontPromise | Awaitable[FrontReply]]


class _Clock:
    """The Date header, formatted once a second."""

    def __init__(self) -> None:
        self._second = 0
        self._text = ""

    def __call__(self) -> str:
        now = int(time.time())
        if now != self._second:
            self._second, self._text = now, formatdate(now, usegmt=True)
        return self._text


_date = _Clock()


@lru_cache(maxsize=64)  # the names are the application's, and few
def _is_token(name: str) -> bool:
    return _TOKEN.match(name) is not None


@lru_cache(maxsize=64)
def _reason(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown"


def reply_bytes(reply: FrontReply, *, close: bool) -> bytes:
    """The reply as it goes out. Raises ValueError for a header that would split it."""
    lines = (
        f"HTTP/1.1 {reply.status} {_reason(reply.status)}\r\n"
        f"Content-Type: {reply.content_type}\r\nContent-Length: {len(reply.body)}\r\nDate: {_date()}\r\n"
    )
    end = "Connection: close\r\n\r\n" if close else "\r\n"
    head = f"{lines}{reply.common}{header_lines(reply.headers)}{end}"
    return head.encode("latin-1") + reply.body


def header_lines(headers: Iterable[tuple[str, str]]) -> str:
    """Header lines, each with its end. Raises ValueError for a header that would split a reply."""
    lines = ""
    for name, value in headers:
        # one look for all that is plain: a control character is not printable
        if not (_is_token(name) and value.isprintable()) and (not _TOKEN.match(name) or _CONTROL.search(value)):
            message = f"not a header: {name!r}"
            raise ValueError(message)
        lines += f"{name}: {value}\r\n"
    return lines


def body_size(head: Head) -> int:
    """Content-Length of a plain request, -1 for one that is not."""
    fields = head.fields
    size = fields.get("content-length", "")
    if any(name in fields for name in _UNUSUAL) or not (size.isascii() and size.isdigit() and len(size) < 8):  # noqa: PLR2004
        return -1
    if fields.get("connection", "keep-alive").lower() not in ("keep-alive", "close"):
        return -1
    return int(size) if int(size) <= MAX_FAST_BODY else -1
