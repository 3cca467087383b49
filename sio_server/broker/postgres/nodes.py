"""Which nodes there are: a row for each, which it renews with each beat, and which says what it says of itself."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Final

import orjson

from sio_server.broker.nodes import LEASE, Nodes, NodeState
from sio_server.broker.postgres.database import Connection
from sio_server.broker.postgres.parts import Parts

# Nodes that are gone go with their connections. Parameters: this node, and what it says.
_BEAT: Final = f"""
WITH dead AS (
    DELETE FROM node WHERE renewed < now() - make_interval(secs => {LEASE}) AND name <> $1 RETURNING name
), gone AS (
    DELETE FROM connection WHERE node IN (SELECT name FROM dead)
)
UPDATE node SET renewed = now(), said = $2 WHERE name = $1 RETURNING 1
"""  # noqa: S608 - constants
_BEGIN: Final = """
INSERT INTO node (name, said) VALUES ($1, $2) ON CONFLICT (name) DO UPDATE SET renewed = now(), said = excluded.said
"""
# What a node wrote after others had taken it for gone, and before it found out that they had.
_ORPHANS: Final = "DELETE FROM connection WHERE NOT EXISTS (SELECT 1 FROM node WHERE node.name = connection.node)"
_NODES: Final = f"""
SELECT said FROM node WHERE renewed > now() - make_interval(secs => {LEASE}) AND said <> '{{}}' AND name <> $1
"""  # noqa: S608 - constants


class Describing(Parts):
    """`Nodes` on PostgreSQL."""

    def shared(self) -> bool:
        """See `Nodes.shared`."""
        return True

    def describe(self, state: Callable[[], NodeState]) -> None:
        """See `Nodes.describe`."""
        self._describe = state

    async def nodes(self) -> tuple[NodeState, ...]:
        """See `Nodes.nodes`."""
        rows = await self._look(lambda connection: connection.fetch(_NODES, self._database.node))
        found = [_state(row[0]) for row in rows]
        if self._describe is not None:
            found.append(self._describe())
        return tuple(sorted(found, key=lambda state: state.name))

    async def _renew(self, connection: Connection) -> None:
        """Say with a beat that this node lives."""
        if connection is not self._listening:
            # Whatever other nodes said while there was no connection, or another one, may have been missed.
            self._listening = connection
            self._arrivals.clear()
            self._roster.missed()
            self._revoked.look_again()
        said = "{}" if self._describe is None else orjson.dumps(asdict(self._describe())).decode()
        known = await connection.fetchval(_BEAT, self._database.node, said) is not None
        if not known:
            await connection.execute(_BEGIN, self._database.node, said)
            await connection.execute(_ORPHANS)
        self._roster.beaten(known=known)


def _state(said: str) -> NodeState:
    members = orjson.loads(said)
    # A newer version may say more.
    return NodeState(**{name: members[name] for name in NodeState.__dataclass_fields__})


_: type[Nodes] = Describing
