"""``backup``, ``restore`` and ``vacuum``, as people type them, with the server running and without."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from sio_server.broker.sqlite import FILE_NAME
from tests.support import keys
from tests.support.commands import Done, assert_user_error, line_of, run, script
from tests.support.logs import seqs_in, write_log
from tests.support.servers import program


async def test_a_directory_goes_there_and_back(tmp_path: Path) -> None:
    """Made, checked, restored: each says in a line what it did, and nothing of a secret; --quiet says nothing."""
    data = tmp_path / "data"
    await asyncio.to_thread(write_log, data)
    key = await asyncio.to_thread(keys.add, data)
    made = await run("backup", "b", cwd=tmp_path)
    assert made.code == 0, made
    assert "3 notifications up to position 3" in made.out
    checked = await run("backup", "--check", "b", cwd=tmp_path)
    assert (checked.code, "a whole backup of" in checked.out) == (0, True)
    await asyncio.to_thread(write_log, data, 2)
    restored = await run("restore", "b", cwd=tmp_path)
    assert restored.code == 0, restored
    assert "up to 2 notifications from after the backup" in restored.out
    assert "data/before-restore-" in restored.out
    assert await asyncio.to_thread(seqs_in, data) == [1, 2, 3]
    shrunk = await run("vacuum", cwd=tmp_path)
    assert (shrunk.code, " before, " in shrunk.out) == (0, True)
    for done in (made, checked, restored, shrunk):
        assert done.err == ""
        assert key not in done.out
    for command in (
        ("backup", "c"),
        ("backup", "c", "--force"),
        ("backup", "c", "--check"),
        ("restore", "c"),
        ("vacuum",),
    ):
        assert await run(*command, "--quiet", cwd=tmp_path) == Done(0, "", "")


async def test_what_is_wrong_has_an_exit_code(tmp_path: Path) -> None:
    """A mistake is 2, a backup that is not whole 1; each is told in a line."""
    assert_user_error(await run("backup", "b", cwd=tmp_path), "there is no log here", "--data-dir")
    assert_user_error(await run("vacuum", cwd=tmp_path), "there is no log here")
    assert_user_error(await run("restore", "b", cwd=tmp_path), "is no backup of sio-server")
    await asyncio.to_thread(write_log, tmp_path / "own")
    place = ("--data-dir", "own")
    assert (await run("backup", "b", *place, cwd=tmp_path)).code == 0
    assert_user_error(await run("backup", "b", *place, cwd=tmp_path), "there is a backup", "--force")
    await asyncio.to_thread((tmp_path / "b" / FILE_NAME).write_bytes, b"x")
    checked = await run("backup", "--check", "b", cwd=tmp_path)
    assert (checked.code, checked.out) == (1, "")
    assert "bytes" in checked.err
    assert_user_error(await run("restore", "b", *place, cwd=tmp_path), "bytes")


async def test_running_server_is_copied_and_never_restored_over(tmp_path: Path) -> None:
    """A backup is made beside a server that runs; restore and vacuum say that it has to be stopped."""
    data = tmp_path / "data"
    async with program("--data-dir", str(data)):
        assert (await run("backup", "b", cwd=tmp_path)).code == 0
        for command in (("restore", "b"), ("vacuum",)):
            assert_user_error(await run(*command, cwd=tmp_path), "another sio-server uses this directory", "stop it")
    assert (await run("restore", "b", cwd=tmp_path)).code == 0
    async with program("--data-dir", str(data)) as server:
        assert any("a backup was restored: cursors from before are refused" in line for line in server.output)


HANGING = """
import os, signal
from sio_server.cli.commands import main

def hang(_):
    print("on its way", flush=True)
    signal.pause()

os.fsync = hang
os.chdir(__import__("sys").argv[1])
main(["backup", "b"])
"""


async def test_ended_backup_leaves_nothing(tmp_path: Path) -> None:
    """SIGTERM while the disk hangs ends it as Ctrl-C does: what was begun is taken away."""
    await asyncio.to_thread(write_log, tmp_path / "data")
    async with script(HANGING, str(tmp_path)) as process:
        assert await line_of(process) == "on its way"
        assert await asyncio.to_thread((tmp_path / "b.partial").exists)
        process.terminate()
        assert await process.wait() == 130
    assert await asyncio.to_thread(os.listdir, tmp_path) == ["data"]
