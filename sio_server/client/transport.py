"""How the clients connect, with and without asyncio."""

from __future__ import annotations

import ssl
from typing import Any, Final

import httpx

from sio_server.client.exchange import Target

# One backend process has a few publishes in flight at a time; more connections would only queue in the server's log.
_LIMITS: Final = httpx.Limits(max_connections=20, max_keepalive_connections=10, keepalive_expiry=30)


def transport_options(target: Target) -> dict[str, Any]:
    """What both clients of httpx are made with for this target."""
    options: dict[str, Any] = {"limits": _LIMITS, "follow_redirects": False, "trust_env": not target.loopback}
    if target.url.startswith("http:"):
        # Reading the certificate authorities takes tens of milliseconds, for a connection that uses none. This context
        # trusts nobody, so it cannot let anything through either.
        options["verify"] = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return options
