"""A backend whose routes tell sio-server what happened, and never fail or wait because of it.

Three terminals, each with ``.venv/bin`` of the checkout on its PATH (``make setup`` puts these programs there)::

    sio-server serve --dev
    sio-server listen --role admin
    uvicorn --app-dir examples fastapi_backend.app:app --port 8000

Then::

    curl -d '{"nombre":"Juan Pérez","email":"juan@example.com"}' -H 'Content-Type: application/json' \
        -H 'X-Usuario: 7' localhost:8000/usuarios/register

Where sio-server is, and the key it wants, come from SIO_SERVER_URL and SIO_SERVER_PUBLISH_KEY; with a directory in
SIO_SERVER_SPOOL what could not be sent yet survives an end of this backend, too.
"""

import itertools
import logging
from datetime import date
from decimal import Decimal
from http import HTTPStatus
from typing import Annotated

from fastapi import Depends, FastAPI, Header
from pydantic import BaseModel

from sio_server.client import notificar_reserva_creada, notificar_usuario_registrado
from sio_server.client.fastapi import NotifierLifespan, notifying


async def current_actor(x_usuario: Annotated[str | None, Header()] = None) -> dict[str, str] | None:
    """Who makes the request; stands for what an app reads in its token."""
    return {"id": x_usuario} if x_usuario else None


app = FastAPI(
    title="Turismo",
    # The notifier begins with the app and sends what waits when it ends; what it has to tell is in uvicorn's own log.
    lifespan=NotifierLifespan(logger=logging.getLogger("uvicorn.error")),
    # Everything that a route publishes names who made the request.
    dependencies=[Depends(notifying(current_actor))],
)

# Stands for the database.
_numbers = itertools.count(123)


class NewUser(BaseModel):
    """A registration."""

    nombre: str
    email: str
    rol: str = "turista"


class NewBooking(BaseModel):
    """A booking of a tour."""

    usuario_id: str
    tour_id: str
    tour_nombre: str
    fecha: date
    personas: int
    total: Decimal


@app.post("/usuarios/register", status_code=HTTPStatus.CREATED)
async def register(user: NewUser) -> dict[str, str]:
    """Save a user and hand the notification over; whatever sio-server does, that takes some microseconds."""
    usuario_id = str(next(_numbers))
    notificar_usuario_registrado(usuario_id=usuario_id, nombre=user.nombre, email=user.email, rol=user.rol)
    return {"usuario_id": usuario_id}


@app.post("/reservas", status_code=HTTPStatus.CREATED)
def book(booking: NewBooking) -> dict[str, str]:
    """Save a booking, in a route without asyncio: the same functions do."""
    reserva_id = str(next(_numbers))
    notificar_reserva_creada(
        reserva_id=reserva_id,
        usuario_id=booking.usuario_id,
        tour_id=booking.tour_id,
        tour_nombre=booking.tour_nombre,
        fecha=booking.fecha,
        personas=booking.personas,
        total=booking.total,
        link=f"/reservas/{reserva_id}",
    )
    return {"reserva_id": reserva_id}
