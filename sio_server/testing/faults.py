"""A relay in front of a server that can do what networks and servers do to a backend: refuse, dawdle, cut, fail."""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final, Literal, Self, TypeVar

_CHUNK: Final = 65_536

# Seconds that a switch may take; it is a matter of milliseconds.
_SWITCHING: Final = 30.0

_LENGTH: Final = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong; ``seconds`` are those of a slow line, ``status`` is what a failing server answers."""

    kind: Literal["down", "slow", "drops", "failing"]
    seconds: float = 0.0
    status: int = 500


class Relay:
    """Listens on a free port of the loopback address and passes on to another one, in a thread of its own.

    May be used from any thread. Use it as ``with``.
    """

    def __init__(self) -> None:
        self.target = 0
        """The port that is passed on to."""
        self.port = 0
        self._fault: Fault | None = None
        self._changed = asyncio.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="sio-server test relay", daemon=True)
        self._listening: asyncio.Server | None = None
        self._handling: set[asyncio.Task[None]] = set()

    def __enter__(self) -> Self:
        self._thread.start()
        self._do(self._listen())
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._silence())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    @property
    def fault(self) -> Fault | None:
        """What is wrong now; None where all is well."""
        return self._fault

    def switch(self, fault: Fault | None) -> None:
        """Have this wrong from now on, for connections that are open, too."""
        self._do(self._switch(fault))

    def cut(self) -> None:
        """End every connection."""
        self._do(self._cut())

    def _do(self, what: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(what, self._loop).result(_SWITCHING)

    async def _switch(self, fault: Fault | None) -> None:
        was, self._fault = self._fault, fault
        self._changed.set()
        self._changed = asyncio.Event()
        is_down, was_down = (each is not None and each.kind == "down" for each in (fault, was))
        if is_down and not was_down:
            await self._silence()
        elif was_down and not is_down:
            await self._listen()

    async def _listen(self) -> None:
        self._listening = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._listening.sockets[0].getsockname()[1]

    async def _silence(self) -> None:
        if self._listening is not None:
            self._listening.close()
            self._listening = None
        await self._cut()

    async def _cut(self) -> None:
        handling = list(self._handling)
        for task in handling:
            task.cancel()
        await asyncio.gather(*handling, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._handling.add(task)
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await self._serve(reader, writer)
        finally:
            self._handling.discard(task)
            # At once, as a process that is killed: nothing that was not read is waited for.
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        ahead: asyncio.StreamWriter | None = None
        back: asyncio.Task[None] | None = None
        try:
            while chunk := await reader.read(_CHUNK):
                fault = self._fault
                if fault is not None and fault.kind == "drops":
                    return
                if fault is not None and fault.kind == "failing":
                    await _fail(chunk, reader, writer, fault.status)
                    return
                if fault is not None:
                    # Until the line is quick again, if that comes first.
                    with contextlib.suppress(TimeoutError):
                        await asyncio.wait_for(self._changed.wait(), fault.seconds)
                if ahead is None:
                    server, ahead = await asyncio.open_connection("127.0.0.1", self.target)
                    back = asyncio.create_task(_pass_back(server, writer, self._has_ended(reader)))
                ahead.write(chunk)
                await ahead.drain()
        finally:
            if ahead is not None:
                ahead.transport.abort()
            if back is not None:
                back.cancel()

    def _has_ended(self, reader: asyncio.StreamReader) -> Callable[[], None]:
        return reader.feed_eof


async def _pass_back(server: asyncio.StreamReader, writer: asyncio.StreamWriter, ended: Callable[[], None]) -> None:
    """Pass on what the server says; its end is the connection's."""
    with contextlib.suppress(OSError):
        while chunk := await server.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    ended()


async def _fail(chunk: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, status: int) -> None:
    """Take a whole request, and answer it by a status and no word."""
    head, _, body = chunk.partition(b"\r\n\r\n")
    while b"\r\n\r\n" not in chunk:
        more = await reader.read(_CHUNK)
        if not more:
            return
        chunk += more
        head, _, body = chunk.partition(b"\r\n\r\n")
    found = _LENGTH.search(head)
    missing = int(found[1]) - len(body) if found else 0
    while missing > 0:
        more = await reader.read(_CHUNK)
        if not more:
            return
        missing -= len(more)
    writer.write(b"HTTP/1.1 %d Fault\r\nContent-Length: 0\r\nConnection: close\r\n\r\n" % status)
    await writer.drain()
    writer.write_eof()
    await reader.read(_CHUNK)  # until the client has closed: an abort would take the answer away
