"""What a recorder answers to clients that change, cancel or list what they have published."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import parse_qs, unquote, urlsplit

from sio_server.client.bodies import NotifyRefused
from sio_server.client.diverting import nothing
from sio_server.errors import KINDS, FieldProblem, Refused, Text
from sio_server.testing.recorded import Recorded, refusal_of

_WHEN: Final = ("deliver_at", "deliver_in")
_DELIVERED: Final = Text("It was delivered already.", "Ya se entregó.")


def _no(code: str) -> NotifyRefused:
    kind = KINDS[code]
    return NotifyRefused(code, kind.status, str(kind.title))


class Answering:
    """The part of `Notifications` that answers what clients ask of what was published."""

    _all: list[Recorded]
    _retracted: list[Recorded]
    _revisions: dict[str, int]
    _lock: threading.Lock

    def _read(self, body: Mapping[str, Any], identity: str) -> tuple[Recorded, tuple[str, ...]]:
        raise NotImplementedError

    def ask(self, method: str, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Answer a request as the server of the recorded notifications would, or one that knows of nobody.

        Raises `NotifyRefused`.
        """
        address = urlsplit(path)
        steps = [unquote(step) for step in address.path.removeprefix("/v1/").split("/")]
        with self._lock:
            match (method, *steps):
                case ("PATCH", "notifications", identity):
                    return self._amend(identity, body)
                case ("DELETE", "notifications" | "scheduled" as kind, identity):
                    return self._end(identity, waiting=kind == "scheduled")
                case ("POST", "notifications", identity, "deliver"):
                    return self._deliver(identity)
                case ("GET", "scheduled"):
                    return self._waiting(parse_qs(address.query).get("collapse_key", [None])[0])
        return nothing(path)

    def _find(self, identity: str) -> int:
        for place, one in enumerate(self._all):
            if one.id == identity:
                return place
        raise _no("not_found")

    def _amend(self, identity: str, body: Mapping[str, Any]) -> dict[str, Any]:
        place, revision = self._find(identity), self._revisions.get(identity, 0)
        before, changes = self._all[place], dict(body)
        if changes.pop("revision", revision) != revision:
            raise _no("revision_mismatch")
        try:
            self._all[place] = self._changed(before, changes)
        except Refused as refused:
            raise refusal_of(refused) from None
        self._revisions[identity] = revision + 1
        due = self._all[place].due
        waits = {} if due is None else {"status": "scheduled", "due": due.isoformat()}
        return {**nothing(), "id": identity, "revision": revision + 1, **waits}

    def _changed(self, before: Recorded, changes: Mapping[str, Any]) -> Recorded:
        moved = any(changes.get(name) is not None for name in _WHEN)
        if moved and before.due is None:
            problems = tuple(FieldProblem(name, _DELIVERED) for name in _WHEN if changes.get(name) is not None)
            raise Refused.of_problems("invalid_data", problems)
        kept = {name: value for name, value in before.body.items() if name not in _WHEN}
        merged = {name: value for name, value in {**kept, **changes}.items() if value is not None}
        after, _ = self._read(merged, before.id)
        return replace(after, due=after.due if moved else before.due, replaces=before.replaces)

    def _end(self, identity: str, *, waiting: bool) -> dict[str, Any]:
        if not any(one.id == identity for one in self._retracted):
            place = self._find(identity)
            if waiting and self._all[place].due is None:
                raise _no("not_found")
            self._retracted.append(self._all.pop(place))
        return nothing()

    def _deliver(self, identity: str) -> dict[str, Any]:
        place = self._find(identity)
        one = self._all[place]
        self._all[place] = replace(one, due=None)
        return {**nothing(), "id": identity, "seq": place + 1, "type": one.type, "duplicate": one.due is None}

    def _waiting(self, collapse_key: str | None) -> dict[str, Any]:
        found = [
            (one.due, one) for one in self._all if one.due is not None and collapse_key in (None, one.collapse_key)
        ]
        now = datetime.now(UTC).isoformat()
        items = [
            {**one.body, "id": one.id, "message": one.message, "due": due.isoformat(), "scheduled_at": now, "by": ""}
            for due, one in sorted(found, key=lambda pair: pair[0])
        ]
        return {**nothing(), "items": items}
