"""The examples, run as their first lines say."""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest

from sio_server.config import Config
from tests.support.servers import ROOT, environment, running
from tests.support.waiting import PATIENCE, coming, until, work_of


@contextlib.asynccontextmanager
async def backend(sio_server: str, *options: str, spool: str = "") -> AsyncIterator[httpx.AsyncClient]:
    """The FastAPI example under uvicorn on a free port, publishing to ``sio_server``."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "uvicorn", "--app-dir", "examples", "fastapi_backend.app:app", "--port", "0"),
        *options,
        cwd=ROOT,
        env=environment({"SIO_SERVER_URL": sio_server, "SIO_SERVER_SPOOL": spool}),
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
        start_new_session=True,
    )
    assert process.stderr is not None
    try:
        said = ""
        # With workers the address is told first, and one of them has to be there before anybody answers.
        while (address := re.search(r"http://[\d.:]+", said)) is None or "startup complete" not in said:
            line = (await coming(process.stderr.readline(), "a line of uvicorn", work_of(process))).decode()
            assert line, "uvicorn ended"
            said += line
        async with httpx.AsyncClient(base_url=address[0], trust_env=False, timeout=PATIENCE) as client:
            yield client
        process.terminate()
        _, rest = await coming(process.communicate(), "the end of uvicorn", work_of(process))
        assert b"Traceback" not in rest
    finally:
        if process.returncode is None:
            # With its workers, which would hold its pipe open.
            os.killpg(process.pid, signal.SIGKILL)
            await process.wait()


async def test_a_route_of_the_fastapi_backend_notifies_the_admin() -> None:
    """A registration over HTTP reaches an admin as an event, and a booking the admin and its user, below a path too."""
    async with running(Config(dev=True, broker="memory:", base_path="/rt")) as server, backend(server.url) as http:
        admin = await server.connect({"role": "admin"})
        tourist = await server.connect({"role": "turista", "user": "123"})
        person = {"nombre": "Juan Pérez", "email": "juan@example.com"}
        response = await http.post("/usuarios/register", json=person, headers={"X-Usuario": "7"})
        assert (response.status_code, response.json()) == (HTTPStatus.CREATED, {"usuario_id": "123"})
        [registered] = await admin.wait(1)
        assert (registered["type"], registered["message"]) == ("usuario_registrado", "Juan Pérez se ha registrado")
        assert registered["data"]["usuario_id"] == "123"
        assert registered["actor"] == {"id": "7"}

        response = await http.post("/reservas", json=BOOKING)
        [booked] = await tourist.wait(1)
        assert booked["data"]["reserva_id"] == response.json()["reserva_id"]
        assert booked["data"]["fecha"] == "2026-12-24"
        assert booked["data"]["total"] == pytest.approx(91.0)
        await until(lambda: len(admin.notifications) == 2, "the admin's second event")


async def test_workers_of_the_backend_share_a_spool(tmp_path: Path) -> None:
    """Two processes take the requests, one of them sends for both: each booking is told of once."""
    async with running() as server, backend(server.url, "--workers", "2", spool=str(tmp_path / "spool")) as http:
        tourist = await server.connect({"role": "turista", "user": "123"})
        numbers = []
        for _ in range(30):
            response = await http.post("/reservas", json=BOOKING, headers={"Connection": "close"})
            numbers.append(response.json()["reserva_id"])
        arrived = [envelope["data"]["reserva_id"] for envelope in await tourist.wait(30)]
        assert sorted(arrived) == sorted(numbers)
    assert server.core.operators.stats()["publishes"] == {"accepted": 30, "duplicates": 0}


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
