"""How much is asked of a socket at once.

asyncio asks for 256 KiB at each read and makes room for it first. That is above the size from which glibc maps memory
of its own for each request (M_MMAP_THRESHOLD, 128 KiB), and as the room is cut to what came, the threshold never
adapts: every read of a few bytes costs a mapping, a page fault and an unmapping, 15 of the 17 microseconds it takes.
"""

from __future__ import annotations

import asyncio

from sio_server.engine.private_names import SelectorTransport

#: Bytes: the largest power of two that is well below the threshold.
READ_SIZE = 65_536


def read_in_pieces(transport: asyncio.Transport) -> None:
    """Ask for `READ_SIZE` at a time; larger input comes in more reads. Other loops' transports are left alone."""
    if SelectorTransport is not None and isinstance(transport, SelectorTransport):
        transport.max_size = READ_SIZE  # type: ignore[attr-defined]  # found there by a test of its own
