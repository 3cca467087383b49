"""``init``: what it writes starts at once, and nothing that is there is lost."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from sio_server.catalog import Catalog
from tests.support.commands import Done, assert_user_error, line_of, run
from tests.support.servers import environment
from tests.support.waiting import coming, work_of


def tree(directory: Path) -> dict[str, str]:
    """Each file below a directory, and what it holds; of a directory, that it is one."""
    return {
        str(path.relative_to(directory)): path.read_bytes().decode() if path.is_file() else "a directory"
        for path in sorted(directory.rglob("*"))
    }


def commands(done: Done) -> list[str]:
    """The commands that are printed to go on with."""
    assert done.code == 0, done
    return [line.removeprefix("  $ ") for line in done.lines if line.startswith("  $ ")]


@contextlib.asynccontextmanager
async def typed(command: str, directory: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """A command as a person types it into a shell; ended, with what it started, when the block is."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    process = await asyncio.create_subprocess_shell(
        command,
        cwd=directory,
        env=environment({"PATH": path, "NO_COLOR": "1", "LANG": "en_GB.UTF-8"}),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()


async def lines_to(process: asyncio.subprocess.Process, fragment: str) -> list[str]:
    """What a process says until a line with this in it."""
    lines = [await line_of(process)]
    while fragment not in lines[-1]:
        assert lines[-1], f"no line with {fragment}: {lines}"
        lines.append(await line_of(process))
    return lines


async def test_printed_commands_serve_listen_and_publish(tmp_path: Path, unused_tcp_port: int) -> None:
    """The three commands, typed as they are printed, start a server in production that delivers a notification."""
    port = unused_tcp_port
    done = await run("init", "my avisos", "--port", str(port), cwd=tmp_path)
    serve, listen, send = commands(done)
    async with typed(serve, tmp_path) as server:
        assert not any("development" in line for line in await lines_to(server, f"http://127.0.0.1:{port}"))
        async with typed(listen, tmp_path) as listener:
            await lines_to(listener, "ns:hello")
            async with typed(send, tmp_path) as sender:
                out, _ = await coming(sender.communicate(), "the end of send", work_of(sender))
            assert "sockets 1" in out.decode()
            await lines_to(listener, "#1  test")


async def test_what_it_writes_passes_its_own_check(tmp_path: Path) -> None:
    """Settings, catalogue and secrets are without a warning, from any directory; secrets are the owner's."""
    await run("init", "--origin", "https://app.example.org", "--host", "::1", "--key-name", "reservas", cwd=tmp_path)
    (tmp_path / "elsewhere").mkdir()
    config = str(tmp_path / "sio-server.toml")
    done = await run("check-config", "--strict", "--json", "--config", config, cwd=tmp_path / "elsewhere")
    assert done.code == 0, done
    settings = json.loads(done.out)["settings"]
    assert settings["allowed_origins"]["value"] == "https://app.example.org"
    assert settings["host"]["value"] == "::1"
    assert settings["jwt_secret"]["value"] == "set (43 characters)"
    assert settings["data_dir"]["value"] == str(tmp_path / "data")
    for name in ("secrets/jwt_secret", "secrets/reservas.key", "data/keys.json"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600, name
    for name in ("secrets", "data"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o700, name
    own = await asyncio.to_thread(Catalog.load, tmp_path / "catalog.toml")
    assert "excursion_cancelada" in own.types
    assert (tmp_path / ".gitignore").read_text().split() == ["/secrets/", "/data/"]


async def test_no_secret_is_printed_and_none_is_made_twice(tmp_path: Path) -> None:
    """Secrets go to their files alone, and each set-up has its own."""
    secrets = set()
    for name in ("one", "two"):
        done = await run("init", name, cwd=tmp_path)
        for file in ("jwt_secret", "backend.key"):
            text = (tmp_path / name / "secrets" / file).read_text().strip()
            assert text not in done.out + done.err
            secrets.add(text)
        assert (tmp_path / name / "secrets" / "backend.key").read_text().strip() not in (
            tmp_path / name / "data" / "keys.json"
        ).read_text()
    assert len(secrets) == 4


async def test_second_run_changes_nothing(tmp_path: Path) -> None:
    """Where there are settings, nothing is written, and what to do instead is told."""
    await run("init", "--dir", "x", cwd=tmp_path)
    before = tree(tmp_path)
    done = await run("init", "x", cwd=tmp_path)
    assert_user_error(done, "x: has sio-server.toml and catalog.toml already, and nothing was written", "--force")
    assert tree(tmp_path) == before


async def test_force_keeps_what_was_there(tmp_path: Path) -> None:
    """With ``--force`` settings and catalogue are new, those of before are beside them, and secrets are the same."""
    await run("init", cwd=tmp_path)
    before = tree(tmp_path)
    done = await run("init", "--force", "--port", "9000", cwd=tmp_path)
    assert done.code == 0, done
    after = tree(tmp_path)
    assert "port = 9000" in after["sio-server.toml"]
    for name in ("secrets/jwt_secret", "secrets/backend.key", "data/keys.json", ".gitignore"):
        assert after[name] == before[name]
    kept = sorted(name for name in after if name not in before)
    assert [name.rpartition(".")[0] for name in kept] == ["catalog.toml", "sio-server.toml"]
    assert [after[name] for name in kept] == [before["catalog.toml"], before["sio-server.toml"]]


async def test_address_of_keys_takes_the_place_of_a_secret(tmp_path: Path) -> None:
    """With an identity provider no secret is made, and the first command checks whether its address answers."""
    done = await run("init", "--jwks-url", "http://127.0.0.1:1/jwks", cwd=tmp_path)
    check, serve, _ = commands(done)
    assert "check-config --strict" in check
    assert serve == "sio-server serve --config sio-server.toml"
    assert not (tmp_path / "secrets" / "jwt_secret").exists()
    checked = await run("check-config", "--config", "sio-server.toml", cwd=tmp_path)
    assert checked.code == 0
    assert "SIO_SERVER_JWKS_URL: cannot be reached" in checked.err


async def test_lines_are_added_to_a_gitignore(tmp_path: Path) -> None:
    """A ``.gitignore`` that is there keeps its lines and gets what it lacks."""
    (tmp_path / ".gitignore").write_text("*.pyc\n/data/")
    await run("init", cwd=tmp_path)
    assert (tmp_path / ".gitignore").read_text().split() == ["*.pyc", "/data/", "/secrets/"]


MISTAKES = {
    "host": (("--host", "a b"), "--host: 'a b' is no host name nor address"),
    "origin": (("--origin", "app.example.org"), "--origin: 'app.example.org' is no origin"),
    "jwks": (("--jwks-url", "ftp://x"), "--jwks-url: "),
    "port": (("--port", "0"), "port"),
    "key": (("--key-name", "Über"), "1 to 64 characters"),
    "twice": (("x", "--dir", "y"), "named twice"),
    "below a file": (("file/x",), "file"),
    "read-only": (("/proc/avisos",), "/proc/avisos"),
}


@pytest.mark.parametrize(("arguments", "told"), MISTAKES.values(), ids=MISTAKES)
async def test_mistake_is_one_line_and_leaves_nothing(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    """What cannot be written or meant is told, and nothing half-made is left."""
    (tmp_path / "file").write_text("")
    assert_user_error(await run("init", *arguments, cwd=tmp_path), told)
    assert tree(tmp_path) == {"file": ""}


async def test_key_whose_text_is_gone_is_told(tmp_path: Path) -> None:
    """A key that is known while nobody has its text is kept, and how to get another is told; a stray text is no key."""
    await run("init", cwd=tmp_path)
    (tmp_path / "secrets" / "backend.key").unlink()
    done = await run("init", "--force", cwd=tmp_path)
    assert "sio-server keys rotate backend" in done.out
    (tmp_path / "secrets" / "other.key").write_text("x")
    before = tree(tmp_path)
    assert_user_error(await run("init", "--force", "--key-name", "other", cwd=tmp_path), "other.key: is there already")
    assert tree(tmp_path) == before
