"""Who is asking: publisher keys, who may look at the whole server, and what a client says of itself."""

import asyncio
import hmac
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sio_server.audience import Identity, name_of
from sio_server.auth import Authenticator, Keyring, Publisher
from sio_server.errors import Refused
from tests.support.credentials import AUTH, DEVELOPMENT, OTHER, crafted, outcome, part, refusal, signed
from tests.support.servers import PUBLISH_KEY, Server, lasting_token, running, secured, token
from tests.support.strategies import JSON
from tests.support.waiting import coming

# -- what a client says of itself --


@pytest.mark.parametrize("member", ["role", "roles", "rol"])
async def test_stated_role_never_counts_with_secrets(member: str) -> None:
    """With secrets set, what a client says of itself changes nothing, whatever it is called."""
    identity = await AUTH.identity(token("7", "turista"), {member: "admin", "user": "1", "topics": ["x"], "sub": "1"})
    assert (identity.user, identity.roles, identity.topics) == ("7", ("turista",), ())


async def test_stated_role_is_no_token() -> None:
    """With secrets set, a client that only says who it is is refused."""
    for missing in (None, ""):
        refused = await refusal(missing, role="admin", user="1")
        assert refused.kind.code == "unauthorized"


async def test_nothing_to_verify_with_is_told() -> None:
    """A server with publisher keys alone refuses every client and names the settings."""
    keys_only = Authenticator(secured(jwt_secret=None))
    for credential in (None, token()):
        refused = await refusal(credential, keys_only)
        assert refused.kind.code in {"unauthorized", "invalid_token"}
    assert "SIO_SERVER_JWT_SECRET" in (await refusal(None, keys_only)).detail


@pytest.mark.parametrize(
    ("stated", "identity"),
    [
        ({}, Identity(None)),
        ({"role": "admin"}, Identity(None, ("admin",))),
        ({"user": 123, "rol": "turista"}, Identity("123", ("turista",))),
        ({"user": "", "roles": ["a", "b"], "topics": ["t"]}, Identity(None, ("a", "b"), ("t",))),
        ({"user": None, "role": ""}, Identity(None)),
    ],
)
async def test_client_states_itself_in_development(stated: dict[str, Any], identity: Identity) -> None:
    """In development a client is whoever it says."""
    assert await DEVELOPMENT.identity(None, stated) == identity


@given(st.dictionaries(st.sampled_from(["user", "role", "roles", "rol", "topics", "x"]), JSON))
def test_any_statement_is_an_identity_or_refused(stated: dict[str, Any]) -> None:
    """Whatever a client says of itself in development, it is somebody or is refused with a code."""
    found = asyncio.run(outcome(DEVELOPMENT, None, stated))
    if isinstance(found, Refused):
        assert found.kind.code == "invalid_token"
    else:
        assert all(name_of(name) == name for name in (*found.roles, *found.topics))


async def test_token_is_believed_in_development() -> None:
    """In development, where nothing can verify a token, its claims count as if the client had stated them."""
    for made in (
        token("7", "admin"),
        signed({"sub": "7", "role": "admin"}, OTHER),
        crafted({"alg": "none"}, b'{"sub":"7","role":"admin"}'),
    ):
        assert await DEVELOPMENT.identity(made) == Identity("7", ("admin",))
        assert await DEVELOPMENT.identity(made, {}) == Identity("7", ("admin",))
        assert await DEVELOPMENT.identity(made, {"token": made, "role": "turista"}) == Identity(None, ("turista",))


@given(st.text() | st.builds(lambda claims: crafted({}, claims), JSON) | st.text(alphabet="ab.=_-é\ud800"))
def test_any_token_is_an_identity_or_refused_in_development(credential: str) -> None:
    """Whatever is sent as a token in development, the client is somebody or is refused with a code."""
    found = asyncio.run(outcome(DEVELOPMENT, credential))
    if isinstance(found, Refused):
        assert found.kind.code == "invalid_token"
    else:
        assert found.user is None or name_of(found.user) == found.user


# -- publisher keys --


def test_each_key_publishes() -> None:
    """All keys are valid at once, and each is a publisher with a name of its own that does not give it away."""
    authenticator = Authenticator(secured(publish_keys=("first key", "second key")))
    names = [authenticator.publisher(key).name for key in ("first key", "second key")]
    assert len(set(names)) == 2
    assert all("first" not in name and "second" not in name for name in names)
    assert authenticator.publisher("first key").name == names[0]


@pytest.mark.parametrize(
    "key", ["first", "first key,", "FIRST KEY", "first keyfirst key", "x", "ñ", "\udcff", chr(0xD800), "\0"]
)
def test_wrong_key_does_not_publish(key: str) -> None:
    """Whatever is no key is refused, whatever bytes it is made of."""
    with pytest.raises(Refused) as caught:
        Authenticator(secured(publish_keys=("first key",))).publisher(key)
    assert caught.value.kind.code == "unauthorized"
    assert "not known" in caught.value.detail
    assert key not in caught.value.detail


@pytest.mark.parametrize("key", [None, ""])
def test_missing_key_is_told(key: str | None) -> None:
    """A publish without a key learns which header it needs, and where no key is set up, which setting."""
    with pytest.raises(Refused, match="Authorization: Bearer"):
        AUTH.publisher(key)
    with pytest.raises(Refused, match="SIO_SERVER_PUBLISH_KEYS"):
        Authenticator(secured(publish_keys=())).publisher(key)


def test_nobody_publishes_without_keys() -> None:
    """Where no key is set up, no key is right, the empty one neither."""
    for key in (None, "", "x"):
        with pytest.raises(Refused):
            Authenticator(secured(publish_keys=())).publisher(key)


@pytest.mark.parametrize("key", ["one", "two", "three", "wrong", "", "a much longer wrong key than any of the others"])
def test_comparison_takes_as_long_whatever_the_key(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every key that is set is compared in full with what came, by the constant-time comparison, whichever is right."""
    compared: list[tuple[int, int]] = []
    original = hmac.compare_digest

    def counting(known: bytes, given_: bytes) -> bool:
        compared.append((len(known), len(given_)))
        return original(known, given_)

    monkeypatch.setattr(hmac, "compare_digest", counting)
    found = Keyring(["one", "two", "three"]).identify(key)
    assert (found is not None) is (key in {"one", "two", "three"})
    assert compared == [(32, 32)] * 3


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), max_size=4), st.text())
def test_keyring_knows_its_keys_and_no_other(keys: list[str], key: str) -> None:
    """A key is known exactly when it is one of those that were set."""
    ring = Keyring(keys)
    assert (ring.identify(key) is not None) is (key in keys)
    assert all(ring.identify(one) is not None for one in keys)


def test_everybody_publishes_in_development() -> None:
    """In development a publish needs no key, and all of them are one publisher."""
    assert DEVELOPMENT.development
    assert DEVELOPMENT.publisher(None) == DEVELOPMENT.publisher("anything")


# -- who may look at the whole server --


async def test_observers() -> None:
    """A publisher key or an administrator's token may look; in development everybody may."""
    for auth, credential in ((AUTH, PUBLISH_KEY), (DEVELOPMENT, None)):
        found = await auth.operator(credential)
        assert isinstance(found, Publisher)
        found.scope.check_observes()
    assert isinstance(await AUTH.operator(token("1", "admin")), Identity)


@pytest.mark.parametrize(
    ("credential", "code_"),
    [
        (None, "unauthorized"),
        ("", "unauthorized"),
        ("wrong key", "unauthorized"),
        ("a.b.c", "invalid_token"),
        (lasting_token("1", "turista"), "forbidden"),
        (lasting_token("1"), "forbidden"),
        (lasting_token("1", "Admin"), "forbidden"),
        (signed({"sub": "1", "role": "admin", "exp": 1}), "token_expired"),
        (signed({"sub": "1", "role": "admin", "exp": 2**32}, OTHER), "invalid_token"),
        ("\ud800.\ud800.\ud800", "invalid_token"),
    ],
    # by name: a token of this second would be another test to each process that collects it
    ids=["nothing", "empty", "key", "dots", "tourist", "nobody", "capital", "expired", "foreign", "surrogates"],
)
async def test_no_observers(credential: str | None, code_: str) -> None:
    """Everybody else is refused: who is nobody, and who is not an administrator."""
    with pytest.raises(Refused) as caught:
        await AUTH.operator(credential)
    assert caught.value.kind.code == code_


# -- over the wire --


async def raw(server: Server, request: bytes) -> bytes:
    """Send bytes that no client library would and return the reply."""
    address = urlsplit(server.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    writer.write(request)
    await writer.drain()
    reply = await coming(reader.read(), "the reply")
    writer.close()
    await writer.wait_closed()
    return reply


@pytest.mark.parametrize(
    "credential", [b"\xff.\xff.\xff", b"\xed\xa0\x80.\xed\xa0\x80.x", part({"alg": []}).encode() + b".e30.AAAA"]
)
async def test_bytes_that_are_no_text_are_unauthorized(credential: bytes) -> None:
    """A credential of any bytes is answered 401 over HTTP, never a failure of the server."""
    async with running(secured()) as server:
        for path in (b"/v1/stats", b"/notify"):
            method = b"POST" if path == b"/notify" else b"GET"
            head = b"%b %b HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n" % (method, path)
            reply = await raw(server, head + b"Authorization: Bearer " + credential + b"\r\n\r\n")
            assert reply.startswith(b"HTTP/1.1 401 "), reply


async def test_turista_gets_no_event_of_administrators() -> None:
    """A turista's token with ``role: admin`` beside it is a turista's: an event for administrators does not arrive."""
    async with running(secured()) as server:
        turista = await server.connect(
            {"token": token("7", "turista"), "role": "admin", "roles": ["admin"], "user": "1"}
        )
        admin = await server.connect({"token": token("1", "admin")})
        await server.notify({"type": "usuario_registrado", "data": {"nombre": "Ana"}})
        await server.notify({"type": "test", "message": "the last one"})
        await admin.wait(2)
        assert [envelope["type"] for envelope in await turista.wait(1)] == ["test"]
        assert turista.of("ns:hello")[0]["roles"] == ["turista"]
