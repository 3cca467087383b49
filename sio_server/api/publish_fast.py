"""``POST /notify`` as the engine's front hands it over, before aiohttp builds a request: the hottest path there is.

It answers like `api.publish` in everything but speed; a request that is out of the ordinary goes there by itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import Final

import orjson

from sio_server.api.credentials import Callers
from sio_server.api.messages import receipt_headers, too_large
from sio_server.auth import Publisher
from sio_server.auth.bearer import bearer_of
from sio_server.core.node import Accepted, Node
from sio_server.core.schedules import Planned
from sio_server.engine import FrontPromise, FrontReply, FrontRequest, Unreadable, header_lines
from sio_server.errors import Refused, Text
from sio_server.gate import PROBLEM_TYPE, Gate
from sio_server.intake import decode
from sio_server.locales import preferred_locale
from sio_server.logs import get_logger
from sio_server.notification import PublishRequest
from sio_server.schemas.cloudevents import is_plain
from sio_server.schemas.publish import in_trace, load_publish
from sio_server.trace_context import trace_id_of

logger = get_logger("front")

# By the kinds of `Unreadable`: {0} is its limit, {1} its reason.
_UNREAD: Final = {
    "line": Text(
        "The address of the request has more than {0} bytes: send less in its query.",
        "La dirección de la petición tiene más de {0} bytes: envía menos en su consulta.",
    ),
    "header": Text(
        "A header of the request has more than {0} bytes: send a shorter token, or fewer cookies.",
        "Una cabecera de la petición tiene más de {0} bytes: envía un token más corto, o menos cookies.",
    ),
    "head": Text(
        "The headers of the request have more than {0} bytes together: send a shorter token, or fewer cookies.",
        "Las cabeceras de la petición tienen más de {0} bytes en total: envía un token más corto, o menos cookies.",
    ),
    "headers": Text("The request has too many headers.", "La petición tiene demasiadas cabeceras."),
    "host": Text(
        "The request has no header Host, which HTTP/1.1 asks for.",
        "La petición no tiene la cabecera Host, que HTTP/1.1 exige.",
    ),
    "repeated": Text("The header {1} came more than once.", "La cabecera {1} vino más de una vez."),
    "expect": Text("The header Expect can only be 100-continue.", "La cabecera Expect solo puede ser 100-continue."),
    "syntax": Text("The request is not valid HTTP/1.1: {1}.", "La petición no es HTTP/1.1 válido: {1}."),
}
_NOT_HTTP: Final = Text("The request is not valid HTTP/1.1.", "La petición no es HTTP/1.1 válido.")


class FastPublish:
    """The fast way of ``POST /notify``. ``max_body`` is the largest body of one notification, in bytes."""

    def __init__(self, gate: Gate, node: Node, callers: Callers, *, max_body: int) -> None:
        self._gate = gate
        self._node = node
        self._callers = callers
        self.max_body = max_body
        """The largest body of one notification, in bytes; may be set while the server runs."""
        self._forgotten = 0
        self.forget()

    def forget(self) -> None:
        """Look anew at who may ask, also for heads that were seen before: what was noted with them counts no more.

        What is noted has another name from now on, so that a request pays nothing for it.
        """
        self._forgotten += 1
        self._publisher, self._common = f"publisher {self._forgotten}", f"common {self._forgotten}"

    def notify(self, request: FrontRequest) -> FrontReply | FrontPromise | Awaitable[FrontReply]:
        """``POST /notify``. With a publisher key no coroutine is made on the whole way: it would cost a tenth of it."""
        request_id = self._gate.request_id(request.headers)
        try:
            if self._gate.development:
                self._gate.check_direct(request.headers, request.peer)
            publisher: Publisher | None = request.memo.get(self._publisher)
            if publisher is None:
                self._gate.check(request.method, request.headers)
                known = self._callers.known_publisher(bearer_of(request.headers.get("authorization")))
                if known is None:
                    return self._notify_by_token(request, request_id)
                # the same head has the same origin and the same key, and both are good until `forget` is called
                publisher = request.memo[self._publisher] = known
            reply = FrontPromise()
            self._node.submit(
                self._body_of(request),
                publisher,
                lambda outcome: reply.settle(self._reply(request, request_id, outcome)),
            )
        except Exception as error:  # noqa: BLE001 - told and answered by _reply
            return self._reply(request, request_id, error)
        return reply

    def admits(self, request: FrontRequest) -> bool:
        """Whether a body may be waited for here: a publisher's key is in the head, and the page may ask.

        Whoever has none is refused by `api.publish`, which looks at tokens too, before a byte of the body is held.
        """
        if self._publisher not in request.memo:
            try:
                if self._gate.development:
                    self._gate.check_direct(request.headers, request.peer)
                self._gate.check(request.method, request.headers)
                known = self._callers.known_publisher(bearer_of(request.headers.get("authorization")))
            except Refused:
                return False
            if known is None:
                return False
            request.memo[self._publisher] = known
        return int(request.headers["content-length"]) <= self.max_body

    @staticmethod
    def takes(headers: Mapping[str, str]) -> bool:
        """Whether a request with these headers is answered here: CloudEvents are `api.publish`'s."""
        return is_plain(headers)

    def unread(self, request: FrontRequest, why: Unreadable) -> FrontReply:
        """The refusal of a request that could not be read, as every refusal is: none of its words is the peer's."""
        if why.kind == "failed":
            return self._problem(request, self._gate.request_id(request.headers), Refused("internal"))
        detail = _UNREAD[why.kind].format(why.limit, why.reason) if why.reason or why.kind != "syntax" else _NOT_HTTP
        refused = Refused("invalid_request", detail)
        return self._problem(request, self._gate.request_id(request.headers), refused, why.status)

    async def _notify_by_token(self, request: FrontRequest, request_id: str) -> FrontReply:
        outcome: Accepted | Planned | Exception
        try:
            publisher = await self._callers.publisher_of(self._callers.credential_in(request.headers))
            outcome = await self._node.publish(self._body_of(request), publisher)
        except Exception as error:  # noqa: BLE001 - the same
            outcome = error
        return self._reply(request, request_id, outcome)

    def _body_of(self, request: FrontRequest) -> PublishRequest:
        if len(request.body) > self.max_body:
            raise too_large(self.max_body)
        made = load_publish(decode(request.body), request.headers.get("idempotency-key"))
        trace = request.headers.get("traceparent")
        return made if trace is None else in_trace(made, trace)

    def _reply(self, request: FrontRequest, request_id: str, outcome: Accepted | Planned | Exception) -> FrontReply:
        if isinstance(outcome, Exception):
            return self._refusal(request, request_id, outcome)
        memo = request.memo
        if self._common not in memo:
            memo["locale"] = preferred_locale(request.headers.get("accept-language"))
            memo[self._common] = header_lines(self._gate.reply_headers(request.headers, None).items())
        body = orjson.dumps(outcome.as_dict(memo["locale"]))
        own = (("X-Request-ID", request_id), *receipt_headers(outcome).items())
        return FrontReply(outcome.status, body, "application/json", own, memo[self._common])

    def _refusal(self, request: FrontRequest, request_id: str, error: Exception) -> FrontReply:
        refused = error
        if not isinstance(refused, Refused):
            about = {"method": request.method, "path": request.path, "request_id": request_id}
            if (trace_id := trace_id_of(request.headers.get("traceparent"))) is not None:
                about["trace_id"] = trace_id
            logger.error("request failed", exc_info=error, **about)
            refused = Refused("internal")
        return self._problem(request, request_id, refused)

    def _problem(
        self, request: FrontRequest, request_id: str, refused: Refused, status: int | None = None
    ) -> FrontReply:
        headers = request.headers
        common = self._gate.reply_headers(headers, request_id)
        problem = self._gate.problem(
            refused, headers, request_id, method=request.method, path=request.path, address=request.peer, status=status
        )
        return FrontReply(problem.status, problem.body, PROBLEM_TYPE, (*common.items(), *problem.headers.items()))
