"""Files that are served as they are."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from aiohttp import web

from sio_server.openapi import Handler

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

    async def serve(_: web.Request) -> web.StreamResponse:
        return web.FileResponse(path, headers=headers)

    return serve
