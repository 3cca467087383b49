"""The two distributions: a backend installs the client alone, a server both, and neither has a file of the other."""

from __future__ import annotations

import json
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

import pytest
from filelock import FileLock
from packaging.requirements import Requirement
from packaging.tags import Tag, compatible_tags, sys_tags
from packaging.utils import canonicalize_name, parse_wheel_filename

from sio_server import __version__
from sio_server.client.known import BUILTIN
from tests.conftest import Node
from tests.support.catalogs import TEXTS
from tests.support.servers import ROOT, environment
from tests.support.sources import PACKAGE, SOURCES

# When everything that these tests build is made, by its own word.
MOMENT: Final = 1_700_000_000

# Whether this machine has what makes the part in C.
COMPILED: Final = any(map(shutil.which, str(sysconfig.get_config_var("CC") or "cc").split()[:1]))


@dataclass(frozen=True)
class Wheels:
    """The built wheels, and what each of them holds of the package."""

    client: Path
    server: Path
    """The one with the part in C; where there is no compiler, the pure one."""
    pure: Path
    archive: Path

    @staticmethod
    def files(wheel: Path) -> set[str]:
        """The files of the package in a wheel."""
        with zipfile.ZipFile(wheel) as archive:
            return {name for name in archive.namelist() if name.startswith("sio_server/") and not name.endswith("/")}

    @staticmethod
    def metadata(wheel: Path, name: str) -> str:
        """What a file of the metadata says: ``METADATA``, ``WHEEL``."""
        with zipfile.ZipFile(wheel) as archive:
            [found] = [each for each in archive.namelist() if each.endswith(f".dist-info/{name}")]
            return archive.read(found).decode()


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Wheels:
    """The Python distributions as a release has them, built once for all of the run's processes."""
    own = tmp_path_factory.getbasetemp()
    shared = own if worker_id == "master" else own.parent
    place = shared / "distributions"
    with FileLock(shared / "distributions.lock"):
        if not (place / "SHA256SUMS").exists():  # which is written last
            environ = {"SOURCE_DATE_EPOCH": str(MOMENT)}
            run(sys.executable, ROOT / "scripts/dist.py", "--python", place, environ=environ)
    [client] = place.glob("sio_server_client-*.whl")
    [pure] = place.glob("sio_server-*-py3-none-any.whl")
    others = set(place.glob("sio_server-*.whl")) - {pure}
    [server] = others if COMPILED else [pure]
    assert bool(others) == COMPILED
    [archive] = place.glob("sio_server-*.tar.gz")
    return Wheels(client, server, pure, archive)


def run(*command: str | Path, cwd: Path | None = None, environ: Mapping[str, str] | None = None) -> str:
    """What a command says; its failure is the test's, with all that it said."""
    done = subprocess.run(command, cwd=cwd, env=environment(environ), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def closure(requirements: Iterator[str]) -> set[str]:
    """The names of everything that has to be installed for these, as this environment has it."""
    names: set[str] = set()
    waiting = [Requirement(line) for line in requirements]
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        if name not in names and (wanted.marker is None or wanted.marker.evaluate({"extra": ""})):
            names.add(name)
            waiting.extend(map(Requirement, distribution(name).requires or ()))
    return names


@pytest.fixture
def backend(wheels: Wheels, tmp_path: Path) -> Path:
    """The Python of an environment that has the client's wheel, what it requires, and nothing else."""
    place = tmp_path / "backend"
    run(sys.executable, "-m", "venv", "--without-pip", place)
    site = Path(run(place / "bin" / "python", "-c", "import site; print(site.getsitepackages()[0])").strip())
    requires = (
        line.partition(":")[2].strip()
        for line in Wheels.metadata(wheels.client, "METADATA").splitlines()
        if line.startswith("Requires-Dist:")
    )
    # Copied and not downloaded: a test needs no network.
    for name in closure(requires):
        for file in distribution(name).files or ():
            if ".." not in file.parts:
                (site / file).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(file.locate(), site / file)
    run(sys.executable, "-m", "pip", "install", "--no-deps", "--no-index", "--target", site, wheels.client)
    return place / "bin" / "python"


def test_no_file_is_in_both_and_none_in_neither(wheels: Wheels) -> None:
    """Either can be taken away or renewed and the other is whole; together they are the package."""
    client, server = Wheels.files(wheels.client), Wheels.files(wheels.server)
    assert client & server == set()
    modules = {path.relative_to(PACKAGE.parent).as_posix() for path in SOURCES}
    both = client | server
    assert modules <= both
    assert {"sio_server/py.typed", BUILTIN.relative_to(PACKAGE.parent).as_posix()} <= client
    assert {name for name in client if not name.startswith(("sio_server/client/", "sio_server/testing/"))} == {
        "sio_server/__init__.py",
        "sio_server/py.typed",
        "sio_server/audience.py",
        "sio_server/errors.py",
        "sio_server/event_types.py",
        "sio_server/translations.py",
        "sio_server/catalog/builtin.toml",
    }


def test_the_server_requires_the_client_of_its_version(wheels: Wheels) -> None:
    """Pip never puts together a server and a client that were not made together; the client has two requirements."""
    assert f"Requires-Dist: sio-server-client=={__version__}\n" in Wheels.metadata(wheels.server, "METADATA")
    told = Wheels.metadata(wheels.client, "METADATA")
    assert f"Version: {__version__}\n" in told
    assert re.findall(r"^Requires-Dist: (\w+)[^;\n]*$", told, re.MULTILINE) == ["httpx", "orjson"]


def test_wheels_are_for_every_python_and_lie_in_one_place(wheels: Wheels) -> None:
    """The client's is for every machine, the server's for every Python; all go where parts in C go."""
    client, server, pure = (Wheels.metadata(each, "WHEEL") for each in (wheels.client, wheels.server, wheels.pure))
    assert "Tag: py3-none-any\n" in client
    assert "Tag: py3-none-any\n" in pure
    assert ("Tag: cp311-abi3-" in server) == COMPILED
    if COMPILED and sys.platform == "linux":
        assert f"-manylinux_2_5_{platform.machine()}\n" in server or platform.machine() != "x86_64"
        assert "-linux_" not in server, "an index takes no such wheel"
    assert all("Root-Is-Purelib: false" in each for each in (client, server, pure))


def test_one_wheel_is_for_machines_that_have_none_of_their_own(wheels: Wheels) -> None:
    """The pure wheel is the other without its part in C, and pip takes it only where the other does not fit."""
    native, pure = Wheels.files(wheels.server), Wheels.files(wheels.pure)
    assert {Path(name).suffix for name in native - pure} == ({".so"} if COMPILED else set())
    assert pure - native == set()
    order = list(sys_tags())  # pip's, the best first

    def place(wheel: Path) -> int:
        return min(order.index(tag) for tag in parse_wheel_filename(wheel.name)[3] if tag in order)

    assert (place(wheels.server) < place(wheels.pure)) == COMPILED
    for elsewhere in (Tag("cp313", "cp313", "win_amd64"), Tag("cp312", "cp312", "musllinux_1_2_aarch64")):
        compatible = set(compatible_tags((3, 13), elsewhere.interpreter, [elsewhere.platform])) | {elsewhere}
        assert parse_wheel_filename(wheels.pure.name)[3] & compatible
        assert bool(parse_wheel_filename(wheels.server.name)[3] & compatible) != COMPILED


def test_archive_tells_nothing_of_who_made_it(wheels: Wheels) -> None:
    """The source archive has the time of its commit throughout, and neither users nor modes of the machine."""
    assert int.from_bytes(wheels.archive.read_bytes()[4:8], "little") == MOMENT  # RFC 1952, MTIME
    with tarfile.open(wheels.archive) as archive:
        members = archive.getmembers()
    assert [each.name for each in members] == sorted(each.name for each in members)
    assert {(each.mtime, each.uid, each.gid, each.uname, each.gname) for each in members} == {(MOMENT, 0, 0, "", "")}
    assert {each.mode for each in members if each.isfile()} == {0o644}


def test_archive_holds_both_distributions(wheels: Wheels) -> None:
    """Whoever builds from source has the server, the client and what builds them, and no test and no web."""
    with tarfile.open(wheels.archive) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"setup.py", "client/setup.py", "client/parts.py", "sio_server/engine/transport/_sendmany.c"} <= names
    assert Wheels.files(wheels.pure) | Wheels.files(wheels.client) <= names
    assert {name.partition("/")[0] for name in names if "/" in name} <= {"client", "sio_server", "sio_server.egg-info"}


def test_a_backend_needs_the_client_alone(backend: Path, tmp_path: Path) -> None:
    """With httpx and orjson the client imports, publishes and refuses in words; nothing of a server is there."""
    script = """
import importlib.util
from sio_server.client import Notifier, NotifyUnavailable, SyncNotifyClient, notificar_reserva_creada
assert importlib.util.find_spec("sio_server.core") is None
for library in ("aiohttp", "socketio", "marshmallow", "structlog", "click", "rich", "prometheus_client", "uuid_utils"):
    assert importlib.util.find_spec(library) is None, library
notifier = Notifier("http://127.0.0.1:9", spool="spool")
notifier.notificar_reserva_creada(reserva_id=1)
notifier.close(0)
try:
    SyncNotifyClient("http://127.0.0.1:9", timeout=0.1).publish("test")
except NotifyUnavailable as error:
    print(error)
"""
    assert "did not accept it" in run(backend, "-c", script, cwd=tmp_path)


def test_a_backend_is_tested_with_the_client_alone(backend: Path, tmp_path: Path) -> None:
    """The recorder works where no server is installed; a server of a test is refused there in a line."""
    script = """
from sio_server.client import NotifyRefused, SyncNotifyClient, notificar_reserva_creada
from sio_server.testing import NoServer, SioServer, recording
with recording() as notifications, SyncNotifyClient("http://127.0.0.1:9") as client:
    notificar_reserva_creada(usuario_id=5, personas=2)
    try:
        client.publish("test", link="reservas/1")
    except NotifyRefused as error:
        assert error.code == "invalid_data", error
notifications.assert_notified(5, "reserva_creada", personas=2)
try:
    SioServer(None)
except NoServer as error:
    print(error)
"""
    assert "install the wheel sio_server" in run(backend, "-c", script, cwd=tmp_path)


# What each of two type checkers has to refuse, by the line, and take, with every setting at its strictest.
_USE: Final = """
import asyncio
from decimal import Decimal
from uuid import uuid4

import notifications
from sio_server.client import (
    NotifyClient,
    Notifier,
    PublishResult,
    SyncNotifyClient,
    configure,
    notificar_reserva_creada,
)
from sio_server.client import notificar_lo_que_sea  # wrong

configure("http://127.0.0.1:9")
notificar_reserva_creada(reserva_id=uuid4(), total=Decimal(3), personas=2, priority="high", users=[1], roles=["a"])
notificar_reserva_creada(personas="dos")  # wrong
notificar_reserva_creada(priority="urgent")  # wrong
notificar_reserva_creada(nope=3)  # wrong
notificar_reserva_creada(5)  # wrong
notificar_reserva_creada(roles=5)  # wrong
asyncio.run(notificar_reserva_creada(reserva_id=1))


async def main() -> PublishResult:
    await notificar_reserva_creada(reserva_id=1)
    async with NotifyClient() as client, Notifier() as notifier:
        notifier.notificar_tour_creado(nombre="a")
        notifier.notificar_tour_creado(precio="gratis")  # wrong
        notifier.notificar_nada()  # wrong
        client.notificar_nada()  # wrong
        return await asyncio.create_task(client.notificar_tour_creado(nombre="a", link="/x"))


result: PublishResult = SyncNotifyClient().notificar_test()
number: int = SyncNotifyClient().notificar_test()  # wrong
notifications.notificar_hotel_abierto(title="x", nombre="b", users=[3])
notifications.notificar_hotel_abierto(users=["3"], priority="urgent")  # wrong
with notifications.Notifier("http://127.0.0.1:9") as own:
    own.notificar_hotel_abierto(nombre="x", priority="low")
    own.notificar_hotel_abierto(title=3)  # wrong
"""
_OWN: Final = f"""
[types."hotel.abierto"]
{TEXTS}
audience = {{ all = true }}
data = {{ title = "string", nombre = "string" }}
"""
_WRONG: Final = {number for number, line in enumerate(_USE.splitlines(), 1) if "# wrong" in line}


@pytest.fixture
def application(tmp_path: Path) -> Path:
    """A backend's code: the use of the functions, and the module that was written for a catalogue of its own."""
    own, place = tmp_path / "own.toml", tmp_path / "application"
    own.write_text(_OWN, "utf-8")
    place.mkdir()
    (place / "use.py").write_text(_USE, "utf-8")
    written = place / "notifications.py"
    command = (sys.executable, "-m", "sio_server", "catalog", "export", "--format", "py", "--output", written)
    run(*command, "--catalog", own)
    return place


def test_mypy_knows_the_functions_of_the_wheel(backend: Path, application: Path) -> None:
    """Mypy, strict, refuses what is wrong in code that uses the installed wheel, and nothing else."""
    mypy = (sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context")
    settings = ("--config-file", os.devnull, "--cache-dir", os.devnull, "--python-executable", backend)
    done = subprocess.run(
        [*mypy, *settings, "use.py", "notifications.py"], cwd=application, capture_output=True, text=True, check=False
    )
    errors = [line for line in done.stdout.splitlines() if ": error: " in line]
    assert {int(line.split(":")[1]) for line in errors if line.startswith("use.py")} == _WRONG, done.stdout
    assert not [line for line in errors if not line.startswith("use.py")], done.stdout


def test_pyright_knows_the_functions_of_the_wheel(node: Node, backend: Path, application: Path) -> None:
    """Pyright, which VS Code asks, does as mypy does."""
    (application / "pyrightconfig.json").write_text('{"typeCheckingMode": "strict"}', "utf-8")
    done = subprocess.run(
        [node.binary, node.modules / "pyright/index.js", "--outputjson", "--pythonpath", backend],
        cwd=application,
        capture_output=True,
        text=True,
        check=False,
    )
    found = json.loads(done.stdout)["generalDiagnostics"]
    told = {(Path(each["file"]).name, each["range"]["start"]["line"] + 1) for each in found}
    assert told == {("use.py", number) for number in _WRONG}, json.dumps(found, indent=1)


def test_either_can_be_taken_away(wheels: Wheels, tmp_path: Path) -> None:
    """Without the server the client is whole; a client that is renewed leaves the server's files alone."""
    place = tmp_path / "both"
    run(sys.executable, "-m", "venv", "--without-pip", place)
    pip = (sys.executable, "-m", "pip", "--python", place / "bin" / "python", "--disable-pip-version-check")
    site = Path(run(place / "bin" / "python", "-c", "import site; print(site.getsitepackages()[0])").strip())

    def files() -> set[str]:
        found = (site / "sio_server").rglob("*")
        return {each.relative_to(site).as_posix() for each in found if each.is_file() and each.suffix != ".pyc"}

    install = (*pip, "install", "--no-deps", "--no-index", "--force-reinstall")
    run(*install, wheels.server, wheels.client)
    run(*install, wheels.client)
    assert files() == Wheels.files(wheels.client) | Wheels.files(wheels.server)
    run(*pip, "uninstall", "--yes", "sio-server")
    assert files() == Wheels.files(wheels.client)
    run(*install, wheels.server)
    run(*pip, "uninstall", "--yes", "sio-server-client")
    assert files() == Wheels.files(wheels.server)


def test_licences_are_the_same() -> None:
    """Both distributions carry the one licence."""
    assert (ROOT / "client/LICENSE").read_text() == (ROOT / "LICENSE").read_text()
