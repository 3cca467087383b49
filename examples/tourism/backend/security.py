"""Who somebody is: passwords, sessions in a cookie, and tokens for the notification server."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final

import jwt
from fastapi import Depends, HTTPException, Request, Response

from .models import User
from .parts import Configured, Stored
from .settings import Settings
from .store import Store

COOKIE: Final = "sesion"
SESSION: Final = timedelta(hours=12)
# Browsers fetch a new one by themselves before it ends. Somebody who was thrown out gets none.
TOKEN: Final = timedelta(minutes=10)

# What a token is for: one for notifications opens no session.
_PAGES: Final = "andina"
_NOTIFICATIONS: Final = "avisos"

# OWASP's second choice of parameters for scrypt: 32 MiB and some 60 ms for each try.
_COST: Final = {"n": 2**15, "r": 8, "p": 3, "maxmem": 2**26}


def _scrypt(password: str, salt: bytes) -> bytes:
    return hashlib.scrypt(password.encode(), salt=salt, **_COST)


async def hashed(password: str) -> str:
    """The password as it is kept: ``salt$hash``, both hexadecimal."""
    salt = secrets.token_bytes(16)
    return f"{salt.hex()}${(await asyncio.to_thread(_scrypt, password, salt)).hex()}"


async def is_password(password: str, kept: str) -> bool:
    """Whether ``kept`` was made of this password."""
    salt, expected = (bytes.fromhex(part) for part in kept.split("$"))
    return secrets.compare_digest(await asyncio.to_thread(_scrypt, password, salt), expected)


# Checked where nobody has the address, so that an answer takes as long whether there is such an account or not.
_NOBODY: Final = f"{bytes(16).hex()}${bytes(64).hex()}"


async def signed_in(store: Store, email: str, password: str) -> User | None:
    """Whose address and password these are."""
    found = await store.run(lambda tx: tx.user_of(email))
    is_right = await is_password(password, _NOBODY if found is None else found.clave)
    return found if is_right else None


def _token(settings: Settings, user: User, audience: str, lifetime: timedelta) -> str:
    now = datetime.now(UTC)
    claims: dict[str, Any] = {"sub": user.usuario_id, "role": user.rol, "aud": audience, "iat": now}
    return jwt.encode({**claims, "exp": now + lifetime}, settings.secret, "HS256")


def notification_token(settings: Settings, user: User) -> str:
    """A token that the notification server accepts: it checks ``sub``, ``role``, ``aud`` and ``exp``."""
    return _token(settings, user, _NOTIFICATIONS, TOKEN)


def open_session(response: Response, settings: Settings, user: User) -> None:
    """Have the browser say who this is with every request; no script can read that, and no other site send it."""
    response.set_cookie(
        COOKIE,
        _token(settings, user, _PAGES, SESSION),
        max_age=int(SESSION.total_seconds()),
        httponly=True,
        samesite="lax",
    )


def close_session(response: Response) -> None:
    """Forget who this is."""
    response.delete_cookie(COOKIE)


async def _somebody(request: Request, settings: Configured, store: Stored) -> User:
    try:
        claims = jwt.decode(request.cookies.get(COOKIE, ""), settings.secret, ["HS256"], audience=_PAGES)
    except jwt.InvalidTokenError:
        raise HTTPException(HTTPStatus.UNAUTHORIZED, "Inicia sesión") from None
    user = await store.run(lambda tx: tx.user(str(claims["sub"])))
    if user is None:
        raise HTTPException(HTTPStatus.UNAUTHORIZED, "Inicia sesión")
    return user


Somebody = Annotated[User, Depends(_somebody)]


async def _admin(user: Somebody) -> User:
    if user.rol != "admin":
        raise HTTPException(HTTPStatus.FORBIDDEN, "Solo para la agencia")
    return user


Admin = Annotated[User, Depends(_admin)]
