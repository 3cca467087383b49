"""Socket.IO packets of one server: in the text encoding, or as the application's own serializer has them."""

from __future__ import annotations

from typing import Any

from socketio.packet import Packet as StockPacket

from sio_server.engine.wire import packets
from sio_server.engine.wire.jsonio import codec
from sio_server.engine.wire.packets import EVENT, Packet, PacketError, Wire, event_wire


class Codec:
    """Encodes and decodes packets.

    :param json: an application's `json` module; None: the engine's own, see `jsonio`.
    :param packet_class: the library's class of packets, or of msgpack ones, or an application's.
    """

    __slots__ = ("_packet_class", "dumps", "foreign", "loads")

    def __init__(self, json: Any, packet_class: Any) -> None:
        self.dumps, self.loads = codec(json)
        self._packet_class = packet_class
        #: whether packets are not in the text encoding: msgpack, or an application's own serializer
        self.foreign: bool = packet_class is not StockPacket

    def encode(self, kind: int, namespace: str, data: Any, ack: int | None = None) -> Wire:
        """A packet, ready for each transport. Raises TypeError for what cannot be written."""
        if not self.foreign:
            return packets.encode(kind, namespace, data, self.dumps, ack)
        return self.wire(self._packet_class(kind, data=data, namespace=namespace, id=ack))

    def event(self, event: str, data: Any, namespace: str) -> Wire:
        """An event: a tuple as `data` is several arguments, None is no argument."""
        return self.encode(EVENT, namespace, arguments(event, data))

    def event_of_json(self, event: str, payload: bytes, namespace: str) -> Wire:
        """An event whose one argument is JSON already."""
        if not self.foreign:
            return event_wire(event, payload, namespace)
        return self.event(event, self.loads(payload.decode()), namespace)

    @staticmethod
    def wire(packet: Any) -> Wire:
        """A packet object of the library, or of its kind, encoded."""
        encoded = packet.encode()
        head, *rest = encoded if isinstance(encoded, list) else [encoded]
        if isinstance(head, str):
            return Wire(b"4" + head.encode(), tuple(bytes(part) for part in rest))
        return Wire(b"", (bytes(head),))

    def decode_foreign(self, data: str | bytes) -> Packet:
        """A packet of a foreign encoding: its class decodes, the checks are ours. Raises PacketError."""
        try:
            found = self._packet_class(encoded_packet=data)
            kind, namespace = found.packet_type, found.namespace or "/"
            packet = Packet(kind, namespace, _defined(found.id), _defined(found.data))
        except Exception as error:
            message = "invalid payload"
            raise PacketError(message) from error
        known = isinstance(kind, int) and not isinstance(kind, bool) and kind in range(packets.BINARY_ACK + 1)
        if not known or not isinstance(namespace, str) or not isinstance(packet.id, int | None):
            message = "unknown packet type"
            raise PacketError(message)
        packet.data = None if kind == packets.DISCONNECT else packet.data
        packets.check(packet, present=packet.data is not None)
        return packet


def arguments(event: str, data: Any) -> list[Any]:
    """The argument list of an event, its name first: a tuple is several arguments, None is no argument."""
    if isinstance(data, tuple):
        return [event, *data]
    return [event] if data is None else [event, data]


def _defined(value: Any) -> Any:
    """None for what JavaScript's msgpack writes for undefined: extension type 0 with one zero byte."""
    return None if getattr(value, "code", None) == 0 and getattr(value, "data", None) == b"\0" else value
