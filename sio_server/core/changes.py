"""What publishers do with what they have published: change it, take it back, and see what became of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, Final

from sio_server.auth import Publisher
from sio_server.broker import Amendment, Broker
from sio_server.catalog import Catalog
from sio_server.core.fates import said_dict
from sio_server.core.languages import tag_of
from sio_server.core.node import Node
from sio_server.core.wordings import WORDS, Said, reworded
from sio_server.errors import FieldProblem, Refused, Text
from sio_server.extras import Extras
from sio_server.notification import Entry, milliseconds, written
from sio_server.texts import Texts


@dataclass(frozen=True, slots=True)
class Change:
    """What a request wants to be other: by member, as `PublishRequest` has them; None takes a member out.

    With ``revision`` only a notification that was changed so often before is changed.
    """

    given: Mapping[str, Any]
    revision: int | None = None


class Changes:
    """The use cases. ``locale`` is the language of messages that publishers leave out, ``now`` the time of day."""

    def __init__(
        self,
        broker: Broker,
        node: Node,
        catalog: Catalog,
        *,
        locale: str = "es",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._broker = broker
        self._node = node
        self._catalog = catalog
        self._locale = locale
        self._now = now

    async def amend(self, notification_id: str, change: Change, publisher: Publisher) -> dict[str, Any]:
        """Change a stored notification, and tell whoever it is for; when this returns, both are done.

        Raises `Refused`: ``not_found``, ``replaced``, ``revision_mismatch``, ``forbidden_scope`` for what this
        publisher may not publish, ``invalid_data``, ``rate_limited``, ``draining``, ``broker_unavailable``.
        """
        entry = await self._known(notification_id, publisher)
        at = milliseconds(self._now())
        members = self._members(entry, change.given, at)
        texts, rewords = None, not WORDS.isdisjoint(change.given)
        if rewords:
            texts = self._reword(entry, change.given, members)
        amendment = Amendment(
            members=members, at=at, by=publisher.name, revision=change.revision, texts=texts, rewords=rewords
        )
        revision, position = await self._broker.amend(notification_id, amendment)
        return {
            "status": "ok",
            "id": notification_id,
            "revision": revision,
            "seq": position.seq,
            "cursor": position.cursor(),
            "updated_at": written(at),
        }

    async def retract(self, notification_id: str, publisher: Publisher) -> dict[str, Any]:
        """Take a stored notification back, and tell whoever it was for; a second time is no error.

        Raises `Refused` as `amend` does.
        """
        await self._known(notification_id, publisher)
        position = await self._broker.retract(notification_id, by=publisher.name, at=milliseconds(self._now()))
        return {
            "status": "ok",
            "id": notification_id,
            "seq": position.seq,
            "cursor": position.cursor(),
            "removed": True,
        }

    async def history(self, notification_id: str, *, locale: str | None = None) -> dict[str, Any]:
        """What happened to a notification and its thread, oldest first; raises `Refused` (``not_found``).

        What was before is said in ``locale``, a language tag, or in the nearest there is of it; without one in the
        server's language, with what was said otherwise beside it.
        """
        locale = tag_of(locale)
        steps = await steps_of(self._broker, notification_id)
        if not steps:
            raise Refused("not_found")
        return {"items": [{**step, "before": _record(before, locale)} for step, before in steps]}

    async def _known(self, notification_id: str, publisher: Publisher) -> Entry:
        """The notification as it is, or as it was last, which this publisher may publish."""
        self._node.check_open()
        self._node.reserve(publisher)
        publisher.scope.check_publishes()
        stored = await self._broker.find(notification_id)
        past = None if stored is not None else await self._broker.past(notification_id)
        entry = stored.entry if stored is not None else None if past is None else past.before
        if entry is None:
            raise Refused("not_found")
        publisher.scope.check_type(entry.event)
        publisher.scope.check_audience(entry.audience, stated=True)
        return entry

    def _members(self, entry: Entry, given: Mapping[str, Any], at: int) -> dict[str, Any]:
        """The members of the envelope as they are to be."""
        late = tuple(FieldProblem(name, _DELIVERED) for name in ("deliver_at", "deliver_in") if given.get(name))
        if late:
            raise Refused.of_problems("invalid_data", late)
        members = {name: value for name, value in given.items() if name not in ("deliver_at", "deliver_in")}
        event_type = self._catalog.types.get(entry.event)
        if "data" in given:
            members["data"] = given["data"] or {}
            if event_type is not None:
                event_type.check(members["data"])
        if "message" in given and given["message"] is None and event_type is None:
            raise Refused.of_problems("invalid_data", (FieldProblem("message", _NO_TEXT),))
        if "priority" in given and given["priority"] is None:
            members["priority"] = "normal" if event_type is None else event_type.priority
        if "ttl" in members:
            ttl = members.pop("ttl")
            members["expires_at"] = None if ttl is None else at + 1000 * ttl
        if given.get("actions") is not None:
            members["actions"] = [choice.as_dict(self._locale, self._locale) for choice in given["actions"]] or None
        members.pop("texts", None)
        return members

    def _reword(self, entry: Entry, given: Mapping[str, Any], members: dict[str, Any]) -> Texts | None:
        """Put the words as they are to be into members of the envelope; returns what is said otherwise elsewhere."""
        event_type = self._catalog.types.get(entry.event)
        said = Said.of(entry, event_type, self._locale)
        rarer: dict[str, Any] = {name: given[name] or None for name in ("texts", "actions") if name in given}
        parts: dict[str, Any] = {"extras": replace(said.extras or Extras(), **rarer)}
        if "data" in members:
            parts["data"] = members["data"]
        made = reworded(said, parts, given, event_type, self._locale)
        members |= {"title": made.title, "message": made.message}
        return made.texts


async def steps_of(broker: Broker, notification_id: str) -> list[tuple[dict[str, Any], Entry | None]]:
    """What happened to a notification and its thread as JSON, oldest first, each with what was before.

    One that was scheduled was so first, and delivered or cancelled then.
    """
    happened = await broker.history(notification_id)
    steps: list[tuple[dict[str, Any], Entry | None]] = []
    for one in happened:
        begun = await _scheduling(broker, one.id) if one.action == "published" else []
        steps.extend((step, None) for step in begun or [_step(one.id, one.action, one.at, one.by, one.other)])
        if one.before is not None:
            steps[-1] = (steps[-1][0], one.before)
    return steps if happened else [(step, None) for step in await _scheduling(broker, notification_id)]


async def _scheduling(broker: Broker, notification_id: str) -> list[dict[str, Any]]:
    """That a notification was scheduled, and how that ended; empty where it was not, or nothing is known of it."""
    waiting = await broker.scheduled(notification_id)
    if waiting is not None:
        return [_step(notification_id, "scheduled", waiting.scheduled_at, waiting.by)]
    fate = await broker.fate(notification_id)
    if fate is None:
        return []
    return [
        _step(notification_id, "scheduled", fate.scheduled_at, fate.by),
        {**_step(notification_id, fate.ending, fate.at, fate.ended_by, fate.replaced_by), **said_dict(fate)},
    ]


def _step(identity: str, action: str, at: int, by: str | None, other: str | None = None) -> dict[str, Any]:
    return {"id": identity, "action": action, "at": written(at), "by": by, "replaced_by": other}


def _record(before: Entry | None, locale: str | None) -> dict[str, Any] | None:
    if before is None:
        return None
    spoken = before.within(locale)
    return spoken.record() if locale is None else spoken._replace(texts=None).record()


_DELIVERED: Final = Text("It was delivered already.", "Ya se entregó.")
_NO_TEXT: Final = Text(
    "Its type is not in the catalogue, which has no text for it: write one.",
    "Su tipo no está en el catálogo, que no tiene un texto para ella: escribe uno.",
)
