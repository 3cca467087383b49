"""W3C Trace Context (https://www.w3.org/TR/trace-context/): which trace a request belongs to. Pure."""

from __future__ import annotations

import re
from typing import Final

TRACEPARENT: Final = r"(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}"
"""A whole value: https://www.w3.org/TR/trace-context/#traceparent-header-field-values"""

_WHOLE: Final = re.compile(TRACEPARENT)


def trace_in(header: str | None) -> str | None:
    """What a header ``traceparent`` says, None where it is none: a broken one is passed over (§3.2.2.5)."""
    return header if header is not None and _WHOLE.fullmatch(header) else None


def trace_id_of(traceparent: str | None) -> str | None:
    """The 32 hexadecimal digits by which a trace is found; None for what is no trace's."""
    trace = trace_in(traceparent)
    return None if trace is None else trace[3:35]
