"""Whether spans are made, by the variables that every program with OpenTelemetry reads."""

from __future__ import annotations

import subprocess
import sys

import pytest

from sio_server.telemetry import open_tracer
from tests.support.logged import logging_to_stderr
from tests.support.servers import environment

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
NOWHERE = "http://127.0.0.1:9"


@pytest.mark.parametrize(
    "variables",
    [
        {},
        {ENDPOINT: ""},
        {ENDPOINT: NOWHERE, "OTEL_SDK_DISABLED": "true"},
        {ENDPOINT: NOWHERE, "OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_nothing_is_made_where_nobody_asks(variables: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    """Without a collector's address, and where the variables say no, there are no spans and no word about it."""
    with logging_to_stderr():
        assert open_tracer(variables) is None
    assert capsys.readouterr().err == ""


def test_protocol_that_is_not_spoken_is_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    """An endpoint that is meant for gRPC is told of in a line."""
    with logging_to_stderr():
        assert open_tracer({ENDPOINT: NOWHERE, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}) is None
    assert "http/protobuf" in capsys.readouterr().err


_WITHOUT = """
import sys
sys.modules["opentelemetry"] = None  # as where the extra is not installed
from sio_server import logs
from sio_server.telemetry import open_tracer
logs.configure("json", "info")
assert open_tracer({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}) is None
"""

_OFF = """
import sys
from sio_server.app import create_app
from sio_server.config import Config
app = create_app(Config(dev=True, broker="memory:"))
assert not [name for name in sys.modules if name.startswith("opentelemetry")]
"""


@pytest.mark.parametrize(("program", "told"), [(_WITHOUT, "pip install 'sio-server[otel]'"), (_OFF, "")])
def test_extra_that_is_missing_is_told_of_and_off_imports_nothing(program: str, told: str) -> None:
    """Where the extra is missing a line says what to install; a server without spans imports none of it."""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, env=environment(), check=False
    )
    assert done.returncode == 0, done.stderr
    assert told in done.stderr
