"""Each module can be imported by itself, in an interpreter that has imported nothing of the product yet."""

import json
import subprocess
import sys

from tests.support.servers import ROOT, environment
from tests.support.sources import PACKAGE, SOURCES

MODULES = sorted(
    ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")
    for path in SOURCES
    if path.name != "__main__.py"  # an import of it runs the command line
)


# The libraries are imported once and the rest in copies of that process: an interpreter for each module would import
# the same web server hundreds of times. An import of a module begins with those of the packages that it is in, so each
# is imported in a copy of a process that has imported these, and nothing else of the product.
EACH_ALONE = """
import gc, importlib, json, os, sys, traceback
import aiohttp.web, apispec.ext.marshmallow, click, environs, fastapi, filelock, httpx, jwt, marshmallow, orjson
import prometheus_client, pymongo, rich.console, rich.table, socketio.admin, sqlalchemy.ext.asyncio, sqlite3
import structlog, tomllib, uuid_utils, webargs.aiohttpparser

def each_in(package, names):
    for name in names:
        if name.rpartition(".")[0] == package:
            tell(name, [inner for inner in names if inner.startswith(name + ".")])

def tell(module, inside):
    reader, writer = os.pipe()
    child = os.fork()
    if not child:
        os.dup2(writer, 1)
        os.dup2(writer, 2)
        os.close(writer)
        try:
            importlib.import_module(module)
            sys.stdout.flush()
            each_in(module, inside)
        except BaseException:
            os.write(2, traceback.format_exc().encode())
        os._exit(0)
    os.close(writer)
    with open(reader, "rb") as said:
        os.write(answers, json.dumps([module, said.read().decode()]).encode() + b"\\n")
    os.waitpid(child, 0)

answers = os.dup(1)
gc.disable()
gc.freeze()
each_in("", sys.argv[1:])
assert not any(name.partition(".")[0] == "sio_server" for name in sys.modules)
"""


def python(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter where a warning is an error."""
    command = [sys.executable, "-W", "error", "-c", code, *arguments]
    return subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)


def test_each_module_imports_alone() -> None:
    """No module needs another one to be imported first, and none warns or says anything."""
    result = python(EACH_ALONE, *MODULES)
    assert (result.returncode, result.stderr) == (0, "")
    assert dict(map(json.loads, result.stdout.splitlines())) == dict.fromkeys(MODULES, "")


def test_client_brings_no_server() -> None:
    """A backend that publishes loads neither the web server nor Socket.IO nor what verifies tokens."""
    code = "import sys; {}; print(*sorted({{name.split('.')[0] for name in sys.modules}}))"
    for made in (
        "import sio_server.client",
        "from sio_server.client import NotifyClient, Notifier; Notifier().close(0)",
    ):
        result = python(code.format(made))
        assert result.returncode == 0, result.stderr
        loaded = set(result.stdout.split())
        assert ("httpx" in loaded) is ("Notifier" in made)
        assert loaded.isdisjoint({"aiohttp", "socketio", "engineio", "jwt", "sqlite3", "structlog", "marshmallow"})


def test_outboxes_bring_no_database() -> None:
    """SQLAlchemy and PyMongo are loaded with the outbox that needs them, and by nothing else."""
    result = python(
        "import sys, sio_server.client.outbox; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    )
    assert result.returncode == 0, result.stderr
    assert set(result.stdout.split()).isdisjoint({"sqlalchemy", "pymongo", "bson", "aiohttp", "sqlite3"})


def test_client_needs_no_settings() -> None:
    """The client imports where no server runs and nothing is set up, and connects to nothing."""
    code = (
        "import sys; sys.addaudithook(lambda event, _: event == 'socket.connect' and sys.exit('connected'));"
        "from sio_server.client import NotifyClient, enviar_notificacion, notificar_usuario_registrado"
    )
    result = python(code)
    assert (result.returncode, result.stderr) == (0, "")


def test_package_is_run_as_the_command() -> None:
    """``python -m sio_server`` is the command line."""
    command = [sys.executable, "-m", "sio_server", "--help"]
    result = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    assert "serve" in result.stdout
