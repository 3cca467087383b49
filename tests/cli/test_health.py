"""``health``: exit code 0 or 1 and one line, of the server that the settings speak of."""

from __future__ import annotations

import asyncio
import ssl
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme

from sio_server.cli.health import READ
from sio_server.config.schema import SETTINGS
from tests.support.commands import Done, run, run_program
from tests.support.servers import program, running

OK = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 15\r\n\r\n{"status":"ok"}'


async def health(directory: Path, *arguments: str, **env: str) -> Done:
    """Run ``sio-server health``."""
    return await run("health", *arguments, cwd=directory, env=env)


def assert_well(done: Done, address: str) -> None:
    """Exit code 0, and a line with the address that was asked."""
    assert (done.code, done.out.partition(": ")[0], done.err) == (0, address, ""), done


def assert_unwell(done: Done, *fragments: str) -> None:
    """Exit code 1, one line that says why, and no traceback."""
    assert (done.code, done.out) == (1, "")
    assert done.err.count("\n") == 1, done.err
    for fragment in fragments:
        assert fragment in done.err


async def test_server_of_the_settings_is_asked(tmp_path: Path) -> None:
    """Where the server listens is found as the server finds it: in the environment, .env, a file; loopback for any."""
    async with running() as server:
        port = server.url.rpartition(":")[2]
        (tmp_path / "own.toml").write_text(f'port = {port}\nhost = "0.0.0.0"\n')
        at = f"http://127.0.0.1:{port}"
        assert_well(await health(tmp_path, SIO_SERVER_PORT=port), at)
        assert_well(
            await health(tmp_path, SIO_SERVER_PORT=port, SIO_SERVER_HOST="localhost"), f"http://localhost:{port}"
        )
        assert_well(await health(tmp_path, "--config", "own.toml"), at)
        assert_well(await health(tmp_path, SIO_SERVER_CONFIG="own.toml"), at)
        assert_well(await health(tmp_path, "--live", SIO_SERVER_PORT=port), at)
        assert_well(await health(tmp_path, "--url", f"127.0.0.1:{port}"), at)
        (tmp_path / ".env").write_text(f"SIO_SERVER_PORT=1\nSIO_SERVER_PORT='{port}'\n")
        assert_well(await health(tmp_path), at)
        assert_well(await health(tmp_path, SIO_SERVER_PORT="tcp://10.0.0.1:8080"), at)
        assert_unwell(await health(tmp_path, SIO_SERVER_PORT="1"), "http://127.0.0.1:1: not ready: Connection refused")


async def test_server_that_stops_is_not_ready_and_lives(tmp_path: Path) -> None:
    """The two questions have two answers while a server drains."""
    async with running() as server:
        server.core.door.draining = True
        assert_unwell(await health(tmp_path, "--url", server.url), "not ready: draining (503)")
        assert (await health(tmp_path, "--live", "--url", server.url)).code == 0


@asynccontextmanager
async def answering(answer: bytes, tls: ssl.SSLContext | None = None, unix: str | None = None) -> AsyncIterator[int]:
    """Something that answers every request with these bytes, or with silence; its port."""
    paths: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        paths.append((await reader.readuntil(b"\r\n\r\n")).split()[1])
        writer.write(answer)
        if answer:
            writer.close()
        else:
            await reader.read()

    made = (
        asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls) if unix is None else asyncio.start_unix_server(serve, unix)
    )
    async with await made as server:
        yield server.sockets[0].getsockname()[1] if unix is None else 0
        server.close()


WRONG: Mapping[str, tuple[bytes, str]] = {
    "another program": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", "is no sio-server"),
    "no HTTP": (b"220 mail\r\n", "is no sio-server"),
    "other JSON": (b'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\n{"a": 1}', "(200)"),
    "a list": (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", "is no sio-server"),
    "an error": (b"HTTP/1.1 502 Bad\r\nContent-Length: 0\r\n\r\n", "is no sio-server: status 502"),
}


@pytest.mark.parametrize(("answer", "fragment"), WRONG.values(), ids=WRONG)
async def test_what_is_no_server_is_not_well(tmp_path: Path, answer: bytes, fragment: str) -> None:
    """Whatever else answers at the address is told as such."""
    async with answering(answer) as port:
        assert_unwell(await health(tmp_path, "--url", f"http://127.0.0.1:{port}"), fragment)


async def test_silence_is_not_waited_for(tmp_path: Path) -> None:
    """A server that hangs is unwell after the time-out."""
    async with answering(b"") as port:
        done = await health(tmp_path, "--timeout", "0.1", "--url", f"http://127.0.0.1:{port}")
    assert_unwell(done, "no answer within 0.1 s")


async def test_tls_unix_socket_and_base_path_of_the_settings(tmp_path: Path) -> None:
    """A certificate for another name is good enough for a server of one's own, and not for --url."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("avisos.example.org").configure_cert(context)
    async with answering(OK, tls=context) as port:
        settings = {"SIO_SERVER_PORT": str(port), "SIO_SERVER_TLS_CERT": "cert.pem", "SIO_SERVER_BASE_PATH": "/rt/"}
        assert_well(await health(tmp_path, **settings), f"https://127.0.0.1:{port}/rt")
        assert_unwell(await health(tmp_path, "--url", f"https://127.0.0.1:{port}"), "certificate")
    path = str(tmp_path / "s")
    async with answering(OK, unix=path):
        assert_well(await health(tmp_path, SIO_SERVER_UNIX=path), f"unix:{path}")
        assert_well(await health(tmp_path, "--url", f"unix:{path}"), f"unix:{path}")
    assert_unwell(await health(tmp_path, "--url", "unix:/nowhere/s"), "No such file")


async def test_settings_that_are_read_are_the_servers(tmp_path: Path) -> None:
    """Each is one of the list of settings; below a base path a server is well, and a path in a file is the file's."""
    assert set(READ) <= set(SETTINGS)
    async with program("--data-dir", str(tmp_path), "--base-path", "/rt") as server:
        port = urlsplit(server.url).port
        settings = {"SIO_SERVER_PORT": str(port), "SIO_SERVER_BASE_PATH": "rt"}
        assert_well(await health(tmp_path, **settings), f"http://127.0.0.1:{port}/rt")
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "own.toml").write_text('unix = "s"\n')
    async with answering(OK, unix=str(tmp_path / "etc" / "s")):
        assert (await health(tmp_path, "--config", "etc/own.toml")).code == 0


MISTAKES = {
    "free port": ({"SIO_SERVER_PORT": "0"}, (), "give --url"),
    "no port": ({"SIO_SERVER_PORT": "http"}, (), "port 'http'"),
    "no file": ({}, ("--config", "no.toml"), "no.toml: cannot be read"),
    "no address": ({}, ("--url", "ftp://x"), "no http(s) address"),
    "no such port": ({}, ("--url", "http://x:99999"), "Port out of range"),
    "no such host": ({}, ("--url", "http://no.invalid"), "not ready"),
}


@pytest.mark.parametrize(("env", "arguments", "fragment"), MISTAKES.values(), ids=MISTAKES)
async def test_mistake_is_one_line(
    tmp_path: Path, env: Mapping[str, str], arguments: tuple[str, ...], fragment: str
) -> None:
    """What cannot be asked is told in a line, with the exit code that orchestrators take for unhealthy."""
    assert_unwell(await health(tmp_path, *arguments, **env), fragment)


async def test_real_program_asks_a_real_server(tmp_path: Path) -> None:
    """As a container does, by an interpreter of its own, which imports none of the server and no library but one."""
    async with program("--data-dir", str(tmp_path)) as server:
        done = await run_program("health", "--url", server.url, cwd=tmp_path)
        assert_well(done, server.url)
        loaded = await _loaded_by(tmp_path, "health", "--url", server.url)
    assert loaded.isdisjoint({"marshmallow", "environs", "aiohttp", "httpx", "asyncio", "sqlite3", "rich", "orjson"})


async def _loaded_by(directory: Path, *arguments: str) -> set[str]:
    code = (
        "import sys; from sio_server.cli.commands import commands; "
        f"commands.main({arguments!r}, standalone_mode=False); print(*sys.modules)"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, cwd=directory, stdout=asyncio.subprocess.PIPE
    )
    out, _ = await process.communicate()
    return set(out.decode().splitlines()[-1].split())
