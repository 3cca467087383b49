"""What is on offer, and what the agency does about it."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, Field

from .accounts import Name
from .models import Tour, User
from .parts import Stored
from .security import Admin
from .store import Transaction

router = APIRouter()

NO_TOUR = "Ese tour no existe o ya no se ofrece"


class TourDetails(BaseModel):
    """What the agency says of a tour."""

    nombre: Name
    lugar: Name
    duracion: Name = "1 día"
    precio: Annotated[int, Field(gt=0, le=100_000)]
    cupos: Annotated[int, Field(ge=0, le=1_000)] = 12
    paisaje: Name = "canyon"


class NewPrice(BaseModel):
    """A change of what a tour costs, in soles a person."""

    precio: Annotated[int, Field(gt=0, le=100_000)]


def _facts(tour: Tour) -> dict[str, Any]:
    return tour.model_dump(include={"tour_id", "nombre", "precio", "cupos"})


def _link(tour: Tour) -> str:
    return f"/tours/{tour.tour_id}"


async def _found(tx: Transaction, tour_id: str) -> Tour:
    tour = await tx.tour(tour_id)
    if tour is None:
        raise HTTPException(HTTPStatus.NOT_FOUND, NO_TOUR)
    return tour


@router.get("/tours")
async def offer(store: Stored) -> list[Tour]:
    """Every tour."""
    return await store.run(lambda tx: tx.tours())


@router.post("/tours", status_code=HTTPStatus.CREATED)
async def add(asked: TourDetails, admin: Admin, store: Stored) -> Tour:
    """Put a tour on offer, and tell everybody."""
    tour = Tour(tour_id=str(uuid.uuid4()), valoracion=5.0, **asked.model_dump())

    async def work(tx: Transaction) -> Tour:
        await tx.save_tour(tour)
        await tx.tell("tour_creado", _facts(tour), by=admin, link=_link(tour))
        return tour

    return await store.run(work)


@router.put("/tours/{tour_id}/precio")
async def reprice(tour_id: str, asked: NewPrice, admin: Admin, store: Stored) -> Tour:
    """Change a price, and tell everybody."""

    async def work(tx: Transaction) -> Tour:
        tour = (await _found(tx, tour_id)).model_copy(update={"precio": asked.precio})
        await tx.save_tour(tour)
        await tx.tell("tour_actualizado", _facts(tour), by=admin, link=_link(tour))
        return tour

    return await store.run(work)


@router.delete("/tours/{tour_id}", status_code=HTTPStatus.NO_CONTENT)
async def withdraw(tour_id: str, admin: Admin, store: Stored) -> None:
    """Take a tour off offer, and tell everybody."""

    async def work(tx: Transaction) -> None:
        tour = await _found(tx, tour_id)
        await tx.remove_tour(tour_id)
        await tx.tell("tour_eliminado", {"tour_id": tour_id, "nombre": tour.nombre}, by=admin)

    await store.run(work)


@router.post("/usuarios/{usuario_id}/recomendaciones", status_code=HTTPStatus.CREATED)
async def recommend(usuario_id: str, admin: Admin, store: Stored) -> Tour:
    """Recommend somebody the best tour that they have not booked yet."""

    async def work(tx: Transaction) -> Tour:
        if await tx.user(usuario_id) is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, "Esa persona no tiene cuenta")
        booked = {booking.tour_id for booking in await tx.bookings(usuario_id)}
        left = [tour for tour in await tx.tours() if tour.tour_id not in booked and tour.cupos > 0]
        if not left:
            raise HTTPException(HTTPStatus.CONFLICT, "Ya ha reservado todo lo que hay")
        best = max(left, key=lambda tour: tour.valoracion)
        await _tell_of(tx, best, usuario_id, admin)
        return best

    return await store.run(work)


async def _tell_of(tx: Transaction, tour: Tour, usuario_id: str, admin: User) -> None:
    facts = {
        "recomendacion_id": str(uuid.uuid4()),
        "usuario_id": usuario_id,
        "titulo": tour.nombre,
        "tour_id": tour.tour_id,
        "puntuacion": tour.valoracion,
    }
    await tx.tell("recomendacion_creada", facts, by=admin, link=_link(tour))
