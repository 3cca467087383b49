"""The watch over the event loop, which every other test relies on, sees what it is there to see."""

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from blockbuster import BlockingError

import sio_server

# Compiled under a file name of the package, because calls that the tests themselves make are not watched.
SOURCE = """
import sqlite3, time

def connect(path): return sqlite3.connect(path)
def execute(connection): return connection.execute("SELECT 1").fetchall()
def commit(connection): return connection.commit()
def close(connection): return connection.close()
def sleep(_): time.sleep(0.001)
def read(path):
    with open(path, "rb") as file: return file.read()
"""


@pytest.fixture
def ours() -> dict[str, Callable[[Any], Any]]:
    """Return functions that count as code of the package."""
    names: dict[str, Any] = {}
    exec(compile(SOURCE, str(Path(sio_server.__file__).with_name("of_the_tests.py")), "exec"), names)  # noqa: S102
    return names


@pytest.mark.parametrize("name", ["execute", "commit", "close"])
async def test_query_on_the_loop_raises(name: str, ours: dict[str, Callable[[Any], Any]]) -> None:
    """A connection used by our code on the event loop raises at once, and works in a thread."""
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    with pytest.raises(BlockingError, match=f"sqlite3.Connection.{name}"):
        ours[name](connection)
    await asyncio.to_thread(ours[name], connection)
    connection.close()


async def test_opening_a_database_on_the_loop_raises(ours: dict[str, Callable[[Any], Any]], tmp_path: Path) -> None:
    """Our code cannot open a database on the event loop, and the file is not made."""
    with pytest.raises(BlockingError, match=r"sqlite3\.connect"):
        ours["connect"](tmp_path / "x.db")
    assert not (tmp_path / "x.db").exists()


async def test_sleep_on_the_loop_raises(ours: dict[str, Callable[[Any], Any]]) -> None:
    """Our code cannot sleep on the event loop."""
    with pytest.raises(BlockingError, match=r"time\.sleep"):
        ours["sleep"](None)


async def test_reading_a_file_on_the_loop_raises(ours: dict[str, Callable[[Any], Any]], tmp_path: Path) -> None:
    """Our code cannot read a file on the event loop."""
    file = tmp_path / "x"
    await asyncio.to_thread(file.write_bytes, b"x")
    with pytest.raises(BlockingError, match=r"io\.BufferedReader\.read"):
        ours["read"](file)


def test_blocking_outside_a_loop_is_fine(ours: dict[str, Callable[[Any], Any]]) -> None:
    """The same calls pass where no event loop runs."""
    connection = ours["connect"](":memory:")
    assert ours["execute"](connection) == [(1,)]
    ours["close"](connection)
