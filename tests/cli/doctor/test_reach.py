"""Whether an address leads to a server: its name, its port, its certificate, its clock, and who answers there."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
import trustme

from sio_server import __version__
from sio_server.cli.doctor import reach
from sio_server.cli.doctor.findings import Level
from sio_server.cli.doctor.site import Question
from sio_server.config import Config
from tests.support.bad_proxies import bad_proxy
from tests.support.engine_tls import contexts
from tests.support.examined import examined
from tests.support.networks import serving, silence
from tests.support.servers import Server, running, secured, token

AUTHORITY = trustme.CA()
STRANGER = trustme.CA()


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """Run a server in production that trusts a proxy on this machine."""
    async with running(secured(trusted_proxies=("127.0.0.1",))) as made:
        yield made


async def test_server_that_is_all_right(server: Server) -> None:
    """A healthy server has no fault and no warning; what was not given is not looked at."""
    found = await examined(server.url)
    assert (found.faults, found.warnings) == ([], [])
    assert f"sio-server {__version__} answers" in found.of("server").text
    assert found.of("token").level is Level.SKIPPED


async def test_name_that_leads_nowhere() -> None:
    """A name without an address is told, and nothing is asked further."""
    found = await examined("http://nowhere.invalid:8080")
    found.assert_only("dns", "'nowhere.invalid' leads to no address", "getent hosts nowhere.invalid")
    assert len(found.all) == 1


async def test_port_where_nobody_listens(unused_tcp_port: int) -> None:
    """A closed port is told, with what to start."""
    found = await examined(f"http://127.0.0.1:{unused_tcp_port}")
    found.assert_only("port", "nobody listens there", "sio-server serve")


async def test_wrong_port_names_the_right_one(
    server: Server, unused_tcp_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where nobody is at the port that was named and somebody at the default one, that is told."""
    default = int(server.url.rpartition(":")[2])
    monkeypatch.setattr(reach, "_DEFAULT_PORT", default)
    found = await examined(f"http://127.0.0.1:{unused_tcp_port}")
    found.assert_only("port", "nobody listens there", f"somebody listens on port {default}")


async def test_server_that_says_nothing() -> None:
    """Who takes connections and never answers is told after a while."""
    async with serving(silence) as url:
        found = await examined(url, patience=0.2)
    found.assert_only("server", "does not answer: no answer within 0.2 s", "what its log says")


# -- TLS --


def tls(
    authority: trustme.CA,
    name: str = "127.0.0.1",
    *,
    not_before: datetime | None = None,
    not_after: datetime | None = None,
) -> ssl.SSLContext:
    """A server's context, with a certificate of this authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name, not_before=not_before, not_after=not_after).configure_cert(context)
    return context


@contextlib.asynccontextmanager
async def behind_tls(server: Server, context: ssl.SSLContext) -> AsyncIterator[str]:
    """The server behind a proxy that ends TLS."""
    says = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https"}
    async with bad_proxy(server.url, context, says=says) as url:
        yield url


NOW = datetime.now(UTC)
LONG_AGO, SOON, LATER = NOW - timedelta(days=30), NOW + timedelta(days=3), NOW + timedelta(days=300)

CERTIFICATES: dict[str, tuple[Callable[[], ssl.SSLContext], str, str]] = {
    "expired": (
        lambda: tls(AUTHORITY, not_before=LONG_AGO, not_after=NOW - timedelta(days=1)),
        "has expired",
        "renew it",
    ),
    "not yet": (lambda: tls(AUTHORITY, not_before=NOW + timedelta(days=1), not_after=LATER), "not valid yet", "clock"),
    "other name": (lambda: tls(AUTHORITY, "other.example"), "for another name", "127.0.0.1"),
    "stranger": (lambda: tls(STRANGER), "who signed the certificate is not known", "fullchain.pem"),
}


@pytest.fixture
def authorities(tmp_path: Path) -> str:
    """Write down the authority that the doctor trusts."""
    file = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(file)
    return str(file)


@pytest.mark.parametrize(("context", "text", "mend"), CERTIFICATES.values(), ids=CERTIFICATES)
async def test_certificate_that_is_not_accepted(
    server: Server, authorities: str, context: Callable[[], ssl.SSLContext], text: str, mend: str
) -> None:
    """What is wrong with a certificate is told, the rest is looked at all the same, and no secret is sent."""
    async with behind_tls(server, context()) as url:
        found = await examined(url, authorities=authorities, token=token("eva", "admin"), key="a key")
    found.assert_only("tls", text, mend)
    assert found.of("polling").level is Level.OK
    assert "not sent: the certificate is not trusted" in found.of("token").text
    assert found.of("key").level is Level.SKIPPED


async def test_self_signed_certificate(server: Server, tmp_path: Path) -> None:
    """A certificate that signs itself is told as such, and is good where it is named as an authority."""
    context, _, pem = await asyncio.to_thread(contexts, tmp_path)
    (tmp_path / "own.pem").write_text(pem)
    async with behind_tls(server, context) as url:
        (await examined(url)).assert_only("tls", "self-signed", "--ca FILE")
        found = await examined(url, authorities=str(tmp_path / "own.pem"))
    assert found.faults == []


async def test_certificate_that_ends_soon(server: Server, authorities: str) -> None:
    """A certificate that should have been renewed is a warning, and its end is told; a good one is all right."""
    async with behind_tls(server, tls(AUTHORITY, not_after=SOON)) as url:
        found = await examined(url, authorities=authorities)
    found.assert_only("tls", f"on {SOON:%Y-%m-%d}", "renew it", level=Level.WARNING)
    async with behind_tls(server, tls(AUTHORITY, not_after=LATER)) as url:
        found = await examined(url, authorities=authorities)
    assert (found.faults, found.warnings) == ([], [])


async def test_scheme_that_is_the_other(server: Server) -> None:
    """HTTPS where none is spoken, and HTTP where TLS is, are told with the address to call."""
    found = await examined(server.url.replace("http:", "https:"))
    found.assert_only("tls", "no TLS is spoken there", server.url)
    async with behind_tls(server, tls(AUTHORITY)) as url:
        found = await examined(url.replace("https:", "http:"))
        found.assert_only("server", "TLS is spoken there", url)


@pytest.mark.parametrize("host", ["avisos.example.org", "192.0.2.7", "[2001:db8::7]"])
def test_address_without_tls(host: str) -> None:
    """Plain HTTP to another machine is a warning; to this one it is not."""
    told = reach.find_no_tls(Question(f"http://{host}:8080"))
    assert told is not None
    assert (told.check, told.level) == ("tls", Level.WARNING)
    for own in ("127.0.0.1", "localhost", "[::1]"):
        assert reach.find_no_tls(Question(f"http://{own}:8080")) is None


# -- who answers --

STRANGERS: dict[str, tuple[dict[str, Any], str, str]] = {
    "page": ({"status": 200}, "no sio-server (HTTP 200, text/html", "address and the port"),
    "no server behind": ({"status": 502}, "reaches no server behind it", "start the server"),
    "timed out": ({"status": 504}, "reaches no server behind it", "start the server"),
    "password": ({"status": 401}, "asks for a password", "no password"),
    "redirect": (
        {"status": 301, "headers": {"Location": "https://avisos.example.org/"}},
        "redirects to https://avisos.example.org/",
        "call it by that address",
    ),
}


@pytest.mark.parametrize(("habits", "text", "mend"), STRANGERS.values(), ids=STRANGERS)
async def test_who_answers_in_its_place(server: Server, habits: dict[str, Any], text: str, mend: str) -> None:
    """What another program answers in the server's place is told, and what that most likely means."""
    async with bad_proxy(server.url, **habits) as url:
        (await examined(url)).assert_only("server", text, mend)


async def test_path_that_is_none_of_the_servers(server: Server) -> None:
    """A path below which there is nothing is told, and that the server is above it."""
    (await examined(f"{server.url}/rt")).assert_only("server", "below /rt", "SIO_SERVER_BASE_PATH")
    async with bad_proxy(server.url, prefix="/rt") as url:
        assert (await examined(url)).faults == []


@pytest.mark.parametrize(
    ("config", "headers", "text", "mend"),
    [
        (
            secured(allowed_hosts=("avisos.example.org",)),
            {"Host": "other.example"},
            "does not answer to 'other.example'",
            "SIO_SERVER_ALLOWED_HOSTS",
        ),
        (
            Config(dev=True, broker="memory:"),
            {"X-Forwarded-For": "203.0.113.9"},
            "A proxy sent this",
            "sio-server init",
        ),
    ],
    ids=["host", "development"],
)
async def test_server_that_refuses_the_way(config: Config, headers: dict[str, str], text: str, mend: str) -> None:
    """A host name that is not answered to, and a proxy before development mode, are told in the server's words."""
    async with running(config) as server, bad_proxy(server.url, says=headers) as url:
        (await examined(url)).assert_only("server", text, mend)


async def test_development_mode_is_told() -> None:
    """A server without protection says so; everything can be looked at there without a credential."""
    async with running() as server:
        found = await examined(server.url)
    assert "in development mode" in found.of("server").text
    assert found.of("address").level is Level.OK
    assert found.faults == []


async def test_version_that_is_another(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server of another version than this program's is a warning."""
    monkeypatch.setattr(reach, "__version__", "9.9.9")
    (await examined(server.url)).assert_only("version", "this program 9.9.9", "same version", level=Level.WARNING)


@pytest.mark.parametrize(("seconds", "told"), [(3600, "ahead of"), (-3600, "behind")])
async def test_clock_that_is_wrong(server: Server, seconds: int, told: str) -> None:
    """A clock that is an hour off is told, with how far, whichever way."""
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)
    async with bad_proxy(server.url, puts={"Date": date}) as url:
        (await examined(url)).assert_only("clock", told, "NTP")
