"""RFC 6455 frames without I/O: what the server writes, and a parser for what it reads."""

from __future__ import annotations

import base64
import hashlib
from enum import IntEnum

from sio_server.engine.private_names import websocket_mask

CONTINUATION, TEXT, BINARY, CLOSE, PING, PONG = 0x0, 0x1, 0x2, 0x8, 0x9, 0xA

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
#: Above this many bytes an unfinished frame is gathered apart.
_GATHER = 1024
#: A first length byte of 126 or 127 announces a longer length field (section 5.2).
_LENGTH_16, _LENGTH_64 = 126, 127
_MAX_CONTROL = 125


class CloseCode(IntEnum):
    """The codes this server sends (section 7.4.1)."""

    NORMAL = 1000
    PROTOCOL_ERROR = 1002
    INVALID_DATA = 1007
    POLICY = 1008
    TOO_BIG = 1009
    INTERNAL = 1011
    TRY_AGAIN_LATER = 1013


class FrameError(Exception):
    """The peer broke RFC 6455; `code` is what its Close frame shall carry."""

    def __init__(self, code: CloseCode, message: str) -> None:
        super().__init__(message)
        self.code = code


def accept_key(key: str) -> str:
    """The Sec-WebSocket-Accept of a Sec-WebSocket-Key (section 4.2.2)."""
    return base64.b64encode(hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()).decode()


def frame(opcode: int, payload: bytes) -> bytes:
    """A whole message, or a control frame, as one final, unmasked frame."""
    size = len(payload)
    if size < _LENGTH_16:
        return bytes((0x80 | opcode, size)) + payload
    if size < 1 << 16:
        return bytes((0x80 | opcode, _LENGTH_16, size >> 8, size & 255)) + payload
    return bytes((0x80 | opcode, _LENGTH_64)) + size.to_bytes(8, "big") + payload


def text_frame(payload: bytes) -> bytes:
    """A message of text, in UTF-8 already, as one final, unmasked frame."""
    return frame(TEXT, payload)


def close_frame(code: int) -> bytes:
    """A Close frame with a code and no reason text."""
    return frame(CLOSE, code.to_bytes(2, "big"))


def unmask(payload: bytes, key: bytes) -> bytes:
    """The payload xor the repeated 4-byte key (section 5.3)."""
    if key == b"\0\0\0\0" or not payload:
        return payload
    array = bytearray(payload)
    websocket_mask(key, array)
    return bytes(array)


class FrameParser:
    """Bytes in, whole messages out, one at a time: what follows stays unparsed until it is asked for.

    A fragment that does not end its message comes out as (CONTINUATION, its payload): a message may have any number of
    them, and whoever asks has to count.
    """

    __slots__ = ("_at", "_buffer", "_missing", "_parts", "_start", "max_size")

    def __init__(self, max_size: int) -> None:
        #: bytes of a message, its fragments together
        self.max_size = max_size
        self._buffer = b""
        self._at = 0
        # a long frame in many segments; bytes += bytes is quadratic, a list of single bytes forty times their size
        self._parts: bytearray | None = None
        self._missing = 0
        # the message a fragment belongs to: its opcode and what came so far
        self._start: tuple[int, bytearray] | None = None

    def feed(self, data: bytes) -> None:
        """Take in bytes that were received; `next` gives what they hold."""
        if self._parts is not None:
            self._parts += data
            self._missing -= len(data)
            if self._missing > 0:
                return
            data = bytes(self._parts)
            self._parts = None
        elif self._at < len(self._buffer):
            data = self._buffer[self._at :] + data
        self._buffer, self._at = data, 0

    def next(self) -> tuple[int, bytes] | None:
        """The next message, control frame or fragment as (opcode, payload); None: not yet. Raises FrameError."""
        data, end = self._buffer, len(self._buffer)
        offset = self._at
        if end - offset < 2:  # noqa: PLR2004  a frame has at least two bytes
            return self._keep_rest()
        first, second = data[offset], data[offset + 1]
        size = second & 127
        at = offset + 2
        if size >= _LENGTH_16:
            start = at
            at += 2 if size == _LENGTH_16 else 8
            if end < at:
                return self._keep_rest()
            size = int.from_bytes(data[start:at], "big")
        self._check(first, second, size)
        stop = at + 4 + size
        if end < stop:
            if size > _GATHER:
                self._parts, self._missing = bytearray(data[offset:]), stop - end
                self._at = end
            return self._keep_rest()
        self._at = stop
        payload = unmask(data[at + 4 : stop], data[at : at + 4])
        opcode = first & 15
        if opcode >= CLOSE or (first & 0x80 and opcode != CONTINUATION):
            return opcode, payload
        return self._fragment(first, payload)

    def _keep_rest(self) -> tuple[int, bytes] | None:
        if self._at:
            # a few bytes of a frame must not keep the whole segment they came in
            self._buffer, self._at = self._buffer[self._at :], 0
        return None

    def _check(self, first: int, second: int, size: int) -> None:
        opcode = first & 15
        if first & 0x70:
            raise FrameError(CloseCode.PROTOCOL_ERROR, "reserved bit set and no extension agreed")
        if not second & 0x80:
            raise FrameError(CloseCode.PROTOCOL_ERROR, "frame of a client is not masked")
        if opcode >= CLOSE:
            if opcode > PONG:
                raise FrameError(CloseCode.PROTOCOL_ERROR, "unknown control opcode")
            if size > _MAX_CONTROL or not first & 0x80:
                raise FrameError(CloseCode.PROTOCOL_ERROR, "control frame too long or fragmented")
            return
        if opcode > BINARY:
            raise FrameError(CloseCode.PROTOCOL_ERROR, "unknown opcode")
        if (opcode == CONTINUATION) != (self._start is not None):
            raise FrameError(CloseCode.PROTOCOL_ERROR, "continuation out of order")
        held = len(self._start[1]) if self._start is not None else 0
        if held + size > self.max_size:
            raise FrameError(CloseCode.TOO_BIG, "message too big")

    def _fragment(self, first: int, payload: bytes) -> tuple[int, bytes]:
        if self._start is None:
            self._start = (first & 15, bytearray(payload))
            return CONTINUATION, payload
        self._start[1].extend(payload)
        if not first & 0x80:
            return CONTINUATION, payload
        kind, whole = self._start
        self._start = None
        return kind, bytes(whole)


def check_close(payload: bytes) -> CloseCode:
    """The code to answer a peer's Close payload with (section 7.1.5, 7.4)."""
    if not payload:
        return CloseCode.NORMAL
    if len(payload) == 1:
        return CloseCode.PROTOCOL_ERROR
    code = int.from_bytes(payload[:2], "big")
    if not (1000 <= code <= 1014 or 3000 <= code <= 4999) or code in (1004, 1005, 1006):  # noqa: PLR2004
        return CloseCode.PROTOCOL_ERROR
    try:
        payload[2:].decode()
    except UnicodeDecodeError:
        return CloseCode.INVALID_DATA
    return CloseCode.NORMAL
