"""What is good once, on whichever node it is shown. Protocols only."""

from __future__ import annotations

from typing import Protocol


class Once(Protocol):
    """Names that can be used up."""

    async def use_up(self, name: str, until: float) -> bool:
        """Use a name up that is good until a moment (seconds of `Log.now`); returns whether it was good until now.

        Of all calls with one name, on all nodes and however close together, one alone gets True, and none does once
        that moment has come. Durable when it returns. The name is remembered until then and may be forgotten after it.
        Its length is the caller's to bound.
        """
