"""Tokens that are verified with keys fetched from an address, which is a real server here."""

import asyncio
import contextlib
import hmac
import json
import time
from collections.abc import AsyncIterator, Iterator
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm
from jwt.utils import base64url_encode

from sio_server.auth import Authenticator, jwks
from sio_server.auth.jwks import MAX_AGE, REFETCH_AFTER, JwksKeys
from sio_server.errors import Refused
from tests.support.logged import logging_to_stderr
from tests.support.servers import SECRET, running, secured
from tests.support.waiting import until

PRIVATE: dict[str, PrivateKeyTypes] = {
    "RS256": rsa.generate_private_key(65537, 2048),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
}
STRANGER = rsa.generate_private_key(65537, 2048)


def public(
    algorithm: str, kid: str | None = None, key: PrivateKeyTypes | None = None, **members: Any
) -> dict[str, Any]:
    """Return a key as a document has it."""
    made: dict[str, Any]
    found = key or PRIVATE[algorithm]
    if isinstance(found, rsa.RSAPrivateKey):
        made = RSAAlgorithm.to_jwk(found.public_key(), as_dict=True)
    elif isinstance(found, ec.EllipticCurvePrivateKey):
        made = ECAlgorithm.to_jwk(found.public_key(), as_dict=True)
    else:
        assert isinstance(found, ed25519.Ed25519PrivateKey)
        made = OKPAlgorithm.to_jwk(found.public_key(), as_dict=True)
    made.pop("key_ops", None)
    return {**made, **({"kid": kid} if kid else {}), **members}


def signed(algorithm: str, kid: str | None = None, key: PrivateKeyTypes | None = None, **claims: Any) -> str:
    """Sign a token with a private key."""
    payload = {"sub": "7", "role": "admin", "exp": int(time.time()) + 600, **claims}
    return jwt.encode(payload, key or PRIVATE[algorithm], algorithm, {"kid": kid} if kid else None)  # type: ignore[arg-type]


class Issuer:
    """The server whose document holds the keys, and how often it was asked."""

    def __init__(self) -> None:
        self.url = ""
        self.keys: list[dict[str, Any]] = [public("RS256", "rsa"), public("ES256", "ec"), public("EdDSA", "ed")]
        self.body: bytes | None = None
        self.status = 200
        self.fetches = 0
        self.held: asyncio.Event | None = None

    async def handle(self, _: web.Request) -> web.Response:
        """Answer with the keys, or with what a test wants instead."""
        self.fetches += 1
        if self.held is not None:
            await self.held.wait()
        if self.body is not None:
            return web.Response(body=self.body, status=self.status, content_type="application/json")
        return web.json_response({"keys": self.keys}, status=self.status)


@contextlib.asynccontextmanager
async def serving(issuer: Issuer, port: int = 0) -> AsyncIterator[int]:
    """Run an issuer; gives its port."""
    app = web.Application()
    app.router.add_get("/jwks.json", issuer.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port, reuse_address=True).start()
    port = runner.addresses[0][1]
    issuer.url = f"http://127.0.0.1:{port}/jwks.json"
    try:
        yield port
    finally:
        await runner.cleanup()


@pytest.fixture
async def issuer() -> AsyncIterator[Issuer]:
    """Run an issuer with a key of each kind."""
    made = Issuer()
    async with serving(made):
        yield made


class Clock:
    """The clock of the key set, which a test moves by hand."""

    now = 1000.0

    def monotonic(self) -> float:
        """See `time.monotonic`."""
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """Stop the clock of the key set."""
    made = Clock()
    monkeypatch.setattr(jwks, "time", made)
    return made  # type: ignore[return-value]


def authenticator(issuer: Issuer, **settings: Any) -> Authenticator:
    """Make what checks tokens with the keys of an issuer."""
    config = secured(**{"jwt_secret": None, "jwks_url": issuer.url, **settings})
    return Authenticator(config, JwksKeys(issuer.url))


async def code(auth: Authenticator, token: str) -> str:
    """Return the code that a token is refused with."""
    with pytest.raises(Refused) as caught:
        await auth.identity(token)
    return caught.value.kind.code


@pytest.mark.parametrize("algorithm", PRIVATE)
async def test_each_algorithm(algorithm: str, issuer: Issuer) -> None:
    """Tokens of each algorithm are verified with the key that they name."""
    kid = {"RS256": "rsa", "ES256": "ec", "EdDSA": "ed"}[algorithm]
    identity = await authenticator(issuer).identity(signed(algorithm, kid))
    assert (identity.user, identity.roles) == ("7", ("admin",))
    assert issuer.fetches == 1


@pytest.mark.parametrize("algorithm", PRIVATE)
async def test_token_without_a_key_id(algorithm: str, issuer: Issuer) -> None:
    """A token that names no key is tried with each key of its kind."""
    issuer.keys = [public("RS256", "old", STRANGER), *issuer.keys]
    assert (await authenticator(issuer).identity(signed(algorithm))).user == "7"


async def test_keys_without_an_id(issuer: Issuer) -> None:
    """Keys need no id where tokens name none."""
    issuer.keys = [public("RS256"), public("ES256")]
    assert (await authenticator(issuer).identity(signed("ES256"))).user == "7"


@pytest.mark.parametrize("claims", [{"exp": 1}, {"nbf": 2**32}, {"sub": ""}, {"aud": "other"}, {"iss": "other"}])
async def test_claims_are_checked_as_ever(claims: dict[str, Any], issuer: Issuer) -> None:
    """A good signature does not make up for claims that do not hold."""
    auth = authenticator(issuer, token_audience="tourism", token_issuer="id")
    good: dict[str, Any] = {"aud": "tourism", "iss": "id"}
    assert (await auth.identity(signed("RS256", "rsa", **good))).user == "7"
    expected = "token_expired" if "exp" in claims else "invalid_token"
    assert await code(auth, signed("RS256", "rsa", **{**good, **claims})) == expected


async def test_another_key_is_refused(issuer: Issuer) -> None:
    """A token that is signed with another key is refused, whatever key it names."""
    auth = authenticator(issuer)
    for kid in ("rsa", None):
        assert await code(auth, signed("RS256", kid, STRANGER)) == "invalid_token"


@pytest.mark.parametrize("kid", ["rsa", "ec", None])
@pytest.mark.parametrize("secret", [None, SECRET])
async def test_hmac_with_the_public_key_is_refused(kid: str | None, secret: str | None, issuer: Issuer) -> None:
    """HS256 signed with the public RSA key, in any of the forms it is handed around in, is refused (key confusion)."""
    auth = authenticator(issuer, jwt_secret=secret)
    if secret is not None:  # the way they are made is right, only the key is not
        assert (await auth.identity(_hmac_token(secret.encode(), kid))).user == "7"
    key = PRIVATE["RS256"].public_key()
    for encoding, form in (
        (Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
        (Encoding.DER, PublicFormat.SubjectPublicKeyInfo),
        (Encoding.PEM, PublicFormat.PKCS1),
    ):
        material = key.public_bytes(encoding, form)
        for candidate in {material, material.strip()}:
            assert await code(auth, _hmac_token(candidate, kid)) == "invalid_token"


def _hmac_token(key: bytes, kid: str | None) -> str:
    """Sign with bytes that the library would refuse as a secret, since they look like a public key."""
    claims = {"sub": "7", "role": "admin", "exp": int(time.time()) + 600}
    text = jwt.encode(claims, SECRET, "HS256", {"kid": kid} if kid else None).rpartition(".")[0]
    return f"{text}.{base64url_encode(hmac.digest(key, text.encode(), 'sha256')).decode()}"


async def test_secret_and_keys_together(issuer: Issuer) -> None:
    """Where both are set, each verifies tokens of its own algorithms."""
    auth = authenticator(issuer, jwt_secret=SECRET)
    shared = jwt.encode({"sub": "8", "exp": int(time.time()) + 60}, SECRET, "HS256")
    assert (await auth.identity(shared)).user == "8"
    assert issuer.fetches == 0
    assert (await auth.identity(signed("ES256", "ec"))).user == "7"


@pytest.mark.parametrize("algorithm", ["RS384", "RS512", "PS256"])
async def test_other_algorithms_of_the_same_key_are_refused(algorithm: str, issuer: Issuer) -> None:
    """An algorithm that was not agreed on is refused although the key is right, and makes nobody fetch."""
    made = jwt.encode({"sub": "7", "exp": int(time.time()) + 60}, PRIVATE["RS256"], algorithm, {"kid": "rsa"})  # type: ignore[arg-type]
    assert await code(authenticator(issuer), made) == "invalid_token"
    assert issuer.fetches == 0


@pytest.mark.parametrize("members", [{"use": "enc"}, {"alg": "RS512"}, {"alg": "PS256"}])
async def test_key_for_another_use_is_not_used(members: dict[str, Any], issuer: Issuer) -> None:
    """A key that is not for signatures of this algorithm verifies none."""
    issuer.keys = [public("RS256", "rsa", **members), public("ES256", "ec")]
    assert await code(authenticator(issuer), signed("RS256", "rsa")) == "invalid_token"


async def test_symmetric_key_of_a_document_is_not_used(issuer: Issuer) -> None:
    """A secret that somebody publishes by mistake verifies nothing."""
    secret = b"0" * 32
    issuer.keys.append({"kty": "oct", "kid": "oct", "k": base64url_encode(secret).decode()})
    shared = jwt.encode({"sub": "8", "exp": int(time.time()) + 60}, secret, "HS256", {"kid": "oct"})
    assert await code(authenticator(issuer), shared) == "invalid_token"


async def test_unusable_key_does_not_spoil_the_others(issuer: Issuer) -> None:
    """A key of a kind that is not known leaves the others usable."""
    issuer.keys = [{"kty": "new"}, {"kty": "RSA", "kid": "bad"}, *issuer.keys]
    assert (await authenticator(issuer).identity(signed("RS256", "rsa"))).user == "7"


# -- when keys are fetched --


async def test_keys_are_kept(issuer: Issuer, clock: Clock) -> None:
    """Many tokens are verified with one fetch, until the keys are old; then with one more."""
    auth = authenticator(issuer)
    for _ in range(5):
        await auth.identity(signed("RS256", "rsa"))
    clock.now += MAX_AGE - 1
    await auth.identity(signed("ES256", "ec"))
    assert issuer.fetches == 1
    clock.now += 2
    await auth.identity(signed("RS256", "rsa"))
    assert issuer.fetches == 2


async def test_unknown_key_id_fetches_once(issuer: Issuer, clock: Clock) -> None:
    """A token of a new key is verified after one more fetch; an invented key asks for no other within the cooldown."""
    auth = authenticator(issuer)
    await auth.identity(signed("RS256", "rsa"))
    clock.now += REFETCH_AFTER
    issuer.keys.append(public("RS256", "new", STRANGER))
    assert (await auth.identity(signed("RS256", "new", STRANGER))).user == "7"
    assert issuer.fetches == 2
    for number in range(10):
        clock.now += REFETCH_AFTER / 11
        assert await code(auth, signed("RS256", f"invented-{number}", STRANGER)) == "invalid_token"
    assert issuer.fetches == 2
    clock.now += REFETCH_AFTER
    assert await code(auth, signed("RS256", "invented", STRANGER)) == "invalid_token"
    assert issuer.fetches == 3


async def test_many_at_once_fetch_once(issuer: Issuer) -> None:
    """After a restart every client comes at once, and the issuer is asked once."""
    auth = authenticator(issuer)
    issuer.held = asyncio.Event()
    waiting = [asyncio.create_task(auth.identity(signed("ES256", "ec"))) for _ in range(50)]
    await until(lambda: issuer.fetches, "a fetch")
    issuer.held.set()
    assert {(await task).user for task in waiting} == {"7"}
    assert issuer.fetches == 1


async def test_withdrawn_key_is_refused_when_the_keys_are_old(issuer: Issuer, clock: Clock) -> None:
    """A key that the issuer took out of its document is good until the next fetch and no longer."""
    auth = authenticator(issuer)
    await auth.identity(signed("RS256", "rsa"))
    issuer.keys = [public("ES256", "ec")]
    assert (await auth.identity(signed("RS256", "rsa"))).user == "7"
    clock.now += MAX_AGE + 1
    assert await code(auth, signed("RS256", "rsa")) == "invalid_token"
    assert (await auth.identity(signed("ES256", "ec"))).user == "7"


async def test_withdrawn_key_ends_known_tokens_with_the_next_fetch(issuer: Issuer, clock: Clock) -> None:
    """A token that was found good before is refused once a key set without its key was fetched, for whatever reason."""
    auth, token = authenticator(issuer), signed("RS256", "rsa")
    await auth.identity(token)
    known = await auth.identity(token)
    assert await auth.identity(token) is known
    issuer.keys = [public("RS256", "new", STRANGER)]
    clock.now += REFETCH_AFTER
    assert (await auth.identity(signed("RS256", "new", STRANGER))).user == "7"
    assert await code(auth, token) == "invalid_token"


# -- when they cannot be fetched --


async def test_address_that_nobody_answers(clock: Clock) -> None:
    """Without any keys a token may be tried again later, and the address is left in peace meanwhile."""
    issuer = Issuer()
    async with serving(issuer) as port:
        pass
    auth = authenticator(issuer)
    with pytest.raises(Refused) as caught:
        await auth.identity(signed("RS256", "rsa"))
    assert (caught.value.kind.code, caught.value.kind.status) == ("keys_unavailable", 503)
    assert caught.value.retry_after == REFETCH_AFTER
    async with serving(issuer, port):
        assert await code(auth, signed("RS256", "rsa")) == "keys_unavailable"
        assert issuer.fetches == 0
        clock.now += REFETCH_AFTER
        assert (await auth.identity(signed("RS256", "rsa"))).user == "7"


@pytest.mark.parametrize("failure", ["down", "status", "body"])
async def test_old_keys_serve_while_the_issuer_is_down(failure: str, clock: Clock) -> None:
    """An issuer that fails for a while is no reason to refuse tokens of the keys it had; new ones count afterwards."""
    issuer = Issuer()
    async with serving(issuer) as port:
        auth = authenticator(issuer)
        await auth.identity(signed("RS256", "rsa"))
        issuer.status = 500 if failure == "status" else 200
        issuer.body = b"<html>" if failure == "body" else None
        clock.now += MAX_AGE + 1
        if failure != "down":
            assert (await auth.identity(signed("RS256", "rsa"))).user == "7"
            assert issuer.fetches == 2
    if failure == "down":
        assert (await auth.identity(signed("RS256", "rsa"))).user == "7"
    issuer.status, issuer.body, issuer.keys = 200, None, [public("ES256", "ec")]
    async with serving(issuer, port):
        clock.now += REFETCH_AFTER
        assert await code(auth, signed("RS256", "rsa")) == "invalid_token"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>Sign in</html>",
        b"[]",
        b"1",
        b"null",
        b'"keys"',
        b"{}",
        b'{"keys": []}',
        b'{"keys": null}',
        b'{"keys": {}}',
        b'{"keys": [1, null, "x"]}',
        b'{"keys": [{"kty": "RSA", "n": 1, "e": []}]}',
        b"\xff\xfe",
        b"[" * 200000,
        b'{"keys": [],' * 3,
    ],
    ids=lambda body: body[:24].decode("latin-1"),
)
async def test_document_that_is_none(body: bytes, issuer: Issuer) -> None:
    """Whatever the address answers instead of keys, a token is refused as something that may be tried again."""
    issuer.body = body
    assert await code(authenticator(issuer), signed("RS256", "rsa")) == "keys_unavailable"
    assert issuer.fetches == 1


async def test_oversized_document_is_not_read(issuer: Issuer) -> None:
    """A document of more than half a mebibyte is left unread, though it begins with the right keys."""
    filler = [{"kty": "new", "x": "x" * 1000}] * 600
    issuer.keys = [*issuer.keys, *filler]
    assert await code(authenticator(issuer), signed("RS256", "rsa")) == "keys_unavailable"


async def test_largest_document_is_read(issuer: Issuer) -> None:
    """A document of a little less is read to its end."""
    issuer.keys = [*([{"kty": "new", "x": "x" * 1000}] * 500), *issuer.keys]
    assert (await authenticator(issuer).identity(signed("RS256", "rsa"))).user == "7"


async def test_slow_address_is_given_up(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that accepts and never answers is given up after a while."""
    monkeypatch.setattr(jwks, "FETCH_TIMEOUT", 0.1)
    issuer.held = asyncio.Event()
    assert await code(authenticator(issuer), signed("RS256", "rsa")) == "keys_unavailable"
    issuer.held.set()


async def test_server_with_keys_of_an_address(issuer: Issuer) -> None:
    """A server that is given an address alone lets its tokens in, over Socket.IO and HTTP, and refuses others."""
    async with running(secured(jwt_secret=None, jwks_url=issuer.url)) as server:
        client = await server.connect({"token": signed("EdDSA", "ed")})
        assert client.of("ns:hello")[0]["user"] == "7"
        for key, status in ((None, 200), (STRANGER, 401)):
            headers = {"Authorization": f"Bearer {signed('RS256', 'rsa', key)}"}
            async with server.http.get(f"{server.url}/v1/stats", headers=headers) as response:
                assert response.status == status


async def test_server_whose_address_is_down() -> None:
    """A server that cannot fetch keys answers 503 with the time to come back."""
    issuer = Issuer()
    async with serving(issuer):
        pass
    async with running(secured(jwt_secret=None, jwks_url=issuer.url)) as server:
        headers = {"Authorization": f"Bearer {signed('RS256', 'rsa')}"}
        async with server.http.get(f"{server.url}/v1/stats", headers=headers) as response:
            assert (response.status, (await response.json(content_type=None))["code"]) == (503, "keys_unavailable")
            assert response.headers["Retry-After"] == str(int(REFETCH_AFTER))


async def test_why_keys_cannot_be_fetched_is_told_to_operators(
    issuer: Issuer, capsys: pytest.CaptureFixture[str]
) -> None:
    """A line of the log says what is wrong with the address, and nothing that may be secret in it."""
    issuer.status = 500
    address = issuer.url.replace("://", "://user:MARKER@") + "?key=MARKER"
    with logging_to_stderr():
        auth = Authenticator(secured(jwt_secret=None, jwks_url=address), JwksKeys(address))
        assert await code(auth, signed("RS256", "rsa")) == "keys_unavailable"
    line = json.loads(capsys.readouterr().err.splitlines()[-1])
    assert (line["level"], line["reason"], line["url"]) == ("warning", "answered with HTTP status 500", issuer.url)
    assert "MARKER" not in str(line)
