"""What operators are told of a notification that waits to be delivered, or that ended before it was."""

from __future__ import annotations

from typing import Any

from sio_server.broker import Broker, Fate, Scheduled
from sio_server.core.schedules import record_of
from sio_server.notification import written


async def plan_of(broker: Broker, notification_id: str) -> dict[str, Any] | None:
    """What was scheduled, as ``GET /v1/notifications/{id}`` answers; None where it was not, or was delivered.

    Of one that waits it is all that it says. Of one that ended it is what became of it, and what it said in short.
    """
    waiting = await broker.scheduled(notification_id)
    if waiting is not None:
        return _waiting(waiting)
    fate = await broker.fate(notification_id)
    return None if fate is None or fate.ending == "delivered" else _ended(fate)


def said_dict(fate: Fate) -> dict[str, Any]:
    """What one said in short that was not delivered, as ``said``; nothing where that is not known."""
    gist = fate.gist
    if gist is None:
        return {}
    said = {"type": gist.type, "title": gist.title, "message": gist.message, "audience": gist.audience.as_dict()}
    return {"said": said}


def _waiting(scheduled: Scheduled) -> dict[str, Any]:
    changed = {"revision": scheduled.revision} if scheduled.revision else {}
    return {**record_of(scheduled), **changed, "status": "scheduled", "receipts": None}


def _ended(fate: Fate) -> dict[str, Any]:
    told = {
        "id": fate.id,
        "status": fate.ending,
        "due": written(fate.due),
        "scheduled_at": written(fate.scheduled_at),
        "by": fate.by,
        "ended_at": written(fate.at),
        "ended_by": fate.ended_by,
        "receipts": None,
        **said_dict(fate),
    }
    return told if fate.replaced_by is None else {**told, "replaced_by": fate.replaced_by}
