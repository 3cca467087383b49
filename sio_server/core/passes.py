"""Passes: what lets somebody in as a guest, once and soon. A pass is shown to one's own phone, as a QR code.

::

    "gp1_" + base64url(body + HMAC-SHA256(key, body))
    body = 8 bytes the guest's name, 6 until when, 6 when it was made (both in milliseconds), 8 at random

Nothing is remembered of a pass that is not used. ``key`` is the log's own, for this purpose alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from sio_server.audience import GUEST_PREFIX
from sio_server.auth import GuestTokens
from sio_server.broker import Broker
from sio_server.errors import Refused, Text

# Seconds that a pass is good for: to take a phone out and to hold it to the screen.
PASS_LIFE: Final = 120.0

# The logs hide whatever begins so.
_PREFIX: Final = "gp1_"
# 60 bytes are 80 signs without any that say nothing, so that no pass has a second spelling.
_SHAPE: Final = re.compile(_PREFIX + "([A-Za-z0-9_-]{80})")
_BODY: Final = 28

_MS: Final = 1000


@dataclass(frozen=True, slots=True)
class Pass:
    """A pass for a guest. ``expires_at`` is in Unix seconds."""

    text: str
    user: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class Entrance:
    """What a pass was good for: the token of a guest, which ends at ``expires_at`` (Unix seconds)."""

    token: str
    user: str
    expires_at: float


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a pass says: until when it is good by the log's clock, when it was made by the wall's; both in seconds."""

    user: str
    until: float
    made: float
    name: str


class Passes:
    """Makes passes, and changes each for a token once. ``wall`` gives Unix seconds."""

    def __init__(self, broker: Broker, *, wall: Callable[[], float] = time.time) -> None:
        self.guests = GuestTokens(lambda: broker.secret("guest-token"), wall=wall)
        """What checks the tokens that passes are changed for."""
        self._broker = broker
        self._wall = wall

    def issue(self, user: str | None = None) -> Pass:
        """A pass for this guest, or for a new one. ``user`` has to be a guest's name."""
        name = secrets.token_bytes(8) if user is None else bytes.fromhex(user.removeprefix(GUEST_PREFIX))
        now = self._wall()
        # How long it is good says the log's clock, which nobody can set, as it does of what is remembered of passes.
        times = (self._broker.now() + PASS_LIFE, now)
        body = name + b"".join(int(at * _MS).to_bytes(6) for at in times) + secrets.token_bytes(8)
        text = _PREFIX + base64.urlsafe_b64encode(body + self._mac(body)).decode()
        return Pass(text, GUEST_PREFIX + name.hex(), now + PASS_LIFE)

    async def redeem(self, text: str) -> Entrance:
        """The token that a pass is good for; raises `Refused` (``unauthorized``, ``broker_unavailable``).

        Every pass that is not good is refused alike, whatever is the matter with it.
        """
        claim = self._read(text)
        if claim is None or not await self._broker.use_up(claim.name, claim.until):
            raise Refused("unauthorized", _NOT_GOOD)
        revoked = self._broker.revoked_before(claim.user)
        if revoked is not None and claim.made < revoked:
            raise Refused("unauthorized", _NOT_GOOD)  # or who was put out would be back with a pass of before
        token, expires_at = self.guests.sign(claim.user)
        return Entrance(token, claim.user, expires_at)

    def _read(self, text: str) -> _Claim | None:
        """What a pass says, None for what was not made with this log's key."""
        found = _SHAPE.fullmatch(text)
        if found is None:
            return None
        whole = base64.urlsafe_b64decode(found[1])
        body, mac = whole[:_BODY], whole[_BODY:]
        if not hmac.compare_digest(mac, self._mac(body)):
            return None
        until, made = (int.from_bytes(body[at : at + 6]) / _MS for at in (8, 14))
        return _Claim(GUEST_PREFIX + body[:8].hex(), until, made, body.hex())

    def _mac(self, body: bytes) -> bytes:
        return hmac.digest(self._broker.secret("guest-pass"), body, hashlib.sha256)


_NOT_GOOD: Final = Text(
    "This pass is not good: each lets one device in, once, within two minutes. Ask for a new one.",
    "Este pase no vale: cada uno sirve para un solo dispositivo, una vez y durante dos minutos. Pide uno nuevo.",
)
