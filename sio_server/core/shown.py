"""How operators are shown connections and receipts: the JSON of them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sio_server.broker import Answer, AnswersPage, Here, Receipt
from sio_server.core.arrivals import topics_of
from sio_server.core.hub import Connection
from sio_server.notification import rfc3339, written


def receipt_dict(receipt: Receipt) -> dict[str, Any]:
    """The receipts of a notification in sum and by user."""
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
                "sent_at": moment(one.sent_at),
                "acknowledged_at": moment(one.acknowledged_at),
                "seen_at": moment(one.seen_at),
                "read_at": moment(one.read_at),
                "answered": None if one.answer is None else answer_dict(one.answer),
            }
            for one in receipt.users
        ],
        "next_after": receipt.next_after,
    }


def answer_dict(answer: Answer) -> dict[str, Any]:
    """An answer: which action was chosen, and when."""
    return {"action": answer.action, "at": written(answer.at)}


def answers_dict(page: AnswersPage) -> dict[str, Any]:
    """The answers to a notification, in sum and by user."""
    return {
        "answers": dict(page.counts),
        "items": [{"user": user, **answer_dict(answer)} for user, answer in page.items],
        "next_after": page.next_after,
    }


def moment(milliseconds: int | None) -> str | None:
    """A moment of Unix time as RFC 3339; None where it is not known."""
    return None if milliseconds is None else written(milliseconds)


def here_dict(one: Here) -> dict[str, Any]:
    """Whether a user is here."""
    return {
        "user": one.user,
        "roles": list(one.roles),
        "connections": one.connections,
        "since": moment(one.since),
        "last_seen": moment(one.last_seen),
        "here": one.connections > 0,
    }


def user_dict(name: str, connections: Sequence[Connection]) -> dict[str, Any]:
    """A user with all connections, and the roles and topics of all of them together."""
    roles = dict.fromkeys(role for connection in connections for role in connection.identity.roles)
    topics = dict.fromkeys(topic for one in connections for topic in topics_of(one.identity, one.view))
    return {
        "user": name,
        "roles": list(roles),
        "topics": list(topics),
        "connections": [connection_dict(one) for one in connections],
    }


def nameless_dict(connection: Connection) -> dict[str, Any]:
    """A connection without a user, with its own roles and topics."""
    identity = connection.identity
    return {"roles": list(identity.roles), "topics": list(identity.topics), **connection_dict(connection)}


def connection_dict(connection: Connection) -> dict[str, Any]:
    """A connection as it is now."""
    since = datetime.fromtimestamp(connection.connected_at, UTC)
    return {
        "id": connection.id,
        "protocol": connection.protocol,
        "transport": connection.link.transport(),
        "since": rfc3339(since),
        "address": connection.address,
        "client": connection.client,
        "rooms": list(connection.rooms),
        "queued_bytes": connection.link.pending(),
        "replaying": connection.catchup is not None,
    }
