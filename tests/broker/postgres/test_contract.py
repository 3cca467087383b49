"""A log in PostgreSQL keeps what every broker promises: with one node, and as one of two."""

from __future__ import annotations

from tests.broker.contract import signals


class TestSignals(signals.SignalsContract, signals.SignalsOfTwoNodesContract):
    """What nodes tell one another."""
