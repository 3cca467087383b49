"""What is released is installed as its users do, on each Python of this machine, and started."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import aiohttp
import pytest

from sio_server import __version__
from tests.support.documents import ENGLISH
from tests.support.servers import ROOT, Program, environment, python_client, serving_command
from tests.support.waiting import until

OLDEST: Final = (3, 11)
TELL: Final = "import sys; print('%d.%d' % sys.version_info[:2], sys.implementation.name)"


def _candidates() -> Iterator[Path]:
    yield Path(sys.executable)
    for directory in os.environ.get("PATH", "").split(os.pathsep):
        yield from sorted(Path(directory).glob("python3.[0-9]*"))
    yield from sorted(Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv")).glob("versions/*/bin/python3"))


def _pythons() -> dict[str, Path]:
    """Each version of Python that there is here and that the packages are for, by one that makes environments."""
    found: dict[str, Path] = {}
    for path in _candidates():
        if not re.fullmatch(r"python3?(\.\d+)?", path.name):
            continue
        told = subprocess.run([path, "-c", f"import venv; {TELL}"], capture_output=True, text=True, check=False)
        if told.returncode == 0:
            version, implementation = told.stdout.split()
            if implementation == "cpython" and tuple(map(int, version.split("."))) >= OLDEST:
                found.setdefault(version, path)
    return dict(sorted(found.items()))


PYTHONS: Final = _pythons()


class Place:
    """An environment of one Python, into which distributions are installed by the pip of the tests' own."""

    def __init__(self, python: Path, place: Path) -> None:
        self.place = place
        call(python, "-m", "venv", "--without-pip", place)

    def install(self, *arguments: str | Path) -> None:
        """Have pip install something; what it needs comes from wherever pip is set to ask, as wheels alone."""
        pip = (sys.executable, "-m", "pip", "--python", self.place / "bin/python", "--disable-pip-version-check")
        call(*pip, "install", "--quiet", "--no-input", *arguments)

    def tell(self, code: str) -> str:
        """What a line of Python says there."""
        return call(self.place / "bin/python", "-I", "-c", code).strip()

    @property
    def command(self) -> str:
        """The installed ``sio-server``."""
        return str(self.place / "bin/sio-server")


def call(*command: str | Path) -> str:
    """What a command says; its failure is the test's, with all that it said."""
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


async def shows_that_it_works(server: Program) -> None:
    """The console is at ``/``, the documents of the API are served, and who is connected gets what is published."""
    received: list[Any] = []
    client = python_client()
    client.on("test", received.append)
    async with aiohttp.ClientSession(server.url) as http:
        async with http.get("/") as response:
            page = await response.text()
        assets = re.findall(r'src="\.?/?(assets/[^"]+)"', page)
        assert assets, "the console is not there"
        for path in (f"/{assets[0]}", "/docs", "/help/", "/openapi.json", "/health/ready"):
            async with http.get(path) as response:
                assert response.status == 200, path
        await client.connect(server.url, auth={"role": "admin", "user": "1"})
        async with http.post("/notify", json={"type": "test", "message": "Hola mundo"}) as response:
            reply = await response.json()
        assert reply["recipients"] == {"sockets": 1}
        await until(lambda: received, "the notification", server.moves)
    assert received[0]["message"] == "Hola mundo"
    await client.disconnect()


def serve_dev(place: Place, data: Path) -> Any:
    """The installed server in development mode, on a free port."""
    return serving_command(place.command, "serve", "--dev", "--port", "0", "--data-dir", str(data))


IN_C: Final = "import importlib.util as u; print(bool(u.find_spec('sio_server.engine.transport._sendmany')))"


@pytest.fixture(params=PYTHONS)
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty environment of each Python in turn."""
    return Place(PYTHONS[request.param], tmp_path / "installed")


@pytest.fixture
def pure(dist: Path) -> Path:
    """The server's wheel for all machines."""
    [found] = dist.glob("sio_server-*-none-any.whl")
    return found


async def test_server_runs_on_each_python(place: Place, dist: Path, pure: Path, tmp_path: Path) -> None:
    """Pip takes this machine's wheel and what it needs; then the one for all machines in its place; both serve."""
    place.install("--only-binary", ":all:", "--find-links", dist, f"sio-server=={__version__}")
    assert place.tell("import sio_server; print(sio_server.__version__)") == __version__
    assert place.tell(IN_C) == "True"
    async with serve_dev(place, tmp_path / "data") as server:
        await shows_that_it_works(server)
        assert await server.stop() == 0
    place.install("--no-deps", "--force-reinstall", pure)
    assert place.tell(IN_C) == "False"
    async with serve_dev(place, tmp_path / "data") as server:
        await shows_that_it_works(server)
        assert await server.stop() == 0


@pytest.fixture
def built(dist: Path, tmp_path: Path) -> Place:
    """An environment with server and client as pip builds them from the source archive."""
    place = Place(Path(sys.executable), tmp_path / "installed")
    [archive] = dist.glob("sio_server-*.tar.gz")
    shutil.unpack_archive(archive, tmp_path / "unpacked", filter="data")
    [unpacked] = (tmp_path / "unpacked").iterdir()
    place.install(unpacked, unpacked / "client")
    return place


async def test_server_is_built_from_the_archive(built: Place, tmp_path: Path) -> None:
    """The source archive is all that a machine with Python needs for server and client; the console is in it."""
    async with serve_dev(built, tmp_path / "data") as server:
        await shows_that_it_works(server)


def test_client_runs_on_each_python(place: Place, dist: Path) -> None:
    """A backend's environment gets the client, with httpx and orjson and nothing of the server; an extra adds to it."""
    [client] = dist.glob("sio_server_client-*.whl")
    place.install("--only-binary", ":all:", client)
    told = place.tell(
        "import importlib.util as u, json; from sio_server.client import Notifier, notificar_reserva_creada; "
        "print(json.dumps([bool(u.find_spec(name)) for name in ('httpx', 'orjson', 'sio_server.core', 'aiohttp')]))"
    )
    assert json.loads(told) == [True, True, False, False]
    # As the documents have it: by name, since the client itself is there already.
    place.install("--only-binary", ":all:", "sio-server-client[sqlalchemy]")
    assert place.tell("from sio_server.client.outbox import SqlOutbox; print(SqlOutbox.__name__)") == "SqlOutbox"


@pytest.fixture
def as_the_readme_says(dist: Path, tmp_path: Path) -> str:
    """The command that is there once somebody with Python and the files has typed the README's first commands."""
    *before, serve = ENGLISH.fence("sh", "sio-server serve --dev").strip().splitlines()
    assert serve.partition("#")[0].strip() == "sio-server serve --dev"
    (tmp_path / "dist").symlink_to(dist)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3").symlink_to(PYTHONS[max(PYTHONS)])
    typed = ("set -e", f"PATH='{tmp_path / 'bin'}':/usr/bin:/bin", f"cd '{tmp_path}'", *before, "command -v sio-server")
    return call("/bin/sh", "-c", "\n".join(typed)).splitlines()[-1]


async def test_readme_installs_as_it_says(as_the_readme_says: str, tmp_path: Path) -> None:
    """The first commands of the README, one after the other, lead to a server."""
    assert Path(as_the_readme_says).is_relative_to(tmp_path)
    arguments = ("serve", "--dev", "--port", "0", "--data-dir", str(tmp_path / "data"))
    async with serving_command(as_the_readme_says, *arguments) as server:
        await shows_that_it_works(server)


async def test_start_sh_sets_up_a_checkout(tmp_path: Path) -> None:
    """Where no server is installed, the script makes what is missing in the checkout and starts that."""
    there = [each for each in os.environ["PATH"].split(os.pathsep) if not (Path(each) / "sio-server").exists()]
    arguments = ("--port", "0", "--data-dir", str(tmp_path / "data"))
    async with serving_command(str(ROOT / "start.sh"), *arguments, env={"PATH": os.pathsep.join(there)}) as server:
        await shows_that_it_works(server)


def test_first_event_comes_over_tls(dist: Path) -> None:
    """With Python and the files alone: installed, set up by ``init``, served on TLS, and an event has come."""
    told = call(ROOT / "scripts/first-event.sh", dist).splitlines()
    assert [line.split("  ")[-1] for line in told] == ["installed", "set up", "serving on TLS", "first event"]
