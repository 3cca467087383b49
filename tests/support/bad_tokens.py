"""Tokens that must not let anybody in, and a server of public keys that good ones are checked with."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import jwt
import orjson
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.support.servers import SECRET, token

RSA = rsa.generate_private_key(65537, 2048)
ES256 = ec.generate_private_key(ec.SECP256R1())
EDDSA = ed25519.Ed25519PrivateKey.generate()
CLAIMS = {"sub": "1", "role": "admin", "exp": 4_000_000_000}


def by_hand(header: dict[str, Any], key: bytes | None) -> str:
    """A token as an attacker makes it: libraries refuse to."""

    def encode(part: bytes) -> bytes:
        return base64.urlsafe_b64encode(part).rstrip(b"=")

    signed = encode(orjson.dumps(header)) + b"." + encode(orjson.dumps(CLAIMS))
    signature = b"" if key is None else hmac.new(key, signed, hashlib.sha256).digest()
    return (signed + b"." + encode(signature)).decode()


def public_pem() -> bytes:
    """The RSA key that everybody may know."""
    return RSA.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


@contextlib.asynccontextmanager
async def key_server() -> AsyncIterator[str]:
    """A JWKS address with an RSA, an EC and an Ed25519 key."""
    keys = [
        {**jwt.algorithms.RSAAlgorithm.to_jwk(RSA.public_key(), as_dict=True), "kid": "rsa", "alg": "RS256"},
        {**jwt.algorithms.ECAlgorithm.to_jwk(ES256.public_key(), as_dict=True), "kid": "ec", "alg": "ES256"},
        {**jwt.algorithms.OKPAlgorithm.to_jwk(EDDSA.public_key(), as_dict=True), "kid": "okp", "alg": "EdDSA"},
    ]

    async def serve(_: web.Request) -> web.Response:
        return web.json_response({"keys": keys})

    app = web.Application()
    app.router.add_get("/jwks", serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/jwks"
    finally:
        await runner.cleanup()


BAD: dict[str, tuple[Callable[[], str | None], str]] = {
    "none": (lambda: None, "unauthorized"),
    "expired": (lambda: token("1", exp=int(time.time()) - 60), "token_expired"),
    "not yet valid": (lambda: token("1", nbf=int(time.time()) + 600), "invalid_token"),
    "without exp": (lambda: token("1", exp=None), "invalid_token"),
    "without sub": (lambda: jwt.encode({"exp": 4_000_000_000}, SECRET, "HS256"), "invalid_token"),
    "wrong secret": (lambda: jwt.encode(CLAIMS, SECRET + "x", "HS256"), "invalid_token"),
    "alg none": (lambda: by_hand({"alg": "none", "typ": "JWT"}, None), "invalid_token"),
    "alg None": (lambda: by_hand({"alg": "None"}, None), "invalid_token"),
    "no alg": (lambda: by_hand({}, SECRET.encode()), "invalid_token"),
    "HS512": (lambda: jwt.encode(CLAIMS, SECRET * 2, "HS512"), "invalid_token"),
    "HMAC with the public key": (lambda: by_hand({"alg": "HS256", "kid": "rsa"}, public_pem()), "invalid_token"),
    "RS256 header, HMAC": (lambda: by_hand({"alg": "RS256", "kid": "rsa"}, SECRET.encode()), "invalid_token"),
    "another RSA key": (
        lambda: jwt.encode(CLAIMS, rsa.generate_private_key(65537, 2048), "RS256", headers={"kid": "rsa"}),
        "invalid_token",
    ),
    "signature cut off": (lambda: token("1").rpartition(".")[0] + ".", "invalid_token"),
    "no token at all": (lambda: "garbage", "invalid_token"),
    "too long": (lambda: token("1", pad="x" * 9000), "invalid_token"),
}
