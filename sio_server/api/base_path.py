"""Everything below one path of an address, for a proxy that passes it on: ``/rt/ws`` in place of ``/ws``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final, NoReturn

from aiohttp import web

from sio_server.core.protocols import PROTOCOLS, SOCKETIO
from sio_server.errors import Refused, Text

_Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Below:
    """The routes of a router below a base path; an empty one changes nothing."""

    def __init__(self, router: web.UrlDispatcher, base: str) -> None:
        self._router = router
        self._base = base

    def add_get(self, path: str, handler: _Handler, **options: Any) -> None:
        """Serve GET, and HEAD with it, at a path below the base path."""
        self._router.add_get(self._base + path, handler, **options)

    def add_route(self, method: str, path: str, handler: _Handler, **options: Any) -> None:
        """Serve a method at a path below the base path."""
        self._router.add_route(method, self._base + path, handler, **options)


async def to_page(request: web.Request) -> NoReturn:
    """Lead from the base path itself to the page below it: what a page names is relative to its last slash."""
    query = f"?{request.query_string}" if request.query_string else ""
    raise web.HTTPPermanentRedirect(f"{request.path}/{query}")


def check_below(base: str, path: str) -> None:
    """Raise `Refused` (``not_found``) with the mend for a path that is not below the base path."""
    if path == base or path.startswith(f"{base}/"):
        return
    is_engine = f"{path}/".startswith(PROTOCOLS[SOCKETIO])
    raise Refused("not_found", (_ENGINE_ELSEWHERE if is_engine else _ELSEWHERE).format(base))


_ELSEWHERE: Final = Text(
    "This server is served below '{0}' (SIO_SERVER_BASE_PATH), and the path does not begin with it: call {0}/, or "
    "leave the setting out where a proxy takes '{0}' away.",
    "Este servidor está bajo '{0}' (SIO_SERVER_BASE_PATH) y la ruta no empieza por ahí: llama a {0}/, o quita el "
    "ajuste si un proxy elimina '{0}'.",
)
_ENGINE_ELSEWHERE: Final = Text(
    "This server is served below '{0}' (SIO_SERVER_BASE_PATH): give the Socket.IO client the option "
    'path: "{0}/socket.io", and an address without a path.',
    "Este servidor está bajo '{0}' (SIO_SERVER_BASE_PATH): dale al cliente de Socket.IO la opción "
    'path: "{0}/socket.io" y una dirección sin ruta.',
)
