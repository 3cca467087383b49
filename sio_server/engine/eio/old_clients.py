"""Clients of Socket.IO 1 and 2, told in their own protocol (Engine.IO 3) that this server does not speak it.

Such a client shows its user nothing of a refused request but "xhr poll error" or "websocket error". An ERROR packet of
the main namespace, in a session that ends with it, reaches its `error` event with the text.
"""

from __future__ import annotations

from sio_server.engine.wire.frames import TEXT, frame
from sio_server.engine.wire.handshake import Ask
from sio_server.engine.wire.jsonio import dumps

#: The versions before 4 that came with Socket.IO 1 and 2.
VERSIONS = frozenset({"2", "3"})

_OPEN = b'0{"sid":"none","upgrades":[],"pingInterval":25000,"pingTimeout":5000}'
_CLOSE = b"1"


def shows(ask: Ask) -> bool:
    """Whether a polling request is one of Socket.IO 1 or 2, whose clients show only what comes with status 200.

    Each stamps its polls with `t`; who asks by hand for the status of the reply does not.
    """
    return ask.version in VERSIONS and ask.sid is None and ask.transport == "polling" and "t" in ask.query


def polling_body(text: str) -> bytes:
    """What answers the first poll of an Engine.IO 3 client: each packet behind the number of its characters."""
    return b"".join(b"%d:%b" % (len(packet.decode()), packet) for packet in (_OPEN, _error(text), _CLOSE))


def websocket_frames(text: str) -> bytes:
    """What a websocket of Engine.IO 3 is sent behind the 101: OPEN, and the ERROR packet with the text."""
    return frame(TEXT, _OPEN) + frame(TEXT, _error(text))


def _error(text: str) -> bytes:
    return b"44" + dumps(text)
