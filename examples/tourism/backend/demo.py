"""What an empty database begins with: six tours and, to try it, two accounts that everybody knows."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Final

from .models import Tour, User
from .security import hashed
from .store import Store, Transaction

PASSWORD: Final = "andina-demo"  # noqa: S105 - it opens nothing but a demonstration
ACCOUNTS: Final = (
    {"nombre": "Ana Quispe", "email": "ana@andina.example", "rol": "turista"},
    {"nombre": "Marta Salas", "email": "marta@andina.example", "rol": "admin"},
)

_TOURS: Final = (
    ("machu-picchu", "Machu Picchu al amanecer", "Cusco", "2 días", 890, 4.9, "citadel"),
    ("colca", "Cañón del Colca y sus cóndores", "Arequipa", "2 días", 420, 4.8, "canyon"),
    ("titicaca", "Islas flotantes del Titicaca", "Puno", "1 día", 165, 4.7, "lake"),
    ("huacachina", "Dunas y oasis de Huacachina", "Ica", "1 día", 230, 4.8, "desert"),
    ("tambopata", "Selva de Tambopata", "Madre de Dios", "3 días", 980, 4.9, "jungle"),
    ("ballestas", "Islas Ballestas", "Paracas", "Media jornada", 120, 4.6, "islands"),
)
_SEATS: Final = 24


async def fill(store: Store, *, with_accounts: bool) -> None:
    """Put tours into a database without any, and the accounts if they are asked for."""
    await store.run(_fill_tours)
    for account in ACCOUNTS if with_accounts else ():
        await _add(store, account)


async def _add(store: Store, account: Mapping[str, str]) -> None:
    if await store.run(lambda tx: tx.user_of(account["email"])) is not None:
        return  # as at every start but the first: a hash of a password takes its time
    user = User.model_validate({**account, "usuario_id": str(uuid.uuid4()), "clave": await hashed(PASSWORD)})
    await store.run(lambda tx: tx.add_user(user))


async def _fill_tours(tx: Transaction) -> None:
    if await tx.tours():
        return
    for tour_id, nombre, lugar, duracion, precio, valoracion, paisaje in _TOURS:
        tour = Tour(
            tour_id=tour_id,
            nombre=nombre,
            lugar=lugar,
            duracion=duracion,
            precio=precio,
            cupos=_SEATS,
            valoracion=valoracion,
            paisaje=paisaje,
        )
        await tx.save_tour(tour)
