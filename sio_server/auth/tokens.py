"""Tokens (JWT, RFC 7519) to an `Identity`.

Roles and user come from a verified token's claims alone. A token's header chooses among the keys we hold, never the
kind of key: HS256 is checked with the shared secrets only, RS256, ES256 and EdDSA with the JWKS only, so that neither
``alg=none`` nor an HMAC made with a public key passes (RFC 8725 §2.1).
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import jwt

from sio_server.audience import Hint, Identity
from sio_server.auth.claims import INVALID_CLAIM, MISSING_CLAIM, bare_token, identity_of_claims, is_misread, no_jwt
from sio_server.auth.jwks import ASYMMETRIC_ALGORITHMS, JwksKeys
from sio_server.auth.known_tokens import KnownTokens
from sio_server.auth.plain_tokens import plain_claims, usable
from sio_server.config import Config
from sio_server.config.claim_names import ClaimNames, likely_role_claim
from sio_server.errors import Refused, Text
from sio_server.logs import get_logger

# A token has three parts (RFC 7515 §3.1).
_DOTS: Final = 2

# A token is a header of a request; ours are a few hundred bytes. Longer ones only cost time to refuse.
MAX_TOKEN_LENGTH: Final = 8192

# Seconds between two hints at roles that stand elsewhere: every token of a backend has the same claims.
HINT_EVERY: Final = 60.0

# A moment beyond this, the year 5138, was most likely meant in milliseconds, as JavaScript counts.
MILLISECONDS: Final = 1e11

# What a token may be signed with, by the setting that verifies it.
ACCEPTED_ALGORITHMS: Final = ("HS256", *sorted(ASYMMETRIC_ALGORITHMS))

logger = get_logger("auth")


class TokenVerifier:
    """Checks tokens as a `Config` says; ``jwks`` is the key set of its address."""

    def __init__(self, config: Config, jwks: JwksKeys | None = None) -> None:
        self._config = config
        self._names = ClaimNames(config.user_claim, config.roles_claim)
        self._hinted = float("-inf")
        self._secrets = tuple(filter(None, (config.jwt_secret, config.jwt_secret_previous)))
        # PyJWT alone judges audiences and issuers
        self._plain = usable(self._secrets) if config.token_audience is None and config.token_issuer is None else ()
        self._jwks = JwksKeys(config.jwks_url) if jwks is None and config.jwks_url is not None else jwks
        self._known = KnownTokens()
        self._key_set = 0

    def known(self, text: str) -> Identity | None:
        """The identity of a token that was found good before and still is; None where `identity` has to look."""
        if self._jwks is not None:
            if not self._jwks.is_fresh:
                return None  # another look may find other keys
            if self._key_set != self._jwks.number:
                self._key_set = self._jwks.number
                self._known.clear()
        return self._known.find(bare_token(text), time.time())

    async def identity(self, text: str) -> Identity:
        """The identity of a token; raises `Refused`: ``invalid_token``, ``token_expired``, ``keys_unavailable``.

        That it was not revoked is the caller's to check, with each connection.
        """
        token = bare_token(text)
        claims = await self._claims(token, text)
        identity = self._identity(claims)
        # what is good for its leeway alone, or was found good with keys that have changed since, is not kept
        if self._jwks is None or self._key_set == self._jwks.number:
            self._known.add(token, identity, claims)
        return identity

    def _identity(self, claims: dict[str, Any]) -> Identity:
        try:
            identity = identity_of_claims(claims, self._names)
        except OverflowError as error:  # an exp beyond any clock
            raise Refused("invalid_token", INVALID_CLAIM.format("exp")) from error
        if identity.is_guest:
            # Guests are named by the server, and only its own tokens (`auth.guests`) speak for them. Were a backend's
            # taken for one, whoever may give a pass away could give away a real person's inbox.
            raise Refused("invalid_token", _GUEST)
        if identity.roles and (identity.expires_at or 0.0) < MILLISECONDS:
            return identity
        hints = self._hints(claims, identity)
        return replace(identity, warnings=hints) if hints else identity

    def _hints(self, claims: dict[str, Any], identity: Identity) -> tuple[Hint, ...]:
        """What the token's holder should know. The operator is told now and then: of a claim its name alone."""
        found = None if identity.roles else likely_role_claim(claims)
        lasting = (identity.expires_at or 0.0) >= MILLISECONDS
        if found is None and not lasting:
            return ()
        now = time.monotonic()
        if now - self._hinted >= HINT_EVERY:
            self._hinted = now
            if found is not None:
                looked_at, mend = ", ".join(self._names.roles), _MEND.format(found)
                logger.warning("a token's roles stand elsewhere", claim=found, looked_at=looked_at, mend=mend)
            if lasting:
                logger.warning("a token's exp seems to be in milliseconds, so that it all but never ends")
        elsewhere = () if found is None else (Hint("roles_elsewhere", _ROLES_ELSEWHERE.format(found)),)
        return (*elsewhere, Hint("expiry_in_milliseconds", _IN_MILLISECONDS)) if lasting else elsewhere

    async def _claims(self, token: str, text: str) -> dict[str, Any]:
        if len(token) > MAX_TOKEN_LENGTH:
            raise Refused("invalid_token", _TOO_LONG.format(len(token), MAX_TOKEN_LENGTH))
        if not token.isascii() or token.count(".") != _DOTS:
            raise Refused("invalid_token", no_jwt(text))
        if self._plain and (claims := plain_claims(token, self._plain, time.time())) is not None:
            return claims
        if is_misread(token):
            raise Refused("invalid_token", no_jwt(text))
        if self._jwks is None:
            # One kind of key: nothing in the header has to be known before it is checked.
            return self._verified(token, self._secrets, "HS256")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.InvalidTokenError as error:
            raise Refused("invalid_token", _UNREADABLE) from error
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
            except (jwt.PyJWTError, OverflowError, TypeError) as error:  # the latter two: claims of an odd kind
                failure = failure or Refused("invalid_token", _reason(error))
        raise failure or Refused("invalid_token", _SIGNATURE)

    def _decode(self, token: str, key: Any, algorithm: str) -> dict[str, Any]:
        claims: dict[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[algorithm],
            audience=self._config.token_audience,
            issuer=self._config.token_issuer,
            leeway=self._config.token_leeway,
            options={
                "require": ["exp"],  # the user's claim is looked for by its name, which a setting gives
                # Several back ends put a number there; it becomes text in `auth.claims`.
                "verify_sub": False,
                "verify_jti": False,  # nothing here looks at it
                "verify_aud": self._config.token_audience is not None,
                # The length of a secret is judged once, when the settings are read.
                "enforce_minimum_key_length": False,
            },
        )
        return claims


_ALGORITHM = Text("The token's algorithm is not accepted.", "No se acepta el algoritmo del token.")
_SIGNATURE = Text("No key fits the token's signature.", "Ninguna clave corresponde a la firma del token.")

_GUEST = Text(
    "Names made of 'guest:' and 16 hexadecimal digits are the server's own guests: call this user otherwise.",
    "Los nombres formados por 'guest:' y 16 cifras hexadecimales son de los invitados del propio servidor: llama a "
    "este usuario de otra forma.",
)
_TOO_LONG = Text(
    "The token has {0} characters; more than {1} are not taken: leave out claims that are not needed here.",
    "El token tiene {0} caracteres y no se admiten más de {1}: quita los datos que aquí no hacen falta.",
)
_UNREADABLE = Text(
    "The token cannot be read as a JWT (RFC 7519): it is cut short or changed.",
    "El token no se puede leer como JWT (RFC 7519): está cortado o cambiado.",
)
_ROLES_ELSEWHERE = Text(
    "The token names no role where roles are looked for. If '{0}' holds them, the server needs "
    "SIO_SERVER_ROLES_CLAIM={0}.",
    "El token no nombra ningún rol donde se buscan. Si están en '{0}', el servidor necesita "
    "SIO_SERVER_ROLES_CLAIM={0}.",
)
_IN_MILLISECONDS = Text(
    "The token's 'exp' is beyond the year 5000: it is counted in seconds, not in milliseconds (RFC 7519).",
    "El 'exp' del token está más allá del año 5000: se cuenta en segundos, no en milisegundos (RFC 7519).",
)
_MEND = "SIO_SERVER_ROLES_CLAIM={0}"

_REASONS: Final[tuple[tuple[type[jwt.InvalidTokenError], Text], ...]] = (
    (jwt.InvalidAlgorithmError, _ALGORITHM),
    (jwt.InvalidSignatureError, _SIGNATURE),
    (
        jwt.ImmatureSignatureError,
        Text(
            "The token is not valid yet: its 'iat' and 'nbf' are seconds of Unix time, and its clock may be ahead by "
            "SIO_SERVER_TOKEN_LEEWAY.",
            "El token aún no es válido: su 'iat' y su 'nbf' son segundos de la hora Unix, y su reloj puede ir por "
            "delante SIO_SERVER_TOKEN_LEEWAY segundos.",
        ),
    ),
    (jwt.InvalidAudienceError, INVALID_CLAIM.format("aud")),
    (jwt.InvalidIssuerError, INVALID_CLAIM.format("iss")),
    (jwt.InvalidIssuedAtError, INVALID_CLAIM.format("iat")),
    (jwt.DecodeError, _UNREADABLE),
)


def _reason(error: Exception) -> Text | None:
    # PyJWT has no kind of its own for a moment that is no number
    for claim in ("exp", "nbf"):
        if isinstance(error, jwt.DecodeError) and f"({claim})" in str(error):
            return INVALID_CLAIM.format(claim)
    if isinstance(error, jwt.MissingRequiredClaimError):
        return MISSING_CLAIM.format(error.claim)
    return next((text for kind, text in _REASONS if isinstance(error, kind)), None)
