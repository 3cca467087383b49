"""A FastAPI app: its notifier begins and ends with it, and each request's publishing names its own actor."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import httpx
import pytest
from fastapi import BackgroundTasks, Depends, FastAPI, Header, Request

from sio_server.client import Notifier, default_notifier, enviar_notificacion, notificar_tour_creado
from sio_server.client.fastapi import NotifierLifespan, notifying
from sio_server.client.shared import NotifierOptions
from sio_server.errors import ConfigError
from tests.support.servers import REFUSING, Server, running
from tests.support.waiting import until


async def current_user(user: Annotated[str, Header()] = "") -> dict[str, Any] | None:
    """Return who makes the request."""
    return {"id": user, "name": user.title()} if user else None


def backend(lifespan: Any, **options: Any) -> FastAPI:
    """An app with routes of each kind."""
    app = FastAPI(lifespan=lifespan, **options)

    @app.post("/async")
    async def one(nombre: str) -> None:
        await asyncio.sleep(0)
        notificar_tour_creado(nombre=nombre)

    @app.post("/sync")
    def two(nombre: str) -> None:
        notificar_tour_creado(nombre=nombre)

    @app.post("/background")
    async def three(nombre: str, tasks: BackgroundTasks) -> None:
        tasks.add_task(notificar_tour_creado, nombre=nombre)

    @app.post("/dependency")
    async def four(nombre: str, notifier: Annotated[Notifier, Depends(notifying(current_user))]) -> bool:
        notifier.notify("tour_creado", data={"nombre": nombre})
        return notifier is default_notifier()

    return app


@asynccontextmanager
async def asking(app: FastAPI) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an app that runs in this process."""
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://app") as http,
    ):
        yield http


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A server in development mode, which refuses misspelt types."""
    async with running(REFUSING) as started:
        yield started


async def test_each_request_names_its_actor(server: Server) -> None:
    """In routes with and without async, in tasks in the background, and many at a time; nobody is nobody."""
    admin = await server.connect({"role": "admin"})
    app = backend(NotifierLifespan(server.url), dependencies=[Depends(notifying(current_user))])
    async with asking(app) as http:
        calls = [
            http.post(f"/{kind}", params={"nombre": f"{user} {kind}"}, headers={"user": user} if user else {})
            for user in ("ana", "eva", "")
            for kind in ("async", "sync", "background", "dependency")
        ]
        for response in await asyncio.gather(*calls):
            response.raise_for_status()
        await until(lambda: len(admin.notifications) == 12, "all of them", admin.moves)
    for envelope in admin.notifications:
        user = envelope["data"]["nombre"].split(" ")[0]
        assert envelope["actor"] == ({"id": user, "name": user.title()} if user else None)


async def test_a_request_names_its_trace(server: Server) -> None:
    """What it publishes belongs to the trace that its header names; a broken header costs nothing."""
    admin = await server.connect({"role": "admin"})
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    app = backend(NotifierLifespan(server.url), dependencies=[Depends(notifying())])
    async with asking(app) as http:
        for given in (trace, "broken"):
            await http.post("/sync", params={"nombre": given}, headers={"traceparent": given})
    named, other = await admin.wait(2)
    assert (named["traceparent"], named["actor"]) == (trace, None)
    assert "traceparent" not in other


async def test_the_end_of_the_app_sends_what_waits(server: Server) -> None:
    """What was handed over in its last request, and in the end of its own lifespan, arrives."""
    admin = await server.connect({"role": "admin"})
    said: list[str] = []

    @asynccontextmanager
    async def own(app: FastAPI) -> AsyncIterator[dict[str, str]]:
        said.append("begun")
        yield {"greeting": "hola"}
        notificar_tour_creado(nombre="the end")

    app = backend(NotifierLifespan(server.url, lifespan=own))

    @app.get("/state")
    async def state(request: Request) -> str:
        greeting: str = request.state.greeting
        return greeting

    async with asking(app) as http:
        await http.post("/async", params={"nombre": "the last"})
    assert said == ["begun"]
    assert [envelope["data"]["nombre"] for envelope in await admin.wait(2)] == ["the last", "the end"]


async def test_it_stands_in_a_lifespan_that_is_written_out(server: Server) -> None:
    """Whoever has a lifespan enters it there."""
    admin = await server.connect({"role": "admin"})

    @asynccontextmanager
    async def own(app: FastAPI) -> AsyncIterator[None]:
        async with NotifierLifespan(server.url)(app):
            yield

    async with asking(backend(own)) as http:
        response = await http.post("/dependency", params={"nombre": "x"})
        assert response.json() is True
    await admin.wait(1)


async def test_what_cannot_be_sent_is_told_to_the_apps_logger(server: Server, caplog: pytest.LogCaptureFixture) -> None:
    """No request fails for it, and the line goes where the app's own lines go."""
    caplog.set_level(logging.DEBUG, "the.app")
    app = backend(NotifierLifespan(server.url, logger=logging.getLogger("the.app")))

    @app.post("/unknown")
    async def unknown() -> None:
        enviar_notificacion("of_no_catalogue")

    async with asking(app) as http:
        assert (await http.post("/unknown")).status_code == 200
    assert [record.name for record in caplog.records if "will not be delivered" in record.message] == ["the.app"]


async def test_settings_that_cannot_be_used_end_the_start() -> None:
    """An app does not start with an address that is none."""
    with pytest.raises(ConfigError, match="SIO_SERVER_URL"):
        async with NotifierLifespan("localhost:8080")(None):
            pass


def test_whatever_a_notifier_takes_the_app_may_say() -> None:
    """Nothing that a notifier can be told is missing where one is made for an app, but when it imports."""
    takes = inspect.signature(Notifier).parameters.keys()
    assert NotifierOptions.__annotations__.keys() == takes - {"url", "key", "eager"}


async def test_an_app_publishes_over_socketio(server: Server) -> None:
    """The way of the notifier is one of the settings."""
    admin = await server.connect({"role": "admin"})
    app = backend(NotifierLifespan(server.url, transport="socketio"))
    async with asking(app) as http:
        await http.post("/async", params={"nombre": "Lago"})
        await admin.wait(1)
