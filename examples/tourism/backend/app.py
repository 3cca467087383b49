"""The application: what it needs while it runs, its routes, and its pages.

``examples/tourism/run.py`` serves it with all around it; alone it is ``uvicorn --factory --app-dir examples
tourism.backend.app:create_app``, with the environment that `Settings` names.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles

from . import accounts, bookings, tours
from .demo import fill
from .settings import SITE, Settings
from .store import store_at


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings, store = app.state.settings, app.state.store
    await store.prepare()
    await fill(store, with_accounts=settings.demo)
    async with store.relay(settings.server, settings.key):
        yield
    await store.close()


def create_app(settings: Settings | None = None) -> FastAPI:
    """The backend, with the pages if they were built. Raises KeyError where the environment lacks a name."""
    app = FastAPI(title="Andina", lifespan=_lifespan)
    app.state.settings = settings or Settings.of()
    app.state.store = store_at(app.state.settings.database)
    for part in (accounts, tours, bookings):
        app.include_router(part.router, prefix="/api")
    if SITE.is_dir():
        app.mount("/", StaticFiles(directory=SITE, html=True))
    return app
