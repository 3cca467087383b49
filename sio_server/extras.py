"""What a publish may say beside what every notification has: how it is shown, what it replaces, when it is due. Pure.

Most publishes say none of it; then a request has None in place of `Extras`, and nothing of this costs it anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Final

from sio_server.translations import Translations

# A year and a day, in seconds: further ahead nobody knows what is published.
MAX_AHEAD: Final = 366 * 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One of a notification's ``actions``: something that its reader can do about it."""

    id: str
    label: str | Mapping[str, str]
    """What the reader sees: one text, or one for each language tag."""
    link: str | None = None
    """Where it leads; with it there is no ``value``."""
    value: Any = None
    """Any JSON, for whoever hears of the answer; None for none."""

    def label_in(self, locale: str, default: str) -> str:
        """The label in a language, or in the nearest there is, else in ``default``."""
        return self.label if isinstance(self.label, str) else Translations(self.label).within(locale, default)

    def as_dict(self, locale: str | None = None, default: str = "en") -> dict[str, Any]:
        """The action as a request says it; with ``locale`` as a reader of that language gets it."""
        members = {"id": self.id, "label": self.label if locale is None else self.label_in(locale, default)}
        more = {"link": self.link, "value": self.value}
        return {**members, **{name: value for name, value in more.items() if value is not None}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """The rarer members of a publish, checked; None stands for what was left out."""

    collapse_key: str | None = None
    """The newest of the same key and audience takes the place of the one before."""
    group: str | None = None
    """The heading that an inbox shows it under."""
    actions: tuple[Choice, ...] | None = None
    image: str | None = None
    icon: str | None = None
    category: str | None = None
    texts: Mapping[str, Mapping[str, str]] | None = None
    """By language tag, ``title`` and ``message`` or one of them."""
    deliver_at: int | None = None
    """Milliseconds of Unix time."""
    deliver_in: int | None = None
    """Seconds from when it is accepted."""

    @property
    def has_labels_by_language(self) -> bool:
        """Whether the label of any action is in several languages."""
        return any(not isinstance(choice.label, str) for choice in self.actions or ())

    def as_dict(self) -> dict[str, Any]:
        """What was given, by the names of a request: what makes two publishes the same."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}
        if self.actions is not None:
            given["actions"] = [choice.as_dict() for choice in self.actions]
        return {name: value for name, value in given.items() if value is not None}

    def without_moment(self) -> Extras | None:
        """The same without when it is delivered; None where nothing else is said."""
        rest = replace(self, deliver_at=None, deliver_in=None)
        return rest if rest.as_dict() else None

    def envelope(self, locale: str) -> dict[str, Any]:
        """The members of the envelope that this adds for a reader of a language: only those with something to say."""
        members = {
            "collapse_key": self.collapse_key,
            "group": self.group,
            "actions": [choice.as_dict(locale) for choice in self.actions or ()] or None,
            "image": self.image,
            "icon": self.icon,
            "category": self.category,
        }
        return {name: value for name, value in members.items() if value is not None}
