"""How much is asked of a socket at once, and whether a peer reads.

asyncio asks for 256 KiB at each read and makes room for it first. That is above the size from which glibc maps memory
of its own for each request (M_MMAP_THRESHOLD, 128 KiB), and as the room is cut to what came, the threshold never
adapts: every read of a few bytes costs a mapping, a page fault and an unmapping, 15 of the 17 microseconds it takes.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys

from sio_server.engine.private_names import SelectorTransport

#: Bytes: the largest power of two that is well below the threshold.
READ_SIZE = 65_536

try:
    import fcntl
    import termios
except ImportError:  # Windows
    _OUTQ = 0
else:
    _OUTQ = termios.TIOCOUTQ if sys.platform == "linux" else 0  # the number of SIOCOUTQ


def read_in_pieces(transport: asyncio.Transport) -> None:
    """Ask for `READ_SIZE` at a time; larger input comes in more reads. Other loops' transports are left alone."""
    if SelectorTransport is not None and isinstance(transport, SelectorTransport):
        transport.max_size = READ_SIZE  # type: ignore[attr-defined]  # found there by a test of its own


def give_up_on(transport: asyncio.Transport, seconds: float) -> None:
    """Have the connection end when its peer takes none of what is sent for so long: it has gone without a word.

    By itself Linux tries for a quarter of an hour (tcp_retries2, tcp(7)). Other systems are left alone.
    """
    option = getattr(socket, "TCP_USER_TIMEOUT", None)
    sock = transport.get_extra_info("socket")
    if option is not None and sock is not None:
        with contextlib.suppress(OSError):  # a Unix socket has no such option
            sock.setsockopt(socket.IPPROTO_TCP, option, round(1000 * seconds))


def unread(transport: asyncio.Transport) -> int:
    """Bytes written that the peer's machine has not taken yet; while that number changes, the peer reads.

    The transport's own buffer alone does not tell: Linux holds 2.5 MB and more for a peer, and says that there is room
    again only when a third of it is free (SO_SNDBUF, socket(7)), which a slow phone takes minutes for. SIOCOUTQ
    (tcp(7)) is exact. On other systems it is the transport's buffer alone.
    """
    waiting = transport.get_write_buffer_size()
    sock = transport.get_extra_info("socket")
    if _OUTQ and sock is not None:
        try:
            (held,) = struct.unpack("i", fcntl.ioctl(sock.fileno(), _OUTQ, b"\0\0\0\0"))
        except (OSError, ValueError):  # closed meanwhile
            return waiting
        return waiting + int(held)
    return waiting
