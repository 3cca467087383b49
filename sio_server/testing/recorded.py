"""What is recorded of one publish: the notification as clients would get it, or why a server would refuse it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sio_server.audience import Audience, Identity
from sio_server.client.bodies import NotifyRefused
from sio_server.client.extras import MAX_AHEAD, moment_of
from sio_server.client.field_types import Id
from sio_server.client.strict import problems_of_members
from sio_server.errors import FieldProblem, Refused, Text
from sio_server.event_types import EventType, EventTypes
from sio_server.translations import canonical, nearest

_TOO_FAR: Final = Text("More than a year ahead: schedule it later.", "A más de un año: prográmala más adelante.")
_NEEDED: Final = Text("Needed to know whom this is for.", "Hace falta para saber para quién es.")


# Members that are as they were sent.
_PLAIN: Final = ("collapse_key", "group", "image", "icon", "category")


@dataclass(frozen=True, slots=True)
class Recorded:
    """A notification that was published, as the clients of a server would get it.

    ``audience`` is whom it is for: the publisher's own, or the catalogue's with the data filled in. ``data`` is what
    JSON makes of it: a date is a string. ``body`` is all that was sent. ``due`` is when it is delivered where that is
    later. ``texts`` are what was said in which language by the publisher, and by the catalogue where the message was
    left out. ``replaces`` is the id of the one whose place it takes, by its ``collapse_key`` and audience.
    """

    type: str
    message: str
    data: Mapping[str, Any]
    audience: Audience
    title: str | None
    link: str | None
    priority: str
    body: Mapping[str, Any] = field(repr=False)
    id: str = field(default="", repr=False)
    due: datetime | None = None
    texts: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    collapse_key: str | None = None
    replaces: str | None = None
    group: str | None = None
    actions: tuple[Mapping[str, Any], ...] = ()
    image: str | None = None
    icon: str | None = None
    category: str | None = None

    def message_in(self, locale: str) -> str:
        """What a reader of this language gets, ``pt-BR``: the nearest there is, else `message`."""
        tag = nearest([tag for tag, said in self.texts.items() if said.get("message")], locale)
        return self.message if tag is None else self.texts[tag]["message"]

    def reaches(self, user: Id | None, *, roles: Iterable[str] = (), topics: Iterable[str] = ()) -> bool:
        """Whether somebody with these roles and topics gets it; ``user`` is None for whoever has a role."""
        return self.audience.includes(Identity(None if user is None else str(user), tuple(roles), tuple(topics)))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A notification that the server would have refused: ``code`` is one of its stable codes.

    ``told`` says whether the publisher heard of it, by an exception; a function that hands over only logs a line.
    """

    type: str
    code: str
    detail: str
    body: Mapping[str, Any] = field(repr=False)
    told: bool = False


def read(body: Mapping[str, Any], identity: str, types: EventTypes, locale: str) -> tuple[Recorded, tuple[str, ...]]:
    """A body as a record with this id, and what to warn of; raises `Refused` where a server would.

    ``locale`` is the language of messages that are left out.
    """
    wrong = tuple(problems_of_members(body))
    if wrong:
        of_audience = any(problem.field.partition(".")[0] == "audience" for problem in wrong)
        raise Refused.of_problems("invalid_audience" if of_audience else "invalid_data", wrong)
    event_type = types[str(body["type"])]
    data = body.get("data") or {}
    event_type.check(data)
    given = body.get("audience")
    missing: tuple[str, ...] = ()
    if given is not None:
        audience = Audience.from_dict(given)
    else:
        audience, missing = event_type.audience_for(data)
    if audience.is_empty():
        raise Refused.of_problems("invalid_audience", tuple(FieldProblem(f"data.{name}", _NEEDED) for name in missing))
    message, due = body.get("message"), _due(body)
    recorded = Recorded(
        type=event_type.name,
        message=event_type.text_for(data, locale) if message is None else message,
        data=data,
        audience=audience,
        title=body.get("title"),
        link=body.get("link"),
        priority=body.get("priority") or event_type.priority,
        body=body,
        id=identity,
        due=due,
        texts=_texts(body, event_type, data),
        actions=tuple(body.get("actions") or ()),
        **{name: body.get(name) for name in _PLAIN},
    )
    skipped = "Does not reach a part of the audience: data.{0} is missing."
    return recorded, tuple(skipped.format(name) for name in missing)


def refusal_of(refused: Refused) -> NotifyRefused:
    """What a client raises for what a server would refuse."""
    kind, detail = refused.kind, str(refused.detail)
    if len(refused.problems) > 1:
        detail = "; ".join(f"{problem.field}: {problem.detail}" for problem in refused.problems)
    return NotifyRefused(kind.code, kind.status, detail, refused.problems)


def _due(body: Mapping[str, Any]) -> datetime | None:
    """When a body is delivered where that is later; raises `Refused` for more than a year ahead."""
    now = datetime.now(UTC)
    due = moment_of(body.get("deliver_at"))
    if body.get("deliver_in") is not None:
        due = now + timedelta(seconds=body["deliver_in"])
    if due is None or due <= now:
        return None
    if due > now + timedelta(seconds=MAX_AHEAD):
        raise Refused.of_problems("invalid_data", (FieldProblem("deliver_at", _TOO_FAR),))
    return due


def _texts(body: Mapping[str, Any], event_type: EventType, data: Mapping[str, Any]) -> dict[str, dict[str, str]]:
    """What is said in which language: the publisher's own, before the catalogue's."""
    said: dict[str, dict[str, str]] = {}
    if body.get("message") is None:
        said = {tag: {"message": event_type.text_for(data, tag)} for tag in event_type.message.texts}
    for tag, own in (body.get("texts") or {}).items():
        given = {name: text for name, text in own.items() if text is not None}
        said[canonical(tag)] = {**said.get(canonical(tag), {}), **given}
    return said
