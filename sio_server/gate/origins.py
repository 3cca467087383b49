"""Which pages may talk to the server. The only owner of CORS: no library beside it adds a header.

In development, where no secret protects the server, any page that the developer has open could post to it (CSRF), and
a name that an attacker points at 127.0.0.1 would make such a page look local (DNS rebinding). So foreign origins and
host names are refused there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Final

from sio_server.config import Config, is_loopback
from sio_server.errors import Refused, Text

# What a page may ask with where nobody says what is served.
ALLOWED_METHODS: Final = ("GET", "HEAD", "POST", "OPTIONS")
ALLOWED_HEADERS: Final = "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Request-ID"
EXPOSED_HEADERS: Final = "Idempotent-Replayed, Retry-After, X-Request-ID"
PREFLIGHT_SECONDS: Final = "600"

# Origins that are no address of a page: of a file, of a sandboxed frame, of some apps. All files share one.
NO_ADDRESS: Final = frozenset({"null", "file://"})

_ANY: Final = "*"

# RFC 6454 §6.2, and nothing but ASCII: what else a header may hold is no origin, and is never sent back.
_WEB_ORIGIN: Final = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?P<netloc>(?P<name>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::[0-9]{1,5})?)",
    re.ASCII | re.IGNORECASE,
)

_DEFAULT_PORTS: Final = (("https://", ":443"), ("http://", ":80"))

# What a browser says, and no page can change, of a request without an origin: a page of the server's own sent it, or
# nobody but the person at the browser (Fetch Metadata, W3C).
_OWN_SITES: Final = frozenset({"same-origin", "none"})

# Bounds of what a preflight asks for: each name comes back in the reply.
_MAX_ASKED: Final = 4096
_MAX_ASKED_NAMES: Final = 64
_TOKEN: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}", re.ASCII)
_HOST_HEADER: Final = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[^\[\]:@/]+)(?::[0-9]*)?")


class OriginPolicy:
    """The origins and host names that a `Config` allows."""

    def __init__(self, config: Config) -> None:
        self.apply(config)

    def apply(self, config: Config) -> None:
        """Allow what these settings allow, in place of the ones before."""
        self.development = config.development
        """Whether nothing is protected, so that only this machine may ask."""
        self._hosts = frozenset(host.lower().removesuffix(".") for host in config.allowed_hosts)
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
        if not self._answers_to(name):
            raise Refused("host_not_allowed", (_DEVELOPMENT_HOST if self.development else _HOST).format(name))

    def _answers_to(self, name: str) -> bool:
        if name in self._hosts or not (self.development or self._hosts):
            return True
        return is_loopback(name)

    def allows(self, origin: str, host: str | None) -> bool:
        """Whether pages of this origin may talk to the server when they call it ``host``."""
        found = _WEB_ORIGIN.fullmatch(origin)
        if found is None and origin not in NO_ADDRESS:
            return False
        if self._any:
            return True
        return self._names(origin, host, found)

    def lends_cookies(self, headers: Mapping[str, str]) -> bool:
        """Whether what the user's cookie allows may be done for the page that sent a request with these headers.

        Not for any page there is, where any may ask, nor for those without an address: whoever likes makes such a page.
        Without an origin a browser has to say whose page it is: a picture of another site has none either.
        """
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site") in _OWN_SITES
        found = _WEB_ORIGIN.fullmatch(origin)
        return found is not None and self._names(origin, headers.get("host"), found)

    def _names(self, origin: str, host: str | None, found: re.Match[str] | None) -> bool:
        """Whether the settings name this origin, or it is the server's own; ``found`` is it taken apart."""
        if any(pattern.fullmatch(origin.lower()) for pattern in self._patterns):
            return True
        if found is None:
            return False
        if self.development:
            # A development server of the frontend has a port of its own, so its origin is never ours.
            return is_loopback(found["name"])
        same = host is not None and found["netloc"].lower() == host.lower()
        return same and self._answers_to(_host_name(readable(host or "")))

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
    def preflight_headers(asked: str | None = None, methods: Iterable[str] = ALLOWED_METHODS) -> dict[str, str]:
        """The headers that answer a preflight (an OPTIONS request that asks what a page may send).

        ``asked``: its ``Access-Control-Request-Headers``. A page that is let in may send what headers it likes, as
        with the stock servers: tracing libraries add some to each of its requests. ``methods``: what anything is
        served by.
        """
        return {
            "Access-Control-Allow-Methods": ", ".join(methods),
            "Access-Control-Allow-Headers": ", ".join((ALLOWED_HEADERS, *_asked(asked or ""))),
            "Access-Control-Max-Age": PREFLIGHT_SECONDS,
        }


def _asked(asked: str) -> list[str]:
    """The names of headers that a preflight asks for, without those that are always allowed and what is no name."""
    if len(asked) > _MAX_ASKED:
        return []
    names = dict.fromkeys(name.strip().lower() for name in asked.split(","))
    known = ALLOWED_HEADERS.lower().split(", ")
    return [name for name in names if name not in known and _TOKEN.fullmatch(name)][:_MAX_ASKED_NAMES]


def readable(value: str) -> str:
    """A header's text as it can be told: bytes that are no text come out as escapes, and it has an end."""
    return value[:200].encode("ascii", "backslashreplace").decode()


@lru_cache(maxsize=256)  # of each request, and almost always the same few; it has at most 200 characters
def _host_name(host: str) -> str:
    """The name in a ``Host`` header (RFC 9110 §7.2) without its port; what is none stays, and matches nothing."""
    match = _HOST_HEADER.fullmatch(host.lower())
    return match["name"].strip("[]").removesuffix(".") if match else host


def _pattern(origin: str) -> re.Pattern[str]:
    """An origin of the settings; ``*`` stands for one or more labels of a host name and for nothing else."""
    plain = origin if origin in NO_ADDRESS else origin.rstrip("/").lower()
    for scheme, port in _DEFAULT_PORTS:
        if plain.startswith(scheme):
            plain = plain.removesuffix(port)  # a browser leaves it out (RFC 6454 section 6.2)
    parts = (re.escape(part) for part in plain.lower().split(_ANY))
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
