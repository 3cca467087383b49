"""Names that are good once. Runs in the writer's thread.

They stand among the idempotency keys, which are remembered until a moment as well: no publisher has an empty name.
"""

from __future__ import annotations

from typing import Final

from sio_server.broker.sqlite.rows import purge_keys
from sio_server.broker.sqlite.writer import Step

_NOBODY: Final = ""

# Keys that are over and go with each name: more than the one that comes, or they would never become fewer.
_PURGED: Final = 10


def use_up(step: Step, name: str, until: int) -> bool:
    """See `Once.use_up`; ``until`` in milliseconds."""
    if until <= step.now:
        return False
    purge_keys(step.connection, step.now, _PURGED)
    written = step.connection.execute(
        "INSERT INTO idempotency (publisher, key, fingerprint, id, seq, expires_at) VALUES (?, ?, x'', '', 0, ?) "
        "ON CONFLICT (publisher, key) DO UPDATE SET expires_at = excluded.expires_at WHERE expires_at <= ?",
        (_NOBODY, name, until, step.now),
    )
    return written.rowcount == 1
