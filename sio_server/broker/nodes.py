"""Which nodes there are on one log, and what each says of itself. Protocols only."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

# Seconds after which a node that was killed, or is cut off, is taken for gone: it says that it lives more often.
LEASE: Final = 10.0


@dataclass(frozen=True, slots=True)
class NodeState:
    """What a node says of itself.

    ``name`` is short, safe in an address, and no other node's, also none's of before; ``started`` is in milliseconds of
    Unix time. ``address`` is where other nodes reach it, ``http://10.0.0.7:9000`` or ``unix:/run/…``; None where they
    cannot. ``head`` is the ``seq`` that was last announced to it. A ``draining`` node takes no new connections.
    """

    name: str
    version: str
    started: int
    address: str | None
    connections: int
    head: int
    draining: bool


class Nodes(Protocol):
    """The nodes that are open on one log, as leases that they renew."""

    def shared(self) -> bool:
        """Whether other nodes may be open on this log, now or later; the same for as long as this one is open."""

    def describe(self, state: Callable[[], NodeState]) -> None:
        """Say before `Log.start` what describes this node: asked again and again, on the loop; it raises nothing."""

    async def nodes(self) -> tuple[NodeState, ...]:
        """The nodes that live, by name, this one too, and what each said of itself two seconds ago at most.

        One that ended is missing within two seconds, one that was killed after `LEASE`. One that nothing describes is
        not here.
        """
