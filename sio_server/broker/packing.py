"""Notifications that wait for their moment, as bytes that they are made anew from. Pure."""

from __future__ import annotations

from typing import Any

import orjson

from sio_server.audience import Audience
from sio_server.extras import Choice, Extras
from sio_server.notification import Notification
from sio_server.texts import Texts


def pack(notification: Notification) -> bytes:
    """The members of a notification as JSON, all that it cannot be made anew without."""
    members = notification._asdict()
    del members["body"], members["idempotency"]
    members["audience"] = notification.audience.as_dict()
    members["extras"] = None if notification.extras is None else notification.extras.as_dict()
    members["texts"] = None if notification.texts is None else notification.texts.members
    return orjson.dumps({name: value for name, value in members.items() if value is not None})


def unpack(packed: bytes) -> Notification:
    """The inverse of `pack`."""
    members: dict[str, Any] = orjson.loads(packed)
    extras = members.get("extras")
    if extras is not None:
        if "actions" in extras:
            extras["actions"] = tuple(Choice(**choice) for choice in extras["actions"])
        members["extras"] = Extras(**extras)
    if "texts" in members:
        members["texts"] = Texts.of(members["texts"])
    return Notification(**{**members, "audience": Audience.from_dict(members["audience"])})
