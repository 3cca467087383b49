"""How often each limit was reached: plain integers for the application to export."""

from __future__ import annotations


class Counters:
    """One integer per limit and cut, all monotonic except `sessions`.

    The engine only ever adds to them, on the loop's own thread; reading needs no lock.
    """

    __slots__ = (
        "ack_unknown",
        "arrivals_evicted",
        "attachments_refused",
        "call_abandoned",
        "connect_timeouts",
        "controls_flood",
        "events_flood",
        "forbidden",
        "handshakes_refused",
        "http_slow",
        "http_too_large",
        "internal_errors",
        "jsonp_refused",
        "namespaces_refused",
        "parse_errors",
        "ping_timeouts",
        "poll_overlaps",
        "reads_paused",
        "recovered",
        "recovery_evictions",
        "recovery_refused",
        "sessions",
        "sessions_opened",
        "slow_cuts",
        "tls_evicted",
        "tls_failed",
        "upgrades",
        "upgrades_failed",
        "websocket_errors",
        "websocket_too_large",
    )

    def __init__(self) -> None:
        for name in self.__slots__:
            setattr(self, name, 0)

    ack_unknown: int
    arrivals_evicted: int
    attachments_refused: int
    call_abandoned: int
    connect_timeouts: int
    controls_flood: int
    events_flood: int
    forbidden: int
    handshakes_refused: int
    http_slow: int
    http_too_large: int
    internal_errors: int
    jsonp_refused: int
    namespaces_refused: int
    parse_errors: int
    ping_timeouts: int
    poll_overlaps: int
    reads_paused: int
    recovered: int
    recovery_evictions: int
    recovery_refused: int
    sessions: int
    sessions_opened: int
    slow_cuts: int
    tls_evicted: int
    tls_failed: int
    upgrades: int
    upgrades_failed: int
    websocket_errors: int
    websocket_too_large: int

    def as_dict(self) -> dict[str, int]:
        """The value of each counter by its name."""
        return {name: getattr(self, name) for name in self.__slots__}
