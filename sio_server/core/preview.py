"""Whom a publish would reach, before it is published. Nothing is stored."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sio_server.audience import Audience
from sio_server.core.node import SKIPPED, Node
from sio_server.errors import Text
from sio_server.notification import PublishRequest


@dataclass(frozen=True, slots=True)
class Preview:
    """What is known of an audience now.

    ``users`` are all that the log knows of, ``online_users`` and ``online_sockets`` those of this node. ``missing``
    names fields of ``data`` without which a part of the catalogue's audience stays empty.
    """

    audience: Audience
    users: int
    online_users: int
    online_sockets: int
    missing: tuple[str, ...]
    warnings: tuple[Text, ...]

    def as_dict(self, locale: str) -> dict[str, Any]:
        """As ``POST /v1/audience/preview`` answers, with warnings in ``locale``."""
        return {
            "audience": self.audience.as_dict(),
            "users": self.users,
            "online": {"users": self.online_users, "sockets": self.online_sockets},
            "missing": list(self.missing),
            "warnings": [warning.within(locale) for warning in self.warnings],
        }


async def preview(node: Node, request: PublishRequest) -> Preview:
    """Resolve the audience as `Node.publish` would, but for one of nobody, which is no error here.

    Raises `Refused`: ``unknown_type``, ``invalid_data``, ``invalid_audience``, ``broker_unavailable``.
    """
    event_type = node.catalog[request.type]
    event_type.check(request.data)
    missing: tuple[str, ...] = ()
    if request.audience is None:
        audience, missing = event_type.audience_for(request.data)
    else:
        audience = request.audience
    users = await node.broker.reach(audience)
    online_users, online_sockets = node.hub.reach(audience)
    warnings = (*request.warnings, *(SKIPPED.format(name) for name in missing))
    return Preview(audience, users, online_users, online_sockets, missing, warnings)
