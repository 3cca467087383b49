"""Log lines: for people or machines, with nothing in them that must not be read by whoever reads logs."""

import asyncio
import json
import logging
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import structlog

from sio_server import logs
from sio_server.logs import lines as lines_module
from tests.support.logged import logging_to_stderr
from tests.support.servers import PUBLISH_KEY, program, running, secured, token
from tests.support.waiting import until

SECRETS = ("token", "key", "secret", "data", "auth", "authorization", "body")


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """Put back what a test set up for the whole process."""
    with logging_to_stderr(None):
        yield


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Return what was logged as JSON, and see that nothing went to standard output."""
    captured = capsys.readouterr()
    assert captured.out == ""
    return [json.loads(line) for line in captured.err.splitlines()]


def test_line_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for machines is one JSON object: the time in UTC, the level, the part of the product, the members."""
    logs.configure("json", "info")
    logs.get_logger("part").info("it happened", count=3, text="a\nb")
    (line,) = lines(capsys)
    timestamp = line.pop("timestamp")
    assert timestamp.endswith("Z")
    assert line == {
        "event": "it happened",
        "level": "info",
        "logger": "sio_server.part",
        "count": 3,
        "text": "a\nb",
    }


def test_line_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    """A line for people has the same in words."""
    logs.configure("console", "info")
    logs.get_logger("part").warning("it happened", count=3)
    shown = capsys.readouterr().err
    assert len(shown.splitlines()) == 1
    for word in ("warning", "it happened", "sio_server.part", "count", "3"):
        assert word in shown


def test_where_there_is_no_terminal_lines_are_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    """Left to itself, a process whose errors go to a file or a pipe writes JSON."""
    assert not sys.stderr.isatty()
    logs.configure()
    logs.get_logger("part").info("it happened")
    assert lines(capsys)[0]["event"] == "it happened"


@pytest.mark.parametrize(("level", "shown"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_less_severe_lines_are_left_out(level: str, shown: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Lines below the level that is set are not written, ours and libraries' alike."""
    logs.configure("json", level)
    for name in ("debug", "info", "warning", "error"):
        getattr(logs.get_logger("part"), name)("ours")
        getattr(logging.getLogger("some.library"), name)("a library's")
    events = [line["event"] for line in lines(capsys)]
    assert events.count("ours") == shown
    assert events.count("a library's") == shown


def test_lines_of_libraries_have_the_same_form(capsys: pytest.CaptureFixture[str]) -> None:
    """What a library logs is written like a line of ours: its words and numbers, not the texts it fills in."""
    logs.configure("json", "info")
    logging.getLogger("some.library").warning("%d of %s", 3, "them")
    (line,) = lines(capsys)
    assert (line["event"], line["level"], line["logger"]) == ("3 of [value]", "warning", "some.library")
    assert line["place"].startswith("logs/test_lines.py:")
    assert "timestamp" in line


@pytest.mark.parametrize("name", ["socketio.server", "socketio.client", "engineio.server", "engineio.client"])
def test_library_has_no_handler_of_its_own(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One handler writes everything, whether a library has added its own before, or would do so afterwards."""
    log = logging.getLogger(name)
    log.addHandler(logging.StreamHandler())
    logs.configure("json", "info")
    import socketio  # noqa: PLC0415 - what is looked at

    socketio.AsyncServer(async_mode="aiohttp")
    socketio.AsyncClient()
    assert log.handlers == []
    log.error("it failed")
    assert [line["event"] for line in lines(capsys)] == ["it failed"]


class _Stream:
    """Standard error that does not take everything."""

    def __init__(self, *errors: Exception | None) -> None:
        self.errors = list(errors)
        self.written: list[str] = []

    def write(self, text: str) -> None:
        error = self.errors.pop(0) if self.errors else None
        if error is not None:
            raise error
        self.written.append(text)

    def flush(self) -> None:
        """Nothing waits."""

    def isatty(self) -> bool:
        return False


@pytest.mark.parametrize(
    "error", [BrokenPipeError(32, "x"), OSError(28, "x"), ValueError("closed"), BlockingIOError(11, "x")]
)
def test_stream_that_fails_stops_nobody(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever logs goes on when nobody reads any more or the disk is full; the next line says how many are missing."""
    stream = _Stream(error, error, None)
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure("json", "info")
    for event in ("one", "two", "three", "four"):
        logs.get_logger("part").info(event)
    three, four = [json.loads(line) for line in stream.written]
    assert (three["event"], three["lines_lost"]) == ("three", 2)
    assert "lines_lost" not in four


def test_no_stream_stops_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process whose standard error was closed before it began logs into nothing."""
    monkeypatch.setattr(sys, "stderr", None)
    logs.configure()
    logs.get_logger("part").info("it happened")


def test_place_that_fails_without_end_writes_few_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """Of the same line so many are written in a while; the rest is a number, and other lines are written."""
    logs.configure("json", "info")
    for _ in range(1000):
        _fail(logs.get_logger("part"), "private")
    for _ in range(500):
        logging.getLogger("some.library").warning("it happened to %s", "somebody")
    logs.get_logger("part").info("another")
    logging.getLogger().handlers[0].close()
    found = lines(capsys)
    assert [line["event"] for line in found].count("it failed") == lines_module.LINES
    assert [line["event"] for line in found].count("it happened to [value]") == lines_module.LINES
    assert [line["event"] for line in found].count("another") == 1
    left_out = {line["of"]: line["count"] for line in found if line["event"] == "lines left out"}
    assert left_out == {"it failed": 1000 - lines_module.LINES, "it happened to [value]": 500 - lines_module.LINES}


async def test_what_was_left_out_is_told_though_nothing_more_happens(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The number comes by itself at the end of a while."""
    monkeypatch.setattr(lines_module, "WINDOW", 0.05)
    logs.configure("json", "info")
    telling = asyncio.create_task(logs.tell_left_out())
    for _ in range(lines_module.LINES + 7):
        logs.get_logger("part").info("it happened")
    found: list[dict[str, Any]] = []

    def told() -> bool:
        found.extend(lines(capsys))
        return bool(sum(line.get("count", 1) for line in found) == lines_module.LINES + 7)

    await until(told)
    telling.cancel()


@pytest.mark.parametrize("log_format", ["json", "console"])
def test_error_shows_where_it_was(log_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    """An exception is logged with its traceback and without the values of variables, which may be anybody's."""
    logs.configure(log_format, "info")
    for log in (logs.get_logger("part"), logging.getLogger("some.library")):
        _fail(log, "not to be shown")
    shown = capsys.readouterr().err
    assert shown.count("ZeroDivisionError: division by zero") == 2
    assert "test_lines.py" in shown
    assert "not to be shown" not in shown


def _fail(log: Any, private: str) -> None:
    try:
        len(private) / 0
    except ZeroDivisionError:
        log.exception("it failed")


@pytest.mark.parametrize("log_format", ["json", "console"])
@pytest.mark.parametrize("name", SECRETS)
def test_secret_member_is_hidden(name: str, log_format: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A member that would hold a credential or a payload is hidden, should a line ever have one."""
    logs.configure(log_format, "info")
    logs.get_logger("part").info("it happened", **{name: "hunter2"}, user="7")
    shown = capsys.readouterr().err
    assert "hunter2" not in shown
    assert "[hidden]" in shown
    assert "user" in shown


@pytest.mark.parametrize(
    "members",
    [
        {"Token": "hunter2"},
        {"AUTHORIZATION": "hunter2"},
        {"publish_key": "hunter2"},
        {"jwt_secret": "hunter2"},
        {"headers": {"Authorization": "hunter2"}},
        {"request": {"auth": {"token": "hunter2"}}},
    ],
    ids=lambda members: next(iter(members)),
)
def test_secret_member_is_hidden_however_it_is_written(
    members: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither another spelling nor a place inside another member lets a credential through."""
    logs.configure("json", "info")
    logs.get_logger("part").info("it happened", **members)
    assert "hunter2" not in capsys.readouterr().err


def test_line_break_begins_no_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A line break in what somebody sent cannot make up a line of the log."""
    for log_format in ("json", "console"):
        logs.configure(log_format, "info")
        logs.get_logger("part").info("it happened", detail="a\n2026-11-24T00:00:00Z [info] made up\x1b[2J")
        logging.getLogger("some.library").warning("bad request: %s", "a\n2026-11-24T00:00:00Z [info] made up\x1b[2J")
        shown = capsys.readouterr().err
        assert len(shown.splitlines()) == 2, shown
        assert "\x1b[2J" not in shown


def test_context_is_in_every_line(capsys: pytest.CaptureFixture[str]) -> None:
    """What is bound for a request is in each line that is written meanwhile, libraries' too, and in none after it."""
    logs.configure("json", "info")
    with structlog.contextvars.bound_contextvars(request_id="r-1"):
        logs.get_logger("part").info("one")
        logging.getLogger("some.library").warning("two")
    logs.get_logger("part").info("three")
    assert [line.get("request_id") for line in lines(capsys)] == ["r-1", "r-1", None]


def test_set_up_twice_writes_once(capsys: pytest.CaptureFixture[str]) -> None:
    """Setting it up again replaces what was there."""
    logs.configure("json", "info")
    logs.configure("json", "info")
    logs.get_logger("part").info("it happened")
    assert len(lines(capsys)) == 1


async def test_server_logs_no_credential_and_no_payload(capsys: pytest.CaptureFixture[str]) -> None:
    """With everything logged, no token, no key and no data of a notification is in any line, accepted or refused."""
    good, bad = token("7", "admin"), token("7", "admin", exp=1)
    async with running(secured()) as server:
        logs.configure("json", "debug")
        await server.connect({"token": good})
        await server.connect({"key": PUBLISH_KEY, "token": good})
        async with server.http.ws_connect(f"{server.url}/ws?token={good}") as socket:
            await socket.receive()
        async with server.http.ws_connect(f"{server.url}/ws?token={bad}") as socket:
            await socket.receive()
        for body in (
            {"type": "test", "message": "private-text", "data": {"card": "private-data"}},
            {"type": "tour_creado", "data": {"precio": "private-data"}},
            {"type": "test", "link": "private-text", "actor": "private-data"},
            b'{"type": "private-text", ',
        ):
            await server.notify(body)
            await server.notify(body, key="private-key")
        for credential in (good, bad, "private-key"):
            headers = {"Authorization": f"Bearer {credential}"}
            async with server.http.get(f"{server.url}/v1/stats?token={good}", headers=headers):
                pass
    shown = capsys.readouterr().err
    assert "request_id" in shown
    assert "refused" in shown
    for secret in (good, bad, *good.split(".")[1:], *bad.split(".")[1:], PUBLISH_KEY):
        assert secret not in shown
    assert "private-" not in shown


async def test_lines_of_a_process_go_to_its_errors() -> None:
    """A server that is run writes its lines as it is told to, one JSON object each."""
    async with program("--broker", "memory:", env={"SIO_SERVER_LOG_FORMAT": "json"}) as server:
        await server.stop()
        found = [json.loads(line) for line in server.output if line.startswith("{")]
    assert "stopping" in [line["event"] for line in found]
    assert all({"level", "logger", "timestamp"} <= set(line) for line in found)
