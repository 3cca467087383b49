"""The gate for requests that aiohttp serves: one middleware and one signal."""

from __future__ import annotations

import errno
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any, Final

import structlog
from aiohttp import web

from sio_server.api.messages import of_http_status
from sio_server.api.operations import Handler
from sio_server.errors import Refused, Text
from sio_server.gate import PROBLEM_TYPE, Gate
from sio_server.logs import get_logger
from sio_server.trace_context import trace_id_of

REQUEST_ID: Final = web.RequestKey("request_id", str)

# A second value of one of these is another answer: what reads the first and what reads the last would not agree.
_ONCE: Final = (
    "Authorization",
    "Idempotency-Key",
    "Origin",
    "Host",
    "Content-Type",
    "X-Request-ID",
    "Sec-Fetch-Site",
    "Sec-Fetch-Mode",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Version",
)

logger = get_logger("http")


def add_headers(gate: Gate) -> Callable[[web.Request, web.StreamResponse], Awaitable[None]]:
    """A signal handler that gives every reply the headers all replies have."""

    async def add(request: web.Request, response: web.StreamResponse) -> None:
        caching = response.headers.get("Cache-Control")
        response.headers.update(gate.reply_headers(request.headers, request.get(REQUEST_ID)))
        if caching is not None:  # the console's own files say for how long they are good
            response.headers["Cache-Control"] = caching

    return add


def guard(gate: Gate) -> Any:
    """The middleware: who may ask, a request id, and every error as a reply."""

    @web.middleware
    async def handle(request: web.Request, handler: Handler) -> web.StreamResponse:
        request_id = request[REQUEST_ID] = gate.request_id(request.headers)
        trace_id = trace_id_of(request.headers.get("traceparent"))
        more = {} if trace_id is None else {"trace_id": trace_id}
        with structlog.contextvars.bound_contextvars(request_id=request_id, **more):
            started = time.perf_counter()
            try:
                _check_single(request)
                if gate.development:
                    gate.check_direct(request.headers, request.remote or "")
                gate.check(request.method, request.headers, request.path)
                if request.method == "OPTIONS" and "Access-Control-Request-Method" in request.headers:
                    return web.Response(status=204, headers=gate.preflight_headers(request.headers))
                response = await handler(request)
            except Refused as refused:
                response = _problem(gate, request, refused)
            except web.HTTPException as error:
                if error.status < HTTPStatus.BAD_REQUEST:
                    raise
                response = _problem(gate, request, of_http_status(error), error)
            except Exception as error:  # noqa: BLE001 - told in `_failed`
                if isinstance(error, ConnectionError) and _has_left(request):
                    # In the middle of what it sent, or of its answer: that is no fault of anybody here.
                    logger.debug("peer left", method=request.method, path=request.path)
                    return web.Response(status=HTTPStatus.BAD_REQUEST)  # for nobody
                response = _problem(gate, request, _failed(request, error))
            if "Expect" in request.headers and not request.content.is_eof():
                response.force_close()  # its body was not asked for: what comes next could be that, or another request
            elapsed = round((time.perf_counter() - started) * 1000, 1)
            logger.debug("request", method=request.method, path=request.path, status=response.status, ms=elapsed)
            return response

    return handle


def _has_left(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


def _failed(request: web.Request, error: Exception) -> Refused:
    """What is answered to a request whose handler raised, which is told in the log."""
    if isinstance(error, OSError) and error.errno in _RUN_OUT:
        logger.warning("no file can be opened", method=request.method, path=request.path, reason=error.strerror)
        return Refused("unavailable", retry_after=1)
    logger.error("request failed", exc_info=error, method=request.method, path=request.path)
    return Refused("internal")


# The process, or the machine, has no descriptor left: it is no fault of the handler's, and every request may meet it.
_RUN_OUT: Final = (errno.EMFILE, errno.ENFILE)


def _check_single(request: web.Request) -> None:
    """Raise `Refused` (``invalid_request``) for a header with two values of which nobody could say which one counts."""
    for name in _ONCE:
        values = request.headers.getall(name, ())
        if len(values) > 1 and len(set(values)) > 1:
            raise Refused("invalid_request", _TWICE.format(name))


_TWICE: Final = Text(
    "The header '{0}' came more than once, with different values: send one.",
    "La cabecera '{0}' llegó más de una vez, con valores distintos: envía una.",
)


def _problem(
    gate: Gate, request: web.Request, refused: Refused, error: web.HTTPException | None = None
) -> web.Response:
    problem = gate.problem(
        refused,
        request.headers,
        request[REQUEST_ID],
        method=request.method,
        path=request.path,
        address=gate.address(request.remote, request.headers),
        status=None if error is None else error.status,
    )
    for name in ("Allow", "Upgrade"):
        if error is not None and name in error.headers:
            problem.headers[name] = error.headers[name]
    return web.Response(body=problem.body, status=problem.status, content_type=PROBLEM_TYPE, headers=problem.headers)
