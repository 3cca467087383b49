"""What may stand in a line of the log: nothing that a peer has sent, nothing that steers a terminal, whatever it is."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
import yarl

from sio_server import logs
from sio_server.logs.text import short
from tests.support.logged import logging_to_stderr
from tests.support.servers import running, secured, token


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Put back what a test set up for the whole process."""
    with logging_to_stderr(None):
        yield


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What was logged as JSON."""
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


PEERS = "PEER-SENT-THIS"


def _foreign_lines() -> None:
    log = logging.getLogger("some.library")
    log.warning("%s: protocols %r", PEERS, [PEERS])
    log.warning("%(name)s is odd", {"name": PEERS})
    log.warning(f"odd: {PEERS}")  # noqa: G004 - as libraries do
    log.warning("odd: " + PEERS + " of %s", PEERS)  # noqa: G003
    log.error("%d does not fit", PEERS)
    log.error("failed: %s", ValueError(PEERS))
    log.error({"a": PEERS})
    log.error(PEERS.encode())
    for error in (ValueError(PEERS), KeyError(PEERS), OSError(2, "No such file", PEERS), TypeError(f"bad '{PEERS}'")):
        try:
            raise error
        except (ValueError, KeyError, OSError, TypeError):
            log.exception("it failed")
    try:
        try:
            int(PEERS)
        except ValueError as cause:
            raise ExceptionGroup(PEERS, [cause, RuntimeError(PEERS)]) from cause
    except ExceptionGroup:
        log.critical("they failed", exc_info=True, stack_info=True)


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_line_of_a_library_has_nothing_that_a_peer_sent(log_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    """However a library puts a value into a line or an exception, its words are written and the value is not."""
    logs.configure(log_format, "debug")
    _foreign_lines()
    shown = capsys.readouterr().err
    assert PEERS not in shown
    for words in (
        "[value]: protocols [value]",
        "[value] is odd",
        "failed: ValueError",
        "ValueError",
        "RuntimeError",
        "No such file",
    ):
        assert words in shown, words
    assert shown.count("test_text.py:") >= 13
    if log_format == "json":
        for line in shown.splitlines():
            json.loads(line)


async def test_what_nobody_caught_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A warning, an exception of a thread, of the loop, of a finalizer, of the program: each is a line of JSON."""
    logs.configure("json", "info")
    warnings.showwarning(UserWarning(PEERS), UserWarning, "file.py", 7)

    def fail() -> None:
        raise ValueError(PEERS)

    thread = threading.Thread(target=fail)
    thread.start()
    thread.join()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(logs.loop_failed)
    loop.call_soon(int, PEERS)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    try:
        fail()
    except ValueError as error:
        sys.excepthook(type(error), error, error.__traceback__)

    class Dying:
        def __del__(self) -> None:
            fail()

    Dying()
    captured = capsys.readouterr().err
    assert PEERS not in captured
    found = [json.loads(line) for line in captured.splitlines()]
    assert [line["level"] for line in found] == ["warning", "error", "error", "error", "error"]
    assert found[0]["place"] == "file.py:7"
    assert all("ValueError" in line["exception"] for line in found[1:])
    assert found[2]["event"].startswith("Exception in callback int")


class _Odd:
    def __str__(self) -> str:
        raise ValueError("no text")

    __repr__ = __str__


CYCLE: list[Any] = []
CYCLE.append(CYCLE)


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize(
    "value",
    [
        "\ud800",
        "x" * 1_000_000,
        b"\xff" * 1_000_000,
        CYCLE,
        {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}},
        {("a", 1): float("nan")},
        10**100_000,
        float("inf"),
        _Odd(),
        object(),
        {_Odd(): 1},
        ValueError(_Odd()),
        list(range(100_000)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_whatever_a_line_is_made_of_it_is_written(
    value: Any, log_format: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """No value keeps a line from being written, as one short line of valid text."""
    logs.configure(log_format, "info")
    logs.get_logger("part").info("it happened", value=value)
    logging.getLogger("some.library").error("it failed: %s", value)
    shown = capsys.readouterr().err.splitlines()
    assert len(shown) == 2
    for line in shown:
        assert len(line) < 10_000
        line.encode()
        if log_format == "json":
            assert "\\ud800" not in line
            json.loads(line, parse_constant=pytest.fail)


def test_long_traceback_is_cut(capsys: pytest.CaptureFixture[str]) -> None:
    """An exception from deep inside is a line of bounded length, which shows both ends of its way."""
    logs.configure("json", "info")

    def deep(level: int) -> None:
        deep(level - 1) if level else int("x" * 100_000)

    try:
        deep(900)
    except ValueError:
        logs.get_logger("part").exception("it failed")
    (line,) = lines(capsys)
    assert len(line["exception"]) < 10_000
    assert "test_long_traceback_is_cut" in line["exception"]
    assert "frames …" in line["exception"]
    assert line["exception"].endswith("ValueError: [hidden]")


def test_error_keeps_what_helps_to_find_it(capsys: pytest.CaptureFixture[str]) -> None:
    """A message that the program or the interpreter has made is written, with the names of the program in it."""
    logs.configure("json", "info")
    nothing: Any = None
    nobody: dict[str, int] = {}

    def raising() -> None:
        raise RuntimeError("a text of the program")

    for failing in (lambda: nothing.flush(), lambda: nobody["missing"], raising):  # noqa: PLW0108 - it is to fail later
        try:
            failing()
        except (AttributeError, KeyError, RuntimeError):
            logs.get_logger("part").exception("it failed")
    shown = [line["exception"].splitlines()[-1] for line in lines(capsys)]
    assert shown == [
        "AttributeError: 'NoneType' object has no attribute 'flush'",
        "KeyError: 'missing'",
        "RuntimeError: a text of the program",
    ]


CONTROLS = "\x1b[31mRED\x1b]0;title\x07\x9b2J\u202e\u2066\r\n\x00\x7f\u2028"


def test_nothing_steers_a_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """In lines for people no value, no name and no member of a member has anything in it but printable text."""
    logs.configure("console", "info")
    log = logs.get_logger("part")
    log.info("it happened", path=CONTROLS, **{CONTROLS: 1})
    log.info(CONTROLS, values=[CONTROLS], members={CONTROLS: CONTROLS})
    logging.getLogger(CONTROLS).warning("it happened %s", CONTROLS)
    shown = capsys.readouterr().err
    assert len(shown.split("\n")) == 4
    assert all(character.isprintable() for character in shown if character != "\n")


async def test_path_that_a_stranger_asks_for_steers_no_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """A path with a terminal's commands is shown with what they are, nothing more."""
    async with running(secured()) as server:
        logs.configure("console", "info")
        async with server.http.get(yarl.URL(f"{server.url}/x%1b[31mRED%1b]0;title%07", encoded=True)):
            pass
    shown = capsys.readouterr().err
    assert "path=/x" in shown
    assert "RED" in shown
    assert "\x1b" not in shown
    assert "\x07" not in shown


async def test_subprotocol_of_a_websocket_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    """A token that stands in a header for a WebSocket is in no line, whoever logs."""
    secret = token("7")
    async with running(secured()) as server:
        logs.configure("json", "debug")
        for protocols in (["bearer", secret], [secret]):
            headers = {"Sec-WebSocket-Protocol": ", ".join(protocols)}
            async with server.http.ws_connect(f"{server.url}/ws", headers=headers) as socket:
                await socket.receive()
    shown = capsys.readouterr().err
    assert shown
    for part in secret.split("."):
        assert part not in shown


@pytest.mark.parametrize("secret", [token("ana"), "gp1_" + "Ab-_" * 20], ids=["token", "pass"])
@pytest.mark.parametrize("around", ["{}", "/v1/passes/{}", "a {} b", "{}: unknown field", "x" * 40 + "{}"])
@pytest.mark.parametrize("most", [40, 60, 300])
def test_tokens_and_passes_are_hidden_wherever_they_stand(secret: str, around: str, most: int) -> None:
    """A token or a pass is hidden in any text, cut or whole."""
    shown = short(around.format(secret), most)
    assert secret[8:30] not in shown
    assert len(shown) <= most
