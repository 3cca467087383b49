"""Bodies that say `Content-Encoding` (RFC 9110, section 8.4): unpacked to a bounded size, in small steps.

aiohttp unpacks while it parses, before anybody has looked at who sends it; a server that uses this gives aiohttp
`auto_decompress=False`.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator

#: The codings that are unpacked, by the names they are sent under (RFC 9110, section 8.4.1).
_NAMES = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate"}
#: What `Accept-Encoding` of a refusal says (RFC 9110, section 12.5.3).
ACCEPTED_CODINGS = "gzip, deflate"
#: Bytes that are made at once: 200 KB may stand for 200 MB, and nobody else is served while they are made.
_STEP = 65_536
#: Members of a gzip body (RFC 1952, section 2.2): an empty one has twenty bytes and costs as much as a large one.
_MAX_MEMBERS = 16
_GZIP, _ZLIB, _RAW = 31, 15, -15
#: The low half of a zlib stream's first byte (RFC 1950, section 2.2): a body without it is plain DEFLATE, as some send.
_ZLIB_METHOD = 8


class UnknownCodingError(Exception):
    """A coding that is not unpacked, or more than one."""


class NotAsSaidError(Exception):
    """The body is not what its `Content-Encoding` says: damaged, cut off, or something behind its end."""


class UnpackedTooLargeError(Exception):
    """More bytes than are allowed come out of the body."""


def coding_of(header: str | None) -> str | None:
    """`gzip` or `deflate` as a `Content-Encoding` names it; None for none. Raises UnknownCodingError."""
    names = [name for part in (header or "").split(",") if (name := part.strip().lower()) not in ("", "identity")]
    if not names:
        return None
    if len(names) > 1 or names[0] not in _NAMES:
        raise UnknownCodingError
    return _NAMES[names[0]]


class Unpacker:
    """One body, in the pieces it came in.

    :param limit: bytes that may come out of it.
    """

    def __init__(self, coding: str, limit: int) -> None:
        self._coding = coding
        self._limit = limit
        self._size = 0
        self._members = 0
        self._stream: zlib._Decompress | None = None

    async def feed(self, data: bytes) -> AsyncIterator[bytes]:
        """What a piece unpacks to, in steps between which others are served.

        Raises NotAsSaidError, UnpackedTooLargeError.
        """
        full = False
        while data or full:
            stream = self._stream or self._begin(data)
            try:
                made = stream.decompress(data, _STEP)
            except zlib.error as error:
                raise NotAsSaidError from error
            data = stream.unconsumed_tail or stream.unused_data
            full = len(made) == _STEP and not stream.eof  # it may hold more
            if stream.eof and self._coding == "gzip":
                self._stream = None  # another member may follow
            elif stream.eof and data:
                raise NotAsSaidError
            self._size += len(made)
            if self._size > self._limit:
                raise UnpackedTooLargeError
            yield made
            if full:
                await asyncio.sleep(0)

    def _begin(self, data: bytes) -> zlib._Decompress:
        self._members += 1
        if self._members > _MAX_MEMBERS:
            raise NotAsSaidError
        deflate = _ZLIB if data[0] & 15 == _ZLIB_METHOD else _RAW
        self._stream = zlib.decompressobj(_GZIP if self._coding == "gzip" else deflate)
        return self._stream

    def end(self) -> None:
        """The body has ended: raises NotAsSaidError where that is not the end of what is packed.

        A body of no bytes at all is fine: a publisher's library may say the coding of a body that it does not send.
        """
        if self._stream is not None and not self._stream.eof:
            raise NotAsSaidError
