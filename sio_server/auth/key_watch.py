"""Keys that are added, rotated and revoked count in a running server, whoever writes the file, within a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from sio_server.auth.key_file import KeyFile
from sio_server.auth.keyring import Keyring
from sio_server.errors import ConfigError
from sio_server.logs import get_logger

logger = get_logger("keys")

# Seconds between two looks. One file is looked at by its name, in a thread, for 20 µs: a library that asks the system
# for changes would be told nothing on a network's disk, nor of a file that is put in the place of another's mount.
INTERVAL: Final = 1.0

# Looks after which it is written down when the keys were used, so that it is known after a restart.
_LOOKS_A_NOTE: Final = 60


class KeyWatch:
    """Keeps ``keyring`` as its file says. ``changed`` is called on the loop after each change; it must not fail."""

    def __init__(self, file: KeyFile, keyring: Keyring) -> None:
        self.changed: Callable[[], None] = _nobody
        self._file = file
        self.keyring = keyring
        self._mark = file.mark()
        self._told: str | None = None
        self._noted = file.read_use()
        keyring.set_stored(file.read())
        keyring.remember(self._noted)

    async def run(self) -> None:
        """Look again and again until cancelled."""
        looks = 0
        try:
            while True:
                await asyncio.sleep(INTERVAL)
                try:
                    await self.look()
                except ConfigError as error:
                    self._tell(str(error))
                looks += 1
                if looks % _LOOKS_A_NOTE == 0:
                    await self._note_use()
        finally:
            await asyncio.shield(self._note_use())

    async def look(self) -> None:
        """Take over what the file says, if it has changed.

        Raises `ConfigError` where it cannot be used; what was known before stays then, but for what is over.
        """
        over = self.keyring.end_over()
        mark = await asyncio.to_thread(self._file.mark)
        try:
            if mark != self._mark:
                keys = await asyncio.to_thread(self._file.read)
                self._mark, self._told = mark, None
                for change in self.keyring.set_stored(keys):
                    logger.info("publisher key changed", key=change.name, change=change.kind)
                    over = True
                if mark is None:
                    logger.warning(
                        "the file of publisher keys is gone, and its keys with it", file=str(self._file.path)
                    )
        finally:
            if over:
                self.changed()

    def _tell(self, text: str) -> None:
        """Say once what is wrong, and not every second."""
        if text != self._told:
            self._told = text
            logger.error("publisher keys not read anew, those of before stay", reason=text)

    async def _note_use(self) -> None:
        last = self.keyring.last_used()
        if last != self._noted:
            self._noted = last
            await asyncio.to_thread(self._file.write_use, last)


def _nobody() -> None:
    """Nobody has to be told."""
