"""Structured log lines for people or for machines. No line holds a token, a key, or a notification's ``data``."""

from __future__ import annotations

import logging
import sys
from typing import Any, Final

import structlog
from aiohttp.http_exceptions import HttpProcessingError

_LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40}

# Members that every line begins with, in this order; programs that ban addresses find them there by pattern.
_FIRST: Final = ("timestamp", "level", "logger", "event", "address", "code")

# Members that must not be logged whatever a later line of code hands over; a net below care, not instead of it.
_SECRET_WORDS: Final = frozenset({"token", "key", "keys", "secret", "data", "auth", "authorization", "body", "cookie"})


def _without_secrets(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    for name, value in event.items():
        event[name] = _hidden(name, value)
    # A library's text may hold a newline, after which it would look like a line of ours, or a terminal's commands.
    text = str(event.get("event", ""))
    event["event"] = text if text.isprintable() else "".join(map(_printable, text))
    return event


def _ordered(_: Any, __: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    """The same members first in every line: whoever reads them by pattern must not meet a peer's text before."""
    first = {name: event.pop(name) for name in _FIRST if name in event}
    return {**first, **event}


def _printable(character: str) -> str:
    return character if character.isprintable() else character.encode("unicode_escape").decode()


def _hidden(name: object, value: Any) -> Any:
    if _SECRET_WORDS.intersection(str(name).lower().replace("-", "_").split("_")):
        return "[hidden]"
    return {key: _hidden(key, inner) for key, inner in value.items()} if isinstance(value, dict) else value


def _without_heads(record: logging.LogRecord) -> bool:
    """Aiohttp logs the head of a request that is not HTTP, with a traceback; a token may be in it."""
    error = record.exc_info[1] if record.exc_info else None
    if isinstance(error, HttpProcessingError):
        record.msg, record.args, record.exc_info, record.exc_text = "a request was not HTTP", (), None, None
        record.levelno, record.levelname = logging.INFO, "INFO"
    return True


def configure(log_format: str = "auto", level: str = "info") -> None:
    """Send everything, libraries' lines included, to standard error in one format."""
    if log_format == "auto":
        log_format = "console" if sys.stderr.isatty() else "json"
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if log_format == "json" else structlog.dev.ConsoleRenderer()
    )
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _without_secrets,
    ]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *shared,
            structlog.processors.format_exc_info,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.processors.format_exc_info],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _ordered, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(_LEVELS[level])
    logging.getLogger("aiohttp.server").addFilter(_without_heads)
    # They log whole packets at info and debug, with payloads and handshakes in them.
    for name in ("socketio", "engineio", "asyncio", "aiohttp.access"):
        logging.getLogger(name).setLevel(logging.WARNING)


def logger(name: str) -> structlog.stdlib.BoundLogger:
    """The logger of one part of the product."""
    bound: structlog.stdlib.BoundLogger = structlog.stdlib.get_logger(f"sio_server.{name}")
    return bound
