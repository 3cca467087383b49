"""An address for metrics alone: whoever reaches it may read them. Health is answered there as well."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from aiohttp import web

from sio_server.api.credentials import PUBLIC, Callers
from sio_server.api.elsewhere import serve_elsewhere
from sio_server.api.messages import expect_later
from sio_server.api.middleware import add_headers, guard
from sio_server.api.operations import operations_of
from sio_server.gate import Gate


def serve_apart(
    endpoints: Iterable[object], callers: Callers, gate: Gate, handler_args: Mapping[str, Any]
) -> web.Application:
    """An application that serves every operation of these objects to whoever asks, without a credential."""
    app = web.Application(middlewares=[guard(gate)], handler_args=dict(handler_args))
    for endpoint in endpoints:
        for found in operations_of(type(endpoint)):
            handler = replace(found, credential=PUBLIC).handler(endpoint, callers)
            app.router.add_get(found.route, handler, expect_handler=expect_later)
    serve_elsewhere(app.router, "")
    app.on_response_prepare.append(add_headers(gate))
    return app
