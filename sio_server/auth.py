"""Who is asking: tokens to an `Identity`, keys to a `Publisher`.

Roles and user come from a verified token's claims alone. A token's header chooses among the keys we hold, never the
kind of key: HS256 is checked with the shared secrets only, RS256, ES256 and EdDSA with the JWKS only, so that neither
``alg=none`` nor an HMAC made with a public key passes (RFC 8725 §2.1).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import jwt

from sio_server.audience import Identity
from sio_server.auth_jwks import ASYMMETRIC_ALGORITHMS, JwksKeys
from sio_server.config import Config
from sio_server.errors import Refused, Text

# Seconds of difference between two machines' clocks that are no reason to refuse.
LEEWAY: Final = 10.0

# A token is a header of a request; ours are a few hundred bytes. Longer ones only cost time to refuse.
MAX_TOKEN_LENGTH: Final = 8192

# A token has three parts (RFC 7515 §3.1).
_TOKEN_DOTS: Final = 2

ADMIN_ROLE: Final = "admin"

# Each role and topic is a room that a connection is in.
MAX_NAMES: Final = 100
MAX_NAME_LENGTH: Final = 128


@dataclass(frozen=True, slots=True)
class Publisher:
    """Who may publish. ``name`` tells keys apart without giving them away; it scopes idempotency keys."""

    name: str


class Keyring:
    """The publisher keys, all valid at once."""

    def __init__(self, keys: Iterable[str]) -> None:
        # Digests have one length: comparing them tells nothing about a key's.
        self._digests = {hashlib.sha256(key.encode()).digest(): None for key in keys}

    def identify(self, key: str) -> Publisher | None:
        """The publisher of this key, or None. Takes as long for a wrong key as for a right one."""
        digest = hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
        found = None
        for known in self._digests:
            if hmac.compare_digest(known, digest):
                found = Publisher(f"key-{known.hex()[:8]}")
        return found


DEVELOPMENT_PUBLISHER: Final = Publisher("development")


class Authenticator:
    """Checks tokens and keys as a `Config` says."""

    def __init__(self, config: Config, jwks: JwksKeys | None = None) -> None:
        self._config = config
        self._keyring = Keyring(config.publish_keys)
        self._secrets = tuple(filter(None, (config.jwt_secret, config.jwt_secret_previous)))
        self._jwks = jwks

    @property
    def development(self) -> bool:
        """Whether everybody may publish, and clients state who they are."""
        return self._config.development

    def publisher(self, key: str | None) -> Publisher:
        """Whose key this is; raises `Refused` (``unauthorized``)."""
        if self._config.development:
            return DEVELOPMENT_PUBLISHER
        found = self._keyring.identify(key) if key else None
        if found is not None:
            return found
        if not self._config.publish_keys:
            raise Refused("unauthorized", _NO_KEYS)
        raise Refused("unauthorized", _WRONG_KEY if key else _MISSING_KEY)

    async def identity(self, token: str | None, stated: Mapping[str, Any] | None = None) -> Identity:
        """Whom this connection speaks for.

        ``stated`` (``role``, ``roles``, ``user``, ``topics``) counts in development only, and only without a token.
        Raises `Refused`: ``unauthorized``, ``invalid_token``, ``token_expired``, ``keys_unavailable``.
        """
        if self._config.development:
            return _stated(stated or {})
        if not token:
            raise Refused("unauthorized", _NO_VERIFIER if not self._config.verifies_tokens else _MISSING_TOKEN)
        return _of_claims(await self._claims(token))

    async def observer(self, credential: str | None) -> None:
        """Let pass who may look at the whole server: a publisher key, or a token with the role ``admin``.

        Raises `Refused`: ``unauthorized``, ``forbidden``, and what `identity` raises.
        """
        if self._config.development:
            return
        if not credential:
            raise Refused("unauthorized", _MISSING_CREDENTIAL)
        if self._keyring.identify(credential) is not None:
            return
        if credential.count(".") != _TOKEN_DOTS or not self._config.verifies_tokens:
            raise Refused("unauthorized", _WRONG_KEY)
        if ADMIN_ROLE not in (await self.identity(credential)).roles:
            raise Refused("forbidden", _NOT_ADMIN)

    async def _claims(self, token: str) -> dict[str, Any]:
        if len(token) > MAX_TOKEN_LENGTH:
            raise Refused("invalid_token")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError as error:
            raise Refused("invalid_token") from error
        algorithm = header.get("alg")
        keys: Sequence[Any]
        if algorithm == "HS256":
            keys = self._secrets
        elif algorithm in ASYMMETRIC_ALGORITHMS and self._jwks is not None:
            keys = await self._jwks.keys(header.get("kid"), algorithm)
        else:
            raise Refused("invalid_token", _ALGORITHM)
        failure: Refused | None = None
        for key in keys:
            try:
                return self._decode(token, key, algorithm)
            except jwt.ExpiredSignatureError as error:
                raise Refused("token_expired") from error
            except jwt.InvalidTokenError as error:
                failure = failure or Refused("invalid_token", _reason(error))
        raise failure or Refused("invalid_token", _SIGNATURE)

    def _decode(self, token: str, key: Any, algorithm: str) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=self._config.token_audience,
            issuer=self._config.token_issuer,
            leeway=LEEWAY,
            options={
                "require": ["exp", "sub"],
                # Several back ends put a number there; it becomes text in _of_claims.
                "verify_sub": False,
                "verify_aud": self._config.token_audience is not None,
                # The length of a secret is judged once, when the settings are read.
                "enforce_minimum_key_length": False,
            },
        )
        return claims


_MISSING_KEY = Text(
    "Publishing needs the header 'Authorization: Bearer KEY'.",
    "Para publicar hace falta la cabecera 'Authorization: Bearer CLAVE'.",
)
_MISSING_CREDENTIAL = Text(
    "This needs the header 'Authorization: Bearer' with a publisher key or an administrator's token.",
    "Hace falta la cabecera 'Authorization: Bearer' con una clave de publicación o el token de un administrador.",
)
_NOT_ADMIN = Text("Only the role 'admin' may do this.", "Solo puede hacerlo el rol 'admin'.")
_WRONG_KEY = Text("This publisher key is not known.", "Esta clave de publicación no se conoce.")
_NO_KEYS = Text(
    "No publisher key is set up: set SIO_SERVER_PUBLISH_KEYS.",
    "No hay ninguna clave de publicación: define SIO_SERVER_PUBLISH_KEYS.",
)
_MISSING_TOKEN = Text("A token is needed.", "Hace falta un token.")
_NO_VERIFIER = Text(
    "Nothing verifies tokens here: set SIO_SERVER_JWT_SECRET or SIO_SERVER_JWKS_URL.",
    "Aquí nada verifica los tokens: define SIO_SERVER_JWT_SECRET o SIO_SERVER_JWKS_URL.",
)
_ALGORITHM = Text("The token's algorithm is not accepted.", "No se acepta el algoritmo del token.")
_SIGNATURE = Text("No key fits the token's signature.", "Ninguna clave corresponde a la firma del token.")
_CLAIMS = Text("The claim '{0}' is not valid.", "El dato '{0}' del token no es válido.")

_REASONS: Final[tuple[tuple[type[jwt.InvalidTokenError], Text], ...]] = (
    (jwt.InvalidSignatureError, _SIGNATURE),
    (jwt.ImmatureSignatureError, Text("The token is not valid yet.", "El token aún no es válido.")),
    (jwt.InvalidAudienceError, _CLAIMS.format("aud")),
    (jwt.InvalidIssuerError, _CLAIMS.format("iss")),
    (jwt.InvalidIssuedAtError, _CLAIMS.format("iat")),
    (
        jwt.MissingRequiredClaimError,
        Text("The token needs the claims 'exp' and 'sub'.", "El token necesita los datos 'exp' y 'sub'."),
    ),
)


def _reason(error: jwt.InvalidTokenError) -> Text | None:
    return next((text for kind, text in _REASONS if isinstance(error, kind)), None)


def _of_claims(claims: Mapping[str, Any]) -> Identity:
    user = _name("sub", claims["sub"])
    roles: list[str] = []
    for claim in ("role", "roles", "rol"):
        roles.extend(_names(claim, claims.get(claim)))
    topics = _names("topics", claims.get("topics"))
    return Identity(user, tuple(dict.fromkeys(roles)), tuple(dict.fromkeys(topics)), float(claims["exp"]))


def _stated(stated: Mapping[str, Any]) -> Identity:
    user = stated.get("user")
    roles: list[str] = []
    for member in ("role", "roles", "rol"):
        roles.extend(_names(member, stated.get(member)))
    return Identity(
        None if user in (None, "") else _name("user", user),
        tuple(dict.fromkeys(roles)),
        tuple(_names("topics", stated.get("topics"))),
    )


def _name(claim: str, value: Any) -> str:
    if type(value) is int:
        value = str(value)
    if not isinstance(value, str) or not 0 < len(value) <= MAX_NAME_LENGTH or not value.isprintable():
        raise Refused("invalid_token", _CLAIMS.format(claim))
    return value


def _names(claim: str, value: Any) -> list[str]:
    if value is None or value == "":
        return []
    values = value if isinstance(value, list) else [value]
    if len(values) > MAX_NAMES:
        raise Refused("invalid_token", _CLAIMS.format(claim))
    return [_name(claim, item) for item in values]
