"""Keeps what a backend publishes, checks it by the catalogue as the server does, and says what was there instead."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final, overload

from sio_server.audience import Audience, Identity
from sio_server.client.bodies import NotifyRefused, PublishResult
from sio_server.client.diverting import diverted
from sio_server.client.extras import MAX_AHEAD, moment_of
from sio_server.client.field_types import Id
from sio_server.client.known import default_catalog
from sio_server.client.strict import problems_of_members
from sio_server.errors import FieldProblem, Refused, Text
from sio_server.event_types import EventType, EventTypes
from sio_server.testing.wording import differences, listed, question
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


class Notifications(Sequence[Recorded]):
    """What was published while it recorded, in order. May be asked from any thread.

    ``catalog`` are the event types: the built-in ones and those of SIO_SERVER_CATALOG where it is None. ``locale`` is
    the language of messages that were left out, the server's setting of this name.
    """

    def __init__(self, catalog: EventTypes | None = None, *, locale: str = "es") -> None:
        self._catalog = catalog or default_catalog()
        self._locale = locale
        self._lock = threading.Lock()
        self._all: list[Recorded] = []
        self._refused: list[Refusal] = []
        self._keys: dict[str, PublishResult] = {}
        self._looked = False

    # -- what is recorded

    def take(self, body: Mapping[str, Any], *, answered: bool) -> PublishResult:
        """Record what a backend publishes. Raises `NotifyRefused` where the server would."""
        with self._lock:
            key = body.get("idempotency_key")
            if key in self._keys:
                known = self._keys[key]
                return replace(known, duplicate=True, warnings=())
            try:
                recorded, warnings = self._read(body)
            except Refused as refused:
                kind, detail = refused.kind, str(refused.detail)
                if len(refused.problems) > 1:
                    detail = "; ".join(f"{problem.field}: {problem.detail}" for problem in refused.problems)
                self._refused.append(Refusal(str(body["type"]), kind.code, detail, body, answered))
                raise NotifyRefused(kind.code, kind.status, detail, refused.problems) from None
            self._all.append(recorded)
            seq = 0 if recorded.due else len(self._all)
            made = PublishResult(
                id=recorded.id,
                seq=seq,
                cursor=f"recorded:{seq}" if seq else "",
                type=recorded.type,
                sockets=0,
                duplicate=False,
                warnings=warnings,
                due=recorded.due,
                replaces=recorded.replaces,
            )
            if key is not None:
                self._keys[key] = made
            return made

    def _read(self, body: Mapping[str, Any]) -> tuple[Recorded, tuple[str, ...]]:
        wrong = tuple(problems_of_members(body))
        if wrong:
            of_audience = any(problem.field.partition(".")[0] == "audience" for problem in wrong)
            raise Refused.of_problems("invalid_audience" if of_audience else "invalid_data", wrong)
        event_type = self._catalog[str(body["type"])]
        data = body.get("data") or {}
        event_type.check(data)
        given = body.get("audience")
        missing: tuple[str, ...] = ()
        if given is not None:
            audience = Audience.from_dict(given)
        else:
            audience, missing = event_type.audience_for(data)
        if audience.is_empty():
            raise Refused.of_problems(
                "invalid_audience", tuple(FieldProblem(f"data.{name}", _NEEDED) for name in missing)
            )
        message, due = body.get("message"), _due(body)
        recorded = Recorded(
            type=event_type.name,
            message=event_type.text_for(data, self._locale) if message is None else message,
            data=data,
            audience=audience,
            title=body.get("title"),
            link=body.get("link"),
            priority=body.get("priority") or event_type.priority,
            body=body,
            id=f"{len(self._all) + 1:08x}-0000-7000-8000-000000000000",
            due=due,
            texts=_texts(body, event_type, data),
            replaces=self._replaced(body.get("collapse_key"), audience, later=due is not None),
            actions=tuple(body.get("actions") or ()),
            **{name: body.get(name) for name in _PLAIN},
        )
        skipped = "Does not reach a part of the audience: data.{0} is missing."
        return recorded, tuple(skipped.format(name) for name in missing)

    def _replaced(self, collapse_key: str | None, audience: Audience, *, later: bool) -> str | None:
        """The id of the one whose place the next one takes: of what is delivered, or of what is to be."""
        if collapse_key is None:
            return None
        for one in reversed(self._all):
            if (one.collapse_key, one.audience, one.due is not None) == (collapse_key, audience, later):
                return one.id
        return None

    def clear(self) -> None:
        """Forget all of it, refusals as well."""
        with self._lock:
            self._all.clear()
            self._refused.clear()
            self._keys.clear()

    # -- what was published

    def __len__(self) -> int:
        return len(self._all)

    @overload
    def __getitem__(self, index: int) -> Recorded: ...

    @overload
    def __getitem__(self, index: slice) -> Sequence[Recorded]: ...

    def __getitem__(self, index: int | slice) -> Recorded | Sequence[Recorded]:
        return self._all[index]

    def __repr__(self) -> str:
        return f"<{len(self._all)} notifications: {', '.join(one.type for one in self._all)}>"

    def of_type(self, type: str) -> list[Recorded]:  # noqa: A002 - the word of the protocol
        """All of one event type. Raises AssertionError for a type that the catalogue does not know."""
        self._known(type)
        return [one for one in list(self._all) if one.type == type]

    def to(self, user: Id | None, *, roles: Iterable[str] = (), topics: Iterable[str] = ()) -> list[Recorded]:
        """All that somebody with these roles and topics gets."""
        return [one for one in list(self._all) if one.reaches(user, roles=tuple(roles), topics=tuple(topics))]

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """What the server would have refused. A test that looks at it expects some, and does not fail for them."""
        self._looked = True
        return tuple(self._refused)

    # -- asserting

    def assert_notified(
        self,
        user: Id | None,
        type: str,  # noqa: A002 - the word of the protocol
        /,
        *,
        roles: Iterable[str] = (),
        topics: Iterable[str] = (),
        data: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> Recorded:
        """Assert that somebody is notified of an event, and return it; the latest where there are several.

        Who: a user by name, with these roles and topics; None for anybody who has them. ``fields`` are what its data
        has to hold, among others; ``data`` is for fields that are called as an argument here.
        """
        wanted = {**(data or {}), **fields}
        found = self._found(user, type, tuple(roles), tuple(topics), wanted)
        if not found:
            asked = question(user, type, tuple(roles), tuple(topics), wanted)
            raise AssertionError(f"Nobody published {asked}.\n{self._story(user, type, roles, topics, wanted)}")
        return found[-1]

    def assert_not_notified(
        self,
        user: Id | None,
        type: str | None = None,  # noqa: A002 - the word of the protocol
        /,
        *,
        roles: Iterable[str] = (),
        topics: Iterable[str] = (),
        data: Mapping[str, Any] | None = None,
        **fields: Any,
    ) -> None:
        """Assert that somebody is notified of no such event, of none at all where no type is given."""
        wanted = {**(data or {}), **fields}
        found = self._found(user, type, tuple(roles), tuple(topics), wanted)
        if found:
            asked = question(user, type, tuple(roles), tuple(topics), wanted)
            raise AssertionError(f"This was published: {asked}.\n{listed(found)}")

    def assert_none(self) -> None:
        """Assert that nothing was published."""
        if self._all:
            raise AssertionError(f"Something was published.\n{listed(self._all)}")

    def assert_none_refused(self) -> None:
        """Assert that nothing was refused unheard, unless the test has looked at `refused`."""
        unheard = [one for one in self._refused if not one.told]
        if unheard and not self._looked:
            told = "\n".join(f"  {one.type}: {one.code}: {one.detail}" for one in unheard)
            raise AssertionError(
                f"The server would have refused {len(unheard)} of the notifications, and the backend only logs that:"
                f"\n{told}\nA test that means it looks at `notifications.refused`."
            )

    # -- the parts of it

    def _known(self, type: str) -> None:  # noqa: A002 - the word of the protocol
        try:
            self._catalog[type]
        except Refused as refused:
            raise AssertionError(str(refused.detail)) from None

    def _found(
        self,
        user: Id | None,
        type: str | None,  # noqa: A002 - the word of the protocol
        roles: tuple[str, ...],
        topics: tuple[str, ...],
        wanted: Mapping[str, Any],
    ) -> list[Recorded]:
        candidates = list(self._all) if type is None else self.of_type(type)
        return [
            one
            for one in candidates
            if one.reaches(user, roles=roles, topics=topics) and not differences(wanted, one.data)
        ]

    def _story(
        self,
        user: Id | None,
        type: str,  # noqa: A002 - the word of the protocol
        roles: Iterable[str],
        topics: Iterable[str],
        wanted: Mapping[str, Any],
    ) -> str:
        def note(one: Recorded) -> str:
            if one.type != type:
                return ""
            if not one.reaches(user, roles=roles, topics=topics):
                return "not for them"
            return ", ".join(differences(wanted, one.data))

        refused = "".join(f"\nRefused: {one.type}: {one.code}: {one.detail}" for one in self._refused)
        return listed(self._all, note) + refused


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


@contextlib.contextmanager
def recording(catalog: EventTypes | None = None, *, locale: str = "es") -> Iterator[Notifications]:
    """Record what this process publishes, in place of sending it. See `Notifications` for the arguments."""
    notifications = Notifications(catalog, locale=locale)
    with diverted(notifications):
        yield notifications
