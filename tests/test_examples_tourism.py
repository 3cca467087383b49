"""The tourism system, started as its README says: what its routes do, and who is told of it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
import pytest
import socketio

from tests.support.servers import FOR_EVER, Listener, python_client, serving_command
from tests.support.waiting import PATIENCE, until, until_true

BOOKING = {"tour_id": "colca", "fecha": "2999-12-05", "personas": 2}
DEMO_PASSWORD = "andina-demo"


@dataclass
class System:
    """The running system: where its pages and its notification server are."""

    pages: str
    server: str
    process: int

    @contextlib.asynccontextmanager
    async def browser(self) -> AsyncIterator[httpx.AsyncClient]:
        """A browser of somebody's own."""
        async with httpx.AsyncClient(base_url=f"{self.pages}/api", trust_env=False, timeout=PATIENCE) as http:
            yield http

    @contextlib.asynccontextmanager
    async def told(self, token: str) -> AsyncIterator[Listener]:
        """A connection of somebody to the notification server."""
        client = python_client()
        listener = Listener(client)
        await client.connect(self.server, auth={"token": token}, transports=["websocket"], wait_timeout=FOR_EVER)
        await until(lambda: listener.of("ns:hello"), "ns:hello", listener.moves)
        try:
            yield listener
        finally:
            await client.disconnect()


@contextlib.asynccontextmanager
async def running(data: Path, end: int = signal.SIGTERM) -> AsyncIterator[System]:
    """Start it on free ports, with an empty database, and end it by a signal."""
    options = ("--port", "0", "--server-port", "0", "--data", str(data))
    async with serving_command(sys.executable, "examples/tourism/run.py", *options) as started:

        def said(who: str) -> list[str]:
            return [re.findall(r"http://[\d.:]+", line)[0] for line in started.output if line.startswith(who)]

        await until(lambda: said("Andina:") and said("Console:"), "two addresses", started.moves)
        (pages,), (server,) = said("Andina:"), said("Console:")
        yield System(pages, server, started.process.pid)
        assert await started.stop(end) == 0, started.output
        assert "Traceback" not in "\n".join(started.output)


@pytest.fixture
async def system(tmp_path: Path) -> AsyncIterator[System]:
    """A system of the test's own."""
    async with running(tmp_path) as started:
        yield started


async def signed_in(http: httpx.AsyncClient, name: str = "ana") -> str:
    """Enter as somebody of the demonstration; returns a token for the notification server."""
    who = {"email": f"{name}@andina.example", "clave": DEMO_PASSWORD}
    assert (await http.post("/usuarios/login", json=who)).status_code == HTTPStatus.OK
    token: str = (await http.get("/avisos/token")).json()["token"]
    return token


def facts(listener: Listener) -> list[tuple[str, Any, Any]]:
    """What came: type, who did it, where it leads."""
    return [(one["type"], one["actor"] and one["actor"]["name"], one["link"]) for one in listener.notifications]


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
async def test_the_end_is_that_of_all_of_it(tmp_path: Path, end: signal.Signals) -> None:
    """Ctrl+C and a plain kill end the notification server as well, and what was kept is there at the next start."""
    async with running(tmp_path, end) as first, first.browser() as ana:
        await signed_in(ana)
        await ana.post("/reservas", json=BOOKING)
    async with httpx.AsyncClient(trust_env=False) as http:
        for address in (first.pages, first.server):
            with pytest.raises(httpx.ConnectError):
                await http.get(address)
    async with running(tmp_path) as second, second.browser() as ana:
        await signed_in(ana)
        assert [one["tour_id"] for one in (await ana.get("/reservas")).json()] == ["colca"]


async def test_what_is_done_while_the_notification_server_is_dead_is_told_later(tmp_path: Path) -> None:
    """A booking is answered as ever and told of once, when the system is started again."""
    async with running(tmp_path) as first, first.browser() as ana, first.browser() as marta:
        await signed_in(ana)
        # What is for a role is for who was there: somebody new finds an empty inbox.
        async with first.told(await signed_in(marta, "marta")):
            pass
        children = Path(f"/proc/{first.process}/task/{first.process}/children")
        (child,) = (await asyncio.to_thread(children.read_text)).split()
        os.kill(int(child), signal.SIGKILL)
        assert (await ana.post("/reservas", json=BOOKING)).status_code == HTTPStatus.CREATED
    async with running(tmp_path) as second, second.browser() as marta:
        token = await signed_in(marta, "marta")
        async with httpx.AsyncClient(base_url=second.server, trust_env=False, timeout=PATIENCE) as http:
            headers = {"Authorization": f"Bearer {token}"}

            async def told() -> list[str]:
                items = (await http.get("/v1/inbox", headers=headers)).json()["items"]
                return [item["type"] for item in items if item["type"].startswith("reserva")]

            await until_true(told, "the booking")
            assert await told() == ["reserva_creada"]


async def test_what_is_done_is_told_to_whom_it_concerns(system: System) -> None:
    """A booking, its confirmation and a recommendation reach the agency and the tourist, a price everybody."""
    async with system.browser() as ana, system.browser() as marta:
        tokens = await signed_in(ana), await signed_in(marta, "marta")
        async with system.told(tokens[0]) as tourist, system.told(tokens[1]) as agency:
            booked = (await ana.post("/reservas", json=BOOKING)).json()
            assert (booked["estado"], booked["total"]) == ("pendiente", 840)
            confirmed = await marta.post(f"/reservas/{booked['reserva_id']}/confirmar")
            assert confirmed.json()["estado"] == "confirmada"
            await marta.post(f"/usuarios/{booked['usuario_id']}/recomendaciones")
            await marta.put("/tours/ballestas/precio", json={"precio": 99})
            await ana.post(f"/reservas/{booked['reserva_id']}/cancelar", json={"motivo": "Otro día"})
            expected = [
                ("reserva_creada", "Ana Quispe", "/reservas"),
                ("reserva_actualizada", "Marta Salas", "/reservas"),
                ("recomendacion_creada", "Marta Salas", "/tours/machu-picchu"),
                ("tour_actualizado", "Marta Salas", "/tours/ballestas"),
                ("reserva_cancelada", "Ana Quispe", "/reservas"),
            ]
            for listener in (tourist, agency):
                await listener.wait(len(expected))
                # What is about other things may overtake: the order is one of each booking and each tour.
                assert sorted(facts(listener)) == sorted(expected)
            states = [kind for kind, _, _ in facts(tourist) if kind.startswith("reserva")]
            assert states == ["reserva_creada", "reserva_actualizada", "reserva_cancelada"]


async def test_who_signs_up_is_told_to_the_agency_alone(system: System) -> None:
    """A registration reaches administrators, without the password, and no tourist."""
    async with system.browser() as ana, system.browser() as marta, system.browser() as rosa:
        tokens = await signed_in(ana), await signed_in(marta, "marta")
        async with system.told(tokens[0]) as tourist, system.told(tokens[1]) as agency:
            new = {"nombre": "Rosa", "email": " Rosa@Example.org", "clave": "una clave larga"}
            assert (await rosa.post("/usuarios/register", json=new)).status_code == HTTPStatus.CREATED
            assert (await rosa.post("/usuarios/register", json=new)).status_code == HTTPStatus.CONFLICT
            await marta.put("/tours/colca/precio", json={"precio": 400})
            await tourist.wait(1)
            await until(lambda: len(agency.notifications) == 2, "two notifications", agency.moves)
            assert [kind for kind, _, _ in facts(tourist)] == ["tour_actualizado"]
            told = next(one for one in agency.notifications if one["type"] == "usuario_registrado")
            assert told["data"] == {**told["data"], "nombre": "Rosa", "email": "rosa@example.org", "rol": "turista"}
            assert "clave" not in told["data"]


async def test_what_is_refused_tells_nobody_and_takes_nothing(system: System) -> None:
    """A booking without seats leaves seats, bookings and inboxes as they were."""
    async with system.browser() as ana:
        token = await signed_in(ana)
        async with system.told(token) as tourist:
            for status in (HTTPStatus.CREATED, HTTPStatus.CREATED, HTTPStatus.CONFLICT):
                answer = await ana.post("/reservas", json={**BOOKING, "personas": 12})
                assert answer.status_code == status
            assert (
                await ana.post("/reservas", json={**BOOKING, "tour_id": "none"})
            ).status_code == HTTPStatus.NOT_FOUND
            tours = {tour["tour_id"]: tour["cupos"] for tour in (await ana.get("/tours")).json()}
            assert tours == {**dict.fromkeys(tours, 24), "colca": 0}
            mine = (await ana.get("/reservas")).json()
            await ana.post(f"/reservas/{mine[0]['reserva_id']}/cancelar", json={})
            again = await ana.post(f"/reservas/{mine[0]['reserva_id']}/cancelar", json={})
            assert again.status_code == HTTPStatus.CONFLICT
            await until(lambda: tourist.of("reserva_cancelada"), "the cancellation", tourist.moves)
            assert [kind for kind, _, _ in facts(tourist)] == ["reserva_creada", "reserva_creada", "reserva_cancelada"]
            freed = next(tour for tour in (await ana.get("/tours")).json() if tour["tour_id"] == "colca")
            assert freed["cupos"] == 12


async def test_each_token_opens_what_it_is_for(system: System) -> None:
    """A session is no token for notifications, a token for notifications no session, and a tourist no administrator."""
    async with system.browser() as ana, system.browser() as rosa:
        token = await signed_in(ana)
        booked = (await ana.post("/reservas", json=BOOKING)).json()
        session = ana.cookies["sesion"]
        with pytest.raises(socketio.exceptions.ConnectionError):
            async with system.told(session):
                pass
        stranger = await rosa.get("/reservas", headers={"Cookie": f"sesion={token}"})
        assert stranger.status_code == HTTPStatus.UNAUTHORIZED
        new = {"nombre": "Rosa", "email": "rosa@example.org", "clave": "una clave larga"}
        await rosa.post("/usuarios/register", json=new)
        assert (await rosa.get("/reservas")).json() == []
        for method, path, status in (
            ("POST", f"/reservas/{booked['reserva_id']}/confirmar", HTTPStatus.FORBIDDEN),
            ("POST", f"/reservas/{booked['reserva_id']}/cancelar", HTTPStatus.NOT_FOUND),
            ("PUT", "/tours/colca/precio", HTTPStatus.FORBIDDEN),
            ("POST", "/tours", HTTPStatus.FORBIDDEN),
            ("DELETE", "/tours/colca", HTTPStatus.FORBIDDEN),
        ):
            answer = await rosa.request(method, path, json={"precio": 1, "nombre": "x", "lugar": "x"})
            assert answer.status_code == status, path
