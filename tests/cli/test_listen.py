"""``listen`` and ``log``."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import click
import pytest

from sio_server.broker.sqlite import FILE_NAME
from sio_server.cli.listen import line_of
from sio_server.config import Config
from tests.support.commands import Done, assert_user_error, finish, line_of_errors, run, start
from tests.support.forks import Running
from tests.support.servers import SECRET, Server, program, running, secured, token
from tests.support.waiting import until, work_of


async def listening(server: Server, *arguments: str, cwd: Path) -> Running:
    """A ``listen`` that is connected."""
    before = server.core.operators.stats()["connections"]["total"]
    process = await start("listen", "--url", server.url, *arguments, cwd=cwd)
    await until(
        lambda: server.core.operators.stats()["connections"]["total"] > before, "a connection", work_of(process)
    )
    assert await line_of_errors(process) == f"sio-server: connected to {server.url}\n"
    return process


async def test_each_notification_is_a_line(tmp_path: Path) -> None:
    """A line tells time, seq, type, message in the terminal's language, what is urgent, and the link."""
    async with running() as server:
        process = await listening(server, "--role", "admin", "--user", "1", "--count", "2", cwd=tmp_path)
        await server.notify({"type": "test", "message": "Hola\nmundo\x1b[2J"})
        await server.notify({"type": "guia_creado", "data": {"nombre": "Elena"}, "priority": "high", "link": "/g/1"})
        await server.notify({"type": "test"})
        done = await finish(process)
    assert done.code == 0, done
    greeting, first, second = done.lines
    assert greeting.startswith("ns:hello  {")
    assert first.split("  ", 1)[1] == "#1  test  Hola mundo [2J"
    assert second.split("  ", 1)[1] == "#2  guia_creado  Elena is a guide from today  [high]  /g/1"


async def test_json_lines_are_the_envelopes(tmp_path: Path) -> None:
    """``--json`` prints each envelope as it came, and nothing else."""
    async with running() as server:
        witness = await server.connect({"user": "5", "locale": "en"})
        process = await listening(server, "--user", "5", "--json", "--count", "2", cwd=tmp_path)
        await server.notify({"type": "test", "message": "ñandú \x9b", "data": {"a": [1, None]}})
        await server.notify({"type": "recomendacion_creada", "data": {"usuario_id": 5, "titulo": "Lago"}})
        done = await finish(process)
        expected = await witness.wait(2)
    assert [json.loads(line) for line in done.lines] == expected
    assert done.out.isascii()


async def test_control_events_are_shown_on_request(tmp_path: Path) -> None:
    """With ``--control``, ``ns:hello`` is the first JSON line and says whom the server takes the listener for."""
    async with running() as server:
        process = await listening(
            server, "--role", "turista", "--role", "guia", "--json", "--control", "--count", "1", cwd=tmp_path
        )
        await server.notify({"type": "test"})
        done = await finish(process)
    hello, envelope = (json.loads(line) for line in done.lines)
    assert (hello["type"], hello["roles"]) == ("ns:hello", ["turista", "guia"])
    assert envelope["type"] == "test"


async def test_a_token_may_come_from_the_environment(tmp_path: Path) -> None:
    """SIO_SERVER_TOKEN connects to a protected server, where stated roles count for nothing."""
    async with running(secured()) as server:
        env = {"SIO_SERVER_TOKEN": token("5", "turista")}
        process = await start(
            *("listen", "--role", "admin", "--json", "--count", "1", "--url", server.url), cwd=tmp_path, env=env
        )
        await until(lambda: server.core.operators.stats()["connections"]["by_role"] == {"turista": 1}, "a tourist")
        await server.notify({"type": "guia_creado"})
        await server.notify({"type": "tour_creado"})
        done = await finish(process)
    assert json.loads(done.out)["type"] == "tour_creado"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), "unauthorized: A token is needed"),
        (("--token", "nonsense"), "invalid_token: "),
        (("--token", token("1", exp=1)), "token_expired: "),
    ],
    ids=["none", "nonsense", "expired"],
)
async def test_a_refusal_is_one_clear_line(tmp_path: Path, arguments: tuple[str, ...], code: str) -> None:
    """A server that refuses the connection is quoted with its code."""
    async with running(secured()) as server:
        done = await run("listen", "--url", server.url, *arguments, cwd=tmp_path)
    assert_user_error(done, f"sio-server: {server.url} refused the connection: {code}")
    assert len(done.err.splitlines()) == 1


async def test_what_is_no_sio_server_is_told_apart(tmp_path: Path) -> None:
    """A web server without Socket.IO is one clear line."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as other:
        url = f"http://127.0.0.1:{other.sockets[0].getsockname()[1]}"
        assert_user_error(await run("listen", "--url", url, cwd=tmp_path), f"{url} cannot be reached")


async def test_a_listener_comes_back_after_a_restart(tmp_path: Path, unused_tcp_port: int) -> None:
    """When the server is killed and starts again, the listener connects again by itself and goes on."""
    arguments = ("--port", str(unused_tcp_port), "--broker", "memory:")
    async with program(*arguments) as first:
        process = await start("listen", "--json", "--count", "1", "--url", first.url, cwd=tmp_path)
        assert "connected" in await line_of_errors(process)
    assert "connection lost" in await line_of_errors(process)
    async with program(*arguments) as second:
        ended = asyncio.create_task(finish(process))
        while not ended.done():
            assert (await run("send", "test", "--all", "--url", second.url, cwd=tmp_path)).code == 0
        done: Done = await ended
    assert done.code == 0
    assert json.loads(done.out)["type"] == "test"


async def test_a_listener_gets_what_was_published_while_it_was_cut_off(tmp_path: Path, unused_tcp_port: int) -> None:
    """What a server has taken while a listener could not reach it is shown when the listener comes back."""
    data = ("--data-dir", str(tmp_path / "data"))
    async with program("--port", str(unused_tcp_port), *data) as first:
        process = await start("listen", "--json", "--count", "1", "--url", first.url, cwd=tmp_path)
        assert "connected" in await line_of_errors(process)
    async with program("--port", "0", *data) as elsewhere:
        assert (await run("send", "test", "-m", "meanwhile", "--all", "--url", elsewhere.url, cwd=tmp_path)).code == 0
    async with program("--port", str(unused_tcp_port), *data):
        done = await finish(process)
    assert (done.code, json.loads(done.out)["message"]) == (0, "meanwhile")


async def test_a_token_that_runs_out_meanwhile_ends_the_listener(tmp_path: Path, unused_tcp_port: int) -> None:
    """A listener whose token is refused when it comes back stops with the reason, since trying on would be in vain."""
    arguments = ("--port", str(unused_tcp_port), "--broker", "memory:")
    keys = {"SIO_SERVER_PUBLISH_KEYS": SECRET}
    async with program(*arguments, env={"SIO_SERVER_JWT_SECRET": SECRET, **keys}) as first:
        process = await start("listen", "--token", token("1", "admin"), "--url", first.url, cwd=tmp_path)
        assert "connected" in await line_of_errors(process)
    async with program(*arguments, env={"SIO_SERVER_JWT_SECRET": SECRET[::-1], **keys}):
        done = await finish(process)
    assert_user_error(done, "connection lost", "refused the connection: invalid_token")


async def stored(directory: Path, count: int) -> None:
    """A log with notifications in it, whose server still runs when it is read."""
    async with running(Config(dev=True, data_dir=directory)) as server:
        for number in range(1, count + 1):
            await server.notify({"type": "test", "message": f"m{number}", "source": "tests"})


def messages(done: Done) -> list[str]:
    """The messages of ``log --json``."""
    assert done.code == 0, done
    return [json.loads(line)["message"] for line in done.lines]


async def test_the_log_is_shown_from_disk(tmp_path: Path) -> None:
    """``log`` shows the newest 20, ``--last`` and ``--after`` choose others, always oldest first."""
    await stored(tmp_path / "data", 25)
    assert messages(await run("log", "--json", cwd=tmp_path)) == [f"m{n}" for n in range(6, 26)]
    assert messages(await run("log", "--json", "--last", "2", cwd=tmp_path)) == ["m24", "m25"]
    assert messages(await run("log", "--json", "--after", "23", cwd=tmp_path)) == ["m24", "m25"]
    assert messages(await run("log", "--json", "--after", "0", cwd=tmp_path)) == [f"m{n}" for n in range(1, 26)]
    assert messages(await run("log", "--json", "--after", "3", "--last", "1", cwd=tmp_path)) == ["m25"]
    env = {"SIO_SERVER_DATA_DIR": str(tmp_path / "data")}
    (tmp_path / "elsewhere").mkdir()
    done = await run("log", "--last", "1", cwd=tmp_path / "elsewhere", env=env)
    assert done.out.endswith("  #25  test  m25\n")


async def test_a_logged_notification_tells_its_audience(tmp_path: Path) -> None:
    """``log --json`` has what the envelope does not: audience and source."""
    await stored(tmp_path / "data", 1)
    [document] = [json.loads(line) for line in (await run("log", "--json", cwd=tmp_path)).lines]
    assert document["audience"]["all"] is True
    assert document["source"] == "tests"


async def test_the_log_of_a_running_server_can_be_read(tmp_path: Path) -> None:
    """Reading does not need the server to stop."""
    async with running(Config(dev=True, data_dir=tmp_path / "data")) as server:
        await server.notify({"type": "test", "message": "aquí"})
        assert messages(await run("log", "--json", cwd=tmp_path)) == ["aquí"]
        assert (await server.notify({"type": "test"}))[0] == 200


async def test_a_file_that_is_no_log_is_one_clear_line(tmp_path: Path) -> None:
    """A damaged or foreign file is named."""
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / FILE_NAME).write_text("no database at all, only words\n" * 100, "utf-8")
    assert_user_error(await run("log", cwd=tmp_path), FILE_NAME)


def test_a_line_is_made_of_whatever_came() -> None:
    """An envelope of an older or newer server, with members missing, is still a line."""
    assert line_of({"timestamp": "yesterday"}).count("\n") == 0


def test_a_line_steers_no_terminal_whatever_a_server_sends() -> None:
    """No member of an envelope brings a terminal's commands along, whatever its type is."""
    odd = "\x1b]0;title\x07\n\x9b2J\u202e"
    names = ("timestamp", "seq", "type", "message", "title", "priority", "link")
    for envelope in (
        dict.fromkeys(names, odd),
        {name: [odd] for name in names},
        {name: {odd: odd} for name in names},
    ):
        shown = click.unstyle(line_of(envelope, dated=True))
        assert shown.isprintable(), repr(shown)


@pytest.mark.parametrize(("zone", "shown"), [("UTC0", "2026-11-27 22:00:00Z"), ("CET-1", "2026-11-27 23:00:00+01:00")])
async def test_a_time_says_its_zone(zone: str, shown: str, tmp_path: Path) -> None:
    """Times are local, and say how far they are from UTC, as log lines do that are in UTC."""
    code = (
        "from sio_server.cli.listen import line_of; print(line_of({'timestamp': '2026-11-27T22:00:00Z'}, dated=True))"
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", code), stdout=asyncio.subprocess.PIPE, env={**os.environ, "TZ": zone}, cwd=tmp_path
    )
    out, _ = await process.communicate()
    assert shown in out.decode()
