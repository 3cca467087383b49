"""Tokens (JWT, RFC 7519) to an `Identity`.

Roles and user come from a verified token's claims alone. A token's header chooses among the keys we hold, never the
kind of key: HS256 is checked with the shared secrets only, RS256, ES256 and EdDSA with the JWKS only, so that neither
``alg=none`` nor an HMAC made with a public key passes (RFC 8725 §2.1).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import jwt

from sio_server.audience import Identity
from sio_server.auth_claims import INVALID_CLAIM, identity_of_claims
from sio_server.auth_jwks import ASYMMETRIC_ALGORITHMS, JwksKeys
from sio_server.config import Config
from sio_server.errors import Refused, Text

# Seconds of difference between two machines' clocks that are no reason to refuse.
LEEWAY: Final = 10.0

# A token is a header of a request; ours are a few hundred bytes. Longer ones only cost time to refuse.
MAX_TOKEN_LENGTH: Final = 8192


class TokenVerifier:
    """Checks tokens as a `Config` says; ``jwks`` is the key set of its address."""

    def __init__(self, config: Config, jwks: JwksKeys | None = None) -> None:
        self._config = config
        self._secrets = tuple(filter(None, (config.jwt_secret, config.jwt_secret_previous)))
        self._jwks = JwksKeys(config.jwks_url) if jwks is None and config.jwks_url is not None else jwks

    async def identity(self, token: str) -> Identity:
        """Whom a token speaks for; raises `Refused`: ``invalid_token``, ``token_expired``, ``keys_unavailable``."""
        claims = await self._claims(token)
        try:
            return identity_of_claims(claims)
        except OverflowError as error:  # an exp beyond any clock
            raise Refused("invalid_token", INVALID_CLAIM.format("exp")) from error

    async def _claims(self, token: str) -> dict[str, Any]:
        if len(token) > MAX_TOKEN_LENGTH or not token.isascii():
            raise Refused("invalid_token")
        if self._jwks is None:
            # One kind of key: nothing in the header has to be known before it is checked.
            return self._verified(token, self._secrets, "HS256")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError as error:
            raise Refused("invalid_token") from error
        algorithm = header.get("alg")
        if not isinstance(algorithm, str):
            raise Refused("invalid_token", _ALGORITHM)
        if algorithm == "HS256" and self._secrets:
            return self._verified(token, self._secrets, algorithm)
        if algorithm in ASYMMETRIC_ALGORITHMS:
            return self._verified(token, await self._jwks.keys(header.get("kid"), algorithm), algorithm)
        raise Refused("invalid_token", _ALGORITHM)

    def _verified(self, token: str, keys: Sequence[Any], algorithm: str) -> dict[str, Any]:
        """The claims of a token that one of these keys fits; any other algorithm than this one is refused."""
        failure: Refused | None = None
        for key in keys:
            try:
                return self._decode(token, key, algorithm)
            except jwt.ExpiredSignatureError as error:
                raise Refused("token_expired") from error
            except (jwt.InvalidTokenError, OverflowError, TypeError) as error:  # the latter two: claims of an odd kind
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


_ALGORITHM = Text("The token's algorithm is not accepted.", "No se acepta el algoritmo del token.")
_SIGNATURE = Text("No key fits the token's signature.", "Ninguna clave corresponde a la firma del token.")

_REASONS: Final[tuple[tuple[type[jwt.InvalidTokenError], Text], ...]] = (
    (jwt.InvalidAlgorithmError, _ALGORITHM),
    (jwt.InvalidSignatureError, _SIGNATURE),
    (jwt.ImmatureSignatureError, Text("The token is not valid yet.", "El token aún no es válido.")),
    (jwt.InvalidAudienceError, INVALID_CLAIM.format("aud")),
    (jwt.InvalidIssuerError, INVALID_CLAIM.format("iss")),
    (jwt.InvalidIssuedAtError, INVALID_CLAIM.format("iat")),
)


def _reason(error: Exception) -> Text | None:
    if isinstance(error, jwt.MissingRequiredClaimError):
        return Text("The token lacks the claim '{0}'.", "Al token le falta el dato '{0}'.").format(error.claim)
    return next((text for kind, text in _REASONS if isinstance(error, kind)), None)
