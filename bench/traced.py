"""``python -m bench.traced FILE ARGUMENT…``: ``sio-server`` that writes down what it allocates itself.

The file holds two numbers: the bytes that are allocated, and the most that were at once. They are what the program
asked for, to the byte; what the system says is resident depends on the allocator and on the machine.
"""

from __future__ import annotations

import os
import sys
import threading
import time
import tracemalloc
from pathlib import Path
from typing import Final

import sio_server.app
import sio_server.cli.serve  # noqa: F401
from sio_server.cli.commands import main as command_line

EVERY: Final = 0.02  # seconds between two times that the figures are written
_WIDTH: Final = 40  # bytes of the file, always


def read(file: Path) -> tuple[int, int]:
    """The bytes that are allocated and the most that were at once; zeros before the first time."""
    words = file.read_text().split()
    return (int(words[0]), int(words[1])) if words else (0, 0)


def _write(target: int) -> None:
    while True:
        now, most = tracemalloc.get_traced_memory()
        os.pwrite(target, f"{now} {most}".ljust(_WIDTH).encode(), 0)
        time.sleep(EVERY)


def main() -> None:
    """Run the command line with all that it allocates traced, but for what imports do: to trace them takes long."""
    file, *arguments = sys.argv[1:]
    target = os.open(file, os.O_WRONLY | os.O_CREAT)
    tracemalloc.start()
    threading.Thread(target=_write, args=(target,), daemon=True).start()
    command_line(arguments)


if __name__ == "__main__":
    main()
