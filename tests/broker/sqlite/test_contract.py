"""The embedded log keeps what every broker promises: in a file, in memory, and as one of two nodes on one log."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sio_server.broker import Broker
from sio_server.broker.sqlite import SqliteBroker
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
from tests.support.brokers import Ear, Reopen, side_by_side
from tests.support.inbox_model import Clock


@pytest.fixture
def clock() -> Clock:
    """Return the log's clock, which stands still."""
    return Clock()


@pytest.fixture(params=["file", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    """Return the directory of the log, None for one in memory."""
    return tmp_path / "a" / "b" if request.param == "file" else None


@pytest.fixture
def ears() -> tuple[Ear, Ear]:
    """Return whom two nodes call back."""
    return Ear(), Ear()


@pytest.fixture
def unstarted(place: Path | None, clock: Clock) -> tuple[SqliteBroker, SqliteBroker]:
    """Return two nodes on one log that are not started."""
    return side_by_side(place, now=clock)


@pytest.fixture
async def pair(
    unstarted: tuple[SqliteBroker, SqliteBroker], ears: tuple[Ear, Ear]
) -> AsyncIterator[tuple[SqliteBroker, SqliteBroker]]:
    """Give two nodes on one log, both started."""
    nodes = unstarted
    await asyncio.gather(*(node.start(ear) for node, ear in zip(nodes, ears, strict=True)))
    yield nodes
    for node in nodes:
        await node.close()


@pytest.fixture
def ear(ears: tuple[Ear, Ear]) -> Ear:
    """Return whom the broker calls back."""
    return ears[0]


@pytest.fixture(params=["alone", "beside another"])
async def broker(
    request: pytest.FixtureRequest, place: Path | None, clock: Clock, ears: tuple[Ear, Ear]
) -> AsyncIterator[SqliteBroker]:
    """Give a started broker, alone or beside another node, which hears just the same."""
    nodes = side_by_side(place, now=clock)[: 1 if request.param == "alone" else 2]
    for node, ear in zip(nodes, ears, strict=False):
        await node.start(ear)
    yield nodes[0]
    for node in nodes:
        await node.close()
    if len(nodes) > 1:
        assert (ears[0].heard, ears[0].signals) == (ears[1].heard, ears[1].signals)


class TestLog(log.LogContract, log.StretchContract, log.LogOfTwoNodesContract):
    """One order, announced once."""


class TestAmendments(amendments.CollapseContract, amendments.AmendContract, amendments.CollapseOfTwoNodesContract):
    """What takes the place of what."""


class TestSignals(signals.SignalsContract, signals.SignalsOfTwoNodesContract):
    """What nodes tell one another."""


class TestNodes(nodes.NodesContract, nodes.NodesOfTwoContract):
    """Which nodes there are."""


class TestPresence(presence.PresenceContract, presence.PresenceOfTwoNodesContract):
    """Who is connected."""


class TestPeople(people.PeopleContract, people.PeopleOfTwoNodesContract):
    """First sights, and rooms by age."""


class TestFollows(follows.FollowsContract, follows.FollowsOfTwoNodesContract):
    """Topics that people follow."""


class TestSchedule(
    schedule.ScheduleContract,
    schedule.ScheduleKeysContract,
    schedule.ScheduleInLogContract,
    schedule.ScheduleOfTwoNodesContract,
):
    """What is delivered later."""


class TestRevocations(people.RevocationsContract, people.RevocationsOfTwoNodesContract):
    """Tokens that hold no longer."""


class TestPersonalData(data.PersonalDataContract, data.PersonalDataOfTwoNodesContract):
    """A person's data."""


class TestOnce(once.OnceContract, once.OnceOfTwoNodesContract):
    """Names that are good once."""


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
    """Which notifications there are, and whom one reaches."""


class TestUpkeep(
    upkeep.RetentionContract,
    upkeep.RetentionOfTypesContract,
    upkeep.ForgettingContract,
    upkeep.HealthContract,
    upkeep.UpkeepOfTwoNodesContract,
):
    """Letting go, forgetting, health."""


class TestDurable(
    log.DurableLogContract,
    amendments.DurableCollapseContract,
    answers.DurableAnswersContract,
    follows.DurableFollowsContract,
    inbox.DurableInboxContract,
    once.DurableOnceContract,
    receipts.DurableReceiptsContract,
    schedule.DurableScheduleContract,
    trails.DurableTrailsContract,
    upkeep.DurableHealthContract,
):
    """What a log in a file keeps beyond the end of its process."""

    @pytest.fixture
    def place(self, tmp_path: Path) -> Path:
        """Return the directory of the log."""
        return tmp_path

    @pytest.fixture
    async def broker(self, place: Path, clock: Clock, ear: Ear) -> AsyncIterator[SqliteBroker]:
        """Give a broker that is started."""
        made = SqliteBroker(place, now=clock)
        await made.start(ear)
        yield made
        await made.close()

    @pytest.fixture
    async def reopened(self, place: Path, clock: Clock) -> AsyncIterator[Reopen]:
        """Give what ends a broker and starts another on the same directory."""
        opened: list[Broker] = []

        async def reopen(broker: Broker) -> Broker:
            await broker.close()
            opened.append(SqliteBroker(place, now=clock))
            await opened[-1].start(Ear())
            return opened[-1]

        yield reopen
        for one in opened:
            await one.close()
