"""What a proxy takes away from requests, adds to answers, or says of who asks."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import trustme

from sio_server.cli.doctor.findings import Level
from tests.support.asking import get
from tests.support.bad_proxies import bad_proxy
from tests.support.examined import examined
from tests.support.servers import PUBLISH_KEY, Server, lasting_token, running, secured

ORIGIN = "https://app.example.org"
FROM = {"X-Forwarded-For": "203.0.113.9"}


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Run a server in production that trusts a proxy on this machine, and pages of one origin."""
    async with running(secured(trusted_proxies=("127.0.0.1",), allowed_origins=(ORIGIN,))) as made:
        yield made


async def test_all_of_it_comes_through_a_good_proxy(server: Server) -> None:
    """Behind a proxy that does what it should the largest body, pages and the client's address come through."""
    async with bad_proxy(server.url) as url:
        found = await examined(url, key=PUBLISH_KEY, origin=ORIGIN)
    assert "the server takes you for 203.0.113.9, as the proxy at 127.0.0.1 says" in found.of("address").text
    assert "bodies of up to 65536 bytes" in found.of("body").text
    assert found.of("origin").text == f"pages of {ORIGIN} may connect"
    assert (found.faults, found.warnings) == ([], [])


async def test_bodies_that_are_too_large_for_a_proxy(server: Server) -> None:
    """A proxy that takes smaller bodies than the server is told, with the size that it needs; nothing is published."""
    async with bad_proxy(server.url, most=1000) as url:
        found = await examined(url)
    found.assert_only("body", "a body of 65536 bytes does not come to the server (HTTP 413", "client_max_body_size 65k")
    assert (await get(server, "/v1/notifications", PUBLISH_KEY))["items"] == []


# -- pages --

FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "twice": ({"adds": {"Access-Control-Allow-Origin": ORIGIN}}, "say Access-Control-Allow-Origin 2 times"),
    "another": ({"puts": {"Access-Control-Allow-Origin": "https://other.example"}}, "allow 'https://other.example'"),
    "preflight": ({"preflight": True}, "preflight (OPTIONS) is answered by another (HTTP 405"),
}


@pytest.mark.parametrize(("habits", "text"), FAULTS.values(), ids=FAULTS)
async def test_proxy_that_meddles_with_cors(server: Server, habits: dict[str, Any], text: str) -> None:
    """A proxy that adds CORS headers of its own, or answers preflights, is told."""
    async with bad_proxy(server.url, **habits) as url:
        (await examined(url, origin=ORIGIN)).assert_only("origin", text, "CORS has one owner")


async def test_origin_that_is_not_allowed(server: Server) -> None:
    """Pages that may not connect are told with the setting, and hinder no other check."""
    found = await examined(server.url, origin="https://other.example")
    found.assert_only("origin", "are not allowed", "SIO_SERVER_ALLOWED_ORIGINS=https://other.example")


# -- who asks --


@pytest.mark.parametrize("trusted", [(), ("10.0.0.0/8",)], ids=["nobody", "others"])
async def test_proxy_that_is_not_trusted(trusted: tuple[str, ...]) -> None:
    """A proxy that names the client, and is not believed, is told with its address."""
    async with running(secured(trusted_proxies=trusted)) as server, bad_proxy(server.url, says=FROM) as url:
        found = await examined(url, key=PUBLISH_KEY)
    found.assert_only("address", "the server does not believe it", "SIO_SERVER_TRUSTED_PROXIES=127.0.0.1")


async def test_proxy_that_names_nobody(server: Server) -> None:
    """A proxy that does not say whom it asks for is a warning where it is trusted, and a fault where it is not."""
    async with bad_proxy(server.url, says={"Via": "1.1 proxy"}) as url:
        found = await examined(url, token=lasting_token("eva", "admin"))
    found.assert_only("address", "says nobody's address", "X-Forwarded-For", level=Level.WARNING)
    async with running(secured()) as other, bad_proxy(other.url, says={"Via": "1.1 proxy"}) as url:
        (await examined(url, key=PUBLISH_KEY)).assert_only(
            "address", "does not say whom it asks for", "X-Forwarded-For"
        )


async def test_proxy_that_is_seen_by_its_answers_alone() -> None:
    """A proxy that adds nothing to requests, as nginx's bare `proxy_pass`, is seen by the name in its answers."""
    async with running(secured()) as server, bad_proxy(server.url, says={}, puts={"Server": "nginx/1.22.1"}) as url:
        (await examined(url, key=PUBLISH_KEY)).assert_only(
            "address", "does not say whom it asks for", "X-Forwarded-For"
        )


@pytest.mark.parametrize(("proto", "told"), [(None, "says 'nothing' of it"), ("http", "says 'http' of it")])
async def test_proxy_that_hides_tls(server: Server, tmp_path: Path, proto: str | None, told: str) -> None:
    """A proxy that ends TLS and does not say so is a warning."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    says = {**FROM, **({"X-Forwarded-Proto": proto} if proto else {})}
    async with bad_proxy(server.url, context, says=says) as url:
        found = await examined(url, key=PUBLISH_KEY, authorities=str(tmp_path / "ca.pem"))
    found.assert_only("proto", told, "X-Forwarded-Proto $scheme", level=Level.WARNING)


async def test_who_asks_is_told_to_operators_alone(server: Server) -> None:
    """Without a credential that may observe, how a request came is neither told nor looked at."""
    async with bad_proxy(server.url) as url:
        for token in (None, lasting_token("ana", "turista")):
            found = await examined(url, token=token)
            assert "give --token of an administrator" in found.of("address").text
            assert found.of("proto").level is Level.SKIPPED
