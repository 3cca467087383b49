"""What the product writes to its log, for tests that read it."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator

import structlog

from sio_server import logs


@contextlib.contextmanager
def logging_to_stderr(log_format: str = "json", level: str = "info") -> Iterator[None]:
    """Set up the log as a server does, and put back afterwards what the process had."""
    root = logging.getLogger()
    handlers, before, settings = root.handlers[:], root.level, structlog.get_config()
    logs.configure(log_format, level)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(before)
        structlog.configure(**settings)
