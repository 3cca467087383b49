"""What the server counts: the core calls a `Metrics`; `prometheus` is one, `NoMetrics` counts nothing."""

from sio_server.metrics.protocol import Metrics, NoMetrics

__all__ = ["Metrics", "NoMetrics"]
