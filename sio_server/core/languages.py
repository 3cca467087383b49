"""In which language a connection, or a request, gets the texts of notifications."""

from __future__ import annotations

from typing import Final

from sio_server.audience import Identity
from sio_server.catalog import Catalog
from sio_server.locales import accepted_tags
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

    def _languages(self) -> frozenset[str]:
        """The languages of the catalogue in force, without regions; looked at again when it is another one."""
        types = self._catalog.types
        if types is not self._types:
            tags = {self.default, *(tag for each in types.values() for tag in each.message.texts)}
            self._types, self._known = types, frozenset(tag.partition("-")[0] for tag in tags)
        return self._known
