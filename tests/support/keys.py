"""Stored publisher keys for tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from sio_server.auth import KeyFile, Scope, StoredKey
from sio_server.auth.key_text import new_key
from sio_server.auth.stored_keys import Secret


def made(
    name: str = "reservas", scope: Scope | None = None, *, at: float | None = None, **more: Any
) -> tuple[StoredKey, str]:
    """A stored key, and the text of it."""
    key, now = new_key(), time.time() if at is None else at
    return StoredKey(name=name, scope=scope or Scope(), created_at=now, secrets=(Secret.of(key, now),), **more), key


def edit(directory: Path, change: Callable[[tuple[StoredKey, ...]], Sequence[StoredKey]]) -> None:
    """Change the keys of a data directory as another program would: in a thread, as it waits for the disk."""
    thread = threading.Thread(target=KeyFile(directory).edit, args=(change,))
    thread.start()
    thread.join()


def write(directory: Path, *keys: StoredKey) -> KeyFile:
    """Let these be the keys of a data directory."""
    edit(directory, lambda _: keys)
    return KeyFile(directory)


def add(directory: Path, name: str = "reservas", scope: Scope | None = None, **more: Any) -> str:
    """Add a key to a data directory; returns its text."""
    stored, key = made(name, scope, **more)
    edit(directory, lambda known: (*known, stored))
    return key


def narrow(directory: Path, name: str, scope: Scope) -> None:
    """Let a key of a data directory allow something else."""
    edit(directory, lambda known: [replace(one, scope=scope) if one.name == name else one for one in known])


def revoke(directory: Path, name: str) -> None:
    """Take a key out of a data directory."""
    edit(directory, lambda known: [one for one in known if one.name != name])
