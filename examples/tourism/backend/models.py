"""What the database keeps, with the names that the API and the notifications have for it."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel

Role = Literal["turista", "admin"]
State = Literal["pendiente", "confirmada", "cancelada"]


class User(BaseModel):
    """Somebody with an account; ``clave`` is a hash of the password."""

    usuario_id: str
    nombre: str
    email: str
    rol: Role
    clave: str


class Tour(BaseModel):
    """A tour; ``precio`` in soles a person, ``cupos`` are the seats that are left."""

    tour_id: str
    nombre: str
    lugar: str
    duracion: str
    precio: int
    cupos: int
    valoracion: float
    paisaje: str


class Booking(BaseModel):
    """A booking of a tour, with the names that it had then; ``total`` in soles."""

    reserva_id: str
    usuario_id: str
    usuario_nombre: str
    tour_id: str
    tour_nombre: str
    fecha: date
    personas: int
    total: int
    estado: State
