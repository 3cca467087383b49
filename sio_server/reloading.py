"""Settings that are read anew while the server runs: which of them count at once, and who is told of them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from typing import NamedTuple

from sio_server.config import Config
from sio_server.errors import ConfigError


class Changes(NamedTuple):
    """Names of settings: those that count now, and those that count after a restart."""

    applied: tuple[str, ...]
    waiting: tuple[str, ...]


class Reloading:
    """The settings in force, ``config``, and the parts of the server that take new ones as they run."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self._parts: list[tuple[frozenset[str], Callable[[Config], None]]] = []

    def on(self, settings: Iterable[str], apply: Callable[[Config], None]) -> None:
        """Call ``apply`` with the settings in force whenever one of these has changed. It must not fail."""
        self._parts.append((frozenset(settings), apply))

    def apply(self, wanted: Config) -> Changes:
        """Put into force what can be.

        Raises `ConfigError`, and changes nothing, for settings that go from development mode to none or back: the rest
        of the process was made for the one.
        """
        if wanted.dev != self.config.dev:
            raise ConfigError("development mode begins and ends with a restart: nothing was changed")
        names = [member.name for member in dataclasses.fields(Config)]
        changed = [name for name in names if getattr(wanted, name) != getattr(self.config, name)]
        taken = frozenset().union(*(settings for settings, _ in self._parts))
        applied = tuple(name for name in changed if name in taken)
        self.config = dataclasses.replace(self.config, **{name: getattr(wanted, name) for name in applied})
        for settings, apply in self._parts:
            if not settings.isdisjoint(applied):
                apply(self.config)
        return Changes(applied, tuple(name for name in changed if name not in taken))
