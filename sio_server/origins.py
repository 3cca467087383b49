"""Which pages may talk to the server. The only owner of CORS: no library beside it adds a header.

In development, where no secret protects the server, any page that the developer has open could post to it (CSRF), and
a name that an attacker points at 127.0.0.1 would make such a page look local (DNS rebinding). So foreign origins and
host names are refused there.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final
from urllib.parse import urlsplit

from sio_server.config import Config, is_loopback
from sio_server.errors import Refused, Text

ALLOWED_METHODS: Final = "GET, POST, OPTIONS"
ALLOWED_HEADERS: Final = "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Request-ID"
EXPOSED_HEADERS: Final = "Idempotent-Replayed, Retry-After, X-Request-ID"
PREFLIGHT_SECONDS: Final = "600"

_ANY: Final = "*"
_HOST_HEADER: Final = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^\[\]:@/]+)(?::[0-9]*)?")


class OriginPolicy:
    """What a `Config` allows."""

    def __init__(self, config: Config) -> None:
        self.development = config.development
        """Whether nothing is protected, so that only this machine may ask."""
        self._hosts = frozenset(host.lower() for host in config.allowed_hosts)
        self._any = _ANY in config.allowed_origins
        self._patterns = tuple(_pattern(origin) for origin in config.allowed_origins if origin != _ANY)

    def check(self, *, origin: str | None, host: str | None, fetch_site: str | None, navigation: bool) -> None:
        """Raise `Refused` (``host_not_allowed``, ``origin_not_allowed``) for a request with these headers.

        ``navigation``: a person follows a link to a page (GET with ``Sec-Fetch-Mode: navigate``), which reads nothing.
        """
        if host is not None:
            self._check_host(_host_name(readable(host)))
        if origin is not None:
            if not self.allows(origin, host):
                raise Refused("origin_not_allowed", _ORIGIN.format(readable(origin)))
        elif self.development and fetch_site == "cross-site" and not navigation:
            raise Refused("origin_not_allowed", _CROSS_SITE)

    def _check_host(self, name: str) -> None:
        if name in self._hosts:
            return
        if self.development:
            if not is_loopback(name):
                raise Refused("host_not_allowed", _DEVELOPMENT_HOST.format(name))
        elif self._hosts and not is_loopback(name):
            raise Refused("host_not_allowed", _HOST.format(name))

    def allows(self, origin: str, host: str | None) -> bool:
        """Whether pages of this origin may talk to the server when they call it ``host``."""
        if self._any or any(pattern.fullmatch(origin.lower()) for pattern in self._patterns):
            return True
        try:
            parts = urlsplit(origin)
            name = parts.hostname or ""
        except ValueError:
            return False
        if self.development:
            # A development server of the frontend has a port of its own, so its origin is never ours.
            return is_loopback(name)
        return bool(host and parts.scheme) and parts.netloc.lower() == str(host).lower()

    def headers(self, origin: str | None, host: str | None) -> dict[str, str]:
        """The CORS headers of a reply to a request of this origin."""
        headers = {"Vary": "Origin"}
        if origin is not None and self.allows(origin, host):
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = EXPOSED_HEADERS
            if not self._any:
                # Clients with withCredentials need it. Never together with "any page": cookies of a proxy in front
                # would be at every page's disposal.
                headers["Access-Control-Allow-Credentials"] = "true"
        return headers

    @staticmethod
    def preflight_headers() -> dict[str, str]:
        """What an OPTIONS request that asks is told besides."""
        return {
            "Access-Control-Allow-Methods": ALLOWED_METHODS,
            "Access-Control-Allow-Headers": ALLOWED_HEADERS,
            "Access-Control-Max-Age": PREFLIGHT_SECONDS,
        }


def readable(value: str) -> str:
    """A header's text as it can be told: bytes that are no text come out as escapes, and it has an end."""
    return value[:200].encode("ascii", "backslashreplace").decode()


@lru_cache(maxsize=256)  # of each request, and almost always the same few; it has at most 200 characters
def _host_name(host: str) -> str:
    """The name in a ``Host`` header (RFC 9110 §7.2) without its port; what is none stays, and matches nothing."""
    match = _HOST_HEADER.fullmatch(host.lower())
    return match["name"].strip("[]") if match else host


def _pattern(origin: str) -> re.Pattern[str]:
    """An origin of the settings; ``*`` stands for one or more labels of a host name and for nothing else."""
    parts = (re.escape(part) for part in origin.lower().rstrip("/").split(_ANY))
    return re.compile(r"[a-z0-9-]+(?:\.[a-z0-9-]+)*".join(parts))


_ORIGIN = Text(
    "Pages of the origin '{0}' are not allowed: add it to SIO_SERVER_ALLOWED_ORIGINS.",
    "No se permiten páginas del origen '{0}': añádelo a SIO_SERVER_ALLOWED_ORIGINS.",
)
_CROSS_SITE = Text(
    "A page of another site sent this; in development only local pages may.",
    "Lo envió una página de otro sitio; en desarrollo solo pueden las locales.",
)
_DEVELOPMENT_HOST = Text(
    "The server was called '{0}'; in development it answers to localhost and 127.0.0.1 only. "
    "Add the name to SIO_SERVER_ALLOWED_HOSTS, or set the secrets.",
    "Se llamó al servidor '{0}'; en desarrollo solo responde a localhost y 127.0.0.1. "
    "Añade el nombre a SIO_SERVER_ALLOWED_HOSTS, o define los secretos.",
)
_HOST = Text(
    "The server does not answer to '{0}': add it to SIO_SERVER_ALLOWED_HOSTS.",
    "El servidor no responde a '{0}': añádelo a SIO_SERVER_ALLOWED_HOSTS.",
)
