"""What other nodes ask of this one, on an address of its own: nobody else is answered."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from typing import Any, Final

from aiohttp import web

from sio_server.between import signing
from sio_server.between.passing import NOT_TAKEN
from sio_server.core.sums import RECENT, STATS
from sio_server.engine import PASSED_ON, AsyncServer, BodyTooLargeError, PassedOn, body_parts
from sio_server.logs import get_logger

logger = get_logger("nodes")

# What a node says of itself: what it counts, its numbers, and those of the last minutes.
METRICS: Final = "/metrics"
SAID: Final = (METRICS, STATS, RECENT)


class Listener:
    """The door for other nodes. ``own`` is this one's name, ``key`` gives what they sign with."""

    def __init__(
        self, own: str, key: Callable[[], bytes], server: AsyncServer, *, wall: Callable[[], float] = time.time
    ) -> None:
        self._own = own
        self._key = key
        self._server = server
        self._wall = wall
        self.says: dict[str, Callable[[], Awaitable[bytes]]] = {}
        """What this node says of itself, by the path that it is asked for by; to be set before anybody asks."""

    def application(self, handler_args: Mapping[str, Any]) -> web.Application:
        """An application that answers other nodes, and nobody else."""
        app = web.Application(handler_args=dict(handler_args))
        engine = self._server.eio.path
        for path in dict.fromkeys((engine, engine.rstrip("/"))):
            app.router.add_route("*", path, self.engine)
        for path in SAID:
            app.router.add_get(path, self._say)
        return app

    async def engine(self, request: web.Request) -> web.StreamResponse:
        """Answer what was passed on to the Socket.IO engine, as if it had come here."""
        try:
            request[PASSED_ON] = await self._passed_on(request)
        except signing.NotSignedError as error:
            return _not_taken(error.reason)
        except (BodyTooLargeError, TimeoutError):
            return _not_taken("form")
        return await self._server.eio.handle_request(request)

    async def _say(self, request: web.Request) -> web.StreamResponse:
        """Answer with what this node says of itself."""
        try:
            await self._passed_on(request)
        except (signing.NotSignedError, BodyTooLargeError, TimeoutError):
            return _not_taken("form")
        return web.Response(body=await self.says[request.path]())

    async def _passed_on(self, request: web.Request) -> PassedOn:
        """Whom a request came from; raises `NotSignedError` for what no other node passed on."""
        eio = self._server.eio
        value = request.headers.get(signing.HEADER)
        if value is None:
            logger.warning(_STRANGER, path=request.path, address=request.remote)
            raise signing.NotSignedError("form")
        parts = [part async for part in body_parts(request, eio.max_http_buffer_size, eio.limits.request_timeout)]
        return signing.read(
            self._key(),
            value,
            to=self._own,
            now=int(self._wall() * 1000),
            method=request.method,
            target=request.raw_path,
            body=b"".join(parts),
        )


def _not_taken(reason: str) -> web.Response:
    return web.Response(status=HTTPStatus.FORBIDDEN, headers={NOT_TAKEN: reason})


_STRANGER: Final = (
    "somebody who is no node came to the address for nodes (--node-listen): keep it on a network of their own"
)
