"""Bookings: made by tourists, confirmed by the agency, cancelled by either."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field, FutureDate, StringConstraints

from .models import Booking, State, User
from .parts import Stored
from .security import Admin, Somebody
from .store import Transaction
from .tours import NO_TOUR

router = APIRouter()

LINK: Final = "/reservas"
_LETTERS: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class NewBooking(BaseModel):
    """What a tourist wants."""

    tour_id: str
    fecha: FutureDate
    personas: Annotated[int, Field(ge=1, le=12)]


class Cancellation(BaseModel):
    """Why a booking is cancelled."""

    motivo: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""


def _reference() -> str:
    return "R-" + "".join(secrets.choice(_LETTERS) for _ in range(8))


def _facts(booking: Booking) -> dict[str, Any]:
    return booking.model_dump(mode="json", exclude={"usuario_nombre", "estado"})


@router.get("/reservas")
async def bookings(user: Somebody, store: Stored) -> list[Booking]:
    """One's own bookings; the agency sees all."""
    return await store.run(lambda tx: tx.bookings(None if user.rol == "admin" else user.usuario_id))


@router.post("/reservas", status_code=HTTPStatus.CREATED)
async def book(asked: NewBooking, user: Somebody, store: Stored) -> Booking:
    """Take seats of a tour and keep the booking; its tourist and the agency are told, if all of that is committed."""

    async def work(tx: Transaction) -> Booking:
        tour = await tx.tour(asked.tour_id)
        if tour is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, NO_TOUR)
        if not await tx.take_seats(tour.tour_id, asked.personas):
            raise HTTPException(HTTPStatus.CONFLICT, f"Quedan {tour.cupos} plazas")
        booking = Booking(
            reserva_id=_reference(),
            usuario_id=user.usuario_id,
            usuario_nombre=user.nombre,
            tour_id=tour.tour_id,
            tour_nombre=tour.nombre,
            fecha=asked.fecha,
            personas=asked.personas,
            total=asked.personas * tour.precio,
            estado="pendiente",
        )
        await tx.add_booking(booking)
        await tx.tell("reserva_creada", _facts(booking), by=user, link=LINK)
        return booking

    return await store.run(work)


async def _moved(tx: Transaction, reserva_id: str, user: User, state: State, *, since: tuple[State, ...]) -> Booking:
    """Change a booking that ``user`` may change, from one of the states ``since``."""
    booking = await tx.booking(reserva_id)
    if booking is None or (user.rol != "admin" and booking.usuario_id != user.usuario_id):
        raise HTTPException(HTTPStatus.NOT_FOUND, "Esa reserva no existe")
    if not await tx.move_booking(reserva_id, state, since=since):
        raise HTTPException(HTTPStatus.CONFLICT, f"La reserva está {booking.estado}")
    return booking.model_copy(update={"estado": state})


@router.post("/reservas/{reserva_id}/confirmar")
async def confirm(reserva_id: str, admin: Admin, store: Stored) -> Booking:
    """Confirm a booking, and tell its tourist."""

    async def work(tx: Transaction) -> Booking:
        booking = await _moved(tx, reserva_id, admin, "confirmada", since=("pendiente",))
        await tx.tell("reserva_actualizada", {**_facts(booking), "estado": booking.estado}, by=admin, link=LINK)
        return booking

    return await store.run(work)


@router.post("/reservas/{reserva_id}/cancelar")
async def cancel(reserva_id: str, asked: Cancellation, user: Somebody, store: Stored) -> Booking:
    """Cancel a booking and give its seats back; whoever did not do it is told, too."""

    async def work(tx: Transaction) -> Booking:
        booking = await _moved(tx, reserva_id, user, "cancelada", since=("pendiente", "confirmada"))
        await tx.take_seats(booking.tour_id, -booking.personas)
        facts = {name: getattr(booking, name) for name in ("reserva_id", "usuario_id", "tour_id", "tour_nombre")}
        await tx.tell("reserva_cancelada", {**facts, "motivo": asked.motivo}, by=user, link=LINK)
        return booking

    return await store.run(work)
