"""In which language a connection, or a request, gets the texts of notifications, and in which errors."""

from __future__ import annotations

from typing import Final, NamedTuple

from sio_server.audience import Identity
from sio_server.catalog import Catalog
from sio_server.locales import LOCALES, accepted_tags, preferred_locale
from sio_server.translations import canonical

# Characters of a language tag that is taken for one: the longest in use have about fifteen.
MAX_TAG: Final = 35


def tag_of(text: object) -> str | None:
    """A language tag in its usual spelling, ``es`` or ``pt-BR``; None for what is none."""
    if not isinstance(text, str) or not 0 < len(text) <= MAX_TAG:
        return None
    try:
        return canonical(text.replace("_", "-"))
    except ValueError:
        return None


class Language(NamedTuple):
    """What one connection speaks: ``tag`` for notifications, ``errors`` (``es`` or ``en``) for what is refused.

    ``asked``: whether its client said so, at the handshake or since. Then no token of its changes that.
    """

    tag: str
    errors: str = "en"
    asked: bool = False

    def then(self, tag: str, *, asked: bool) -> Language:
        """Another one from now on; errors stay in what they were where we have none in it."""
        return Language(tag, _ours(tag) or self.errors, asked)


class Languages:
    """Chooses languages. ``default`` is the server's own."""

    def __init__(self, catalog: Catalog, default: str) -> None:
        self.default = default
        self._catalog = catalog
        self._types: object = None
        self._known: frozenset[str] = frozenset()

    def choose(self, asked: object, identity: Identity, accept_language: str | None) -> str:
        """What was asked for, else what the token says, else what a browser would rather have, else the server's own.

        What is no language tag counts as not said. Of what a browser sends, the first counts that the catalogue has
        texts in; where it has none in any of them, the first.
        """
        chosen = tag_of(asked) or tag_of(identity.locale)
        if chosen is not None:
            return chosen
        tags = accepted_tags(accept_language) if accept_language else ()
        known = self._languages()
        return next((tag for tag in tags if tag.partition("-")[0] in known), tags[0] if tags else self.default)

    def spoken(self, asked: object, identity: Identity, accept_language: str | None) -> Language:
        """What a connection speaks that comes with these: see `choose`.

        Errors are in it where they are written in it, else in what a browser would rather have of theirs, else in
        English, as over HTTP; also where nobody says anything.
        """
        wished = tag_of(asked)
        said = wished or tag_of(identity.locale)
        errors = (said and _ours(said)) or preferred_locale(accept_language)
        return Language(self.choose(asked, identity, accept_language), errors, wished is not None)

    def _languages(self) -> frozenset[str]:
        """The languages of the catalogue in force, without regions; looked at again when it is another one."""
        types = self._catalog.types
        if types is not self._types:
            tags = {self.default, *(tag for each in types.values() for tag in each.message.texts)}
            self._types, self._known = types, frozenset(tag.partition("-")[0] for tag in tags)
        return self._known


def _ours(tag: str) -> str | None:
    """The language of a tag where errors are written in it."""
    language = tag.partition("-")[0]
    return language if language in LOCALES else None
