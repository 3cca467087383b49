"""Keeps what a backend publishes, checks it by the catalogue as the server does, and says what was there instead."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, overload

from sio_server.audience import Audience
from sio_server.client.bodies import PublishResult
from sio_server.client.diverting import diverted
from sio_server.client.field_types import Id
from sio_server.client.known import default_catalog
from sio_server.errors import Refused
from sio_server.event_types import EventTypes
from sio_server.testing.answering import Answering
from sio_server.testing.recorded import Recorded, Refusal, read, refusal_of
from sio_server.testing.wording import differences, listed, question


class Notifications(Answering, Sequence[Recorded]):
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
        self._retracted: list[Recorded] = []
        self._revisions: dict[str, int] = {}
        self._made = 0
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
                recorded, warnings = self._read(body, f"{self._made + 1:08x}-0000-7000-8000-000000000000")
            except Refused as refused:
                error = refusal_of(refused)
                self._refused.append(Refusal(str(body["type"]), error.code, error.detail, body, answered))
                raise error from None
            recorded = replace(recorded, replaces=self._replaced(recorded))
            self._made += 1
            self._all.append(recorded)
            seq = 0 if recorded.due else self._made
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

    def _read(self, body: Mapping[str, Any], identity: str) -> tuple[Recorded, tuple[str, ...]]:
        return read(body, identity, self._catalog, self._locale)

    def _replaced(self, successor: Recorded) -> str | None:
        """The id of the one whose place the next one takes: of what is delivered, or of what is to be."""
        if successor.collapse_key is None:
            return None
        place = _place(successor)
        return next((one.id for one in reversed(self._all) if _place(one) == place), None)

    def clear(self) -> None:
        """Forget all of it, refusals as well."""
        with self._lock:
            self._all.clear()
            self._refused.clear()
            self._keys.clear()
            self._retracted.clear()
            self._revisions.clear()

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
    def retracted(self) -> tuple[Recorded, ...]:
        """What was taken back, or cancelled before it was delivered, as it was last; it is in no other list."""
        return tuple(self._retracted)

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


def _place(one: Recorded) -> tuple[str | None, Audience, bool]:
    """Where at most one is: those of one key for the same people, delivered or not."""
    return one.collapse_key, one.audience, one.due is not None


@contextlib.contextmanager
def recording(catalog: EventTypes | None = None, *, locale: str = "es") -> Iterator[Notifications]:
    """Record what this process publishes, in place of sending it. See `Notifications` for the arguments."""
    notifications = Notifications(catalog, locale=locale)
    with diverted(notifications):
        yield notifications
