"""``POST /notify`` as the engine's front hands it over, before aiohttp builds a request: the hottest path there is.

It answers like `endpoint_http` in everything but speed; a request that is out of the ordinary goes there by itself.
"""

from __future__ import annotations

from collections.abc import Awaitable

import orjson

from sio_server.engine import FrontPromise, FrontReply, FrontRequest, header_lines
from sio_server.errors import Refused
from sio_server.gate import PROBLEM_TYPE, Gate
from sio_server.http_credentials import HttpCredentials
from sio_server.http_messages import credential_in, receipt_headers, too_large
from sio_server.intake import decode
from sio_server.locales import preferred_locale
from sio_server.logs import logger
from sio_server.node import Node, Receipt
from sio_server.notification import PublishRequest
from sio_server.schemas import load_publish

log = logger("front")


class FrontEndpoint:
    """Fast routes. ``max_body`` is the largest body of one notification, in bytes."""

    def __init__(self, gate: Gate, node: Node, credentials: HttpCredentials, *, max_body: int) -> None:
        self._gate = gate
        self._node = node
        self._credentials = credentials
        self._max_body = max_body

    def notify(self, request: FrontRequest) -> FrontReply | FrontPromise | Awaitable[FrontReply]:
        """``POST /notify``. With a publisher key no coroutine is made on the whole way: it would cost a tenth of it."""
        request_id = self._gate.request_id(request.headers)
        try:
            if self._gate.development:
                self._gate.check_direct(request.headers, request.peer)
            publisher: str | None = request.memo.get("publisher")
            if publisher is None:
                self._gate.check(request.method, request.headers)
                credential = credential_in(request.headers.get("authorization"))
                known = self._credentials.known_publisher(credential)
                if known is None:
                    return self._notify_by_token(request, request_id, credential)
                # the same head has the same origin and the same key, and both are good for as long as this process
                publisher = request.memo["publisher"] = known.name
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

        Whoever has none is refused by `endpoint_http`, which looks at tokens too, before a byte of the body is held.
        """
        if "publisher" not in request.memo:
            try:
                self._gate.check(request.method, request.headers)
            except Refused:
                return False
            known = self._credentials.known_publisher(credential_in(request.headers.get("authorization")))
            if known is None:
                return False
            request.memo["publisher"] = known.name
        return int(request.headers["content-length"]) <= self._max_body

    async def _notify_by_token(self, request: FrontRequest, request_id: str, credential: str | None) -> FrontReply:
        outcome: Receipt | Exception
        try:
            publisher = await self._credentials.publisher_of(credential)
            outcome = await self._node.publish(self._body_of(request), publisher.name)
        except Exception as error:  # noqa: BLE001 - the same
            outcome = error
        return self._reply(request, request_id, outcome)

    def _body_of(self, request: FrontRequest) -> PublishRequest:
        if len(request.body) > self._max_body:
            raise too_large(self._max_body)
        return load_publish(decode(request.body), request.headers.get("idempotency-key"))

    def _reply(self, request: FrontRequest, request_id: str, outcome: Receipt | Exception) -> FrontReply:
        if isinstance(outcome, Exception):
            return self._refusal(request, request_id, outcome)
        memo = request.memo
        if "locale" not in memo:
            memo["locale"] = preferred_locale(request.headers.get("accept-language"))
            memo["common"] = header_lines(self._gate.reply_headers(request.headers, None).items())
        body = orjson.dumps(outcome.as_dict(memo["locale"]))
        own = (("X-Request-ID", request_id), *receipt_headers(outcome).items())
        return FrontReply(200, body, "application/json", own, memo["common"])

    def _refusal(self, request: FrontRequest, request_id: str, error: Exception) -> FrontReply:
        headers, refused = request.headers, error
        if not isinstance(refused, Refused):
            about = {"method": request.method, "path": request.path, "request_id": request_id}
            log.error("request failed", exc_info=error, **about)
            refused = Refused("internal")
        common = self._gate.reply_headers(headers, request_id)
        problem = self._gate.problem(
            refused, headers, request_id, method=request.method, path=request.path, address=request.peer
        )
        return FrontReply(problem.status, problem.body, PROBLEM_TYPE, (*common.items(), *problem.headers.items()))
