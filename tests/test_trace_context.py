"""Which trace a request belongs to."""

from __future__ import annotations

import pytest

from sio_server.trace_context import trace_id_of, trace_in

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize("flags", ["00", "01", "03", "ff"])
@pytest.mark.parametrize("version", ["00", "01"])
def test_trace_is_read(version: str, flags: str) -> None:
    """Every version and every flag has the trace in the same place."""
    header = f"{version}-{TRACE}-00f067aa0ba902b7-{flags}"
    assert trace_in(header) == header
    assert trace_id_of(header) == TRACE


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "00",
        f"ff-{TRACE}-00f067aa0ba902b7-01",
        f"00-{TRACE.upper()}-00f067aa0ba902b7-01",
        f"00-{'0' * 32}-00f067aa0ba902b7-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-00f067aa0ba902b7-01\n",
        f" 00-{TRACE}-00f067aa0ba902b7-01",
    ],
)
def test_what_is_no_trace_is_passed_over(header: str | None) -> None:
    """A header that is broken is as if it were not there."""
    assert trace_in(header) is None
    assert trace_id_of(header) is None
