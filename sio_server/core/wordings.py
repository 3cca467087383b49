"""What a notification says in which language: its publisher's words, and the catalogue's where there are none. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final, NamedTuple, Self, TypeVar

from sio_server.event_types import EventType
from sio_server.extras import Choice, Extras
from sio_server.notification import Entry, Notification, PublishRequest
from sio_server.texts import Texts
from sio_server.translations import nearest

T = TypeVar("T")


class Worded(NamedTuple):
    """What a notification says in the server's language, and what otherwise in others; None where nothing is.

    ``missing``: the languages in which a part of it is, and another part is not.
    """

    title: str | None
    message: str
    texts: Texts | None = None
    missing: tuple[str, ...] = ()


def worded(request: PublishRequest, event_type: EventType, locale: str) -> Worded:
    """The texts of a request; ``locale`` is the server's language, in which its own ``title`` and ``message`` are.

    A message that it leaves out is the catalogue's, with the data in it.
    """
    message, extras = request.message, request.extras
    if extras is None or (extras.texts is None and not extras.has_labels_by_language):
        if message is not None:
            return Worded(request.title, message)
        if len(event_type.message.texts) < _SEVERAL:
            return Worded(request.title, event_type.text_for(request.data, locale))
        if request.title is None:
            return _catalogues(request.data, event_type, locale)
    said = {} if extras is None or extras.texts is None else extras.texts
    titles = _of(said, "title", request.title, locale)
    messages = _of(said, "message", message, locale)
    if message is None:
        for tag in event_type.message.texts:
            messages.setdefault(tag, event_type.text_for(request.data, tag))
        if not messages:
            messages[locale] = event_type.text_for(request.data, locale)
    # Who writes in the server's language without a title wants none there: one in another would be in the way.
    untitled = bool(titles) and locale not in titles and (message is not None or locale in said)
    return _put_together(request, {**titles, **({locale: None} if untitled else {})}, messages, locale)


def _catalogues(data: Mapping[str, Any], event_type: EventType, locale: str) -> Worded:
    """The catalogue's message alone, in all of its languages: what `_put_together` would make of it, for a third."""
    messages = {tag: event_type.text_for(data, tag) for tag in event_type.message.texts}
    message = _within(messages, locale, locale) or ""
    differing: dict[str, dict[str, Any]] = {locale: {}}
    for tag, text in messages.items():
        differing[tag] = {} if text == message else {"message": text}
    return Worded(None, message, Texts.of(differing), () if locale in messages else (locale,))


WORDS: Final = frozenset({"title", "message", "data", "texts", "actions"})
"""The members of a publish that a notification's texts are made of."""


class Said(NamedTuple):
    """What a stored notification says, as `reworded` takes it."""

    type: str
    title: str | None
    message: str
    data: dict[str, Any]
    extras: Extras | None

    @classmethod
    def of(cls, entry: Entry, event_type: EventType | None, locale: str) -> Self:
        """What an entry says in which language, without what is the catalogue's; ``locale`` is the server's."""
        envelope = entry.envelope()
        data, message, offered = envelope["data"], envelope["message"], envelope.get("actions", [])
        catalogues = event_type is not None and message == event_type.text_for(data, locale)
        texts: dict[str, dict[str, str]] = {}
        labels: list[dict[str, str]] = [{locale: action["label"]} for action in offered]
        for tag, members in ({} if entry.texts is None else entry.texts.members).items():
            own = {name: members[name] for name in ("title", "message") if members.get(name) is not None}
            if catalogues and event_type is not None and own.get("message") == event_type.text_for(data, tag):
                del own["message"]
            if own:
                texts[tag] = own
            for label, action in zip(labels, members.get("actions", ()), strict=False):
                label[tag] = action["label"]
        actions = tuple(
            Choice(**{**action, "label": label if len(label) > 1 else action["label"]})
            for action, label in zip(offered, labels, strict=True)
        )
        return cls(entry.event, envelope["title"], message, data, Extras(texts=texts or None, actions=actions or None))


def reworded(
    notification: Notification | Said,
    members: Mapping[str, Any],
    changes: Mapping[str, Any],
    event_type: EventType | None,
    locale: str,
) -> Worded:
    """The texts of a notification that is given other words, ``changes``, and has these other ``members`` by now.

    A message that was the catalogue's stays the catalogue's; what is given at the top counts before what texts of
    before said in the server's language. Without an ``event_type`` there is no message but what is given.
    """
    message = changes.get("message") if "message" in changes else notification.message
    if event_type is None:
        message = message or ""
    elif "message" not in changes and message == event_type.text_for(notification.data, locale):
        message = None
    extras: Extras | None = members.get("extras", notification.extras)
    if extras is not None and extras.texts is not None and "texts" not in changes:
        kept = {
            tag: {name: text for name, text in said.items() if tag != locale or name not in changes}
            for tag, said in extras.texts.items()
        }
        extras = replace(extras, texts={tag: said for tag, said in kept.items() if said} or None)
    request = PublishRequest(
        type=notification.type,
        message=message,
        data=members.get("data", notification.data),
        title=changes.get("title") if "title" in changes else notification.title,
        extras=extras,
    )
    return worded(request, event_type or EventType.from_dict({"type": notification.type}), locale)


_SEVERAL: Final = 2


def _of(said: Mapping[str, Mapping[str, str]], member: str, own: str | None, locale: str) -> dict[str, str]:
    """A text by language: what is said in each, and the request's own in the server's where nothing else is."""
    found = {tag: texts[member] for tag, texts in said.items() if member in texts}
    if own is not None:
        found.setdefault(locale, own)
    return found


def _put_together(
    request: PublishRequest, titles: Mapping[str, str | None], messages: Mapping[str, str], locale: str
) -> Worded:
    choices = () if request.extras is None else request.extras.actions or ()
    labels = [choice.label for choice in choices if not isinstance(choice.label, str)]
    parts: list[Collection[str]] = [part for part in (titles, messages, *labels) if part]

    def members(tag: str) -> dict[str, Any]:
        shown: dict[str, Any] = {"title": _within(titles, tag, locale), "message": _within(messages, tag, locale)}
        if labels:
            shown["actions"] = [choice.as_dict(tag, locale) for choice in choices]
        return shown

    base = members(locale)
    tags = dict.fromkeys((locale, *(tag for part in parts for tag in part)))
    differing = {tag: {name: value for name, value in members(tag).items() if value != base[name]} for tag in tags}
    missing = tuple(tag for tag in tags if any(tag not in part for part in parts)) if len(tags) > 1 else ()
    return Worded(base["title"], base["message"], Texts.of(differing), missing)


def _within(texts: Mapping[str, T], tag: str, locale: str) -> T | None:
    """The text for a reader of a language: the nearest there is, else the server's, else English, else the first."""
    found = nearest(texts, tag) or nearest(texts, locale) or nearest(texts, "en") or next(iter(texts), None)
    return None if found is None else texts[found]
