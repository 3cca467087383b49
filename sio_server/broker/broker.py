"""Everything at once that a node asks of its broker."""

from __future__ import annotations

from typing import Protocol

from sio_server.broker.amendments import Amendments
from sio_server.broker.answers import Answers
from sio_server.broker.follows import Follows
from sio_server.broker.groups import Groups
from sio_server.broker.inbox import Inbox
from sio_server.broker.log import Log
from sio_server.broker.nodes import Nodes
from sio_server.broker.once import Once
from sio_server.broker.people import People, Revocations
from sio_server.broker.personal import PersonalData
from sio_server.broker.presence import Presence
from sio_server.broker.receipts import Receipts
from sio_server.broker.schedule import Schedule
from sio_server.broker.signals import Signals
from sio_server.broker.trails import Trails
from sio_server.broker.upkeep import HealthCheck, Measured, Retention, Secrets


class Broker(
    Log,
    Signals,
    Nodes,
    Presence,
    People,
    Follows,
    Schedule,
    Revocations,
    PersonalData,
    Inbox,
    Amendments,
    Groups,
    Answers,
    Receipts,
    Trails,
    Retention,
    Measured,
    Secrets,
    Once,
    HealthCheck,
    Protocol,
):
    """The durable log and the state that goes with it.

    SQLite and PostgreSQL give both from one object. A carrier that can only keep a log could stand in for `Log` and
    `Signals` alone.
    """
