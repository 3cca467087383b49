"""What a backend does with what it has published: change it where it stands, or take it back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any, TypedDict, Unpack
from urllib.parse import quote

from sio_server.client.bodies import Action, LocaleTexts, turned
from sio_server.client.exchange import Exchange, Target, unexpected
from sio_server.event_types import Priority


class AmendOptions(TypedDict, total=False):
    """What is to be other. What is not named stays; None takes it out. ``ttl`` is in seconds from now.

    ``deliver_at`` and ``deliver_in`` are for what is scheduled. With ``revision`` only one that was changed so often
    before is changed.
    """

    title: str | None
    message: str | None
    data: Mapping[str, Any] | None
    link: str | None
    priority: Priority | None
    ttl: int | None
    group: str | None
    actions: Iterable[Action] | None
    texts: Mapping[str, LocaleTexts] | None
    image: str | None
    icon: str | None
    category: str | None
    deliver_at: datetime | str
    deliver_in: timedelta | int
    revision: int


@dataclass(frozen=True, slots=True)
class AmendResult:
    """What became of a change: how often the notification was changed by now, and the place in the log of its word.

    ``due`` is when one is delivered that is scheduled; then it has no place yet, and ``seq`` is 0.
    """

    id: str
    revision: int
    seq: int
    cursor: str
    due: datetime | None = None


OPTIONS = frozenset(AmendOptions.__annotations__)


def _exchange(target: Target, notification_id: str, options: Mapping[str, Any]) -> Exchange:
    unknown = options.keys() - OPTIONS
    if unknown:
        raise TypeError(f"amend() got an unexpected keyword argument '{min(unknown)}'")
    return target.request("PATCH", _path(notification_id), turned(options))


def _path(notification_id: str) -> str:
    return f"/v1/notifications/{quote(notification_id, safe='')}"


def _result(members: Mapping[str, Any]) -> AmendResult:
    try:
        due = datetime.fromisoformat(members["due"]) if members["status"] == "scheduled" else None
        return AmendResult(
            id=str(members["id"]),
            revision=int(members["revision"]),
            seq=0 if due else int(members["seq"]),
            cursor="" if due else str(members["cursor"]),
            due=due,
        )
    except (KeyError, TypeError, ValueError):
        raise unexpected(HTTPStatus.OK) from None


class AsyncMending:
    """The part of `NotifyClient` that changes what was published."""

    _target: Target

    async def _members(self, exchange: Exchange) -> dict[str, Any]:
        raise NotImplementedError

    async def amend(self, notification_id: str, **options: Unpack[AmendOptions]) -> AmendResult:
        """Change a notification where it stands; whoever has it is told.

        Raises `NotifyRefused` (``not_found``, ``replaced`` for one whose place another took, ``revision_mismatch``),
        `NotifyUnavailable`, `NotifyInvalid`. With ``revision`` a change can have been made although this raises
        ``revision_mismatch``: where the answer to it was lost.
        """
        return _result(await self._members(_exchange(self._target, notification_id, options)))

    async def retract(self, notification_id: str) -> None:
        """Take a notification back, or cancel one that is scheduled; whoever has it is told. Twice is no error.

        Raises `NotifyRefused` (``not_found``, ``replaced``), `NotifyUnavailable`.
        """
        await self._members(self._target.request("DELETE", _path(notification_id)))


class SyncMending:
    """`AsyncMending` for code without asyncio: the part of `SyncNotifyClient`."""

    _target: Target

    def _members(self, exchange: Exchange) -> dict[str, Any]:
        raise NotImplementedError

    def amend(self, notification_id: str, **options: Unpack[AmendOptions]) -> AmendResult:
        """See `AsyncMending.amend`."""
        return _result(self._members(_exchange(self._target, notification_id, options)))

    def retract(self, notification_id: str) -> None:
        """See `AsyncMending.retract`."""
        self._members(self._target.request("DELETE", _path(notification_id)))
