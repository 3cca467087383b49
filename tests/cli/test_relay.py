"""``sio-server relay``: what an application commits is published by a process of its own."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.commands import assert_user_error, finish, line_of_errors, run, start
from tests.support.outboxes import Place
from tests.support.servers import PUBLISH_KEY, Server, lasting_token, running, secured

NOBODY = "http://127.0.0.1:1"


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A server that wants a key, and whose address has a path."""
    async with running(secured(base_path="/rt")) as started:
        yield started


@pytest.mark.parametrize("driver", ["sqlite", "sqlite+aiosqlite"])
async def test_relays_until_it_is_told_to_end(server: Server, tmp_path: Path, driver: str) -> None:
    """It makes the table, publishes what is committed, and ends well with a signal; no password is shown."""
    admin = await server.connect({"token": lasting_token(role="admin")})
    url = f"{driver}:///{tmp_path / 'app.db'}"
    environment = {"SIO_SERVER_DATABASE": url, "SIO_SERVER_PUBLISH_KEY": PUBLISH_KEY}
    process = await start("relay", "--create", "--url", server.url, cwd=tmp_path, env=environment)
    assert await line_of_errors(process) == f"sio-server: relaying sio_outbox of {url}\n"
    async with Place.opened(url) as place:
        for number in range(3):
            await place.transaction(lambda session: place.outbox.add("test", "a", session=session))
            await admin.wait(number + 1)
    process.send_signal(signal.SIGTERM)
    done = await finish(process)
    assert (done.code, done.out, done.err) == (0, "", "sio-server: sent 3, had been sent 0, refused 0\n")


async def test_once_publishes_what_waits(server: Server, tmp_path: Path) -> None:
    """For a job that is run now and then: it ends when nothing waits, and tells what was refused."""
    url = f"sqlite:///{tmp_path / 'app.db'}"
    admin = await server.connect({"token": lasting_token(role="admin")})
    async with Place.opened(url) as place:
        await place.transaction(lambda session: place.outbox.add("test", "a", session=session))
        await place.transaction(lambda session: place.outbox.add("of_no_catalogue", session=session))
    asked = ("relay", "--database", url, "--once", "--url", server.url, "--key", PUBLISH_KEY)
    done = await run(*asked, cwd=tmp_path)
    await admin.wait(1)
    assert done.code == 0
    assert "notification 'of_no_catalogue' will not be delivered: refused (unknown_type)" in done.err
    assert done.err.endswith("sio-server: sent 1, had been sent 0, refused 1\n")


async def test_once_that_cannot_says_so(tmp_path: Path) -> None:
    """With no server, and with no table, it fails in the time that it was given, and says what is wrong."""
    url = f"sqlite:///{tmp_path / 'app.db'}"
    asked = ("relay", "--database", url, "--once", "--timeout", "0.2", "--url", NOBODY)
    done = await run(*asked, cwd=tmp_path)
    assert_user_error(done, "no such table: sio_outbox", "not everything was published within 0.2 s")
    async with Place.opened(url) as place:
        await place.transaction(lambda session: place.outbox.add("test", "a", session=session))
    done = await run(*asked, cwd=tmp_path)
    assert_user_error(done, "notifications wait, since they cannot be sent", "not everything was published")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give --database or set SIO_SERVER_DATABASE"),
        (("--database", "nonsense:s3cret"), "must be an address such as postgresql+psycopg://"),
        (("--database", "oranges://a:s3cret@h/n"), "must be an address such as postgresql+psycopg://"),
        (("--database", "postgresql+psycopg2://a:s3cret@h/n"), "there is no psycopg2, the driver of this address"),
        (("--database", "mongodb://h"), "must be an address that names a database, such as mongodb://"),
        (("--database", "mongodb://a:s3cret@"), "must be an address that names a database, such as mongodb://"),
        (("--database", "sqlite:////nowhere/app.db", "--create"), "the table cannot be made: unable to open"),
        (("--database", "sqlite://", "--url", "localhost"), "SIO_SERVER_URL: must be an http(s) address"),
        (("--database", "mongodb://h/n", "--url", "localhost"), "SIO_SERVER_URL: must be an http(s) address"),
    ],
    ids=["none", "nonsense", "dialect", "driver", "no name", "no host", "nowhere", "url", "mongodb url"],
)
async def test_what_was_typed_wrong_is_one_line(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    """It says how to mend it, and repeats no password."""
    done = await run("relay", *arguments, cwd=tmp_path)
    assert_user_error(done, said)
    assert "s3cret" not in done.err
    assert len(done.err.splitlines()) == 1
