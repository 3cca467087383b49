"""The product with no slices: what is written to many holds the event loop until the last of them."""

from __future__ import annotations

import math

from sio_server.cli import main
from sio_server.engine.transport import outbox

if __name__ == "__main__":
    outbox.SLICE = math.inf
    main()
