"""Who is asking: tokens to an `Identity`, keys to a `Publisher`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from sio_server.audience import ADMIN_ROLE, Identity
from sio_server.auth.claims import STATED, bare_token, identity_stated, unverified_claims
from sio_server.auth.guests import GuestTokens, is_guest_token
from sio_server.auth.jwks import JwksKeys
from sio_server.auth.keyring import Keyring
from sio_server.auth.publishers import DEVELOPMENT_PUBLISHER, Publisher
from sio_server.config import Config
from sio_server.errors import Refused, Text

if TYPE_CHECKING:
    from sio_server.auth.tokens import TokenVerifier

# A token has three parts (RFC 7515 §3.1).
_TOKEN_DOTS: Final = 2


# What is looked at when a token is checked, secrets apart.
_JUDGING: Final = ("jwks_url", "token_audience", "token_issuer", "user_claim", "roles_claim")

TOKEN_SETTINGS: Final = ("jwt_secret", "jwt_secret_previous", "token_leeway", *_JUDGING)


class Authenticator:
    """Checks tokens and keys as a `Config` says, tokens of guests by ``guests``, whatever it says.

    ``keyring`` may know keys beside those of the settings.
    """

    def __init__(
        self,
        config: Config,
        jwks: JwksKeys | None = None,
        *,
        guests: GuestTokens | None = None,
        keyring: Keyring | None = None,
    ) -> None:
        self._config = config
        self._guests = guests
        self._development = config.development  # asked for with each publish, and an address is parsed to know it
        self._keyring = keyring or Keyring()
        self._keyring.set_plain(config.publish_keys)
        self._jwks = jwks if jwks is not None or config.jwks_url is None else JwksKeys(config.jwks_url)
        self._tokens = self._verifier()

    def _verifier(self) -> TokenVerifier | None:
        if not self._config.verifies_tokens:
            return None
        # Not before it is needed: cryptography is a fifth of the memory of an idle server in development.
        from sio_server.auth.tokens import TokenVerifier  # noqa: PLC0415

        return TokenVerifier(self._config, self._jwks)

    def apply(self, config: Config) -> bool:
        """Check by these settings in place of the ones before. Returns whether a token that was good may be so no more.

        Keys that were fetched from an address that stays are kept.
        """
        before, self._config = self._config, config
        self._keyring.set_plain(config.publish_keys)
        if config.jwks_url != before.jwks_url:
            self._jwks = None if config.jwks_url is None else JwksKeys(config.jwks_url)
        self._tokens = self._verifier()
        kept = {config.jwt_secret, config.jwt_secret_previous}
        withdrawn = any(secret not in kept for secret in (before.jwt_secret, before.jwt_secret_previous) if secret)
        return withdrawn or any(getattr(config, name) != getattr(before, name) for name in _JUDGING)

    def withdrawn(self, publisher: Publisher) -> str | None:
        """None while this publisher's key lets in for just what it did, else why who has it is let go.

        ``unauthorized`` for a key that is good no more, ``closed_by_operator`` for one that allows something else now.
        """
        if publisher is DEVELOPMENT_PUBLISHER or self._keyring.holds(publisher):
            return None
        return "closed_by_operator" if self._keyring.is_renewed(publisher) else "unauthorized"

    @property
    def development(self) -> bool:
        """Whether everybody may publish, and clients state who they are."""
        return self._development

    @property
    def needs_token(self) -> bool:
        """Whether a client has to say who it is, and a token could."""
        return self._tokens is not None and not self._development

    def known_publisher(self, key: str | None) -> Publisher | None:
        """The publisher of a key; None for what is no key of ours. In development everybody is a publisher.

        Who has a stored key there is that key's publisher, so that its scope can be tried out.
        """
        if not key:
            return DEVELOPMENT_PUBLISHER if self._development else None
        found = self._keyring.identify(key)
        if found is None and (bare := bare_token(key)) != key:
            found = self._keyring.identify(bare)
        return DEVELOPMENT_PUBLISHER if found is None and self._development else found

    def publisher(self, key: str | None) -> Publisher:
        """The publisher of a key; raises `Refused` (``unauthorized``)."""
        found = self.known_publisher(key)
        if found is not None:
            return found
        if self._keyring.is_empty:
            raise Refused("unauthorized", _NO_KEYS)
        raise Refused("unauthorized", self._wrong_key(key) if key else _MISSING_KEY)

    def _wrong_key(self, key: str) -> Text:
        return self._keyring.why_not(key) or _WRONG_KEY

    async def administrator(self, token: str | None) -> Identity | None:
        """The administrator whose token this is; None for what does not look like a token.

        That it was not revoked is the caller's to check. Raises `Refused`: ``forbidden`` for any other role's, and what
        `identity` raises.
        """
        if not token or token.count(".") != _TOKEN_DOTS:
            return None
        identity = self._guest(token)
        if identity is None:
            if self._tokens is None:
                return None
            identity = await self._tokens.identity(token)
        if ADMIN_ROLE not in identity.roles:
            raise Refused("forbidden", _NOT_ADMIN)
        return identity

    async def identity(self, token: str | None, stated: Mapping[str, Any] | None = None) -> Identity:
        """The identity that a connection speaks for.

        ``stated`` (``role``, ``roles``, ``user``, ``topics``) counts in development only; where nothing is stated
        there, a token's claims are believed as they are.
        Raises `Refused`: ``unauthorized``, ``invalid_token``, ``token_expired``, ``keys_unavailable``.
        """
        if self._development:
            says_something = any(stated.get(name) for name in STATED) if stated else False
            if not token or says_something:
                return identity_stated(stated or {})
            return self._guest(token) or identity_stated(unverified_claims(token))
        if token and self._tokens is not None and (known := self._tokens.known(token)) is not None:
            return known
        guest = self._guest(token) if token else None
        if guest is not None:
            return guest
        if self._tokens is None:
            raise Refused("unauthorized", _NO_VERIFIER)
        if not token:
            raise Refused("unauthorized", _MISSING_TOKEN)
        return await self._tokens.identity(token)

    def _guest(self, token: str) -> Identity | None:
        """The guest whose token this is, None for any other token; raises `Refused` for a guest's that is not good.

        What a token calls itself decides alone which keys it is checked with.
        """
        token = bare_token(token)
        if self._guests is None or not is_guest_token(token):
            return None
        return self._guests.identity(token, leeway=self._config.token_leeway)

    async def token(self, credential: str) -> Identity:
        """The identity of a token; raises as `identity` does, ``unauthorized`` for what does not look like a token."""
        if credential.count(".") != _TOKEN_DOTS:
            raise Refused("unauthorized", self._wrong_key(credential))
        guest = self._guest(credential)
        if guest is not None:
            return guest
        if self._tokens is None:
            raise Refused("unauthorized", _WRONG_KEY)
        return await self._tokens.identity(credential)

    async def operator(self, credential: str | None) -> Publisher | Identity:
        """Whose credential this is: a publisher key's, or a token's with the role ``admin``.

        That a token was not revoked, and what a key allows, is the caller's to check. Raises `Refused`:
        ``unauthorized``, ``forbidden``, and what `identity` raises.
        """
        known = self.known_publisher(credential)
        if known is not None:
            return known
        if not credential:
            raise Refused("unauthorized", _MISSING_CREDENTIAL)
        identity = await self.administrator(credential)
        if identity is None:
            raise Refused("unauthorized", self._wrong_key(credential))
        return identity


_MISSING_KEY = Text(
    "Publishing needs the header 'Authorization: Bearer' with a publisher key or an administrator's token.",
    "Para publicar hace falta la cabecera 'Authorization: Bearer' con una clave de publicación o el token de un "
    "administrador.",
)
_MISSING_CREDENTIAL = Text(
    "This needs the header 'Authorization: Bearer' with a publisher key or an administrator's token.",
    "Hace falta la cabecera 'Authorization: Bearer' con una clave de publicación o el token de un administrador.",
)
_NOT_ADMIN = Text("Only the role 'admin' may do this.", "Solo puede hacerlo el rol 'admin'.")
_WRONG_KEY = Text("This publisher key is not known.", "Esta clave de publicación no se conoce.")
_NO_KEYS = Text(
    "No publisher key is set up: make one with 'sio-server keys add', or set SIO_SERVER_PUBLISH_KEYS.",
    "No hay ninguna clave de publicación: crea una con 'sio-server keys add', o define SIO_SERVER_PUBLISH_KEYS.",
)
_MISSING_TOKEN = Text(
    "A token is needed: in 'auth' ({token}) over Socket.IO, else in the header 'Authorization: Bearer'.",
    "Hace falta un token: en 'auth' ({token}) por Socket.IO; si no, en la cabecera 'Authorization: Bearer'.",
)
_NO_VERIFIER = Text(
    "Nothing verifies tokens here: set SIO_SERVER_JWT_SECRET or SIO_SERVER_JWKS_URL.",
    "Aquí nada verifica los tokens: define SIO_SERVER_JWT_SECRET o SIO_SERVER_JWKS_URL.",
)
