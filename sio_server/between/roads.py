"""The ways to other nodes: an address as nodes tell it, and connections that are kept open."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, TypeVar
from urllib.parse import urlsplit

from aiohttp import (
    BaseConnector,
    ClientError,
    ClientSession,
    ClientTimeout,
    DummyCookieJar,
    TCPConnector,
    UnixConnector,
)

# Seconds to reach another node: it is on the same network.
CONNECT: Final = 2.0

# How the address of a Unix socket begins; what others begin with is http.
UNIX: Final = "unix:"

# What may go wrong on the way.
LOST: Final = (ClientError, OSError, TimeoutError)

# The port of an address that names none.
_HTTP: Final = 80

P = TypeVar("P", bound=asyncio.BaseProtocol)


class Roads:
    """HTTP to other nodes. ``patience`` gives the seconds for which an answer may say nothing: longer than a poll."""

    def __init__(self, patience: Callable[[], float]) -> None:
        self._patience = patience
        # By the path of a Unix socket; those of all other addresses are one.
        self._sessions: dict[str, ClientSession] = {}

    def to(self, address: str) -> tuple[ClientSession, str]:
        """What makes requests to a node, and what the addresses of those begin with."""
        path = address.removeprefix(UNIX) if address.startswith(UNIX) else ""
        found = self._sessions.get(path)
        if found is None:
            # Without a limit here: what is passed on is bounded by who passes it on, and so are its connections.
            made: BaseConnector = UnixConnector(path, limit=0) if path else TCPConnector(limit=0)
            found = self._sessions[path] = ClientSession(
                connector=made,
                cookie_jar=DummyCookieJar(),
                timeout=ClientTimeout(total=None, sock_connect=CONNECT, sock_read=self._patience()),
                auto_decompress=False,
                skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
            )
        return found, "http://node" if path else address

    async def close(self) -> None:
        """Close all connections."""
        sessions, self._sessions = list(self._sessions.values()), {}
        for session in sessions:
            await session.close()


async def connect(address: str, protocol: Callable[[], P]) -> P:
    """A connection of one's own to a node; raises OSError, TimeoutError."""
    loop = asyncio.get_running_loop()
    async with asyncio.timeout(CONNECT):
        if address.startswith(UNIX):
            return (await loop.create_unix_connection(protocol, address.removeprefix(UNIX)))[1]
        parts = urlsplit(address)
        return (await loop.create_connection(protocol, parts.hostname or "", parts.port or _HTTP))[1]
