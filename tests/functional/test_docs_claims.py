"""The page about claims: its backend mints tokens that are taken, and settings for a provider take its tokens."""

from __future__ import annotations

import asyncio
import json
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jwt
import pytest
from aiohttp import web
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from sio_server.config import Config, load
from tests.conftest import Node
from tests.support.asking import ask, asking, assert_refused, get
from tests.support.documents import Document
from tests.support.served import served
from tests.support.servers import ROOT, SECRET, Server, running
from tests.support.settings import STRONG, isolate
from tests.support.waiting import coming, work_of

PAGE = Document.read(ROOT / "docs/claims.md")
BLOCKS = {"toml": ["jwt_secret_file", "realm_access", "auth0", "securetoken"], "python": ["FastAPI"]}
MINE = rsa.generate_private_key(65537, 2048)
OTHERS = rsa.generate_private_key(65537, 2048)


def test_every_block_is_one_of_these() -> None:
    """None is left out of these tests; the script that is run at Auth0 is theirs alone."""
    for language, marks in BLOCKS.items():
        assert [PAGE.fence(language, mark) for mark in marks] == [
            text for info, text in PAGE.fences if info == language
        ]
    assert len([info for info, _ in PAGE.fences if info == "js"]) == 2


def settings(directory: Path, mark: str, monkeypatch: pytest.MonkeyPatch, **changed: Any) -> Config:
    """The settings of a block of the page, read as a server reads them."""
    isolate(directory, monkeypatch)
    monkeypatch.setenv("SIO_SERVER_PUBLISH_KEYS", STRONG)
    (directory / "secrets").mkdir(exist_ok=True)
    (directory / "secrets" / "jwt_secret").write_text(f"{SECRET}\n")
    (directory / "sio-server.toml").write_text(PAGE.fence("toml", mark))
    return load({"broker": "memory:", **changed}, config_file=directory / "sio-server.toml")


# -- FastAPI --


async def test_backend_and_page_of_fastapi(tmp_path: Path, node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page's function asks the backend's route for a token with which a client gets what its user is sent."""
    config = await asyncio.to_thread(settings, tmp_path, "jwt_secret_file", monkeypatch)
    (tmp_path / "backend.py").write_text(PAGE.fence("python", "FastAPI"))
    script = PAGE.fence("js", "getToken") + (
        "const plain = globalThis.fetch;\nglobalThis.fetch = (path, options) => plain(process.argv[1] + path, "
        "{ ...options, headers: process.argv[2] ? { Authorization: process.argv[2] } : {} });\n"
        "getToken().then((token) => console.log(JSON.stringify(token)));\n"
    )
    secret = str(tmp_path / "secrets" / "jwt_secret")
    async with running(config) as server, served(tmp_path, "backend:app", NOTIFICATIONS_SECRET_FILE=secret) as http:
        backend = str(http.base_url).rstrip("/")
        assert await _answer(node, script, backend, "") is None
        token = await _answer(node, script, backend, "Bearer of a session")
        tourist = await server.connect({"token": token})
        (hello,) = tourist.of("ns:hello")
        assert (hello["user"], hello["roles"]) == ("42", ["turista"])
        await server.notify({"type": "test", "audience": {"users": ["42"]}}, key=STRONG)
        await tourist.wait(1)
        mine = jwt.encode({"sub": "42", "exp": int(time.time()) + 600}, SECRET, "HS256")
        assert_refused(await ask(server, "GET", "/v1/session", token=mine), "invalid_token")  # that of the login


async def _answer(node: Node, script: str, *arguments: str) -> Any:
    process = await asyncio.create_subprocess_exec(
        *(str(node.binary), "-e", script, "--", *arguments), stdout=asyncio.subprocess.PIPE
    )
    out, _ = await coming(process.communicate(), "the answer of getToken", work_of(process))
    return json.loads(out)


# -- providers --

NOW = int(time.time())
LATER = {"iat": NOW, "exp": NOW + 24 * 3600}

# Tokens as each provider makes them: its claims, what becomes of them, and the key set that it publishes.
PROVIDERS: dict[str, tuple[str, dict[str, Any], str, set[str]]] = {
    "keycloak": (
        "realm_access",
        {
            "iss": "https://id.example.org/realms/tours",
            "aud": ["avisos", "account"],
            "sub": "f47ac10b-58cc-4372-a567-0e02b2c3d479",
            "typ": "Bearer",
            "azp": "web",
            "sid": "b5f1",
            "acr": "1",
            "realm_access": {"roles": ["default-roles-tours", "offline_access", "admin"]},
            "resource_access": {"account": {"roles": ["manage-account"]}},
            "scope": "openid email profile",
            "preferred_username": "eva",
        },
        "f47ac10b-58cc-4372-a567-0e02b2c3d479",
        {"default-roles-tours", "offline_access", "admin"},
    ),
    "auth0": (
        "auth0",
        {
            "https://avisos.example.org/roles": ["admin"],
            "iss": "https://tours.eu.auth0.com/",
            "sub": "auth0|65f0c1d2e3f4",
            "aud": ["https://avisos.example.org", "https://tours.eu.auth0.com/userinfo"],
            "azp": "AbC",
            "scope": "openid profile",
            "permissions": ["read:tours"],
        },
        "auth0|65f0c1d2e3f4",
        {"admin"},
    ),
    "firebase": (
        "securetoken",
        {
            "role": "admin",
            "iss": "https://securetoken.google.com/tours-1a2b3",
            "aud": "tours-1a2b3",
            "auth_time": NOW,
            "user_id": "kX3uY7",
            "sub": "kX3uY7",
            "email": "eva@example.org",
            "firebase": {"identities": {"email": ["eva@example.org"]}, "sign_in_provider": "password"},
        },
        "kX3uY7",
        {"admin"},
    ),
}


def key(private: rsa.RSAPrivateKey, kid: str, **members: str) -> dict[str, Any]:
    """A key as a key set has it."""
    return {**RSAAlgorithm.to_jwk(private.public_key(), as_dict=True), "kid": kid, **members, "key_ops": None}


def key_set() -> dict[str, Any]:
    """A key set as providers publish one: an old key, the key of today, and one for another use."""
    keys = [
        key(OTHERS, "old", use="sig", alg="RS256"),
        key(OTHERS, "enc", use="enc", alg="RSA-OAEP"),
        key(MINE, "today", use="sig", alg="RS256"),
    ]
    return {"keys": [{name: value for name, value in one.items() if value is not None} for one in keys]}


def signed(claims: Mapping[str, Any], private: rsa.RSAPrivateKey = MINE) -> str:
    """A token of a provider."""
    return jwt.encode({**LATER, **claims}, private, "RS256", {"kid": "today"})


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_tokens_of_a_provider(provider: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the settings of the page a provider's token is taken, and none for another, of another, or of a stranger."""
    mark, claims, user, roles = PROVIDERS[provider]
    assert tomllib.loads(PAGE.fence("toml", mark))["jwks_url"].startswith("https://")

    async def keys(_: web.Request) -> web.Response:
        return web.json_response(key_set())

    app = web.Application()
    app.router.add_get("/keys", keys)
    async with asking(app) as issuer:
        config = await asyncio.to_thread(settings, tmp_path, mark, monkeypatch, jwks_url=f"{issuer._base_url}/keys")
        async with running(config) as server:
            session = await get(server, "/v1/session", signed(claims))
            assert (session["user"], set(session["roles"])) == (user, roles)
            assert session["may"]["observe"] is True
            await _refuses(server, signed({**claims, "iss": "https://other.example"}), "'iss'")
            await _refuses(server, signed({**claims, "aud": "other"}), "'aud'")
            await _refuses(server, signed(claims, OTHERS), "signature")


async def _refuses(server: Server, token: str, told: str) -> None:
    answer = await ask(server, "GET", "/v1/session", token=token)
    assert_refused(answer, "invalid_token")
    assert told in answer.body["detail"]
