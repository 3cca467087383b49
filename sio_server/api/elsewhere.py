"""What is served by no operation: 404, 405 with the methods that are served there, and what a preflight is told."""

from __future__ import annotations

from typing import Final, NoReturn

from aiohttp import hdrs, web

from sio_server.api.base_path import check_below
from sio_server.api.messages import expect_later

_ANYWHERE: Final = "/{path:.*}"


def serve_elsewhere(router: web.UrlDispatcher, base: str) -> None:
    """Answer every other path of this router, which has all of its routes by now, below ``base`` or beside it.

    aiohttp's own answers ask a client that waits to be asked for its body (``Expect``), only to refuse it then.
    """
    methods: dict[str, set[str]] = {}
    patterns: list[web.AbstractResource] = []
    for resource in router.resources():
        if isinstance(resource, web.PlainResource):
            methods.setdefault(resource.canonical, set()).update(route.method for route in resource)
        else:
            patterns.append(resource)

    async def elsewhere(request: web.Request) -> NoReturn:
        allowed = set(methods.get(request.path, ()))
        for pattern in patterns:
            allowed |= (await pattern.resolve(request))[1]
        if allowed:
            raise web.HTTPMethodNotAllowed(request.method, sorted(allowed))
        check_below(base, request.path)
        raise web.HTTPNotFound

    router.add_route("*", _ANYWHERE, elsewhere, expect_handler=expect_later)


# In the order in which a preflight is told of them.
_METHODS: Final = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def methods_of(router: web.UrlDispatcher) -> tuple[str, ...]:
    """The methods that anything is served by; OPTIONS is answered everywhere."""
    routed = {route.method for route in router.routes()} | {hdrs.METH_OPTIONS}
    return tuple(method for method in _METHODS if method in routed)
