"""Signing up, in and out."""

from __future__ import annotations

import uuid
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, HTTPException, Response
from pydantic import BaseModel, StringConstraints

from .demo import ACCOUNTS, PASSWORD
from .models import User
from .parts import Configured, Stored
from .security import Somebody, close_session, hashed, notification_token, open_session, signed_in
from .store import Transaction

router = APIRouter()

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=80)]
Email = Annotated[
    str, StringConstraints(strip_whitespace=True, to_lower=True, max_length=200, pattern=r"^[^@\s]+@[^@\s]+$")
]
# scrypt takes any length; the limit is on what a stranger can have us hash.
Password = Annotated[str, StringConstraints(min_length=8, max_length=200)]


class SignUp(BaseModel):
    """Somebody new."""

    nombre: Name
    email: Email
    clave: Password


class SignIn(BaseModel):
    """Somebody who says to be known."""

    email: Email
    clave: Annotated[str, StringConstraints(max_length=200)]


class Account(BaseModel):
    """Who is signed in, and where the notifications come from."""

    usuario_id: str
    nombre: str
    rol: str
    avisos: str


class Token(BaseModel):
    """Proves to the notification server who somebody is, for some minutes."""

    token: str


class DemoAccount(BaseModel):
    """An account that everybody knows."""

    nombre: str
    email: str
    clave: str
    rol: str


def _account(user: User, settings: Configured) -> Account:
    return Account(usuario_id=user.usuario_id, nombre=user.nombre, rol=user.rol, avisos=settings.server)


def _facts(user: User) -> dict[str, Any]:
    return user.model_dump(exclude={"clave"})


@router.post("/usuarios/register", status_code=HTTPStatus.CREATED)
async def register(asked: SignUp, response: Response, settings: Configured, store: Stored) -> Account:
    """Keep an account, tell the administrators, and sign in."""
    user = User(
        usuario_id=str(uuid.uuid4()),
        nombre=asked.nombre,
        email=asked.email,
        rol="turista",
        clave=await hashed(asked.clave),
    )

    async def add(tx: Transaction) -> bool:
        if not await tx.add_user(user):
            return False
        await tx.tell("usuario_registrado", _facts(user), by=user)
        return True

    if not await store.run(add):
        raise HTTPException(HTTPStatus.CONFLICT, "Ya hay una cuenta con este correo: inicia sesión")
    open_session(response, settings, user)
    return _account(user, settings)


@router.post("/usuarios/login")
async def login(asked: SignIn, response: Response, settings: Configured, store: Stored) -> Account:
    """Sign in, and tell the administrators."""
    user = await signed_in(store, asked.email, asked.clave)
    if user is None:
        raise HTTPException(HTTPStatus.UNAUTHORIZED, "El correo o la clave no son correctos")
    await store.run(lambda tx: tx.tell("usuario_inicio_sesion", _facts(user), by=user))
    open_session(response, settings, user)
    return _account(user, settings)


@router.post("/usuarios/salir", status_code=HTTPStatus.NO_CONTENT)
async def leave(response: Response) -> None:
    """Sign out."""
    close_session(response)


@router.get("/demo")
async def demo(settings: Configured) -> list[DemoAccount]:
    """Accounts to try the system with, where it is a demonstration."""
    return [DemoAccount(**account, clave=PASSWORD) for account in ACCOUNTS] if settings.demo else []


@router.get("/yo")
async def me(user: Somebody, settings: Configured) -> Account:
    """Who is signed in."""
    return _account(user, settings)


@router.get("/avisos/token")
async def token(user: Somebody, settings: Configured) -> Token:
    """What the page's `getToken` asks for."""
    return Token(token=notification_token(settings, user))
