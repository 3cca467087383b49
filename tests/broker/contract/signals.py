"""What every broker promises of signals: every node hears each at most once, its own node before the call returns."""

from __future__ import annotations

import pytest

from sio_server.broker import Broker, Close, Ended, Followed, InboxChanged, Revoked, Signal
from tests.support.brokers import Ear

SIGNALS: tuple[Signal, ...] = (
    InboxChanged("ana", "read", ("a", "b"), None),
    InboxChanged("ana", "seen", (), 7),
    Revoked("ana", 5.5),
    Close("desk", "closed_by_operator"),
    Followed("ana", "tour:1", 7),
    Followed("ana", "tour:1", None),
    Ended("sid"),
)


class SignalsContract:
    """Signals on one node."""

    @pytest.mark.parametrize("signal", SIGNALS)
    async def test_own_node_hears_at_once(self, broker: Broker, ear: Ear, signal: Signal) -> None:
        """This node has heard a signal, as it was sent, when the call returns."""
        broker.signal(signal)
        assert ear.signals == [signal]


class SignalsOfTwoNodesContract:
    """Signals from node to node: ``pair`` are two nodes on one broker, ``ears`` whom they call back."""

    async def test_every_node_hears_each_once(self, pair: tuple[Broker, Broker], ears: tuple[Ear, Ear]) -> None:
        """Whichever node sends, both hear every signal once, those of one node in the order in which it sent them."""
        for number, signal in enumerate(SIGNALS):
            pair[number % 2].signal(signal)
        for ear in ears:
            await ear.until(lambda ear=ear: len(ear.signals) >= len(SIGNALS))  # type: ignore[misc]
            assert sorted(ear.signals, key=SIGNALS.index) == list(SIGNALS)
            for sender in (0, 1):
                sent = list(SIGNALS[sender::2])
                assert [signal for signal in ear.signals if signal in sent] == sent

    async def test_node_that_ended_hears_and_says_nothing(
        self, pair: tuple[Broker, Broker], ears: tuple[Ear, Ear]
    ) -> None:
        """A node that has ended hears no signal, and what it sends nobody hears; that is no error."""
        await pair[0].close()
        pair[0].signal(Ended("bea"))
        pair[1].signal(Ended("ana"))
        await ears[1].until_signal(Ended("ana"))
        assert (ears[0].signals, ears[1].signals) == ([], [Ended("ana")])
