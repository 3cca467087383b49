"""HTTP: the publisher keys, for operators. No key and no digest of one is ever answered."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from aiohttp import web

from sio_server.api.credentials import OBSERVER
from sio_server.api.messages import json_response
from sio_server.api.operations import Call, operation
from sio_server.auth import Keyring, Publisher, StoredKey
from sio_server.auth.publishers import STORED_PREFIX
from sio_server.notification import written
from sio_server.schemas.keys import KeysReplySchema


class KeysOperations:
    """What operators ask of the publisher keys."""

    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring

    @operation(
        "GET",
        "/v1/keys",
        name="keys",
        tag="operate",
        summary="The publisher keys: what each allows and when it was used",
        description="Keys are made, rotated and revoked by `sio-server keys`, which shows a key once. Neither a key "
        "nor a digest of one is answered.",
        credential=OBSERVER,
        reply=KeysReplySchema,
    )
    async def keys(self, _: Call[Publisher, None]) -> web.Response:
        """List the keys."""
        published = self._keyring.published()
        stored = sorted(self._keyring.stored, key=lambda key: key.name)
        return json_response(
            {
                "items": [
                    *(_plain(publisher) for publisher in self._keyring.plain),
                    *(_stored(key, self._keyring, published[STORED_PREFIX + key.name]) for key in stored),
                ]
            }
        )


def _plain(publisher: Publisher) -> dict[str, Any]:
    return {
        "name": publisher.name,
        "publisher": publisher.name,
        "kind": "settings",
        "state": "active",
        "scope": publisher.scope.as_dict(),
        "rate": None,
        "created_at": None,
        "expires_at": None,
        "last_used_at": _moment(publisher.use.last),
        "published": publisher.use.published,
        "secrets": [],
    }


def _stored(key: StoredKey, keyring: Keyring, published: int) -> dict[str, Any]:
    now = time.time()
    *before, newest = key.secrets
    shown = [*(one for one in before if (until := key.until(one)) is None or until > now), newest]
    used = [keyring.use_of(one.sha256).last for one in shown]
    return {
        "name": key.name,
        "publisher": STORED_PREFIX + key.name,
        "kind": "stored",
        "state": "over" if key.is_over(now) else "active",
        "scope": key.scope.as_dict(),
        "rate": key.rate,
        "created_at": _moment(key.created_at),
        "expires_at": _moment(key.expires_at),
        "last_used_at": _moment(_latest(used)),
        "published": published,
        "secrets": [
            {
                "hint": one.hint,
                "created_at": _moment(one.created_at),
                "ends_at": _moment(key.until(one)),
                "last_used_at": _moment(last),
            }
            for one, last in zip(shown, used, strict=True)
        ],
    }


def _latest(moments: Iterable[float | None]) -> float | None:
    return max((at for at in moments if at is not None), default=None)


def _moment(seconds: float | None) -> str | None:
    return None if seconds is None else written(int(seconds * 1000))
