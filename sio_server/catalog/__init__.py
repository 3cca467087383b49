"""The event catalogue: which event types there are, whom each is for, which fields its ``data`` has."""

from sio_server.catalog.types import Catalog
from sio_server.event_types import DATA_TYPES, MAX_TTL, EventType, check_type_name

__all__ = ["DATA_TYPES", "MAX_TTL", "Catalog", "EventType", "check_type_name"]
