"""What of a notification is said otherwise in which language. Pure.

The envelope is encoded once, in the server's language; a notification whose texts are in several has `Texts` beside
it, any other has None in their place and is sent as it is.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, NamedTuple, Self

import orjson

from sio_server.translations import nearest


class Texts(NamedTuple):
    """By language tag, the members of the envelope that differ from those of the body it belongs to.

    The language of the body is among the tags, and has none. ``size``: bytes of all of it.
    """

    members: Mapping[str, Mapping[str, Any]]
    size: int

    @classmethod
    def of(cls, members: Mapping[str, Mapping[str, Any]]) -> Self | None:
        """The texts of these members; None where no language has any."""
        return cls(members, len(orjson.dumps(members))) if any(members.values()) else None

    @classmethod
    def load(cls, stored: str | bytes) -> Self:
        """What `dump` wrote."""
        return cls(orjson.loads(stored), len(stored))

    def dump(self) -> str:
        """All of it as JSON."""
        return orjson.dumps(self.members).decode()

    def knows(self, locale: str) -> bool:
        """Whether there is anything in this language."""
        return _tag_for(tuple(self.members), locale) is not None

    def variant(self, locale: str) -> str | None:
        """The tag whose texts a reader of a language gets; None where that is the body as it is."""
        tag = _tag_for(tuple(self.members), locale)
        return tag if tag is not None and self.members[tag] else None

    def body_in(self, tag: str, body: bytes) -> bytes:
        """The body, which is the members of an envelope without braces, with the texts of a tag in it."""
        return orjson.dumps({**orjson.loads(b"{" + body + b"}"), **self.members[tag]})[1:-1]

    def shown(self) -> dict[str, Any]:
        """What is said otherwise in which language, for operators."""
        return {tag: dict(members) for tag, members in self.members.items() if members}


@lru_cache(maxsize=4096)  # publishers write in the same few languages, and connections listen in the same few
def _tag_for(tags: tuple[str, ...], locale: str) -> str | None:
    return nearest(tags, locale)
