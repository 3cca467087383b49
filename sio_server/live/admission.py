"""Who comes over a plain WebSocket or as a stream: by a token, by a ticket in the address, or by a cookie."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sio_server.audience import Identity
from sio_server.auth import Authenticator
from sio_server.core.tickets import Tickets
from sio_server.gate import TokenCookie


@dataclass(frozen=True, slots=True)
class Admission:
    """What tells of a connection that begins with a request whose it is."""

    auth: Authenticator
    tickets: Tickets
    cookie: TokenCookie

    def token(self, shown: str | None, ticket: str | None, headers: Mapping[str, str]) -> str | None:
        """The token that counts: what was ``shown``, or of a request that shows neither it nor a ticket the cookie's.

        Raises `Refused` (``origin_not_allowed``) for a cookie of which the page that asks may make no use.
        """
        return shown if shown is not None or ticket is not None else self.cookie.token_of(headers)

    async def identity(self, token: str | None, ticket: str | None, stated: Mapping[str, str]) -> Identity:
        """Whom a connection speaks for; raises `Refused` as `Authenticator.identity` and `Tickets.redeem` do.

        Where there is a token, a ticket is not used up.
        """
        if token is None and ticket is not None:
            return await self.tickets.redeem(ticket)
        return await self.auth.identity(token, stated)
