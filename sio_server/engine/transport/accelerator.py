"""The send loop in C, where it was built. Without it everything works the same, a little slower.

A broadcast to websockets that have nothing buffered is then one C loop of `send` on their descriptors.
A socket that does not take all of it goes through its asyncio transport, as without it. Not under
TLS and not on uvloop, whose transports have buffers of their own.
"""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from typing import Any

from sio_server.engine.private_names import SelectorTransport

SendMany = Callable[[Any, bytes], list[tuple[int, int]]]


def _load() -> SendMany | None:
    try:
        module = importlib.import_module("sio_server.engine.transport._sendmany")
    except ImportError:
        return None
    found: SendMany = module.send_many
    return found


#: None where the C module was not built; a test may set it to None to try the other path.
send_many = _load()


def descriptor(transport: asyncio.Transport) -> int:
    """The descriptor to send to directly, or -1. The transport then reports the first byte it buffers."""
    if send_many is None or type(transport) is not SelectorTransport or transport.get_write_buffer_size():
        return -1  # an answer before the handshake still waits: what is sent directly would overtake it
    transport.set_write_buffer_limits(high=0)
    sock = transport.get_extra_info("socket")
    return -1 if sock is None else int(sock.fileno())
