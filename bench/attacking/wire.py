"""What an attacker needs of sockets: blocking ones, since each attacker is a process of its own."""

from __future__ import annotations

import contextlib
import json
import select
import socket
import struct
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from bench.fuzzing.packets import frame
from bench.process import Credentials

POLLING: Final = "/socket.io/?EIO=4&transport=polling"
#: seconds that an attacker waits for an answer: on a busy machine it takes long, and its silence is not the server's
PATIENCE: Final = 30.0
WEBSOCKET: Final = "/socket.io/?EIO=4&transport=websocket"


@dataclass(slots=True)
class Target:
    """The server that is attacked, for how long, and what came of it by name."""

    port: int
    credentials: Credentials
    until: float
    done: Counter[str] = field(default_factory=Counter)

    def going(self) -> bool:
        """Whether the time is not over."""
        return time.monotonic() < self.until

    def dial(self) -> socket.socket:
        """A connection. Raises OSError when there is none within `PATIENCE`."""
        sock = socket.create_connection(("127.0.0.1", self.port), PATIENCE)
        sock.settimeout(PATIENCE)
        return sock


def request(
    method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None, size: int = -1
) -> bytes:
    """A request; ``size`` is the length it claims where that is not the body's."""
    lines = [f"{method} {path} HTTP/1.1", "Host: x"]
    if method == "POST":
        lines.append(f"Content-Length: {len(body) if size < 0 else size}")
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def upgrade(path: str) -> bytes:
    """The request that opens a websocket."""
    headers = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    return request("GET", path, headers=headers)


def ask(sock: socket.socket, data: bytes) -> bytes:
    """Send and read one answer of HTTP, whole; what came of it when the server closes or says nothing."""
    found = b""
    with contextlib.suppress(OSError):
        sock.sendall(data)
        while more := sock.recv(262_144):
            found += more
            head, parted, body = found.partition(b"\r\n\r\n")
            length = head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0]
            if parted and len(body) >= int(length or 0):
                return found
    return found


def status(answer: bytes) -> str:
    """The status of an answer; "none" where there is none."""
    return answer[9:12].decode(errors="replace") if answer.startswith(b"HTTP/") else "none"


def session(sock: socket.socket) -> str:
    """The id of a polling session that is opened over this connection; "" where it was refused."""
    return ask(sock, request("GET", POLLING)).partition(b'"sid":"')[2].partition(b'"')[0].decode()


def websocket(target: Target, path: str, *, user: str | None = None) -> socket.socket:
    """A websocket that was accepted, and joined as ``user`` where one is named. Raises OSError when it was not."""
    sock = target.dial()
    if status(ask(sock, upgrade(path))) != "101":
        sock.close()
        raise ConnectionRefusedError
    if user is not None:
        sock.sendall(frame(b"40" + json.dumps(target.credentials.auth(user)).encode()))
        until_told(sock, b"40{")
    return sock


def until_told(sock: socket.socket, what: bytes) -> bytes:
    """Read until this has come. Raises OSError when the server closes or says nothing for long."""
    found = b""
    while what not in found:
        more = sock.recv(65536)
        if not more:
            raise ConnectionResetError
        found += more
    return found


def until_closed(sock: socket.socket) -> bytes:
    """Read until the server closes, or says nothing for long; what it said."""
    found = b""
    with contextlib.suppress(OSError):
        while more := sock.recv(65536):
            found += more
    return found


def is_open(sock: socket.socket) -> bool:
    """Whether the server has not closed; what it says is read and thrown away, and a ping is answered."""
    try:
        while select.select([sock], [], [], 0)[0]:
            data = sock.recv(65536)
            if not data:
                return False
            if data.endswith(b"\x81\x012"):
                sock.sendall(frame(b"3"))
    except OSError:
        return False
    return True


def reset(sock: socket.socket) -> None:
    """Leave with a reset."""
    with contextlib.suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def hold(target: Target, socks: list[socket.socket], *, to_the_last: bool = False) -> None:
    """Keep connections until the time is over, and count those that are open then.

    With ``to_the_last`` they are kept on until the server has closed all, or has closed none for `PATIENCE`.
    """
    moved = time.monotonic()
    while target.going() or (to_the_last and socks and time.monotonic() < moved + PATIENCE):
        still = [sock for sock in socks if is_open(sock)]
        if len(still) < len(socks):
            socks, moved = still, time.monotonic()
        time.sleep(0.1)
    target.done["open at the end"] += sum(map(is_open, socks))
