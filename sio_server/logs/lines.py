"""Log lines for people or for machines, through one handler. No line holds a token, a key, or ``data``.

Lines of libraries, warnings of Python and what nobody caught take the same way, with their own words and without the
values that they fill in, which may be what a peer has sent (see `logs.text`).
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import threading
import time
import warnings
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Final, TextIO

import structlog
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.web_protocol import RequestPayloadError

from sio_server.logs.text import place_of, plain, printable, short, stands_in_source, traceback_of, words_of

_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}

# Members that every line begins with, in this order; programs that ban addresses find them there by pattern.
_FIRST: Final = ("timestamp", "level", "logger", "event", "address", "code")

# Lines of one kind in so many seconds. A kind is a place in a program: however often a stranger makes a program say a
# thing, it is written so often, and how often it was left out is told.
WINDOW: Final = 10.0
LINES: Final = 10

# Kinds that are told apart; what comes beyond them in a window is one kind.
_MAX_KINDS: Final = 500

# These bound their lines by themselves.
_BOUNDED: Final = frozenset({"sio_server.refusals"})

# They log whole packets at info and debug, with payloads and handshakes in them. Those of Socket.IO would also add a
# handler of their own, were no level set when one of their servers or clients is made.
_QUIET: Final = (
    *("socketio", "socketio.server", "socketio.client", "engineio", "engineio.server", "engineio.client"),
    *("asyncio", "aiohttp.access"),
)


def configure(log_format: str = "auto", level: str = "info") -> None:
    """Send everything, libraries' lines and what nobody caught included, to standard error in one format."""
    stream: TextIO | None = sys.stderr
    if log_format == "auto":
        log_format = "console" if stream is not None and stream.isatty() else "json"
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    root.handlers[:] = [_Handler(stream, for_people=log_format == "console")]
    root.setLevel(_LEVELS[level])
    for other in list(root.manager.loggerDict.values()):
        if isinstance(other, logging.Logger):
            other.handlers[:] = []
            other.propagate = True
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.raiseExceptions = False  # a line that cannot be written is counted, and is no reason for more lines
    warnings.showwarning = _warned
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable


def set_level(level: str) -> None:
    """Write lines of this level (``debug``, ``info``, ``warning``, ``error``) and above from now on."""
    logging.getLogger().setLevel(_LEVELS[level])


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of one part of the product."""
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(f"sio_server.{name}")
    return bound


async def tell_left_out() -> None:
    """See to it that what was left out is told though nothing more is logged; until cancelled."""
    while True:
        await asyncio.sleep(WINDOW)
        for handler in logging.getLogger().handlers:
            handler.flush()


# -- one way out ------------------------------------------------------------------------------------------------------


class _Handler(logging.Handler):
    """Writes every line there is. Whatever a line is made of and whatever becomes of the stream, it raises nothing."""

    def __init__(self, stream: TextIO | None, *, for_people: bool) -> None:
        super().__init__()
        self._stream = stream
        self._people = structlog.dev.ConsoleRenderer(colors=stream is not None and stream.isatty())
        self._for_people = for_people
        self._kinds = _Kinds()
        self._lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, or count it."""
        try:
            members, kind = _members_of(record)
            if record.levelno < logging.getLogger().level:
                return
            for line in self._kinds.ended(time.monotonic()):
                self._write(line)
            bounded = record.levelno < logging.INFO or record.name in _BOUNDED
            if bounded or self._kinds.admit(kind, members):
                self._write(members)
        except Exception:  # noqa: BLE001 - whoever logs has other work than this
            self._lost += 1

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's signature
        """Count a line that could not be written."""
        self._lost += 1

    def flush(self) -> None:
        """Tell what was left out in windows that have ended."""
        self._tell(time.monotonic())

    def close(self) -> None:
        """Tell what was left out, at the end of a process."""
        self._tell(float("inf"))
        super().close()

    def _tell(self, now: float) -> None:
        self.acquire()
        try:
            with suppress(Exception):
                for line in self._kinds.ended(now):
                    self._write(line)
        finally:
            self.release()

    def _write(self, members: dict[str, Any]) -> None:
        stream = self._stream
        if stream is None:
            return
        if self._lost:
            members["lines_lost"] = self._lost
        line = self._for_reader(members) if self._for_people else json.dumps(members, allow_nan=False)
        try:
            stream.write(line + "\n")
            stream.flush()
        except (OSError, ValueError):  # nobody reads any more, there is no room, or it was closed
            self._lost += 1
        else:
            self._lost = 0

    def _for_reader(self, members: dict[str, Any]) -> str:
        exception = members.pop("exception", None)
        shown = {printable(name): _printable(value) for name, value in members.items()}
        line = str(self._people(None, "", shown))
        return line if exception is None else "\n".join((line, *map(printable, exception.split("\n"))))


def _printable(value: Any) -> Any:
    """A value in which nothing steers a terminal."""
    if isinstance(value, str):
        return printable(value)
    # of all else there is a representation of Python's, which escapes what is not printable
    return value


class _Kinds:
    """How many lines of each kind were written and left out in this window of time."""

    def __init__(self) -> None:
        self._ends = 0.0
        self._written: dict[object, int] = {}
        self._left_out: dict[object, dict[str, Any]] = {}

    def admit(self, kind: object, members: Mapping[str, Any]) -> bool:
        """Whether one more line of a kind is written; else the line is counted."""
        if kind not in self._written and len(self._written) >= _MAX_KINDS:
            kind = None
        written = self._written[kind] = self._written.get(kind, 0) + 1
        if written <= LINES:
            return True
        found = self._left_out.get(kind)
        if found is None:
            told = {name: members[name] for name in ("level", "logger") if name in members}
            found = self._left_out[kind] = {**told, "event": "lines left out", "count": 0, "of": members.get("event")}
        found["count"] += 1
        return False

    def ended(self, now: float) -> list[dict[str, Any]]:
        """The lines that tell what was left out, once the window has ended."""
        if now < self._ends:
            return []
        left_out = list(self._left_out.values())
        self._ends = now + WINDOW
        self._written.clear()
        self._left_out.clear()
        return [{"timestamp": _time(time.time()), **line} for line in left_out]


def _members_of(record: logging.LogRecord) -> tuple[dict[str, Any], object]:
    """A line as members in their order, and its kind."""
    given: dict[str, Any]
    if isinstance(record.msg, dict) and hasattr(record, "_logger"):  # of the product: structlog hands its members on
        given = dict(record.msg)
        error = _error_of(given.pop("exc_info", None) or record.exc_info)
    else:
        error = _error_of(record.exc_info)
        given = {**structlog.contextvars.get_contextvars(), **_foreign(record)}
    if error is not None and _is_the_peers(error):
        record.levelno, record.levelname = logging.INFO, "INFO"
        if isinstance(error, HttpProcessingError):
            given["event"] = "a request was not HTTP"
        given["what"], error = type(error).__name__, None
    event = short(printable(str(given.pop("event", ""))))
    kind = (record.name, event, "" if error is None else place_of(error))
    members: dict[str, Any] = {
        "timestamp": _time(record.created),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": event,
    }
    for name in _FIRST:
        if name in given:
            members[name] = plain(name, given.pop(name))
    for name, value in given.items():
        members.setdefault(short(str(name)), plain(name, value))
    if error is not None:
        members["exception"] = traceback_of(error)
    return members, kind


def _foreign(record: logging.LogRecord) -> dict[str, Any]:
    """A library's line: its words where they stand in its source, and the place they come from."""
    place = "/".join(record.pathname.replace("\\", "/").split("/")[-2:])
    return {
        "event": words_of(record.msg, record.args) or "a line of a library",
        "place": f"{place}:{record.lineno}",
    }


def _is_the_peers(error: BaseException) -> bool:
    """Whether a peer is to blame. Aiohttp logs the head of a request that is not HTTP; a token may be in it."""
    return isinstance(error, HttpProcessingError | RequestPayloadError | ConnectionError)


def _error_of(given: Any) -> BaseException | None:
    if given is True:
        return sys.exc_info()[1]
    found = given[1] if isinstance(given, tuple) and len(given) > 1 else given
    return found if isinstance(found, BaseException) else None


def _time(at: float) -> str:
    """A moment as RFC 3339 in UTC."""
    try:
        return datetime.fromtimestamp(at, UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    except (OverflowError, ValueError, OSError):
        return "-"


# -- what comes without a logger --------------------------------------------------------------------------------------


def _warned(  # noqa: PLR0917 - the library's signature
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,  # noqa: ARG001 - the same
    line: str | None = None,  # noqa: ARG001 - the same
) -> None:
    text = str(message)
    about = {"what": text} if stands_in_source(text) else {}
    get_logger("python").warning("a warning", category=category.__name__, place=f"{filename}:{lineno}", **about)


def _uncaught(kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        sys.__excepthook__(kind, error, traceback)
    else:
        get_logger("python").error("nobody caught this", exc_info=error)


def _uncaught_in_thread(found: threading.ExceptHookArgs) -> None:
    if found.exc_type is not SystemExit:
        get_logger("python").error("nobody caught this in a thread", exc_info=found.exc_value)


def _unraisable(found: sys.UnraisableHookArgs) -> None:
    get_logger("python").error("nobody could be told of this", exc_info=found.exc_value)


def loop_failed(_: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
    """What an event loop calls with what nobody caught in it (`asyncio.loop.set_exception_handler`).

    Its message may end with the arguments of a callback, which may be what a peer has sent: they are cut.
    """
    text = str(context.get("message", "")).partition("(")[0].partition("<")[0].strip()
    get_logger("asyncio").error(short(text) or "nobody caught this", exc_info=context.get("exception"))
