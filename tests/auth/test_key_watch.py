"""A keyring that follows its file: what is told, and what is not lost."""

from __future__ import annotations

import asyncio
import contextlib
import time
from pathlib import Path

import pytest
import structlog

from sio_server.auth import KeyFile, Keyring, KeyWatch, StoredKey, key_watch
from sio_server.errors import ConfigError
from tests.support.keys import add, made, write
from tests.support.waiting import until


async def edit(file: KeyFile, *keys: StoredKey) -> None:
    """Let these be the keys of the file, without a wait on the loop."""
    await asyncio.to_thread(file.edit, lambda _: keys)


async def watch_of(directory: Path, ring: Keyring) -> KeyWatch:
    """A watch that was made as at a start."""
    return await asyncio.to_thread(KeyWatch, KeyFile(directory), ring)


async def test_each_change_is_one_line_with_the_name(tmp_path: Path) -> None:
    """What was added, rotated and revoked is told by name, once, without anything of the key."""
    ring = Keyring()
    watch = await watch_of(tmp_path, ring)
    calls: list[int] = []
    watch.changed = lambda: calls.append(1)
    key, text = made()
    renewed, newer = key.rotated(time.time(), 60.0)
    with structlog.testing.capture_logs() as lines:
        for keys in ([key], [renewed], []):
            await edit(KeyFile(tmp_path), *keys)
            await watch.look()
            await watch.look()
    assert [(line["change"], line["key"]) for line in lines] == [
        ("added", "reservas"),
        ("rotated", "reservas"),
        ("revoked", "reservas"),
    ]
    assert len(calls) == 3
    assert text not in str(lines)
    assert newer not in str(lines)


async def test_wrong_file_at_the_start_is_an_error(tmp_path: Path) -> None:
    """A server does not start with keys that it cannot read."""
    file = await asyncio.to_thread(write, tmp_path, made()[0])
    file.path.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        await watch_of(tmp_path, Keyring())


def damage(file: KeyFile, content: bytes) -> None:
    """Put this in place of the keys, at one stroke: half of it would be another damage."""
    fresh = file.path.with_name("fresh")
    fresh.write_bytes(content)
    fresh.chmod(0o600)
    fresh.replace(file.path)


async def test_wrong_file_is_told_once_and_the_keys_stay(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A damaged file is one line however often it is looked at, and another one once it is damaged otherwise."""
    monkeypatch.setattr(key_watch, "INTERVAL", 0)
    text = await asyncio.to_thread(add, tmp_path)
    ring = Keyring()
    watch = await watch_of(tmp_path, ring)
    file = KeyFile(tmp_path)
    with structlog.testing.capture_logs() as lines:
        running = asyncio.create_task(watch.run())
        for content in (b"{", b"[]", b"{{"):
            told = len(lines)
            await asyncio.to_thread(damage, file, content)
            await until(lambda: len(lines) > told, "a line")  # noqa: B023 - it is called here
            assert ring.identify(text) is not None
        await asyncio.to_thread(file.path.unlink)
        await until(lambda: lines[-1]["log_level"] == "warning", "word of the file that is gone")
        assert ring.identify(text) is None
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
    assert [line["log_level"] for line in lines] == ["error", "error", "error", "info", "warning"]
    assert "keys.json" in lines[0]["reason"]


async def test_end_of_a_key_is_told_to_those_who_hold_it(tmp_path: Path) -> None:
    """A key that comes to its end is a change though its file is not touched, also while that is damaged."""
    clock = [100.0]
    key, _ = made(at=0.0, expires_at=150.0)
    ring = Keyring(now=lambda: clock[0])
    file = await asyncio.to_thread(write, tmp_path, key)
    watch = await watch_of(tmp_path, ring)
    calls: list[int] = []
    watch.changed = lambda: calls.append(1)
    await watch.look()
    assert not calls
    await asyncio.to_thread(file.path.write_bytes, b"{")
    clock[0] = 151.0
    with pytest.raises(ConfigError):
        await watch.look()
    assert len(calls) == 1
