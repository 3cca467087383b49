"""One peer that lives a case, and what it was answered."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from bench.fuzzing.cases import SID, Case

FIRST: Final = 0.4  # seconds for the first byte of an answer; a case that is half a request has none
QUIET: Final = 0.03  # seconds without a byte after which an answer is taken to be whole
OWED: Final = 60.0  # seconds without a byte after which the server is taken to owe for ever
_MAX_SEEN: Final = 4_000_000
_STATUS: Final = re.compile(rb"HTTP/(\d\.\d) (\d{3}) ?([^\r\n]*)\r\n")
_SESSION: Final = re.compile(rb'"sid":"([^"]+)"')
_RECEIPT: Final = re.compile(rb'"status":"ok","id":"([0-9a-f-]{36})"')
#: what a publish says that is not to be found in the log afterwards
_FLEETING: Final = (b"persist", b"ttl", b"collapse", b"deliver_at")


@dataclass(slots=True)
class Seen:
    """What came back: statuses, what was wrong with it, the ids of what was accepted for good."""

    statuses: Counter[str] = field(default_factory=Counter)
    #: what each is, the same for all of its kind, and the very one
    faults: list[tuple[str, str]] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)


class Peer:
    """A connection and all that came over it."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.data = b""
        self.ended = False

    async def some(self, seconds: float) -> bool:
        """Wait for more; False when there was none in time, or can be none."""
        if self.ended:
            return False
        try:
            async with asyncio.timeout(seconds):
                more = await self._reader.read(262_144)
        except TimeoutError:
            return False
        except OSError:
            more = b""
        self.ended = not more
        if len(self.data) < _MAX_SEEN:
            self.data += more
        return bool(more)

    async def settle(self) -> None:
        """Wait until an answer has come and nothing follows it."""
        if await self.some(FIRST):
            while await self.some(QUIET):
                pass

    async def send(self, data: bytes) -> None:
        """Send; a peer that the server cut does not mind."""
        with contextlib.suppress(OSError, TimeoutError):
            async with asyncio.timeout(5):
                self._writer.write(data)
                await self._writer.drain()

    async def close(self, how: str) -> None:
        """Leave: with a FIN first and what comes after it read, with a reset, or with no word."""
        if how == "fin":
            with contextlib.suppress(OSError):
                self._writer.write_eof()
            await self.settle()
        if how == "rst":
            self._writer.transport.abort()
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()


async def live(case: Case, port: int) -> Seen:
    """Live the case against the server at this port."""
    seen = Seen()
    try:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=2**20)
    except OSError as error:
        seen.statuses[f"no connection: {type(error).__name__}"] += 1
        return seen
    peer = Peer(reader, writer)
    try:
        for step in case.steps:
            session = _SESSION.search(peer.data)
            await peer.send(step.data.replace(SID, session[1] if session else b"none"))
            if step.wait:
                await peer.settle()
        if case.end == "read":
            await peer.settle()
            await _owed(peer, case, seen)
    finally:
        await peer.close(case.end)
    _judge(peer, case, seen)
    return seen


async def _owed(peer: Peer, case: Case, seen: Seen) -> None:
    """Wait for what the server owes; a connection that it closed owes nothing more."""
    if b" 101 " not in peer.data[:20]:
        return
    while not peer.ended and (missing := _missing(peer.data, case)):
        if not await peer.some(OWED) and not peer.ended:
            seen.faults.append(("what is owed was not answered", missing))
            return


def _missing(data: bytes, case: Case) -> str:
    missing = [answer.decode() for answer in case.answers if answer not in data]
    if case.replies > (count := data.count(b'"type":"ns:reply"')):
        missing.append(f"{count} of {case.replies} replies")
    return ", ".join(missing)


def _judge(peer: Peer, case: Case, seen: Seen) -> None:
    """Take apart what came: answers of HTTP one after the other, and after a 101 the frames of a websocket."""
    data, place = peer.data, 0
    while place < len(data):
        line = _STATUS.match(data, place)
        if line is None:
            seen.faults.append(("bytes that are no answer of HTTP", repr(data[place : place + 200])))
            return
        end = data.find(b"\r\n\r\n", place)
        if end < 0:
            return  # the peer left in the middle
        head = data[line.end() : end + 2].lower()
        seen.statuses[line[2].decode()] += 1
        if line[2] == b"101":
            _judge_frames(data[end + 4 :], seen)
            return
        body, place = _body(data, head, end + 4)
        _judge_answer(line, head, body, seen, old=any(b"/1.0" in step.data for step in case.steps))
    if not any(word in step.data for step in case.steps for word in _FLEETING):
        seen.accepted += [found.decode() for found in _RECEIPT.findall(data)]


def _body(data: bytes, head: bytes, start: int) -> tuple[bytes, int]:
    """The body of an answer and where the next begins; an answer to HEAD has none, whatever its length says."""
    if data.startswith(b"HTTP/", start):
        return b"", start
    if b"transfer-encoding: chunked" in head:
        end = data.find(b"0\r\n\r\n", start)
        return data[start:end], (end + 5 if end >= 0 else len(data))
    length = re.search(rb"content-length: (\d+)", head)
    stop = start + (int(length[1]) if length else 0)
    return data[start:stop], stop


def _judge_answer(line: re.Match[bytes], head: bytes, body: bytes, seen: Seen, *, old: bool) -> None:
    status = int(line[2])
    if status >= 500 and not (
        status == 503 and re.search(rb'"code":"(draining|broker_unavailable|keys_unavailable)"', body)
    ):
        seen.faults.append((f"status {status}", repr(body[:400])))
    if b"aiohttp" in head or b"python" in head:
        seen.faults.append(("an answer with versions of what the server is made of", repr(head)))
    if line[1] == b"1.0" and not old:
        seen.faults.append(("an answer in HTTP/1.0 to nobody who speaks it", repr(head)))
    if status >= 400 and body and b"json" not in (re.search(rb"content-type: ([^\r]*)", head) or [b"", b""])[1]:
        seen.faults.append((f"status {status} that is not JSON", repr(body[:200])))


def _judge_frames(data: bytes, seen: Seen) -> None:
    """Frames of a server (RFC 6455 section 5): not masked, nothing reserved, nothing after Close."""
    place = 0
    while place + 2 <= len(data):
        first, size = data[place], data[place + 1]
        if first & 0x70 or size & 0x80 or first & 0x0F not in (0, 1, 2, 8, 9, 10):
            seen.faults.append(("no frame in a websocket", repr(data[place : place + 200])))
            return
        place += 2
        if size >= 126:
            wide = 2 if size == 126 else 8
            size = int.from_bytes(data[place : place + wide])
            place += wide
        inner = data[place : place + size]
        place += size
        if first & 0x0F == 8:
            code = int.from_bytes(inner[:2]) if len(inner) >= 2 else 1005
            seen.statuses[f"close {code}"] += 1
            if code == 1011:
                seen.faults.append(("closed with 1011", repr(inner)))
        elif b'"code":"internal"' in inner:
            seen.faults.append(("acknowledged as internal", repr(inner[:400])))
