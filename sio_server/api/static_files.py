"""Files that are served as they are."""

from __future__ import annotations

import mimetypes
import sys
from http import HTTPStatus
from pathlib import Path
from typing import Final

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from sio_server.api.operations import Handler
from sio_server.errors import Refused, Text
from sio_server.logs import get_logger

logger = get_logger("files")

# Scripts come from this server alone. Styles are set on elements by the API's viewer and by the console's components.
PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors {0}"
)

REVALIDATE: Final = "no-cache"
# For names with a hash of the contents in them.
FOR_EVER: Final = "public, max-age=31536000, immutable"


def served(path: Path, content_type: str, *, cache: str = REVALIDATE, framed_by: str = "'none'") -> Handler:
    """A handler that serves one file; a compressed one beside it (``.br``, ``.gz``) where the client takes that."""
    headers = {
        "Content-Security-Policy": PAGE_POLICY.format(framed_by),
        "Cache-Control": cache,
        "Content-Type": content_type,
    }

    async def serve(request: web.Request) -> web.StreamResponse:
        response = _File(path, headers=headers)
        try:
            await response.prepare(request)
        except (OSError, RuntimeError) as error:
            transport = request.transport
            if transport is None or transport.is_closing():  # the loop says so by a RuntimeError
                raise ConnectionResetError from error
            if isinstance(error, RuntimeError):
                raise
            if not isinstance(error, ConnectionError):
                logger.warning("file not served", file=path.name, reason=error.strerror)
                if not response.prepared:
                    raise Refused("unavailable", _UNREADABLE, retry_after=1) from error
            transport.abort()  # a part of the file is out: nothing else can be told any more
            raise ConnectionResetError from error
        return response

    return serve


def type_of(path: Path) -> str:
    """The ``Content-Type`` of a file by its name; text says its encoding."""
    found = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"{found}; charset=utf-8" if found.startswith("text/") or found.endswith(("javascript", "json")) else found


class _File(web.FileResponse):
    """A file that was there when the server started: what the system says when it is opened is an error and no 404.

    aiohttp makes one of every such error, when a process has no descriptor left as well, and with the cache's headers.
    """

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Start the reply once: aiohttp calls this again for a response that a handler gives back."""
        return None if self.prepared else await super().prepare(request)

    def set_status(self, status: int, reason: str | None = None) -> None:
        """Set the status as aiohttp does, but raise OSError for a file that cannot be opened."""
        if status in _NOT_OPENED:
            error = sys.exception()
            raise OSError(getattr(error, "errno", None), getattr(error, "strerror", None)) from error
        super().set_status(status, reason)


_NOT_OPENED: Final = (HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)
_UNREADABLE: Final = Text(
    "A file of the server's cannot be opened now: try again in a moment.",
    "Un archivo del servidor no se puede abrir ahora: vuelve a intentarlo enseguida.",
)
