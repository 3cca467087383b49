"""Where tokens hold the user and the roles: claims by setting, several roles in one text, roles elsewhere."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from sio_server.auth import Authenticator
from sio_server.auth.claims import bare_token
from sio_server.auth.tokens import MAX_TOKEN_LENGTH
from sio_server.config import Config
from sio_server.config.claim_names import claim, likely_role_claim
from sio_server.errors import Refused
from tests.support.clients import plain_socket, refused
from tests.support.credentials import AUTH, DEVELOPMENT, refusal
from tests.support.logged import logging_to_stderr
from tests.support.servers import PUBLISH_KEY, running, secured, token

APP_ROLES = "https://app.example/roles"
ASP_NET = "http://schemas.microsoft.com/ws/2008/06/identity/claims/role"


def verifier(**settings: Any) -> Authenticator:
    """An authenticator with these settings."""
    return Authenticator(secured(**settings))


# -- by setting --


@pytest.mark.parametrize(
    ("name", "claims", "value"),
    [
        ("role", {"role": "a"}, "a"),
        ("realm_access.roles", {"realm_access": {"roles": ["a"]}}, ["a"]),
        ("resource_access.my.app.roles", {"resource_access": {"my.app": {"roles": ["a"]}}}, ["a"]),
        ("a.b", {"a.b": 1, "a": {"b": 2}}, 1),
        ("a.b", {"a": {"b": 2}}, 2),
        (APP_ROLES, {APP_ROLES: ["a"]}, ["a"]),
        (f"{APP_ROLES}.x", {APP_ROLES: {"x": "a"}}, "a"),
        (ASP_NET, {ASP_NET: "a"}, "a"),
        ("a.b", {"a": "b"}, None),
        ("a.b", {"a": None}, None),
        ("a.", {"a": {"": 1}}, 1),
        (".", {}, None),
        ("a", {}, None),
        ("a.b.c.d.e.f.g.h", {"a": {"b": {"c": {"d": {"e": {"f": {"g": {"h": 1}}}}}}}}, None),
    ],
)
def test_claim_is_found_by_name_then_by_path(name: str, claims: dict[str, Any], value: Any) -> None:
    """A claim of just this name counts first, then its dots lead into what is nested."""
    assert claim(claims, name) == value


@pytest.mark.parametrize(
    ("setting", "claims", "roles"),
    [
        (("realm_access.roles",), {"realm_access": {"roles": ["admin", "guide"]}}, ("admin", "guide")),
        ((APP_ROLES,), {APP_ROLES: ["admin"]}, ("admin",)),
        ((ASP_NET,), {ASP_NET: "admin"}, ("admin",)),
        (("groups", "role"), {"groups": ["a", "b"], "role": "b"}, ("a", "b")),
        (("scope",), {"scope": "read write"}, ("read", "write")),
        (("realm_access.roles",), {"role": "admin"}, ()),
    ],
)
async def test_roles_stand_where_the_setting_says(
    setting: tuple[str, ...], claims: dict[str, Any], roles: tuple[str, ...]
) -> None:
    """Roles come from the claims that the setting names, from all of them and from no other."""
    identity = await verifier(roles_claim=setting).identity(token("1", **claims))
    assert identity.roles == roles


async def test_user_stands_where_the_setting_says() -> None:
    """The user is the first of the named claims that a token has; without any the token is refused by its name."""
    mapped = verifier(user_claim=("ids.app", "preferred_username"))
    assert (await mapped.identity(token("1", ids={"app": 7}, preferred_username="ana"))).user == "7"
    assert (await mapped.identity(token("1", preferred_username="ana"))).user == "ana"
    refused_ = await refusal(token("1"), mapped)
    assert "'ids.app'" in refused_.detail
    assert "'ids.app'" in refused_.detail.es


@pytest.mark.parametrize(
    ("claims", "roles"),
    [
        ({"roles": "admin,editor"}, ("admin", "editor")),
        ({"roles": " admin , editor "}, ("admin", "editor")),
        ({"roles": "admin editor"}, ("admin", "editor")),
        ({"roles": "admin,\teditor\nguide"}, ("admin", "editor", "guide")),
        ({"roles": "admin"}, ("admin",)),
        ({"roles": ",admin,,"}, ("admin",)),
        ({"roles": "  "}, ()),
        ({"role": "admin,editor"}, ("admin", "editor")),
        ({"role": "tour guide"}, ("tour guide",)),
        ({"roles": ["tour guide", "a,b"]}, ("tour guide", "a,b")),
    ],
)
async def test_one_text_may_hold_several_roles(claims: dict[str, Any], roles: tuple[str, ...]) -> None:
    """Several roles may stand in one text, parted by commas, or by spaces where the claim is of several."""
    assert (await AUTH.identity(token("1", **claims))).roles == roles
    assert (await DEVELOPMENT.identity(None, claims)).roles == roles


# -- elsewhere --


@pytest.mark.parametrize(
    ("claims", "found"),
    [
        ({"realm_access": {"roles": ["admin"]}}, "realm_access.roles"),
        ({"resource_access": {"my-app": {"roles": ["admin"]}}}, "resource_access.my-app.roles"),
        ({APP_ROLES: ["admin"]}, APP_ROLES),
        ({ASP_NET: "Admin"}, ASP_NET),
        ({"Role": "admin"}, "Role"),
        ({"Roles": ["admin"]}, "Roles"),
        ({"userRole": "admin"}, "userRole"),
        ({"user_roles": ["admin"]}, "user_roles"),
        ({"rol_usuario": "admin"}, "rol_usuario"),
        ({"authorities": ["ROLE_ADMIN"]}, "authorities"),
        ({"groups": ["admin"]}, "groups"),
        ({"cognito:groups": ["admin"]}, "cognito:groups"),
        ({"custom:role": "admin"}, "custom:role"),
        ({"app_metadata": {"role": "admin"}}, "app_metadata.role"),
        ({"is_admin": True}, "is_admin"),
        ({"isAdmin": True}, "isAdmin"),
        ({"tipo_usuario": "admin"}, "tipo_usuario"),
        ({"scope": "openid profile"}, "scope"),
        ({"scopes": ["a"]}, "scopes"),
        ({"permissions": ["a"]}, "permissions"),
        ({"scope": "openid", "realm_access": {"roles": ["a"]}}, "realm_access.roles"),
        ({"realm_access": {"roles": []}, "is_admin": False}, None),
        ({"sub": "1", "name": "x", "email": "x@example.org", "profile": "https://x", "azp": "app"}, None),
    ],
)
def test_likely_claim_is_found(claims: dict[str, Any], found: str | None) -> None:
    """The claim that most likely holds the roles is known by its name, and by nothing that every token has."""
    assert likely_role_claim({"sub": "1", "exp": 1, "iat": 1, "iss": "x", "aud": "y", **claims}) == found


async def test_roles_elsewhere_are_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    """The operator is told which claim seems to hold the roles, once a minute and without any value of a token."""
    checks = verifier()
    with logging_to_stderr():
        for number in range(3):
            identity = await checks.identity(token(f"MARKER{number}", realm_access={"roles": ["MARKER"]}))
            assert identity.roles == ()
    (line,) = capsys.readouterr().err.splitlines()
    told = json.loads(line)
    assert (told["level"], told["claim"]) == ("warning", "realm_access.roles")
    assert "SIO_SERVER_ROLES_CLAIM=realm_access.roles" in line
    assert "MARKER" not in line


# -- time --


@pytest.mark.parametrize("claims", [{"exp": -20}, {"iat": 20}, {"nbf": 20}])
async def test_leeway_is_a_setting(claims: dict[str, Any]) -> None:
    """Clocks may differ by as much as the setting says, and by no more."""
    made = token("1", **{name: int(time.time()) + seconds for name, seconds in claims.items()})
    assert (await verifier().identity(made)).user == "1"
    assert (await refusal(made, verifier(token_leeway=5.0))).kind.code in ("token_expired", "invalid_token")


async def test_revoked_token_of_a_clock_ahead_stays_revoked() -> None:
    """A user's token is revoked although its backend's clock is ahead; the next one that is made after it is good."""
    now = int(time.time())
    async with running(secured()) as server:
        ahead = token("7", iat=now + 20)
        async with plain_socket(server.url, {"token": ahead}) as client:
            url = f"{server.url}/v1/users/7/disconnect"
            async with server.http.post(url, headers={"Authorization": f"Bearer {PUBLISH_KEY}"}) as response:
                assert (await response.json())["disconnected"] == 1
            assert (await client.wait_closed())[0] == 4401
        assert (await refused(server.url, {"token": ahead}))["data"]["code"] == "token_revoked"
        await server.connect({"token": token("7", iat=now + 25)})


# -- how tokens come --


@pytest.mark.parametrize(
    "form",
    [
        "Bearer {}",
        "bearer {}",
        "Bearer Bearer {}",
        '"{}"',
        "'{}'",
        " {} ",
        "{}\n",
        '"{}"\n',
        '"Bearer {}"',
        "\ufeff{}",
        "Bearer: {}",
        "\u200b{}\xa0",
    ],
)
async def test_token_is_taken_as_it_was_pasted(form: str) -> None:
    """A token counts with ``Bearer`` in front, in quotes, with space around it, whichever way it comes."""
    made = token("7", "turista")
    assert bare_token(form.format(made)) == made
    assert (await AUTH.identity(form.format(made))).user == "7"
    assert (await DEVELOPMENT.identity(form.format(made))).user == "7"
    async with running(secured()) as server:
        listener = await server.connect({"token": form.format(made)})
        assert listener.of("ns:hello")[0]["user"] == "7"
        async with plain_socket(server.url, {"token": form.format(made)}) as client:
            assert client.of("ns:hello")[0]["user"] == "7"


@pytest.mark.parametrize("form", ["Bearer {}", '"{}"', "'{}' "])
async def test_key_is_taken_as_it_was_pasted(form: str) -> None:
    """A publisher key counts likewise."""
    async with running(secured()) as server:
        status, _ = await server.notify({"type": "test"}, key=form.format(PUBLISH_KEY))
        assert status == 200


@pytest.mark.parametrize(
    ("credential", "told"),
    [
        ("x" * (MAX_TOKEN_LENGTH + 1), f"{MAX_TOKEN_LENGTH + 1} characters"),
        ("<!doctype html><title>Not found</title>", "begins with '<', as a page of HTML does"),
        (json.dumps({"token": "x"}), "It is JSON: read the response with response.json()"),
        (json.dumps({"token": "e30.e30.e30"}), "It is JSON"),
        ("[object Promise]", "'await' it first"),
        ("[object Object]", "give the member that holds the token"),
        ("undefined", "what a program writes for nothing"),
        ("null", "what a program writes for nothing"),
        ('"Not authenticated"', "begins with a quote: return it with response.json()"),
        ("nullable", "(RFC 7519)."),
        ("a.b", "This is no JWT"),
        ("a.b.c", "cannot be read as a JWT"),
        ("", "A token is needed"),
    ],
)
async def test_what_is_wrong_with_a_token_is_told(credential: str, told: str) -> None:
    """No token is just "not valid": it is told that it is too long, no JWT, or unreadable."""
    refused_ = await refusal(credential)
    assert told in refused_.detail
    assert refused_.detail.es != refused_.kind.title.es
    assert "Not auth" not in refused_.detail  # nothing of what was sent is repeated


async def test_what_is_no_token_is_told_in_development() -> None:
    """A page that is tried out in development is told as it would be in production."""
    with pytest.raises(Refused) as caught:
        await Authenticator(Config(dev=True)).identity('{"token": "x"}')
    assert "It is JSON" in caught.value.detail


async def test_token_cut_short_is_told() -> None:
    """A token that lost its end is told to be cut short, or not to fit any key."""
    told = [(await refusal(token("1")[:-cut])).detail for cut in range(1, 9)]
    assert all("cut short" in detail or "signature" in detail for detail in told)


async def test_token_in_the_address_is_told_where_it_belongs() -> None:
    """A Socket.IO client that sends its token in the address, as version 2 did, is told where it belongs."""
    async with running(secured()) as server:
        problem = (await refused(f"{server.url}?token={token('1')}"))["data"]
        assert problem["code"] == "unauthorized"
        assert "auth" in problem["detail"]
        assert "address" in problem["detail"]


# -- what the holder of a token is told --


async def test_holder_is_told_of_roles_that_stand_elsewhere() -> None:
    """``ns:hello`` and ``/v1/session`` say where a token's roles seem to stand, and nothing where they were found."""
    elsewhere, found = token("1", realm_access={"roles": ["MARKER"]}), token("1", "admin", groups=["x"])
    async with running(secured()) as server:
        for credential, codes in ((elsewhere, ["roles_elsewhere"]), (found, [])):
            listener = await server.connect({"token": credential, "locale": "es"})
            (hello,) = listener.of("ns:hello")
            async with server.http.ws_connect(
                f"{server.url}/ws", headers={"Authorization": f"Bearer {credential}"}
            ) as ws:
                plain = await ws.receive_json()
            async with server.http.get(
                f"{server.url}/v1/session", headers={"Authorization": f"Bearer {credential}"}
            ) as response:
                session = await response.json()
            for told in (hello, plain, session):
                assert [one["code"] for one in told.get("warnings", [])] == codes
                assert "MARKER" not in str(told.get("warnings"))
            if codes:
                assert "SIO_SERVER_ROLES_CLAIM=realm_access.roles" in session["warnings"][0]["detail"]
                assert hello["warnings"][0]["detail"].startswith("El token no nombra")


async def test_expiry_in_milliseconds_is_told() -> None:
    """A token whose ``exp`` is in milliseconds holds for thousands of years, and its holder is told."""
    identity = await AUTH.identity(token("1", "admin", exp=int(time.time() * 1000)))
    assert [hint.code for hint in identity.warnings] == ["expiry_in_milliseconds"]
    assert (await AUTH.identity(token("1", "admin"))).warnings == ()


@pytest.mark.parametrize(
    ("claims", "told"),
    [
        ({"sub": None, "user_id": 5}, "SIO_SERVER_USER_CLAIM=user_id"),
        (
            {"sub": None, "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier": "7"},
            "SIO_SERVER_USER_CLAIM=http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier",
        ),
        ({"sub": None, "person": {"_id": "5"}}, "SIO_SERVER_USER_CLAIM=person._id"),
        ({"roles": {"admin": True}}, "a list of at most 100 names"),
        ({"roles": [{"name": "admin"}]}, "a list of at most 100 names"),
        ({"role": True}, "a list of at most 100 names"),
        ({"exp": "soon"}, "The claim 'exp' is not valid"),
        ({"exp": [1]}, "The claim 'exp' is not valid"),
        ({"nbf": "soon"}, "The claim 'nbf' is not valid"),
        ({"iat": int(time.time() * 1000)}, "seconds of Unix time"),
    ],
)
async def test_claim_that_is_wrong_is_told_with_the_mend(claims: dict[str, Any], told: str) -> None:
    """A claim of the wrong kind is named with what it has to be, and a user who stands elsewhere with the setting."""
    with pytest.raises(Refused) as caught:
        await AUTH.identity(token("1", **claims))
    assert caught.value.kind.code == "invalid_token"
    assert told in caught.value.detail.within("en")


async def test_claim_of_no_use_here_may_be_anything() -> None:
    """An identifier of the token that is a number, as some back ends make it, refuses nobody."""
    assert (await AUTH.identity(token("1", jti=5))).user == "1"
