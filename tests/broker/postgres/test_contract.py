"""A log in PostgreSQL keeps what every broker promises: with one node, and as one of two."""

from __future__ import annotations

from tests.broker.contract import signals, upkeep


class TestSignals(signals.SignalsContract, signals.SignalsOfTwoNodesContract):
    """What nodes tell one another."""


class TestHealth(upkeep.HealthContract):
    """Whether it works, and how big it is."""
