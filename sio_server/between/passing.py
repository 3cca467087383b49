"""Requests for sessions of other nodes are passed on to these, so that a balancer needs no affinity."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Callable
from http import HTTPStatus
from typing import Final

from aiohttp import ClientResponse, web
from multidict import CIMultiDict
from yarl import URL

from sio_server.between import signing
from sio_server.between.known import KnownNodes
from sio_server.between.roads import LOST, UNIX, Roads
from sio_server.between.tunnel import Tunnels
from sio_server.broker import NodeState
from sio_server.engine import AsyncServer, BodyTooLargeError, body_parts, peer_of, watch
from sio_server.logs import get_logger

logger = get_logger("nodes")

# What parts the name of a node from the rest of a session's id: neither has one.
SEPARATOR: Final = "."
_NAMED: Final = re.compile(r"([a-z0-9]{8})\.")

# Polls and websockets that are passed on at once. Each holds two connections here, and most are polls that wait.
MAX_PASSED: Final = 10_000

# Bytes of bodies that are held until they are whole, for they are signed: who sends them may have no session at all.
MAX_HELD: Final = 64 * 1024 * 1024

# Bytes of an answer that are read before any of it is handed on; a longer one is handed on as it comes.
MAX_WHOLE: Final = 64 * 1024

# An answer of another node that is not its engine's but its door's: why the request was not taken.
NOT_TAKEN: Final = "X-Sio-Node-Not-Taken"

# Of one connection, and not of what is passed on (RFC 9110 §7.6.1); what is said of length and place is said anew.
_HOP: Final = frozenset(
    {
        *("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te"),
        *("trailer", "transfer-encoding", "upgrade", "content-length", "expect", signing.HEADER.lower()),
    }
)
_NOT_BACK: Final = _HOP | {"server", "date", NOT_TAKEN.lower()}


class Passing:
    """Passes on what is meant for other nodes. ``own`` is this one's name; ``key`` gives what signs.

    ``wall`` gives Unix seconds.
    """

    def __init__(
        self,
        own: str,
        known: KnownNodes,
        roads: Roads,
        key: Callable[[], bytes],
        server: AsyncServer,
        *,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._own = own
        self._known = known
        self._key = key
        self._server = server
        self._wall = wall
        self._roads = roads
        self.passed = 0
        """How many requests and websockets are passed on at this moment."""
        self._held = 0
        self._tunnels = Tunnels(self._ended)

    async def pass_on(self, request: web.Request, sid: str) -> web.StreamResponse | None:
        """Answer a request for a session that is not here; None where no living node has it.

        A stock client then begins a new session, and recovers by its cursor.
        """
        named = _NAMED.match(sid)
        if named is None or named[1] == self._own:
            return None
        node = await self._known.find(named[1])
        if node is None:
            return None
        if node.address is None:
            logger.warning(_CANNOT, node=node.name, path=request.path)
            return None
        if self.passed >= MAX_PASSED:
            return _busy()
        self.passed += 1
        tunnel = False
        try:
            if request.headers.get("Upgrade", "").lower() == "websocket":
                answer = await self._tunnels.dig(request, node.address, self._head(request, node))
                tunnel = answer is not None
                return answer
            return await self._pass_on(request, node, node.address)
        except LOST as error:
            if node.address.startswith(UNIX):  # a worker of another machine
                logger.warning(_CANNOT, node=node.name, path=request.path, address=node.address)
            else:
                logger.warning(_NOT_REACHED, node=node.name, address=node.address, reason=str(error) or repr(error))
            return None
        finally:
            if not tunnel:
                self._ended()

    def _ended(self) -> None:
        self.passed -= 1

    def drain(self, spread: float) -> None:
        """Let the websockets that are handed on go, one by one within so many seconds: this node ends."""
        self._tunnels.drain(spread)

    def close(self) -> None:
        """Close the websockets that are handed on."""
        self._tunnels.close()

    # -- a websocket ----------------------------------------------------------------------------------------------

    def _head(self, request: web.Request, node: NodeState) -> bytes:
        lines = [f"{request.method} {request.raw_path} HTTP/1.1".encode()]
        own = signing.HEADER.lower().encode()
        lines += [b"%b: %b" % (name, value) for name, value in request.raw_headers if name.lower() != own]
        lines.append(f"{signing.HEADER}: {self._signature(request, node)}".encode())
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def _signature(self, request: web.Request, node: NodeState, body: bytes = b"") -> str:
        return signing.sign(
            self._key(),
            to=node.name,
            at=int(self._wall() * 1000),
            method=request.method,
            target=request.raw_path,
            peer=peer_of(request.transport),
            secure=request.secure,
            body=body,
        )

    # -- a poll, or a POST ----------------------------------------------------------------------------------------

    async def _pass_on(self, request: web.Request, node: NodeState, address: str) -> web.StreamResponse | None:
        body = bytearray()
        try:
            try:
                async for part in body_parts(request, self._server.eio.max_http_buffer_size, self._patience()):
                    body += part
                    self._held += len(part)
                    if self._held > MAX_HELD:
                        return _busy()
            except BodyTooLargeError:
                return _closing(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
            except TimeoutError:
                return _closing(HTTPStatus.REQUEST_TIMEOUT)
            asking = asyncio.ensure_future(self._ask(request, node, address, bytes(body)))
            # A poll whose client has gone must end at the other node, too, or its answer would be lost in between.
            watch(request, lambda: _end(asking))
            try:
                await asyncio.wait({asking})
            finally:
                asking.cancel()
                watch(request, None)
            return _closing(HTTPStatus.BAD_REQUEST) if asking.cancelled() else asking.result()
        finally:
            self._held -= len(body)

    def _patience(self) -> float:
        return self._server.eio.limits.request_timeout

    async def _ask(self, request: web.Request, node: NodeState, address: str, body: bytes) -> web.StreamResponse | None:
        session, base = self._roads.to(address)
        headers = CIMultiDict((name, value) for name, value in request.headers.items() if name.lower() not in _HOP)
        headers[signing.HEADER] = self._signature(request, node, body)
        url = URL(base + request.raw_path, encoded=True)
        data: AsyncIterator[bytes] | None = None
        if body:
            headers["Content-Length"] = str(len(body))
            data = _parts_of(body)
        async with session.request(request.method, url, headers=headers, data=data, allow_redirects=False) as answer:
            reason = answer.headers.get(NOT_TAKEN)
            if reason is not None:
                logger.warning(_NOT_OURS, node=node.name, address=address, reason=signing.REASONS.get(reason, "?"))
                return None
            return await self._answer(request, answer)

    async def _answer(self, request: web.Request, answer: ClientResponse) -> web.StreamResponse:
        headers = CIMultiDict((name, value) for name, value in answer.headers.items() if name.lower() not in _NOT_BACK)
        size = answer.content_length
        if size is not None and size <= MAX_WHOLE:
            return web.Response(body=await answer.read(), status=answer.status, headers=headers)
        handed = web.StreamResponse(status=answer.status, headers=headers)
        handed.content_length = size
        await handed.prepare(request)
        try:
            async for part in answer.content.iter_any():
                await handed.write(part)
        except LOST:
            if request.transport is not None:
                request.transport.abort()  # the rest of a longer answer is missing, and the client must not wait for it
        return handed


async def _parts_of(body: bytes) -> AsyncIterator[bytes]:
    """A body as parts between which others have their turns."""
    for start in range(0, len(body), MAX_WHOLE):
        yield body[start : start + MAX_WHOLE]


def _end(asking: asyncio.Future[web.StreamResponse | None]) -> None:
    asking.cancel()


def _busy() -> web.Response:
    """Too much is passed on for the moment: the client comes again by itself."""
    return web.Response(status=HTTPStatus.SERVICE_UNAVAILABLE, headers={"Retry-After": "1"})


def _closing(status: HTTPStatus) -> web.Response:
    answer = web.Response(status=status)
    answer.force_close()
    return answer


_CANNOT: Final = (
    "a request came for a session of another node, which cannot be reached: set --node-listen on every node, or have "
    "the balancer bring each client to one node always (sticky sessions); clients that poll begin anew again and again"
)
_NOT_REACHED: Final = (
    "a node does not answer where it says that it is: where it lives, let the others reach that address, or set "
    "another with --node-address"
)
_NOT_OURS: Final = "a node did not take what was passed on to it"
