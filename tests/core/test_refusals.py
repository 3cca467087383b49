"""Where every refusal ends: a list and lines, bounded, without anything that must not be in them."""

from __future__ import annotations

import json
import re
import time
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sio_server.core.refusals import CAPACITY, LINES, LINES_OF_ONE, MAX_TEXT, Refusals
from sio_server.errors import FieldProblem, Refused, Text
from tests.support.links import NotedMetrics
from tests.support.logged import logging_to_stderr
from tests.support.servers import ROOT
from tests.support.waiting import until


def test_newest_come_first_and_oldest_go() -> None:
    """Only the last ones are kept, newest first, and all of them are counted."""
    refusals = Refusals()
    for number in range(CAPACITY + 5):
        refusals.note(Refused("not_found"), method="GET", path=f"/{number}", address="", request_id=f"r{number}")
    kept = refusals.newest(CAPACITY * 2, "en")

    assert [one["path"] for one in kept] == [f"/{number}" for number in range(CAPACITY + 4, 4, -1)]
    assert kept[0]["request_id"] == f"r{CAPACITY + 4}"
    assert refusals.newest(2, "en") == kept[:2]
    assert refusals.total == CAPACITY + 5


def test_refusal_is_told_in_the_language_of_whoever_asks() -> None:
    """The reason is kept in both languages."""
    refusals = Refusals()
    refused = Refused.of_problems("invalid_data", (FieldProblem("ttl", Text("Too long.", "Demasiado largo.")),))
    refusals.note(refused, method="POST", path="/notify", address="192.0.2.1", status=400)

    (spanish,), (english,) = refusals.newest(1, "es"), refusals.newest(1, "en")
    assert (spanish["detail"], english["detail"]) == ("ttl: Demasiado largo.", "ttl: Too long.")
    assert (english["code"], english["status"], english["method"]) == ("invalid_data", 400, "POST")
    assert (english["request_id"], english["address"]) == (None, "192.0.2.1")


@given(st.text(max_size=3 * MAX_TEXT), st.text(max_size=3 * MAX_TEXT))
def test_what_a_peer_wrote_is_cut(name: str, path: str) -> None:
    """Whatever a peer names a field or a path, what is shown is short and printable, and short printable text stays."""
    refusals = Refusals()
    refused = Refused("invalid_data", Text("{0}: no.", "{0}: no.").format(name))
    refusals.note(refused, method="GET", path=path, address="")
    (kept,) = refusals.newest(1, "en")

    for shown, given_text in ((kept["detail"], f"{name}: no."), (kept["path"], path)):
        assert len(shown) <= MAX_TEXT
        assert shown.isprintable()
        assert shown == given_text or len(given_text) > MAX_TEXT or not given_text.isprintable()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What was written since the last call."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


def refuse(refusals: Refusals, address: str, times: int = 1, path: str = "/notify") -> None:
    """Refuse a wrong key so many times."""
    for _ in range(times):
        refusals.note(Refused("unauthorized"), method="POST", path=path, address=address)


def test_each_is_counted_once() -> None:
    """The metrics get the code of each refusal."""
    metrics = NotedMetrics()
    refuse(Refusals(metrics), "192.0.2.1", 3)
    assert metrics.counted == {"refused unauthorized": 3}


def test_whoever_asks_without_end_writes_few_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """One address gets so many lines and no more, all others together too; how many were left out is told at last."""
    refusals = Refusals()
    with logging_to_stderr():
        refuse(refusals, "192.0.2.1", 5000)
        for number in range(200):
            refuse(refusals, f"198.51.100.{number}")
        told = lines(capsys)
        refusals.close()
        refusals.close()
        (summed_up,) = lines(capsys)

    assert [line["address"] for line in told].count("192.0.2.1") == LINES_OF_ONE
    assert len(told) == LINES
    assert (summed_up["event"], summed_up["level"]) == ("more were refused", "info")
    assert summed_up["count"] + len(told) == refusals.total == 5200
    assert (summed_up["most_from"], summed_up["of_it"]) == ("192.0.2.1", 5000 - LINES_OF_ONE)


async def test_number_is_told_though_nothing_more_comes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was left out is told at the end of the window, without another refusal; then lines are written again."""
    monkeypatch.setattr("sio_server.core.refusals.WINDOW", 0.1)
    now = 1000.0
    monkeypatch.setattr("sio_server.core.refusals.time", SimpleNamespace(monotonic=lambda: now, time=time.time))
    refusals = Refusals()
    told: list[dict[str, Any]] = []
    with logging_to_stderr():
        refuse(refusals, "192.0.2.1", LINES_OF_ONE + 7)

        def summed_up() -> bool:
            told.extend(lines(capsys))
            return bool(told[-1]["event"] == "more were refused")

        await until(summed_up, "the number")
        now += 0.1
        refuse(refusals, "192.0.2.1")
        told.extend(lines(capsys))
    assert told[LINES_OF_ONE]["count"] == 7
    assert told[LINES_OF_ONE + 1]["event"] == "refused"


def test_memory_does_not_grow_with_addresses(capsys: pytest.CaptureFixture[str]) -> None:
    """Of ever new addresses so many are told apart, and all of them are counted."""
    refusals = Refusals()
    with logging_to_stderr():
        for number in range(5000):
            refuse(refusals, f"2001:db8::{number:x}")
        refusals.close()
    assert len(refusals._lines._left_out) == 0
    assert lines(capsys)[-1]["count"] == 5000 - LINES


def shipped_filter() -> tuple[str, str]:
    """The pattern of the time and that of the rest, with fail2ban's own signs as what they stand for."""
    text = (ROOT / "deploy" / "fail2ban" / "filter.conf").read_text()
    found = dict(re.findall(r"^(datepattern|failregex) = (.*)$", text, re.MULTILINE))
    date = found["datepattern"].replace("%%z", "Z").replace("%%f", r"\d{6}").replace("%%Y", r"\d{4}")
    return re.sub(r"%%[mdHMS]", r"\\d{2}", date), found["failregex"].replace("<ADDR>", "(?P<host>[0-9a-f.:]+)")


@pytest.mark.parametrize("path", ["/notify", '/", "address": "203.0.113.9", "code": "unauthorized', "/\\", "/\n{"])
def test_line_can_be_read_by_who_bans_addresses(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The address stands at one place of the line, before anything that a peer may write into."""
    with logging_to_stderr():
        refuse(Refusals(), "192.0.2.1", path=path)
    (line,) = capsys.readouterr().err.splitlines()
    date, rest = shipped_filter()
    # fail2ban takes the time out of a line of a file; of the journal it gets it apart, and the line with its source.
    for text in (re.sub(date, "", line), f"host sio-server[12]: {line}", f"sio-server[12]: {line}"):
        found = re.match(rest, text)
        assert found is not None, text
        assert found["host"] == "192.0.2.1"


def test_token_in_a_path_is_not_shown() -> None:
    """A token that a client put where nobody expects one is hidden from who looks at refusals."""
    refusals = Refusals()
    token = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiI3In0.c2lnbmF0dXJl"
    refused = Refused("not_found", Text("No {0}.", "Sin {0}.").format(token))
    refusals.note(refused, method="GET", path=f"/ws/{token}/x", address="")
    (kept,) = refusals.newest(1, "es")

    assert (kept["path"], kept["detail"]) == ("/ws/[hidden]/x", "Sin [hidden].")
