"""The product's files."""

from pathlib import Path
from typing import Final

import sio_server

PACKAGE: Final = Path(sio_server.__file__).resolve().parent
SOURCES: Final = sorted(PACKAGE.rglob("*.py"))
