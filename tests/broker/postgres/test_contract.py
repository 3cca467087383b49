"""A log in PostgreSQL keeps what every broker promises: with one node, and as one of two."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from sio_server.broker import Broker
from sio_server.broker.postgres import PostgresBroker
from tests.broker.contract import (
    amendments,
    answers,
    data,
    follows,
    groups,
    inbox,
    log,
    nodes,
    once,
    people,
    presence,
    receipts,
    schedule,
    signals,
    trails,
    upkeep,
)
from tests.support.brokers import Ear, Reopen
from tests.support.inbox_model import Clock


class TestLog(log.LogContract, log.StretchContract, log.LogOfTwoNodesContract):
    """One order, announced once."""


class TestSignals(signals.SignalsContract, signals.SignalsOfTwoNodesContract):
    """What nodes tell one another."""


class TestInbox(inbox.InboxContract, inbox.InboxOfTwoNodesContract):
    """Pages, counters, states."""


class TestGroups(groups.GroupsContract):
    """An inbox by groups."""


class TestAnswers(answers.AnswersContract, answers.AnswersOfTwoNodesContract):
    """What users answer."""


class TestReceipts(receipts.ReceiptsContract, receipts.ReceiptsOfTwoNodesContract):
    """How far each notification came."""


class TestTrails(trails.TrailsContract):
    """What became of a notification with a user."""


class TestSearch(receipts.SearchContract, receipts.ReachContract):
    """Which notifications there are."""


class TestAmendments(amendments.CollapseContract, amendments.AmendContract, amendments.CollapseOfTwoNodesContract):
    """What takes the place of what, is changed and is taken back."""


class TestSchedule(
    schedule.ScheduleContract,
    schedule.ScheduleKeysContract,
    schedule.ScheduleInLogContract,
    schedule.ScheduleOfTwoNodesContract,
):
    """What is delivered later."""


class TestUpkeep(
    upkeep.RetentionContract,
    upkeep.RetentionOfTypesContract,
    upkeep.ForgettingContract,
    upkeep.UpkeepOfTwoNodesContract,
    upkeep.HealthContract,
):
    """Letting the oldest go, whether it works, and how big it is."""


class TestNodes(nodes.NodesContract, nodes.NodesOfTwoContract):
    """Which nodes there are."""


class TestPresence(presence.PresenceContract, presence.PresenceOfTwoNodesContract):
    """Who is connected."""


class TestPeople(people.PeopleContract, people.PeopleOfTwoNodesContract):
    """First sights, and rooms by age."""


class TestFollows(follows.FollowsContract, follows.FollowsOfTwoNodesContract):
    """Topics that people follow."""


class TestRevocations(people.RevocationsContract, people.RevocationsOfTwoNodesContract):
    """Tokens that hold no longer."""


class TestPersonalData(data.PersonalDataContract, data.PersonalDataOfTwoNodesContract):
    """A person's data."""


class TestOnce(once.OnceContract, once.OnceOfTwoNodesContract):
    """Names that are good once."""


class TestDurable(
    follows.DurableFollowsContract,
    answers.DurableAnswersContract,
    inbox.DurableInboxContract,
    receipts.DurableReceiptsContract,
    trails.DurableTrailsContract,
    log.DurableLogContract,
    once.DurableOnceContract,
    amendments.DurableCollapseContract,
    schedule.DurableScheduleContract,
    upkeep.DurableHealthContract,
):
    """What a log keeps beyond the end of a node."""

    @pytest.fixture
    async def reopened(self, dsn: str, clock: Clock) -> AsyncIterator[Reopen]:
        """Give what ends a broker and starts another on the same log."""
        opened: list[Any] = []  # until it has every ability

        async def reopen(broker: Broker) -> Any:
            await broker.close()
            opened.append(PostgresBroker(dsn, now=clock))
            await opened[-1].start(Ear())
            return opened[-1]

        yield reopen
        for one in opened:
            await one.close()
