"""What operators are told of what was scheduled, from a log in memory."""

from __future__ import annotations

from sio_server.audience import Audience
from sio_server.broker import Scheduled
from sio_server.core.fates import plan_of
from tests.support.brokers import started
from tests.support.inbox_model import START, notification

NOW = int(START * 1000)
ANA = Audience.of(users=["ana"])


def planned(*, due: int, **members: object) -> Scheduled:
    """One that is due at a moment."""
    made = notification(ANA).changed(timestamp=NOW, **members)
    return Scheduled(made, due, NOW, "key:tests")


async def test_expired_before_its_delivery() -> None:
    """What expired while it waited is told as that, which nobody did; what was delivered is no plan any more."""
    broker, _ = await started(None)
    try:
        expiring = planned(due=NOW + 1_000, expires_at=NOW + 2_000)
        lasting = planned(due=NOW + 1_000)
        for one in (expiring, lasting):
            await broker.schedule(one, most=10)
        await broker.deliver_due(NOW + 3_000, limit=10)
        told = await plan_of(broker, expiring.notification.id)
        assert told is not None
        assert (told["status"], told["ended_by"], told["by"]) == ("expired", None, "key:tests")
        assert await plan_of(broker, lasting.notification.id) is None
        assert await plan_of(broker, "00000000-0000-7000-8000-000000000000") is None
    finally:
        await broker.close()
