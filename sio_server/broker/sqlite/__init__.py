"""The embedded log: SQLite in a file, or in memory.

`broker` is the whole, which delegates: `store` holds the connections and their threads, `writer` commits in groups,
`marker` a note beside the file, `rows` is the log itself, `views` what a user may see of it, `inbox`, `search`,
`deliveries`, `receipts` and `retention` what their names say.
"""

from sio_server.broker.sqlite.broker import SqliteBroker
from sio_server.broker.sqlite.rows import COLUMNS, entry_of
from sio_server.broker.sqlite.store import FILE_NAME
from sio_server.broker.sqlite.writer import MAX_BATCH, MAX_WAITING

__all__ = ["COLUMNS", "FILE_NAME", "MAX_BATCH", "MAX_WAITING", "SqliteBroker", "entry_of"]
