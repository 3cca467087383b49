"""What the backend is told by its environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

DATABASE = "sqlite+aiosqlite:///tourism.db"
SITE = Path(__file__).parents[1] / "web" / "dist"


@dataclass(frozen=True, slots=True)
class Settings:
    """Where things are and what proves who somebody is.

    ``secret`` signs the sessions and the tokens for the notification server, which knows it as SIO_SERVER_JWT_SECRET.
    ``server`` is where browsers reach that server, ``key`` a publisher key of it. ``database`` is a URL of SQLAlchemy
    or of MongoDB. ``demo`` makes accounts that everybody knows the password of.
    """

    secret: str
    server: str
    key: str
    database: str = DATABASE
    demo: bool = False

    @classmethod
    def of(cls, environment: Mapping[str, str] = os.environ) -> Self:
        """Raises KeyError for a name that has to be there."""
        return cls(
            secret=environment["SIO_SERVER_JWT_SECRET"],
            server=environment["SIO_SERVER_URL"],
            key=environment["SIO_SERVER_PUBLISH_KEY"],
            database=environment.get("MONGODB_URL") or environment.get("DATABASE_URL") or DATABASE,
            demo=environment.get("TOURISM_DEMO") == "1",
        )
