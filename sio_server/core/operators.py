"""What operators see of notifications and of who is connected."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sio_server.broker import Receipt
from sio_server.core.hub import Connection
from sio_server.core.node import Node
from sio_server.errors import Refused
from sio_server.notification import rfc3339


class Operators:
    """The use cases of looking at the log and at the connections of a node."""

    def __init__(self, node: Node) -> None:
        self._node = node

    async def search(
        self,
        *,
        types: Sequence[str] = (),
        user: str | None = None,
        role: str | None = None,
        priority: str | None = None,
        limit: int,
        before: int | None = None,
        after: int | None = None,
    ) -> dict[str, Any]:
        """Stored notifications, newest first, or oldest first with ``after``, as ``GET /v1/notifications`` answers."""
        page = await self._node.broker.search(
            types=types, user=user, role=role, priority=priority, limit=limit, before=before, after=after
        )
        return {
            "items": [stored.entry.record() for stored in page.items],
            "next_before": page.next_before,
            "next_after": page.next_after,
        }

    async def find(self, identity: str, *, limit: int, after: str | None) -> dict[str, Any]:
        """One notification with its receipts; raises `Refused` (``not_found``)."""
        stored = await self._node.broker.find(identity)
        receipt = await self._node.receipt(identity, limit=limit, after=after)
        if stored is None or receipt is None:  # retention can take it away between the two
            raise Refused("not_found")
        return {**stored.entry.record(), "receipts": receipt_dict(receipt)}

    def users(self, *, role: str | None, limit: int, after: str | None) -> dict[str, Any]:
        """Users who are connected to this node, by name, and beside the first page connections without a name.

        With a role those who have it on one of their connections, of which all are told.
        """
        by_name: dict[str, list[Connection]] = {}
        chosen = set()
        nameless = []
        for connection in self._node.hub:
            identity = connection.identity
            wanted = role is None or role in identity.roles
            if identity.user is not None:
                by_name.setdefault(identity.user, []).append(connection)
                if wanted:
                    chosen.add(identity.user)
            elif wanted:
                nameless.append(connection)
        names = sorted(name for name in chosen if after is None or name > after)
        return {
            "total": len(chosen),
            "users": [_user_dict(name, by_name[name]) for name in names[:limit]],
            "next_after": names[limit - 1] if len(names) > limit else None,
            "nameless": [_nameless_dict(one) for one in nameless[:limit]] if after is None else [],
            "nameless_total": len(nameless),
        }

    def disconnect(self, identity: str) -> None:
        """Close one connection, by the id that `users` tells; its client comes back. Raises `Refused` (``not_found``).

        Nothing is revoked.
        """
        connection = self._node.hub.find(identity)
        if connection is None:
            raise Refused("not_found")
        self._node.connections.close(connection, "closed_by_operator")


def receipt_dict(receipt: Receipt) -> dict[str, Any]:
    """Receipts in sum and by user."""
    return {
        "targeted": receipt.targeted,
        "sent": receipt.sent,
        "acknowledged": receipt.acknowledged,
        "seen": receipt.seen,
        "read": receipt.read,
        "users": [
            {
                "user": one.user,
                "sent": one.sent,
                "acknowledged": one.acknowledged,
                "seen": one.seen,
                "read": one.read,
            }
            for one in receipt.users
        ],
        "next_after": receipt.next_after,
    }


def _user_dict(name: str, connections: Sequence[Connection]) -> dict[str, Any]:
    roles = dict.fromkeys(role for connection in connections for role in connection.identity.roles)
    topics = dict.fromkeys(topic for connection in connections for topic in connection.identity.topics)
    return {
        "user": name,
        "roles": list(roles),
        "topics": list(topics),
        "connections": [_connection_dict(one) for one in connections],
    }


def _nameless_dict(connection: Connection) -> dict[str, Any]:
    identity = connection.identity
    return {"roles": list(identity.roles), "topics": list(identity.topics), **_connection_dict(connection)}


def _connection_dict(connection: Connection) -> dict[str, Any]:
    since = datetime.fromtimestamp(connection.connected_at, UTC)
    return {
        "id": connection.id,
        "protocol": connection.protocol,
        "transport": connection.link.transport(),
        "since": rfc3339(since),
        "address": connection.address,
        "client": connection.client,
        "rooms": list(connection.identity.rooms()),
        "queued_bytes": connection.link.pending(),
        "replaying": connection.catchup is not None,
    }
