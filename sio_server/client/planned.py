"""What a backend does with notifications that are to be delivered later, once they are scheduled."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

from sio_server.client.bodies import PublishResult
from sio_server.client.exchange import Exchange, Target, result_of

# Items in one page: each has a body of its own.
PAGE: Final = 100


def _of(notification_id: str, more: str = "") -> str:
    return f"/v1/notifications/{quote(notification_id, safe='')}{more}"


def _scheduled(notification_id: str) -> str:
    return f"/v1/scheduled/{quote(notification_id, safe='')}"


def _page(after: str | None, collapse_key: str | None) -> str:
    asked = {"limit": PAGE, "after": after, "collapse_key": collapse_key}
    return "/v1/scheduled?" + urlencode({name: value for name, value in asked.items() if value is not None})


class AsyncPlanned:
    """The part of `NotifyClient` that deals with what is scheduled."""

    _target: Target

    async def _members(self, exchange: Exchange) -> dict[str, Any]:
        raise NotImplementedError

    async def cancel(self, notification_id: str) -> None:
        """Have a scheduled notification not delivered; to cancel it twice is no error.

        Raises `NotifyRefused` (``not_found`` for one that was delivered, which `retract` takes back, or never was),
        `NotifyUnavailable`.
        """
        await self._members(self._target.request("DELETE", _scheduled(notification_id)))

    async def deliver_now(self, notification_id: str) -> PublishResult:
        """Have a scheduled notification delivered at once; one that was is answered as a duplicate.

        Raises `NotifyRefused` (``not_found`` for one that was cancelled or never was), `NotifyUnavailable`.
        """
        return result_of(await self._members(self._target.request("POST", _of(notification_id, "/deliver"))))

    async def scheduled(self, collapse_key: str | None = None) -> AsyncIterator[Mapping[str, Any]]:
        """What waits, the soonest first, each as it will be delivered, with ``due``, ``scheduled_at`` and ``by``.

        With ``collapse_key`` only what has it. It takes a key that may look at the server. Raises as `cancel` does.
        """
        after: str | None = None
        while True:
            page = await self._members(self._target.request("GET", _page(after, collapse_key)))
            for item in page.get("items", ()):
                yield item
            after = page.get("next_after")
            if after is None:
                return


class SyncPlanned:
    """`AsyncPlanned` for code without asyncio: the part of `SyncNotifyClient`."""

    _target: Target

    def _members(self, exchange: Exchange) -> dict[str, Any]:
        raise NotImplementedError

    def cancel(self, notification_id: str) -> None:
        """See `AsyncPlanned.cancel`."""
        self._members(self._target.request("DELETE", _scheduled(notification_id)))

    def deliver_now(self, notification_id: str) -> PublishResult:
        """See `AsyncPlanned.deliver_now`."""
        return result_of(self._members(self._target.request("POST", _of(notification_id, "/deliver"))))

    def scheduled(self, collapse_key: str | None = None) -> Iterator[Mapping[str, Any]]:
        """See `AsyncPlanned.scheduled`."""
        after: str | None = None
        while True:
            page = self._members(self._target.request("GET", _page(after, collapse_key)))
            yield from page.get("items", ())
            after = page.get("next_after")
            if after is None:
                return
