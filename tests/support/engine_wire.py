"""Byte-exact Engine.IO v4 clients for the engine's tests: long polling, websocket, and the upgrade between them.

They speak the wire and nothing else, so that a test sees what the server sent and in which order. Heartbeats are
answered and no-ops skipped by ``recv``; everything else is handed to the test as it came.
"""

from __future__ import annotations

import base64
import json
from abc import ABC, abstractmethod
from collections import deque
from typing import Any

import aiohttp

from tests.support.waiting import coming

HOUSEKEEPING = ("1", "2", "6")  # close, ping and no-op, Engine.IO protocol v4
SEPARATOR = "\x1e"  # between the packets of a polling payload, Engine.IO protocol v4
Packet = str | bytes


class Closed(Exception):
    """The server ended this session or connection."""


class Wire(ABC):
    """One Engine.IO session as its client sees it."""

    def __init__(
        self, http: aiohttp.ClientSession, url: str, query: str = "", headers: dict[str, str] | None = None
    ) -> None:
        self.http = http
        self.headers = headers or {}
        self.base = f"{url}/socket.io/?EIO=4{query}"
        self.inbox: deque[Packet] = deque()
        self.opened: dict[str, Any] = {}

    @property
    def sid(self) -> str:
        """The session id the server gave in its handshake."""
        return str(self.opened["sid"])

    @abstractmethod
    async def open(self) -> Wire:
        """Do the handshake."""

    @abstractmethod
    async def send(self, *packets: Packet) -> None:
        """Send packets; several share one payload where the transport has payloads."""

    @abstractmethod
    async def fetch(self) -> None:
        """Wait for at least one more packet in ``inbox``; raise ``Closed`` when there can be none."""

    @abstractmethod
    async def drop(self) -> None:
        """Vanish without a word."""

    async def recv(self) -> Packet:
        """The next packet that is neither a ping nor a no-op."""
        if self.inbox and self.inbox[0] not in HOUSEKEEPING:
            return self.inbox.popleft()
        return await coming(self._next(), "a packet")

    async def _next(self) -> Packet:
        while True:
            while self.inbox:
                packet = self.inbox.popleft()
                if packet == "2":
                    await self.send("3")
                elif packet == "1":
                    raise Closed
                elif packet != "6":
                    return packet
            await self.fetch()

    async def text(self) -> str:
        """The next packet, which has to be text."""
        packet = await self.recv()
        assert isinstance(packet, str), packet
        return packet

    async def events(self, count: int) -> list[Any]:
        """The arguments of the next ``count`` plain events of the main namespace."""
        found: list[Any] = []
        while len(found) < count:
            packet = await self.text()
            assert packet.startswith("42["), packet
            found.append(json.loads(packet[2:]))
        return found

    async def closed(self) -> list[Packet]:
        """Wait for the server to close; return what came before that."""
        rest = []
        try:
            while True:
                rest.append(await self.recv())
        except (Closed, aiohttp.ClientError):
            return rest

    async def join(self, namespace: str = "/", auth: Any = None) -> dict[str, Any]:
        """Join a namespace and return the body of the CONNECT reply, which has to be the very next packet."""
        where = "" if namespace == "/" else namespace + ","
        await self.send(f"40{where}" + ("" if auth is None else json.dumps(auth)))
        reply = await self.text()
        assert reply.startswith(f"40{where}{{"), reply
        body = json.loads(reply[2 + len(where) :])
        assert isinstance(body, dict)
        return body


def _decode(packet: str) -> Packet:
    return base64.b64decode(packet[1:]) if packet.startswith("b") else packet


def _encode(packet: Packet) -> str:
    return packet if isinstance(packet, str) else "b" + base64.b64encode(packet).decode()


class PollingWire(Wire):
    """HTTP long polling, one request at a time each way."""

    @property
    def url(self) -> str:
        """Where this session polls."""
        return f"{self.base}&transport=polling&sid={self.sid}"

    async def open(self) -> PollingWire:
        """Do the handshake."""
        async with self.http.get(f"{self.base}&transport=polling", headers=self.headers) as response:
            text = await response.text()
            if response.status != 200:
                raise Closed(f"{response.status} {text}")
        first, *rest = text.split(SEPARATOR)
        assert first.startswith("0{"), first
        self.opened = json.loads(first[1:])
        self.inbox.extend(map(_decode, rest))
        return self

    async def post(self, body: Any) -> tuple[int, str]:
        """POST a body as it is; return status and text."""
        async with self.http.post(self.url, data=body, headers=self.headers) as response:
            return response.status, await response.text()

    async def get(self) -> tuple[int, str]:
        """One poll; return status and text."""
        async with self.http.get(self.url, headers=self.headers) as response:
            return response.status, await response.text()

    async def send(self, *packets: Packet) -> None:
        """POST the packets as one payload."""
        status, text = await self.post(SEPARATOR.join(map(_encode, packets)))
        if status != 200:
            raise Closed(f"{status} {text}")

    async def fetch(self) -> None:
        """Poll once."""
        status, text = await self.get()
        if status != 200:
            raise Closed(f"{status} {text}")
        self.inbox.extend(map(_decode, text.split(SEPARATOR)))

    async def drop(self) -> None:
        """A polling client vanishes by not coming back."""


class WebSocketWire(Wire):
    """A websocket from the first request on."""

    ws: aiohttp.ClientWebSocketResponse

    async def connect(self, query: str = "") -> None:
        """Open the websocket and nothing more."""
        self.ws = await self.http.ws_connect(
            f"{self.base}&transport=websocket{query}", headers=self.headers, max_msg_size=0, autoclose=True
        )

    async def open(self) -> WebSocketWire:
        """Connect and read the handshake."""
        await self.connect()
        first = await self.raw()
        assert isinstance(first, str)
        assert first.startswith("0{"), first
        self.opened = json.loads(first[1:])
        return self

    async def raw(self) -> Packet:
        """The next frame, heartbeats and no-ops included."""
        return self._packet(await coming(self.ws.receive(), "a frame"))

    def _packet(self, frame: aiohttp.WSMessage) -> Packet:
        if frame.type in (aiohttp.WSMsgType.TEXT, aiohttp.WSMsgType.BINARY):
            data: Packet = frame.data
            return data
        raise Closed(f"{frame.type} {frame.data}")

    async def send(self, *packets: Packet) -> None:
        """Send each packet as a frame."""
        for packet in packets:
            if isinstance(packet, str):
                await self.ws.send_str(packet)
            else:
                await self.ws.send_bytes(packet)

    async def fetch(self) -> None:
        """Take one frame."""
        self.inbox.append(self._packet(await self.ws.receive()))

    async def drop(self) -> None:
        """Cut the TCP connection with no close frame."""
        transport = self.ws._response.connection
        assert transport is not None
        assert transport.transport is not None
        transport.transport.abort()


class UpgradedWire(WebSocketWire):
    """A session that starts on polling and moves to a websocket."""

    async def open(self) -> UpgradedWire:
        """Do the handshake by polling, then the whole upgrade."""
        polling = PollingWire(self.http, "", headers=self.headers)
        polling.base = self.base
        await polling.open()
        self.opened = polling.opened
        await self.probe()
        await polling.fetch()  # the pending poll is answered, with a no-op unless something waited
        self.inbox.extend(p for p in polling.inbox if p != "6")
        await self.send("5")
        return self

    async def probe(self) -> None:
        """Open the websocket and exchange the probe; the upgrade itself is still to come."""
        await self.connect(f"&sid={self.sid}")
        await self.send("2probe")
        answer = await self.raw()
        assert answer == "3probe", answer


WIRES: dict[str, type[Wire]] = {"polling": PollingWire, "websocket": WebSocketWire, "upgrade": UpgradedWire}
