"""From what a publisher asks for to a notification: what was left out comes from the catalogue."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from sio_server.audience import Audience
from sio_server.auth import Publisher, Scope
from sio_server.broker import Scheduled
from sio_server.catalog import MAX_TTL, Catalog, EventType
from sio_server.core.strangers import Strangers
from sio_server.core.wordings import WORDS, Worded, reworded, worded
from sio_server.errors import FieldProblem, Refused, Text
from sio_server.extras import Extras
from sio_server.metrics import Metrics, NoMetrics
from sio_server.notification import Idempotency, Notification, PublishRequest, milliseconds, new_id


class Addressed(NamedTuple):
    """A request whose type and data are right, and whom it is for.

    ``missing`` names the fields of ``data`` without which a part of the catalogue's audience stays empty; ``warnings``
    tell of them, and of what the publisher should know besides.
    """

    event_type: EventType
    audience: Audience
    missing: tuple[str, ...]
    warnings: tuple[Text, ...]


class Drafts:
    """Makes notifications. ``locale`` is the language of messages that publishers leave out.

    ``strangers`` says what becomes of types that the catalogue does not have. ``now`` gives the time of day.
    """

    def __init__(
        self,
        catalog: Catalog,
        strangers: Strangers,
        *,
        locale: str = "es",
        metrics: Metrics | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._catalog = catalog
        self._strangers = strangers
        self._locale = locale
        self._metrics = metrics or NoMetrics()
        self._now = now

    def address(self, request: PublishRequest, scope: Scope) -> Addressed:
        """Look the type up, check the data, and say whom the notification is for, be it nobody.

        Raises `Refused`: ``forbidden_scope`` for what this scope leaves out, ``unknown_type``, ``invalid_data``.
        """
        scope.check_type(request.type)
        event_type = self._catalog.types.get(request.type)
        if event_type is None:
            met = self._strangers.meet(request, scope)
            return Addressed(met.event_type, met.audience, (), (*request.warnings, met.warning))
        event_type.check(request.data)
        if request.audience is not None:
            scope.check_audience(request.audience, stated=True)
            return Addressed(event_type, request.audience, (), request.warnings)
        audience, missing = event_type.audience_for(request.data)
        scope.check_audience(audience, stated=False)
        return Addressed(event_type, audience, missing, (*request.warnings, *map(_SKIPPED.format, missing)))

    def worded(self, request: PublishRequest, event_type: EventType) -> Worded:
        """What this request says in which language, with what it leaves out from the catalogue."""
        return worded(request, event_type, self._locale)

    def draft(
        self, request: PublishRequest, publisher: Publisher, *, at: int | None = None
    ) -> tuple[Notification, tuple[Text, ...]]:
        """Make the notification that a publisher asks for; returns it with warnings for the publisher.

        ``at`` is when it is delivered, in milliseconds of Unix time, where that is not now. Raises `Refused` as
        `address` does, and ``invalid_audience`` where nobody is meant.
        """
        event_type, audience, missing, warnings = self.address(request, publisher.scope)
        if request.audience is None and audience.is_empty():
            raise Refused.of_problems(
                "invalid_audience", tuple(FieldProblem(f"data.{name}", _NEEDED) for name in missing)
            )
        now = milliseconds(self._now()) if at is None else at
        ttl = request.ttl if request.ttl is not None else event_type.ttl
        idempotency = None
        if request.idempotency_key is not None:
            idempotency = Idempotency(publisher.name, request.idempotency_key, request.fingerprint())
        title, message, texts, untranslated = worded(request, event_type, self._locale)
        notification = Notification.__new__(  # a call of the class would put its members into a dictionary first
            Notification,
            id=new_id(now),
            type=request.type,
            message=message,
            data=request.data,
            timestamp=now,
            audience=audience,
            title=title,
            priority=request.priority or event_type.priority,
            expires_at=_end(request, ttl, now),
            link=request.link,
            actor=request.actor,
            source=request.source,
            publisher=publisher.name,
            traceparent=request.traceparent,
            persist=request.persist,
            idempotency=idempotency,
            extras=request.extras,
            locale=self._locale,
            texts=texts,
        )
        for tag in untranslated:
            self._metrics.untranslated(tag)
        return notification, warnings

    def plan(
        self, request: PublishRequest, publisher: Publisher, due: int, now: int
    ) -> tuple[Scheduled, tuple[Text, ...]]:
        """Make what is to be delivered when it is ``due``, otherwise as `draft`; both in milliseconds of Unix time.

        Its id has that moment, which is most often the one at which it is delivered.
        """
        made, warnings = self.draft(request, publisher, at=due)
        extras = None if made.extras is None else made.extras.without_moment()
        ttl = None if request.expires_at is not None or made.expires_at is None else made.expires_at - due
        return Scheduled(made._replace(extras=extras), due, now, publisher.name, ttl), warnings

    def changed(self, notification: Notification, changes: Mapping[str, Any]) -> Notification:
        """A notification with other members of a publish, checked; None takes one out.

        Raises `Refused` (``invalid_data``) for data that the catalogue does not allow; a type that it does not have
        any more has none to check.
        """
        event_type = self._catalog.types.get(notification.type)
        members: dict[str, Any] = {"link": changes["link"]} if "link" in changes else {}
        if "data" in changes:
            members["data"] = changes["data"] or {}
            if event_type is not None:
                event_type.check(members["data"])
        if "priority" in changes:
            members["priority"] = changes["priority"] or ("normal" if event_type is None else event_type.priority)
        extras = {name: changes[name] for name in _RARE if name in changes}
        if extras:
            made = replace(notification.extras or Extras(), **extras)
            members["extras"] = made if made.as_dict() else None
        if not WORDS.isdisjoint(changes):
            said = reworded(notification, members, changes, event_type, self._locale)
            members |= {"title": said.title, "message": said.message, "texts": said.texts}
        return notification.changed(**members)


def _end(request: PublishRequest, ttl: int | None, now: int) -> int | None:
    """When a notification expires; raises `Refused` (``invalid_data``) where that moment is over."""
    if request.expires_at is not None:
        if request.expires_at <= now:
            raise Refused.of_problems("invalid_data", (FieldProblem("expirytime", _OVER),))
        return min(request.expires_at, now + 1000 * MAX_TTL)
    return None if ttl is None else now + 1000 * ttl


# The rarer members of a publish that can be changed.
_RARE: Final = ("group", "actions", "image", "icon", "category", "texts")

_OVER: Final = Text("Is over already.", "Ya ha pasado.")
_NEEDED: Final = Text("Needed to know whom this is for.", "Hace falta para saber para quién es.")
_SKIPPED: Final = Text(
    "Does not reach a part of the audience: data.{0} is missing.",
    "No llega a una parte de la audiencia: falta data.{0}.",
)
