"""Which pages may talk to the server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sio_server.config import load
from sio_server.gate.origins import OriginPolicy
from tests.support.origins import DEVELOPMENT, WILDCARD, check, detail, production
from tests.support.servers import PUBLISH_KEY, SECRET, running, secured

# -- with secrets --


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://app.example.org", "app.example.org"),
        ("https://app.example.org:8443", "app.example.org:8443"),
        ("http://App.Example.org", "app.example.org"),
        ("https://[2001:db8::1]:8443", "[2001:db8::1]:8443"),
    ],
)
def test_same_origin_may(origin: str, host: str) -> None:
    """With secrets the server's own pages may talk to it, whatever is set."""
    assert check(production(), origin=origin, host=host) is None


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://app.example.org", "api.example.org"),
        ("https://app.example.org:8443", "app.example.org"),
        ("https://app.example.org", "app.example.org:8443"),
        ("https://app.example.org", None),
        ("http://localhost:3000", "app.example.org"),
        ("http://localhost:3000", "localhost:8080"),
        ("null", "app.example.org"),
        ("null", "null"),
        ("", ""),
        ("https://app.example.org@evil.example", "app.example.org"),
    ],
)
def test_other_origin_may_not(origin: str, host: str | None) -> None:
    """With secrets every other origin is refused until it is allowed, local ones too."""
    assert check(production(), origin=origin, host=host) == "origin_not_allowed"


def test_request_without_an_origin_may() -> None:
    """With secrets what is no page, such as a backend, needs no origin, and a key protects what it does."""
    assert check(production(), host="app.example.org") is None
    assert check(production(), host="app.example.org", fetch_site="cross-site") is None


@pytest.mark.parametrize(
    "origin",
    [
        "https://app.example.org",
        "https://a.b.example.org",
        "https://x-1.example.org",
        "https://APP.example.ORG",
        "https://app.example.com",
        "http://localhost:3000",
    ],
)
def test_allowed_origin(origin: str) -> None:
    """An origin that is listed may, and every subdomain of one that is listed with ``*``."""
    assert check(WILDCARD, origin=origin, host="api.example.net") is None


@pytest.mark.parametrize(
    "origin",
    [
        "https://example.org",
        "https://evilexample.org",
        "https://evil-example.org",
        "https://app.example.org.evil.example",
        "https://app.example.organic",
        "https://.example.org",
        "https://app..example.org",
        "https://evil.example/.example.org",
        "https://evil.example#.example.org",
        "https://evil.example?.example.org",
        "https://evil.example\\.example.org",
        "https://evil.example@app.example.org",
        "https://app.example.org:8443",
        "http://app.example.org",
        "https://app.example.org/",
        "https://app.example.org\n",
        "https://app-example.org",
        "https://appXexample.com",
        "https://sub.app.example.com",
        "http://localhost",
        "http://localhost:3000@evil.example",
        "http://localhost.evil.example:3000",
    ],
)
def test_lookalike_of_an_allowed_origin(origin: str) -> None:
    """A wildcard is whole labels of a name: never the bare domain, another suffix, another scheme or port."""
    assert check(WILDCARD, origin=origin, host="api.example.net") == "origin_not_allowed"


LABEL = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)


@given(st.lists(LABEL, min_size=1, max_size=4), LABEL)
def test_wildcard_is_subdomains(labels: list[str], evil: str) -> None:
    """Any subdomain is allowed, and no name that only ends in the same letters."""
    name = ".".join(labels)
    assert WILDCARD.allows(f"https://{name}.example.org", None)
    assert not WILDCARD.allows(f"https://{name}example.org", None)
    assert not WILDCARD.allows(f"https://{name}.example.org.{evil}", None)
    assert not WILDCARD.allows(f"https://{name}.example.org:{len(evil)}", None)


@given(st.text() | st.text(alphabet="https://*.example.org:0[]@#"))
def test_any_origin_is_allowed_or_not(origin: str) -> None:
    """No text makes the check fail, and none of the internet's is allowed by accident."""
    for policy in (DEVELOPMENT, WILDCARD):
        assert check(policy, origin=origin, host="127.0.0.1") in (None, "origin_not_allowed")


@given(st.text())
def test_any_host_is_answered_or_not(host: str) -> None:
    """No host name makes the check fail."""
    for policy in (DEVELOPMENT, WILDCARD):
        assert check(policy, host=host) in (None, "host_not_allowed")


def test_any_origin() -> None:
    """With ``*`` every page may, but none with cookies, which a proxy in front might let in."""
    policy = production(allowed_origins=("*",))
    assert check(policy, origin="https://anything.example", host="x") is None
    headers = policy.headers("https://anything.example", "x")
    assert headers["Access-Control-Allow-Origin"] == "https://anything.example"
    assert "Access-Control-Allow-Credentials" not in headers


def test_allowed_hosts_of_production() -> None:
    """With host names set, the server answers to them and to this machine's own for health checks, and to no other."""
    policy = production(allowed_hosts=("app.example.org", "2001:db8::1"))
    assert check(policy, host="app.example.org:443") is None
    assert check(policy, host="[2001:db8::1]:443") is None
    assert check(policy, host="127.0.0.1:8080") is None
    assert check(policy, host="evil.example") == "host_not_allowed"
    assert check(production(), host="evil.example") is None


# -- what is told, and the headers --


def test_refusal_names_origin_and_setting() -> None:
    """A refused page learns its origin as the server read it, and which setting would let it in."""
    for text in detail(production(), origin="https://app.example.org", host="api.example.org"):
        assert "'https://app.example.org'" in text
        assert "SIO_SERVER_ALLOWED_ORIGINS" in text


def test_refusal_names_host_and_setting() -> None:
    """A refused name is told, and which setting would have the server answer to it."""
    for policy in (DEVELOPMENT, production(allowed_hosts=("app.example.org",))):
        for text in detail(policy, host="other.example.org:8080"):
            assert "'other.example.org'" in text
            assert "SIO_SERVER_ALLOWED_HOSTS" in text


def test_refusal_is_short() -> None:
    """A long origin or host name is not sent back whole."""
    for headers in ({"origin": "https://" + "x" * 8000}, {"host": "x" * 8000}):
        assert all(len(text) < 600 for text in detail(DEVELOPMENT, **headers))


def test_headers_of_an_allowed_page() -> None:
    """An allowed page is named in the reply, with what it may read, and caches learn that the reply depends on it."""
    headers = WILDCARD.headers("https://app.example.org", "api.example.net")
    assert headers["Access-Control-Allow-Origin"] == "https://app.example.org"
    assert headers["Access-Control-Allow-Credentials"] == "true"
    assert headers["Vary"] == "Origin"
    assert "X-Request-ID" in headers["Access-Control-Expose-Headers"]


@pytest.mark.parametrize("origin", [None, "https://evil.example", "null"])
def test_headers_of_any_other_page(origin: str | None) -> None:
    """A page that is not allowed gets no header that would let it read the reply."""
    assert WILDCARD.headers(origin, "api.example.net") == {"Vary": "Origin"}


def test_preflight_lists_what_clients_send() -> None:
    """A preflight is answered with the methods and headers that clients use."""
    headers = OriginPolicy.preflight_headers()
    assert "POST" in headers["Access-Control-Allow-Methods"]
    for name in ("Authorization", "Content-Type", "Idempotency-Key"):
        assert name in headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize("path", ["/notify", "/health/live", "/socket.io/?EIO=4&transport=polling", "/", "/nowhere"])
async def test_foreign_page_is_refused_everywhere(path: str) -> None:
    """No path of the server answers a foreign page in development with anything but a refusal that it cannot read."""
    async with running() as server:
        method = server.http.post if path == "/notify" else server.http.get
        async with method(server.url + path, headers={"Origin": "https://evil.example"}) as response:
            assert response.status == 403
            assert (await response.json(content_type=None))["code"] == "origin_not_allowed"
            assert "Access-Control-Allow-Origin" not in response.headers
        if path.startswith("/health/"):
            return  # any name is answered there
        async with server.http.get(server.url + path, headers={"Host": "evil.example"}) as response:
            assert (response.status, (await response.json(content_type=None))["code"]) == (403, "host_not_allowed")


async def test_preflight_over_http() -> None:
    """A browser's question before a request is answered for an allowed page, with no body, and refused for others."""
    async with running(secured(allowed_origins=("https://app.example.org",))) as server:
        asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        for origin, status in (("https://app.example.org", 204), ("https://evil.example", 403)):
            async with server.http.options(f"{server.url}/notify", headers={**asked, "Origin": origin}) as response:
                assert response.status == status
                assert (response.headers.get("Access-Control-Allow-Origin") == origin) is (status == 204)


ODD = (
    "http://evil.com\\@localhost",
    "http://localhost/é",
    "http://a\tb@localhost",
    "http://user@localhost",
    "http://localhost/",
    "http://localhost/path",
    "http://localhost?x",
    "http://localhost#x",
    "http://localhost:",
    "http://localhost:123456",
    "http://lócalhost",
    "http://localhost\x00",
    "http://localhost ",
    " http://localhost",
    "http://localhost, http://localhost",
    "http:localhost",
    "http:///localhost",
    "//localhost",
    "http://\uff4cocalhost",
    "http://localhost\n",
)


@pytest.mark.parametrize("origin", ODD)
@pytest.mark.parametrize("policy", [DEVELOPMENT, production(allowed_origins=("*",)), WILDCARD])
def test_what_is_no_origin_is_refused_and_not_sent_back(policy: OriginPolicy, origin: str) -> None:
    """Whatever is more or less than scheme, host and port is refused, also where any page may, and never echoed."""
    assert check(policy, origin=origin, host="localhost") == "origin_not_allowed"
    assert policy.headers(origin, "localhost") == {"Vary": "Origin"}


@pytest.mark.parametrize(
    "origin",
    [
        "null",
        "file://",
        "app://localhost",
        "app://obsidian.md",
        "capacitor://localhost",
        "ionic://localhost",
        "tauri://localhost",
        "chrome-extension://abcdefghijklmnop",
        "moz-extension://0f1e2d3c-4b5a-6978-8796-a5b4c3d2e1f0",
    ],
)
def test_origin_that_is_no_web_page_can_be_listed(origin: str) -> None:
    """Apps, extensions, files and sandboxed frames may connect once they are listed, and no other with them."""
    policy = OriginPolicy(load({"allowed_origins": (origin,), "jwt_secret": SECRET, "publish_keys": (PUBLISH_KEY,)}))
    assert check(policy, origin=origin, host="x") is None
    assert policy.headers(origin, "x")["Access-Control-Allow-Origin"] == origin
    for other in {"null", "file://", "app://evil", "https://localhost"} - {origin}:
        assert check(policy, origin=other, host="x") == "origin_not_allowed"


@pytest.mark.parametrize("origin", ["null", "file://"])
def test_pages_without_an_address_are_warned_of(origin: str) -> None:
    """All files and all sandboxed frames of the world share these: the start says so."""
    warnings = secured(allowed_origins=(origin,)).warnings()
    assert any(origin in warning for warning in warnings)
    assert not secured(allowed_origins=("https://app.example.org",)).warnings()


@pytest.mark.parametrize("host", ["APP.example.org", "app.example.org.", "App.Example.Org.:443", "app.example.org"])
def test_host_in_any_spelling(host: str) -> None:
    """The case of a name and the dot of the root do not matter, in the setting neither."""
    for setting in ("app.example.org", "APP.Example.org", "app.example.org."):
        assert check(production(allowed_hosts=(setting,)), host=host) is None


def test_wrong_host_grants_a_page_nothing() -> None:
    """A page that looks like the same origin by a name that is not answered to may not read the refusal either."""
    policy = production(allowed_hosts=("app.example.org",), allowed_origins=("https://ok.example.org",))
    assert policy.headers("http://evil.example", "evil.example") == {"Vary": "Origin"}
    assert "Access-Control-Allow-Origin" in policy.headers("https://ok.example.org", "evil.example")
    assert "Access-Control-Allow-Origin" in policy.headers("https://app.example.org", "app.example.org")


async def test_health_answers_by_any_name() -> None:
    """A probe calls by the address of the moment; nothing else is answered by it."""
    for config in (None, secured(allowed_hosts=("app.example.org",))):
        async with running(config) as server:
            for path, status in (("/health/live", 200), ("/health/ready", 200), ("/metrics", 403), ("/v1/stats", 403)):
                async with server.http.get(server.url + path, headers={"Host": "10.244.1.17:8080"}) as response:
                    assert response.status == status, path


async def test_preflight_allows_what_a_page_asks() -> None:
    """The headers that a page wants to send are allowed to an allowed page, on Socket.IO's path as on others."""
    origin = "https://app.example.org"
    asked = "traceparent, sentry-trace,baggage,x-clientid,,a b,é," + ",".join(f"x-{number}" for number in range(99))
    async with running(secured(allowed_origins=(origin,))) as server:
        headers = {"Origin": origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": asked}
        for path in ("/v1/inbox", "/notify", "/socket.io/?EIO=4&transport=polling"):
            async with server.http.options(server.url + path, headers=headers) as response:
                allowed = response.headers["Access-Control-Allow-Headers"].lower().split(", ")
            assert {"traceparent", "sentry-trace", "baggage", "x-clientid", "authorization"} <= set(allowed)
            assert not {"", "a b"} & set(allowed)
            assert len(allowed) < 80
        headers["Access-Control-Request-Headers"] = "x-" + "y" * 5000
        async with server.http.options(f"{server.url}/notify", headers=headers) as response:
            assert (response.status, "yyyy" in response.headers["Access-Control-Allow-Headers"]) == (204, False)


@pytest.mark.parametrize(
    ("listed", "origin"),
    [("https://app.example.org:443", "https://app.example.org"), ("http://[::1]:80", "http://[::1]")],
)
def test_default_port_may_be_listed(listed: str, origin: str) -> None:
    """A listed origin with the port that browsers leave out is the origin without it."""
    policy = OriginPolicy(secured(allowed_origins=(listed,)))
    assert policy.allows(origin, None)
    assert not policy.allows(f"{origin}:8443", None)
