"""The event types that a backend knows by itself: the built-in ones, and those of a file of its own.

They name the functions, and say what a notification is about. What is sent is for the server to check, so that a type
of the server's alone can be published as well, by its name.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Final

from sio_server.errors import CatalogError
from sio_server.event_types import EventType, EventTypes, with_defaults

# The file of the server itself. It is of this distribution, and the package that it lies in is of the server's.
BUILTIN: Final = Path(__file__).parent.parent / "catalog" / "builtin.toml"


@functools.cache
def default_catalog() -> EventTypes:
    """The built-in event types and those of the file that SIO_SERVER_CATALOG names. Raises `CatalogError`."""
    types = types_in(BUILTIN)
    path = os.environ.get("SIO_SERVER_CATALOG")
    return EventTypes({**types, **types_in(Path(path).expanduser())}) if path else EventTypes(types)


def types_in(path: Path) -> dict[str, EventType]:
    """The types of a file, taken as they are. Raises `CatalogError` for what can be no catalogue."""
    import tomllib  # noqa: PLC0415 - see `exchange`

    locale = os.environ.get("SIO_SERVER_LOCALE") or "es"
    try:
        with path.open("rb") as file:
            document = tomllib.load(file)
        defaults = document.get("defaults", {})
        return {
            name: EventType.from_dict({**with_defaults(table, defaults), "type": name}, locale=locale)
            for name, table in (document["types"] if "topics" not in document else document.get("types", {})).items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        reason = error.strerror if isinstance(error, OSError) else f"{type(error).__name__}: {error}"
        raise CatalogError(
            f"catalogue {path}: cannot be used: {reason} (`sio-server catalog list --catalog FILE` tells where)"
        ) from error
