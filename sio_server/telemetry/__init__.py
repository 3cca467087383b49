"""OpenTelemetry: spans of what becomes of a notification, sent to a collector where the environment names one."""

from sio_server.telemetry.opening import open_tracer

__all__ = ["open_tracer"]
