"""``POST /notify`` as the engine's front hands it over, before aiohttp builds a request: the hottest path there is.

It answers like `endpoint_http` in everything but speed; a request that is out of the ordinary goes there by itself.
"""

from __future__ import annotations

import orjson

from sio_server.engine import FrontReply, FrontRequest
from sio_server.errors import Refused
from sio_server.gate import PROBLEM_TYPE, Gate
from sio_server.http_credentials import HttpCredentials
from sio_server.http_messages import credential_in, decode_json, receipt_headers, too_large
from sio_server.locales import preferred_locale
from sio_server.logs import logger
from sio_server.node import Node, Receipt
from sio_server.schemas import load_publish

log = logger("front")


class FrontEndpoint:
    """Fast routes. ``max_body`` is the largest body of one notification, in bytes."""

    def __init__(self, gate: Gate, node: Node, credentials: HttpCredentials, *, max_body: int) -> None:
        self._gate = gate
        self._node = node
        self._credentials = credentials
        self._max_body = max_body

    async def notify(self, request: FrontRequest) -> FrontReply:
        """``POST /notify``."""
        headers = request.headers
        request_id = self._gate.request_id(headers)
        common = self._gate.reply_headers(headers, request_id)
        try:
            receipt = await self._publish(request)
            body = orjson.dumps(receipt.as_dict(preferred_locale(headers.get("accept-language"))))
            return FrontReply(200, body, "application/json", (*common.items(), *receipt_headers(receipt).items()))
        except Refused as refused:
            failure = refused
        except Exception:
            log.exception("request failed", method=request.method, path=request.path, request_id=request_id)
            failure = Refused("internal")
        problem = self._gate.problem(failure, headers, request_id, method=request.method, path=request.path)
        return FrontReply(problem.status, problem.body, PROBLEM_TYPE, (*common.items(), *problem.headers.items()))

    async def _publish(self, request: FrontRequest) -> Receipt:
        headers = request.headers
        self._gate.check(request.method, headers)
        publisher = await self._credentials.publisher_of(credential_in(headers.get("authorization")))
        if len(request.body) > self._max_body:
            raise too_large(self._max_body)
        publish = load_publish(decode_json(request.body), headers.get("idempotency-key"))
        return await self._node.publish(publish, publisher.name)
