"""Whether spans are asked for, in the environment variables that every program with OpenTelemetry reads."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from sio_server.logs import get_logger

if TYPE_CHECKING:  # an extra, which is not installed everywhere and not imported where it is off
    from sio_server.telemetry.tracer import Tracer

# https://opentelemetry.io/docs/specs/otel/protocol/exporter/
_ENDPOINTS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")
_PROTOCOLS: Final = ("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", "OTEL_EXPORTER_OTLP_PROTOCOL")
_SPOKEN: Final = "http/protobuf"

logger = get_logger("telemetry")


def open_tracer(environment: Mapping[str, str]) -> Tracer | None:
    """What makes and sends spans; None where nobody asked for it, and where that cannot be, which is logged.

    An address of a collector asks for it, unless OTEL_SDK_DISABLED or OTEL_TRACES_EXPORTER says no.
    """
    address = next((name for name in _ENDPOINTS if environment.get(name)), None)
    if address is None or environment.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return None
    if environment.get("OTEL_TRACES_EXPORTER", "otlp").strip().lower() not in ("", "otlp"):
        return None
    protocol = next((environment[name] for name in _PROTOCOLS if environment.get(name)), _SPOKEN)
    if protocol != _SPOKEN:
        logger.warning("no span is sent: the server speaks one protocol of OTLP", asked=protocol, speaks=_SPOKEN)
        return None
    try:
        from sio_server.telemetry.tracer import Tracer  # noqa: PLC0415 - see above
    except ImportError as error:
        logger.warning(
            "no span is sent: install the extra, pip install 'sio-server[otel]'", asked=address, lacks=error.name
        )
        return None
    return Tracer.sending(environment)
