"""What every request passes: who may ask, the headers of all replies, refusals as problem documents."""

from __future__ import annotations

import orjson
import pytest

from sio_server.config import Config
from sio_server.core.refusals import Refusals
from sio_server.errors import KINDS, Refused, Text
from sio_server.gate import Gate
from sio_server.gate.origins import OriginPolicy
from tests.support.links import NotedMetrics
from tests.support.logged import logging_to_stderr
from tests.support.servers import secured

APP = "https://app.example.org"


def gate_of(config: Config | None = None) -> tuple[Gate, NotedMetrics]:
    """A gate as these settings make it, and what it counts."""
    metrics = NotedMetrics()
    return Gate(OriginPolicy(config or Config(dev=True)), Refusals(metrics), trusted_proxies=("10.0.0.0/8",)), metrics


@pytest.mark.parametrize(
    ("method", "headers", "code"),
    [
        ("POST", {"host": "localhost:8080"}, None),
        ("POST", {}, None),
        ("POST", {"host": "localhost", "origin": "http://localhost:3000"}, None),
        ("POST", {"host": "localhost", "origin": "https://evil.example"}, "origin_not_allowed"),
        ("GET", {"host": "localhost", "origin": "\udcff\udcfe"}, "origin_not_allowed"),
        ("GET", {"host": "evil.example"}, "host_not_allowed"),
        ("GET", {"host": "\udcff\udcfe"}, "host_not_allowed"),
        ("GET", {"host": "localhost", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, None),
        ("POST", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, "origin_not_allowed"),
        ("GET", {"sec-fetch-site": "cross-site", "sec-fetch-mode": "cors"}, "origin_not_allowed"),
    ],
)
def test_who_may_ask(method: str, headers: dict[str, str], code: str | None) -> None:
    """Requests that a foreign page sent, or to a foreign name, are refused; a person who follows a link is not."""
    gate, _ = gate_of()
    if code is None:
        gate.check(method, headers)
        return
    with pytest.raises(Refused) as caught:
        gate.check(method, headers)
    assert caught.value.kind.code == code
    orjson.dumps(caught.value.as_dict("es"))


@pytest.mark.parametrize("given", ["abc-1.2_3", "x" * 64])
def test_plain_request_id_is_kept(given: str) -> None:
    """A caller's own request id is kept where it is a plain word."""
    assert Gate.request_id({"x-request-id": given}) == given


@pytest.mark.parametrize("given", [None, "", "x" * 65, "a b", "a\nb", "<b>", "é", "a\n"])
def test_other_request_id_is_replaced(given: str | None) -> None:
    """Anything else would get into log lines and replies: a new one is made instead, another each time."""
    headers = {} if given is None else {"x-request-id": given}
    made = {Gate.request_id(headers) for _ in range(3)}
    assert len(made) == 3
    assert all(one.isalnum() and one != given for one in made)


def test_every_reply_has_these_headers() -> None:
    """Each reply says that it is not to be guessed at, whose it is, and its request id where there is one."""
    gate, _ = gate_of()
    assert gate.reply_headers({}, "r1") == {
        "Vary": "Origin",
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Cache-Control": "no-store",
        "Server": "sio-server",
        "X-Request-ID": "r1",
    }
    assert "X-Request-ID" not in gate.reply_headers({}, None)


def test_allowed_page_is_named_and_no_other() -> None:
    """A reply names the origin that may read it, and never one that may not."""
    gate, _ = gate_of(secured(allowed_origins=(APP,)))
    headers = gate.reply_headers({"origin": APP, "host": "notify.example.org"}, "r1")
    assert headers["Access-Control-Allow-Origin"] == APP
    assert headers["Access-Control-Allow-Credentials"] == "true"
    assert not [name for name in gate.reply_headers({"origin": "https://evil.example"}, "r1") if name.startswith("Acc")]
    assert "POST" in gate.preflight_headers({})["Access-Control-Allow-Methods"]


@pytest.mark.parametrize("code", KINDS)
@pytest.mark.parametrize("locale", ["es", "en"])
def test_refusal_is_a_problem_document(code: str, locale: str) -> None:
    """Each refusal goes out as its problem document in the reader's language, with its status, and is counted."""
    gate, metrics = gate_of()
    problem = gate.problem(Refused(code), {"accept-language": locale}, "r1", method="GET", path="/x", address="")
    assert problem.status == KINDS[code].status
    page = {"en": "/help/errors/", "es": "/help/es/errors/"}[locale]
    assert orjson.loads(problem.body) == {
        **Refused(code).as_dict(locale),
        "request_id": "r1",
        "help": f"{page}#{code}",
    }
    assert problem.headers == ({"WWW-Authenticate": "Bearer"} if problem.status == 401 else {})
    assert metrics.counted == {f"refused {code}": 1}


def test_refusal_brings_its_headers() -> None:
    """When to come back and what else the refusal says are headers; a status of HTTP's own stands in both places."""
    gate, _ = gate_of()
    refused = Refused("rate_limited", Text("No.", "No, no."), retry_after=7, headers={"RateLimit": "x"})
    problem = gate.problem(refused, {}, "r1", method="POST", path="/x", address="", status=418)
    assert problem.headers == {"RateLimit": "x", "Retry-After": "7"}
    assert (problem.status, orjson.loads(problem.body)["status"]) == (418, 418)
    assert refused.headers == {"RateLimit": "x"}


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        ("192.0.2.1", None, "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", "192.0.2.1"),
        ("10.1.2.3", "203.0.113.9", "203.0.113.9"),
        ("10.1.2.3", "203.0.113.8, 203.0.113.9, 10.0.0.1", "203.0.113.9"),
        ("10.1.2.3", "nobody", "10.1.2.3"),
        (None, None, ""),
    ],
)
def test_address_is_the_clients_own(peer: str | None, forwarded: str | None, address: str) -> None:
    """A proxy that is trusted is believed for whom it came, and nobody else is."""
    gate, _ = gate_of()
    assert gate.address(peer, {} if forwarded is None else {"x-forwarded-for": forwarded}) == address


def test_refusal_has_one_line_in_the_log(capsys: pytest.CaptureFixture[str]) -> None:
    """A refusal is told with its code, place, address and request id, and with nothing that the request carried."""
    with logging_to_stderr():
        gate, _ = gate_of()
        headers = {"authorization": "Bearer MARKER", "origin": "https://MARKER"}
        gate.problem(Refused("forbidden"), headers, "r1", method="POST", path="/notify", address="192.0.2.1")
    shown = capsys.readouterr().err
    line = orjson.loads(shown)
    told = {name: line[name] for name in ("event", "level", "address", "code", "method", "path", "request_id")}
    assert told == {
        "event": "refused",
        "level": "info",
        "address": "192.0.2.1",
        "code": "forbidden",
        "method": "POST",
        "path": "/notify",
        "request_id": "r1",
    }
    assert "MARKER" not in shown
