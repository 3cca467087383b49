"""How much one peer may ask of the server. Each limit is a setting."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from sio_server.config import is_loopback
from sio_server.engine import Bucket, bucket_size
from sio_server.errors import Refused, Text

# Publishers whose use is remembered. There are as many as keys and administrators; the bound is for thousands of them.
_MAX_BUCKETS: Final = 10_000


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """How many connections one user and one address may have; 0 is no limit."""

    per_user: int = 0
    per_address: int = 0

    def check(self, of_user: int, of_address: int, address: str) -> None:
        """Raise `Refused` (``rate_limited``) where one more is too many.

        Those of a user count on all nodes, those of an address on this one.

        An address of this machine is exempt: it is a proxy's, or the developer's. So is none, as by a Unix socket.
        """
        if self.per_user and of_user >= self.per_user:
            raise Refused("rate_limited", _PER_USER.format(self.per_user), retry_after=30)
        if self.per_address and of_address >= self.per_address and address and not is_loopback(address):
            raise Refused("rate_limited", _PER_ADDRESS.format(self.per_address), retry_after=30)


_PER_USER = Text(
    "This user has {0} connections already: close one.", "Este usuario ya tiene {0} conexiones: cierra una."
)
_PER_ADDRESS = Text("This address has {0} connections already.", "Esta dirección ya tiene {0} conexiones.")


@dataclass(frozen=True, slots=True)
class Quota:
    """What is left of a publisher's quota, as the header fields ``RateLimit`` and ``RateLimit-Policy`` tell it.

    They are those of draft-ietf-httpapi-ratelimit-headers.
    """

    limit: int
    remaining: int
    reset: int

    def headers(self) -> dict[str, str]:
        """The header fields that tell a publisher of this quota."""
        return {
            "RateLimit-Policy": f'"publish";q={self.limit};w=1',
            "RateLimit": f'"publish";r={self.remaining};t={self.reset}',
        }


class PublishRate:
    """Notifications a second for each publisher key: a bucket that holds two seconds' worth and refills steadily.

    ``rate`` is what each key may publish that has no rate of its own; 0 is no limit.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._buckets: OrderedDict[str, Bucket] = OrderedDict()

    def spend(self, publisher: str, count: int = 1, own: int | None = None) -> Quota | None:
        """Use some of a publisher's quota; returns what is left, None without a limit. ``own`` is its key's own rate.

        Raises `Refused` (``rate_limited``) with the seconds until it would do; nothing is used up then.
        """
        rate = self._rate if own is None else own
        if not rate:
            return None
        now = time.monotonic()
        bucket = self._buckets.get(publisher) or Bucket(rate, now)
        size = bucket_size(rate)
        if not bucket.spend(rate, now, count):
            left = bucket.level(rate, now)
            quota = Quota(rate, max(0, int(left)), max(1, math.ceil((min(count, size) - left) / rate)))
            raise Refused("rate_limited", _PER_KEY.format(rate), retry_after=quota.reset, headers=quota.headers())
        self._keep(publisher, bucket)
        left = bucket.level(rate, now)
        return Quota(rate, max(0, int(left)), math.ceil((size - left) / rate))

    def debit(self, publisher: str, count: int, rate: int) -> None:
        """Take from a publisher's quota what it used on another node, where its rate is this."""
        if rate <= 0:
            return
        now = time.monotonic()
        bucket = self._buckets.get(publisher) or Bucket(rate, now)
        bucket.debit(rate, now, count)
        self._keep(publisher, bucket)

    def _keep(self, publisher: str, bucket: Bucket) -> None:
        self._buckets[publisher] = bucket
        self._buckets.move_to_end(publisher)
        while len(self._buckets) > _MAX_BUCKETS:
            self._buckets.popitem(last=False)


class EventRate:
    """Events a second from one client: a bucket that holds two seconds' worth and refills steadily.

    ``rate`` 0 is no limit.
    """

    def __init__(self, rate: int) -> None:
        self._rate = rate
        self._bucket = Bucket(rate, time.monotonic())

    def spend(self) -> bool:
        """Count one event; says whether it is within the limit."""
        return not self._rate or self._bucket.spend(self._rate, time.monotonic())


_PER_KEY = Text(
    "This key may publish {0} notifications a second.", "Esta clave puede publicar {0} notificaciones por segundo."
)
