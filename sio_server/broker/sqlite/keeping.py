"""Looking after a log, as the core sees it: letting the oldest go, and whether it works."""

from __future__ import annotations

from collections.abc import Mapping

from sio_server.broker.ages import Ages
from sio_server.broker.sqlite.parts import Parts
from sio_server.broker.sqlite.upkeep import ROOM_BESIDE, Upkeep
from sio_server.broker.upkeep import HealthCheck, Retention
from sio_server.errors import Text


class Keeping(Parts):
    """`Retention` and `HealthCheck` on SQLite."""

    _ages: Ages
    _upkeep: Upkeep

    def keep_types(self, ages: Mapping[str, float]) -> None:
        """See `Retention.keep_types`."""
        self._ages.by_type = dict(ages)

    async def retain(self, *, max_age: float | None = None, max_count: int | None = None) -> int:
        """See `Retention.retain`."""
        self._ensure_open()
        return await self._upkeep.retain(max_age, max_count)

    async def forget(self, *, max_age: float) -> int:
        """See `Retention.forget`."""
        self._ensure_open()
        return await self._upkeep.forget(max_age)

    async def look_at_clock(self) -> float:
        """See `Retention.look_at_clock`."""
        return await self._upkeep.look_at_clock()

    async def check(self) -> None:
        """See `HealthCheck.check`."""
        self._ensure_open()
        await self._upkeep.check()

    def lost(self) -> Text | None:
        """See `HealthCheck.lost`: a file is there whole, or not at all."""
        return None

    def room_for(self, max_body: int) -> None:
        """See `HealthCheck.room_for`."""
        self._upkeep.room = max_body + ROOM_BESIDE


_: type[Retention] = Keeping
_health: type[HealthCheck] = Keeping
