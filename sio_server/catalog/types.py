"""The catalogue of a server: the built-in event types, with those of a file of the user's own in their place.

The built-in file is ``builtin.toml`` beside this module; a file of the user's adds types or replaces them by name.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import Final

from sio_server.catalog.file import CatalogFile, read_catalog
from sio_server.errors import CatalogError, ConfigError
from sio_server.event_types import EventType, EventTypes
from sio_server.files import read_text

BUILTIN_FILE: Final = "builtin.toml"


class Catalog(EventTypes):
    """The event types that a server publishes, and the topics that may be followed."""

    @classmethod
    def load(cls, path: Path | None = None, *, locale: str = "es") -> Catalog:
        """The built-in types, with those of ``path`` added or in their place.

        ``locale`` is the language of texts that name none. Raises `CatalogError` naming the file, the key and the line.
        """
        if path is None:
            return cls(builtin_types())
        file = read_file(path, locale)
        file.check()
        return cls({**builtin_types(), **file.types}, file.topics)


def read_file(path: Path, locale: str) -> CatalogFile:
    """Read a file of event types. Raises `CatalogError` for one that cannot be read, or is no TOML."""
    try:
        text = read_text(path)
    except ConfigError as error:
        raise CatalogError(f"catalogue {error}") from error
    return read_catalog(text, str(path), locale)


@cache
def builtin_types() -> dict[str, EventType]:
    """The built-in types, all of whose texts name their language."""
    file = read_catalog(builtin_text(), BUILTIN_FILE, "es")
    file.check()
    return dict(file.types)


def builtin_text() -> str:
    """The file of the built-in types."""
    return resources.files("sio_server.catalog").joinpath(BUILTIN_FILE).read_text("utf-8")
