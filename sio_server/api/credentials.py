"""Who is asking over HTTP, from the header ``Authorization``, or a cookie: a token in an address ends up in logs."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from aiohttp import web

from sio_server.audience import ADMIN_ROLE, Hint, Identity
from sio_server.auth import DEVELOPMENT_PUBLISHER, Authenticator, Publisher, Scope
from sio_server.auth.bearer import bearer_of
from sio_server.auth.claims import stated_in
from sio_server.core.connections import Connections
from sio_server.gate import TokenCookie


@dataclass(frozen=True, slots=True)
class Caller:
    """The sender of a request: ``credential`` is ``development``, ``key``, ``token``, or None where there is none.

    ``scope`` says what they may do, None nothing; ``publisher`` is the name under which they publish. ``warnings`` are
    what they should know of their token.
    """

    credential: str | None
    user: str | None = None
    roles: tuple[str, ...] = ()
    scope: Scope | None = None
    publisher: str | None = None
    warnings: tuple[Hint, ...] = ()


class Callers:
    """Tells from the credential of a request who calls; each method raises `Refused` as `Authenticator` does.

    Beside that they raise it (``token_revoked``) for a token that was made before its user's were revoked.
    """

    def __init__(self, auth: Authenticator, connections: Connections, cookie: TokenCookie) -> None:
        self._auth = auth
        self._cookie = cookie
        self._connections = connections

    async def publisher(self, request: web.Request) -> Publisher:
        """The publisher whose key, or whose administrator's token, a request carries."""
        return await self.publisher_of(self.credential_in(request.headers))

    def credential_in(self, headers: Mapping[str, str]) -> str | None:
        """The credential that a request's headers hold: a key or a token, or the token of a cookie.

        Raises `Refused` (``origin_not_allowed``) for a cookie of which the page that asks may make no use.
        """
        return bearer_of(headers.get("authorization")) or self._cookie.token_of(headers)

    def known_publisher(self, credential: str | None) -> Publisher | None:
        """The publisher of a key; None for what is no key, which may be an administrator's token.

        Raises `Refused` (``forbidden_scope``) for a key that may only look.
        """
        known = self._auth.known_publisher(credential)
        if known is not None:
            known.scope.check_publishes()
        return known

    async def publisher_of(self, credential: str | None) -> Publisher:
        """The publisher whose key, or whose administrator's token, a credential is.

        A key is known at once; only what is no key is looked at as a token.
        """
        return self.known_publisher(credential) or await self._administrator(credential)

    async def _administrator(self, token: str | None) -> Publisher:
        identity = await self._auth.administrator(token)
        if identity is None:
            return self._auth.publisher(token)  # which says what is wrong with it
        self._connections.check_revoked(identity)
        return _publisher_of(identity)

    async def observer(self, request: web.Request) -> Publisher:
        """Let a request pass whose sender may look at the whole server."""
        found = await self._operator(request)
        found.scope.check_observes()
        return found

    async def operator(self, request: web.Request) -> Publisher:
        """Let a request pass whose sender may do something to connections and guests."""
        found = await self._operator(request)
        found.scope.check_operates()
        return found

    async def _operator(self, request: web.Request) -> Publisher:
        found = await self._auth.operator(self.credential_in(request.headers))
        if isinstance(found, Identity):
            self._connections.check_revoked(found)
            return _publisher_of(found)
        found.use.last = time.time()
        return found

    async def caller(self, request: web.Request) -> Caller:
        """The sender of a request, whatever they may do: nobody without a credential, refused with a wrong one."""
        credential = self.credential_in(request.headers)
        known = self._auth.known_publisher(credential)
        if known is not None:
            kind = "development" if known is DEVELOPMENT_PUBLISHER else "key"
            return Caller(kind, scope=known.scope, publisher=known.name)
        if credential is None:
            return Caller(None)
        identity = await self._auth.token(credential)
        self._connections.check_revoked(identity)
        publisher = _publisher_of(identity) if ADMIN_ROLE in identity.roles else None
        return Caller(
            "token",
            identity.user,
            identity.roles,
            None if publisher is None else publisher.scope,
            None if publisher is None else publisher.name,
            identity.warnings,
        )

    async def user(self, request: web.Request) -> Identity:
        """The user whose token a request carries; in development the query may state one, as for ``/ws``."""
        credential = self.credential_in(request.headers)
        identity = await self._auth.identity(credential, stated_in(request.query))
        self._connections.check_revoked(identity)
        return identity

    async def nobody(self, _: web.Request) -> None:
        """Let every request pass, whatever credential it carries."""


def _publisher_of(administrator: Identity) -> Publisher:
    return Publisher(f"admin:{administrator.user}")


CallerT = TypeVar("CallerT")

_TOKEN_ERRORS: Final = ("invalid_token", "token_expired", "token_revoked", "keys_unavailable")


@dataclass(frozen=True, slots=True)
class Credential(Generic[CallerT]):
    """What an operation needs of its callers.

    ``check`` is the method of `Callers` that tells who a caller is; ``needed`` says whether it refuses who has
    none. ``errors`` are the codes that it refuses with, beside ``unauthorized`` and ``forbidden`` where it is needed.
    """

    check: Callable[[Callers, web.Request], Awaitable[CallerT]]
    needed: bool
    errors: tuple[str, ...] = ()


_KEY_ERRORS: Final = (*_TOKEN_ERRORS, "forbidden_scope")

PUBLISHER: Final = Credential(Callers.publisher, needed=True, errors=_KEY_ERRORS)
"""A key that may publish, or the token of an administrator."""
OBSERVER: Final = Credential(Callers.observer, needed=True, errors=_KEY_ERRORS)
"""A key that may look at the server, or the token of an administrator."""
OPERATOR: Final = Credential(Callers.operator, needed=True, errors=_KEY_ERRORS)
"""A key that may close connections and make passes, or the token of an administrator."""
LISTENER: Final = Credential(Callers.nobody, needed=True, errors=_TOKEN_ERRORS)
"""The token of whoever listens, which may be in the query: looked at by what serves the stream."""
USER: Final = Credential(Callers.user, needed=True, errors=_TOKEN_ERRORS)
"""The token of the user whom the operation is about."""
ANYBODY: Final = Credential(Callers.caller, needed=False, errors=("unauthorized", *_TOKEN_ERRORS))
"""Any credential or none; a wrong credential is refused."""
PUBLIC: Final = Credential(Callers.nobody, needed=False)
"""No credential: what a request carries is not looked at."""
