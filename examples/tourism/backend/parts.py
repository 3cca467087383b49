"""What routes ask for: the settings and the database of the application."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from .settings import Settings
from .store import Store


def _settings(request: Request) -> Settings:
    found: Settings = request.app.state.settings
    return found


def _store(request: Request) -> Store:
    found: Store = request.app.state.store
    return found


Configured = Annotated[Settings, Depends(_settings)]
Stored = Annotated[Store, Depends(_store)]
