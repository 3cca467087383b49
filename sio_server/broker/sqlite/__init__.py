"""The embedded log: SQLite in a file, or in memory.

`broker` is the whole as one node sees it, which delegates: `nodes` calls back all that share the log, `store` holds
the connections and their threads, `faults` what is said where it cannot be opened, `writer` commits in groups, `marker`
is a note beside the file. `rows` is the log itself, `lanes` how it is counted, `removal` what is taken out of it,
`sights` and `people` who sees which rooms since when, `views` what a user may see. `presence`, `inbox`, `search`,
`handing`, `receipts`, `retention` and `upkeep` are what their names say.
"""

from sio_server.broker.sqlite.broker import SqliteBroker
from sio_server.broker.sqlite.rows import COLUMNS, entry_of
from sio_server.broker.sqlite.store import FILE_NAME
from sio_server.broker.sqlite.writer import MAX_BATCH, MAX_WAITING

__all__ = ["COLUMNS", "FILE_NAME", "MAX_BATCH", "MAX_WAITING", "SqliteBroker", "entry_of"]
