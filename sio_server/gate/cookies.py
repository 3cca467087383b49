"""The token in a cookie, where one is set up: whose page may use it.

A browser sends a cookie by itself with whatever any page asks of the server, WebSocket handshakes included. Any page
that somebody opens could so read that person's notifications or act in that person's name (cross-site request forgery,
and the same by WebSocket). So a cookie counts only in requests of pages that are the server's own or are named in the
settings. A header ``Authorization`` needs none of that: no page can make a browser send it unasked.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sio_server.config import Config
from sio_server.errors import Refused, Text
from sio_server.gate.origins import OriginPolicy

# A token has three parts (RFC 7515 §3.1). What else is in the cookie, a publisher key above all, is no credential.
_TOKEN_DOTS: Final = 2


class TokenCookie:
    """The cookie that a `Config` names. ``headers`` have names in lower case, or ignore their case."""

    def __init__(self, config: Config, policy: OriginPolicy) -> None:
        self._policy = policy
        self.apply(config)

    def apply(self, config: Config) -> None:
        """Look for the cookie that these settings name from now on."""
        self._name = config.token_cookie

    def token_of(self, headers: Mapping[str, str]) -> str | None:
        """The token in the cookie, None where there is none.

        Raises `Refused` (``origin_not_allowed``) for one that came from a page that may not use it.
        """
        if self._name is None or (text := headers.get("cookie")) is None:
            return None
        found = _value(text, self._name)
        if found is None or found.count(".") != _TOKEN_DOTS:
            return None
        if not self._policy.lends_cookies(headers):
            raise Refused("origin_not_allowed", _NOT_LENT.format(self._name))
        return found


def _value(header: str, name: str) -> str | None:
    """The value of a cookie (RFC 6265 §4.2.1); of several the first, which is the one of the longest path."""
    for part in header.split(";"):
        key, equals, value = part.strip().partition("=")
        if equals and key == name:
            return value.strip('"') or None
    return None


_NOT_LENT: Final = Text(
    "The cookie '{0}' counts only in requests of the server's own pages and of origins that SIO_SERVER_ALLOWED_ORIGINS "
    "names, or any page could act in its user's name (CSRF). A program sends the header 'Authorization: Bearer'.",
    "La cookie '{0}' solo cuenta en peticiones de páginas del propio servidor y de orígenes que nombra "
    "SIO_SERVER_ALLOWED_ORIGINS; si no, cualquier página podría actuar en nombre de su usuario (CSRF). Un programa "
    "envía la cabecera 'Authorization: Bearer'.",
)
