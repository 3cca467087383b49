"""The examples, run as their first lines say."""

from __future__ import annotations

import asyncio
import contextlib
import re
import sys
from collections.abc import AsyncIterator
from http import HTTPStatus

import httpx
import pytest

from tests.support.servers import ROOT, environment, running
from tests.support.waiting import coming, until, work_of


@contextlib.asynccontextmanager
async def backend(sio_server: str) -> AsyncIterator[httpx.AsyncClient]:
    """The FastAPI example under uvicorn on a free port, publishing to ``sio_server``."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", "--app-dir", "examples", "fastapi_backend.app:app", "--port", "0"),
        cwd=ROOT,
        env=environment({"SIO_SERVER_URL": sio_server}),
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    assert process.stderr is not None
    try:
        address = None
        while address is None:
            line = (await coming(process.stderr.readline(), "a line of uvicorn", work_of(process))).decode()
            assert line, "uvicorn ended"
            address = re.search(r"http://[\d.:]+", line)
        async with httpx.AsyncClient(base_url=address[0], trust_env=False) as client:
            yield client
        process.terminate()
        _, rest = await coming(process.communicate(), "the end of uvicorn", work_of(process))
        assert b"Traceback" not in rest
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def test_a_route_of_the_fastapi_backend_notifies_the_admin() -> None:
    """A registration over HTTP reaches an admin as an event, and a booking the admin and its user."""
    async with running() as server, backend(server.url) as http:
        admin = await server.connect({"role": "admin"})
        tourist = await server.connect({"role": "turista", "user": "123"})
        response = await http.post("/usuarios/register", json={"nombre": "Juan Pérez", "email": "juan@example.com"})
        assert (response.status_code, response.json()) == (HTTPStatus.CREATED, {"usuario_id": "123"})
        [registered] = await admin.wait(1)
        assert (registered["type"], registered["message"]) == ("usuario_registrado", "Juan Pérez se ha registrado")
        assert registered["data"]["usuario_id"] == "123"

        response = await http.post("/reservas", json=BOOKING)
        [booked] = await tourist.wait(1)
        assert booked["data"]["reserva_id"] == response.json()["reserva_id"]
        assert booked["data"]["fecha"] == "2026-12-24"
        assert booked["data"]["total"] == pytest.approx(91.0)
        await until(lambda: len(admin.notifications) == 2, "the admin's second event")


async def test_the_routes_answer_with_no_sio_server_there(unused_tcp_port: int) -> None:
    """A notification that goes nowhere fails no request."""
    async with backend(f"http://127.0.0.1:{unused_tcp_port}") as http:
        response = await http.post("/usuarios/register", json={"nombre": "Ana", "email": "ana@example.com"})
        assert response.status_code == HTTPStatus.CREATED
        response = await http.post("/reservas", json=BOOKING)
        assert response.status_code == HTTPStatus.CREATED


BOOKING = {
    "usuario_id": "123",
    "tour_id": "t-31",
    "tour_nombre": "Vuelta al lago",
    "fecha": "2026-12-24",
    "personas": 2,
    "total": "91.00",
}
