"""What the product writes to its log, for tests that read it."""

from __future__ import annotations

import contextlib
import logging
import sys
import threading
import warnings
from collections.abc import Iterator

import structlog

from sio_server import logs


@contextlib.contextmanager
def logging_to_stderr(log_format: str | None = "json", level: str = "info") -> Iterator[None]:
    """Set up the log as a server does, None: not yet, and put back afterwards what the process had."""
    root = logging.getLogger()
    handlers, before, settings, raising = root.handlers[:], root.level, structlog.get_config(), logging.raiseExceptions
    hooks = warnings.showwarning, sys.excepthook, threading.excepthook, sys.unraisablehook
    if log_format is not None:
        logs.configure(log_format, level)
    try:
        yield
    finally:
        root.handlers[:] = handlers
        root.setLevel(before)
        structlog.configure(**settings)
        logging.raiseExceptions = raising
        warnings.showwarning, sys.excepthook, threading.excepthook, sys.unraisablehook = hooks
