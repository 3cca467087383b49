"""Engine.IO v4 and Socket.IO v5 packets without I/O: strict where stock is lenient, as Node's parser is.

Raises PacketError for everything that must close the connection.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from sio_server.engine.limits import MAX_BODY_PACKETS
from sio_server.engine.wire.frames import BINARY, TEXT, frame
from sio_server.engine.wire.jsonio import Dumps, Loads, dumps

CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR, BINARY_EVENT, BINARY_ACK = range(7)
SEPARATOR = "\x1e"
#: Event names that mean something to either side's library: a client that could send them would forge its own
#: connect or disconnect event (socket.io-parser refuses the same).
RESERVED = frozenset({"connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"})
#: Digits of an ack id: JavaScript counts exactly up to 2**53.
_MAX_ID_DIGITS = 16
#: Levels of nesting that orjson writes.
_MAX_DEPTH = 254


class PacketError(ValueError):
    """The peer sent what is no packet; the connection has to be closed."""


class TooManyAttachmentsError(PacketError):
    """A binary packet announces or carries more than the limits allow."""


@dataclass(slots=True)
class Packet:
    """One Socket.IO packet as received."""

    kind: int
    namespace: str = "/"
    id: int | None = None
    data: Any = None
    attachments: int = 0
    parts: list[bytes] = field(default_factory=list)
    size: int = 0
    #: not to be handled, but only to be answered: a binary packet where none is taken
    refused: bool = False


class Wire:
    """One packet, encoded once for all recipients and for each transport when first asked."""

    __slots__ = ("_frame", "_pieces", "attachments", "size", "text")

    def __init__(self, text: bytes, attachments: tuple[bytes, ...] = ()) -> None:
        #: The Engine.IO packet; empty when the message is binary alone (msgpack).
        self.text = text
        self.attachments = attachments
        self.size = len(text) + sum(map(len, attachments))
        self._frame: bytes | None = None
        self._pieces: list[bytes] | None = None

    @property
    def frame(self) -> bytes:
        """All websocket frames of the packet in one piece: nothing can come between them."""
        data = self._frame
        if data is None:
            data = frame(TEXT, self.text) if self.text else b""
            for part in self.attachments:
                data += frame(BINARY, part)
            self._frame = data
        return data

    @property
    def pieces(self) -> list[bytes]:
        """The packet as parts of a polling body."""
        found = self._pieces
        if found is None:
            found = [self.text] if self.text else []
            found.extend(b"b" + base64.b64encode(part) for part in self.attachments)
            self._pieces = found
        return found


NOOP = Wire(b"6")
PING = Wire(b"2")
CLOSE = Wire(b"1")


def from_base64(packet: str) -> bytes:
    """The bytes of a packet that begins with `b`: always over polling, over websocket where a client prefers text."""
    try:
        return base64.b64decode(packet[1:], validate=True)
    except ValueError as error:  # binascii's, or a character beyond ASCII
        message = "invalid base64"
        raise PacketError(message) from error


def polling_packets(body: bytes) -> list[str | bytes]:
    """The packets of a POST body: text as str, base64 ones as bytes. Raises PacketError, also for too many."""
    if body.count(SEPARATOR.encode()) >= MAX_BODY_PACKETS:
        message = f"more than {MAX_BODY_PACKETS} packets in one body"
        raise PacketError(message)
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        message = "body is no UTF-8"
        raise PacketError(message) from error
    found: list[str | bytes] = []
    for part in text.split(SEPARATOR):
        if part.startswith("b"):
            found.append(from_base64(part))
        elif part:
            found.append(part)
        else:
            message = "empty packet"
            raise PacketError(message)
    return found


def decode(text: str, loads: Loads, max_attachments: int) -> Packet:
    """One Socket.IO packet of the text encoding (protocol v5)."""
    if not text or not "0" <= text[0] <= "6":
        message = "unknown packet type"
        raise PacketError(message)
    packet = Packet(int(text[0]))
    at = 1
    if packet.kind >= BINARY_EVENT:
        at = _attachments(text, packet, max_attachments)
    if text.startswith("/", at):
        comma = text.find(",", at)
        stop = len(text) if comma < 0 else comma
        packet.namespace = text[at:stop].partition("?")[0]
        at = stop + 1
    at = _ack_id(text, at, packet)
    if at < len(text):
        try:
            packet.data = loads(text[at:])
        except (ValueError, RecursionError) as error:
            message = "invalid payload, no JSON or nested too deeply"
            raise PacketError(message) from error
        check(packet, present=True)
    else:
        check(packet, present=False)
    return packet


def _attachments(text: str, packet: Packet, limit: int) -> int:
    dash = text.find("-", 1, 12)
    digits = text[1:dash]
    if dash < 0 or not (digits.isascii() and digits.isdigit()):
        message = "illegal attachments"
        raise PacketError(message)
    packet.attachments = int(digits)
    if packet.attachments > limit:
        message = f"{packet.attachments} attachments where {limit} are allowed"
        raise TooManyAttachmentsError(message)
    if not limit:
        message = "a binary packet where none is taken"
        raise TooManyAttachmentsError(message)
    return dash + 1


def _ack_id(text: str, at: int, packet: Packet) -> int:
    start = at
    end = len(text)
    while at < end and "0" <= text[at] <= "9":
        at += 1
    if at > start:
        if at - start > _MAX_ID_DIGITS:
            message = "ack id is too long"
            raise PacketError(message)
        packet.id = int(text[start:at])
    return at


def check(packet: Packet, *, present: bool) -> None:
    """Raise PacketError unless the data suits the type; `present`: there was some."""
    kind, data = packet.kind, packet.data
    if kind == CONNECT:
        valid = not present or data is None or isinstance(data, dict)
    elif kind == DISCONNECT:
        valid = not present
    elif kind in (EVENT, BINARY_EVENT):
        valid = is_event(data)
    elif kind in (ACK, BINARY_ACK):
        valid = isinstance(data, list) and packet.id is not None
    else:
        valid = False  # CONNECT_ERROR is the server's to send
    if not valid:
        message = "invalid payload"
        raise PacketError(message)


def is_event(data: Any) -> bool:
    """Whether `data` is the argument list of an event a client may send."""
    if not isinstance(data, list) or not data:
        return False
    name = data[0]
    if isinstance(name, str):
        return name not in RESERVED
    return isinstance(name, int | float) and not isinstance(name, bool)


def rebuild(data: Any, parts: list[bytes]) -> Any:
    """The data with each placeholder replaced by its attachment, in place.

    Raises PacketError for a number that is none, and for more placeholders than there are attachments: each attachment
    has one, and ten of a million bytes could otherwise become any amount in an answer that hands them back. A loop
    and no recursion, for a packet may be nested deeper than the interpreter's stack.
    """
    top = [data]
    boxes: list[Any] = [top]
    left = len(parts)
    while boxes:
        box = boxes.pop()
        for key, value in enumerate(box) if isinstance(box, list) else box.items():
            if isinstance(value, dict) and value.get("_placeholder") is True:
                left -= 1
                box[key] = _part(value.get("num") if left >= 0 else None, parts)
            elif isinstance(value, list | dict):
                boxes.append(value)
    return top[0]


def _part(number: Any, parts: list[bytes]) -> bytes:
    if not isinstance(number, int) or isinstance(number, bool) or not 0 <= number < len(parts):
        message = "illegal attachments"
        raise PacketError(message)
    return parts[number]


def has_binary(data: Any) -> bool:
    """Whether bytes occur anywhere in the data."""
    if isinstance(data, bytes | bytearray | memoryview):
        return True
    boxes = [data]
    while boxes:
        box = boxes.pop()
        if isinstance(box, dict):
            box = box.values()
        elif not isinstance(box, list | tuple):
            continue
        for value in box:
            if isinstance(value, bytes | bytearray | memoryview):
                return True
            if isinstance(value, dict | list | tuple):
                boxes.append(value)
    return False


def take_binary(data: Any, parts: list[bytes], depth: int = 0) -> Any:
    """The data with each bytes object moved to `parts` and replaced by a placeholder.

    Raises ValueError for data that is nested deeper than JSON is written.
    """
    if depth > _MAX_DEPTH:
        message = "nested too deeply"
        raise ValueError(message)
    if isinstance(data, bytes | bytearray | memoryview):
        parts.append(bytes(data))
        return {"_placeholder": True, "num": len(parts) - 1}
    if isinstance(data, dict):
        return {key: take_binary(value, parts, depth + 1) for key, value in data.items()}
    if isinstance(data, list | tuple):
        return [take_binary(item, parts, depth + 1) for item in data]
    return data


def _head(kind: int, namespace: str, ack: int | None, attachments: int | None) -> bytes:
    text = f"4{kind}"
    if attachments is not None:
        text += f"{attachments}-"
    if namespace != "/":
        text += namespace + ","
    if ack is not None:
        text += str(ack)
    return text.encode()


def encode(kind: int, namespace: str, data: Any, write: Dumps, ack: int | None = None) -> Wire:
    """A packet of the text encoding, its JSON made by `write`; binary data makes it a binary event or ack."""
    if data is not None and kind in (EVENT, ACK) and has_binary(data):
        parts: list[bytes] = []
        data = take_binary(data, parts)
        head = _head(kind + BINARY_EVENT - EVENT, namespace, ack, len(parts))
        return Wire(head + write(data), tuple(parts))
    head = _head(kind, namespace, ack, None)
    return Wire(head if data is None else head + write(data))


def event_wire(event: str, payload: bytes, namespace: str = "/") -> Wire:
    """The packet of an event with one argument, `payload`, which is JSON in UTF-8 already."""
    return Wire(b"".join((_head(EVENT, namespace, None, None), b"[", dumps(event), b",", payload, b"]")))


def with_offset(wire: Wire, offset: str) -> Wire:
    """The packet of an event with the recovery offset as one more argument; `wire` stays as it is."""
    return Wire(b"".join((wire.text[:-1], b",", dumps(offset), b"]")), wire.attachments)
