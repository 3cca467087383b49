"""How the clients connect, with and without asyncio."""

from __future__ import annotations

from typing import Any, Final

from sio_server.client.exchange import Target

# One backend process has a few publishes in flight at a time; more connections would only queue in the server's log.
CONNECTIONS: Final = 20


def transport_options(target: Target, connections: int = CONNECTIONS) -> dict[str, Any]:
    """What both clients of httpx are made with for this target."""
    import ssl  # noqa: PLC0415 - see `exchange`

    import httpx  # noqa: PLC0415 - see `exchange`

    limits = httpx.Limits(
        max_connections=connections, max_keepalive_connections=(connections + 1) // 2, keepalive_expiry=30
    )
    options: dict[str, Any] = {"limits": limits, "follow_redirects": False, "trust_env": not target.loopback}
    if not target.url.startswith("https:"):
        # Reading the certificate authorities takes tens of milliseconds, for a connection that uses none. This context
        # trusts nobody, so it cannot let anything through either.
        options["verify"] = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    return options
