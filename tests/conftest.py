"""What every test has: a watch over the event loop, bounded property tests, and the Node that runs the stock client."""

import gc
import os
import shutil
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import hypothesis
import pytest
from blockbuster import BlockBuster, BlockBusterFunction, blockbuster_ctx

from sio_server.api import help as help_pages
from sio_server.api import pages
from tests.support import forks
from tests.support.links import Core, core
from tests.support.postgres import postgres

ROOT = Path(__file__).resolve().parent.parent

# jsonschema makes 38 parsers of it when it is imported: a third of what collecting all tests takes, in each process.
# They are for the format `iri`, which nothing here has; jsonschema goes without where the package is not there.
sys.modules["rfc3987_syntax"] = None  # type: ignore[assignment] # with None there, an import of it fails

# Calls into SQLite that blockbuster does not know, each of which may wait for the disk or for another's lock.
# `Cursor.__next__` and `Connection.__exit__` cannot be replaced; a cursor or a transaction needs `execute` first.
SQLITE_CALLS = (
    "sqlite3.connect",
    "sqlite3.Connection.backup",
    "sqlite3.Connection.blobopen",
    "sqlite3.Connection.close",
)

# No deadline: the machine that runs this may be busy. Under CI the examples are the same on every run, so that a
# change is judged by what it changed; elsewhere they differ, and so find more as time goes by.
hypothesis.settings.register_profile("ci", deadline=None, max_examples=100, derandomize=True, database=None)
hypothesis.settings.register_profile("dev", deadline=None, max_examples=100)
hypothesis.settings.load_profile("ci" if os.environ.get("CI") else "dev")


def pytest_collection_finish() -> None:
    """Put aside what imports and the collection made, which no test does away with.

    Otherwise each collection of garbage walks over thousands of tests, and those that look for what is left of a
    connection take half a second more each.
    """
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="session", autouse=True)
def blockbuster() -> Iterator[BlockBuster]:
    """Make a blocking call of ours on the event loop, SQLite's included, raise `blockbuster.BlockingError`.

    Once for all tests: to replace the functions and put them back costs a millisecond, which thousands of tests pay.
    """
    with blockbuster_ctx("sio_server") as watch:
        for name in SQLITE_CALLS:
            watch.functions[name] = BlockBusterFunction(None, name, scanned_modules="sio_server").activate()
        for name, function in watch.functions.items():
            if name.startswith("sqlite3."):
                # A log in memory is written here where nothing else uses it; it waits for no disk and for no lock.
                function.can_block_in("sio_server/broker/sqlite/store.py", "in_writer")
            # Wiring reads files before the server has its first connection; tests call it on their own loop.
            function.can_block_in("sio_server/app.py", "create_app")
            # What a notifier with a spool hands over is in a file when the call returns, which is what it is for: a
            # fraction of a millisecond, and no sync of the disk. It is opened once, where the notifier is made.
            function.can_block_in("sio_server/client/stock.py", {"put", "__len__"})
            # A backend reads its catalogue once, when a helper is first asked for; whichever test does that first.
            function.can_block_in("sio_server/client/known.py", "default_catalog")
            # The driver is the application's: asyncpg looks for files with certificates whenever it connects.
            function.can_block_in("sio_server/client/outbox/reach.py", "_run")
            # As there; the name is in a thread's hands, the rest is a look for three small files at each connection.
            function.can_block_in("sio_server/broker/postgres/database.py", "_connect")
        yield watch


@pytest.fixture(scope="session", autouse=True)
def parent_of_forks() -> Iterator[None]:
    """End with the tests what their forks come from, early enough that what it covered counts."""
    yield
    forks.end_parent()


@pytest.fixture
async def made() -> AsyncIterator[Core]:
    """Open a core whose connections note what they are told."""
    async with core() as opened:
        yield opened


@pytest.fixture(scope="session", autouse=True)
def unbuilt_pages() -> Iterator[None]:
    """Have the pages at / and /help the same whether console and documents were built in this checkout or not.

    Once for all tests, and of two hundred pages none is looked for by each of the thousands of servers.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pages, "BUILD", ROOT / "no-console")
        patch.setattr(help_pages, "BUILD", ROOT / "no-help")
        yield


@dataclass(frozen=True, slots=True)
class Node:
    """The Node.js of the tests: `binary` is its program, `modules` holds socket.io-client."""

    binary: Path
    modules: Path


@pytest.fixture(scope="session")
def node() -> Node:
    """Name the Node that `make test` prepared, or the system's where pytest runs without it."""
    binary = os.environ.get("SIO_TEST_NODE") or shutil.which("node")
    modules = ROOT / "tests" / "node" / "node_modules"
    if not binary or not (modules / "socket.io-client").is_dir():
        pytest.fail("the tests need Node and socket.io-client: run `make test`, which installs them")
    return Node(Path(binary), modules)


@pytest.fixture(scope="session")
def postgres_home() -> Iterator[Path]:
    """A server of PostgreSQL for all tests of this process."""
    with postgres() as home:
        yield home
