"""The page about production is followed to the letter, with what a machine has to be asked for put aside."""

from __future__ import annotations

import asyncio
import re
import shlex
import shutil
import stat
import sys
from pathlib import Path

import pytest

from tests.deploy import test_reverse_proxies
from tests.support.curl import CURL
from tests.support.documents import Document
from tests.support.reverse_proxies import HERE, KINDS, NAME
from tests.support.servers import ROOT, environment, forked
from tests.support.waiting import coming

PAGE = Document.read(ROOT / "docs" / "production.md")
UNIT = (ROOT / "deploy" / "sio-server.service").read_text()
PROGRAM = Path(sys.executable).with_name("sio-server")

# What changes the machine, or asks who one is, does nothing here but tell that it was called.
ASIDE = ("adduser", "systemctl", "chown", "docker")


class Machine:
    """A directory that stands for a machine: the places that the page names are in it."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.calls = place / "calls"
        self.calls.touch()
        self._programs = place / "programs"
        for directory in ("opt", "var/lib", "etc/systemd/system", "etc/caddy"):
            (place / directory).mkdir(parents=True)
        self._programs.mkdir()
        for name in ASIDE:
            self._program(name, f'echo {name} "$@" >>{self.calls}')
        self._program("sudo", 'exec "$@"')
        self._program("runuser", 'shift 3; exec "$@"')
        # Nobody is given anything here: there is one user.
        self._program("install", f'exec {shutil.which("install")} -d -m 700 "$(eval echo "\\$$#")"')
        self._program("curl", f'exec {shlex.join(CURL)} "$@"')
        pip = f'printf "#!/bin/sh\\necho pip \\"\\$@\\" >>{self.calls}\\n" >"$3/bin/pip"; chmod +x "$3/bin/pip"'
        self._program("python3", f'mkdir -p "$3/bin"; ln -s {PROGRAM} "$3/bin/sio-server"; {pip}')

    def _program(self, name: str, script: str) -> None:
        path = self._programs / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def here(self, text: str) -> str:
        """A text with the places of a machine in this one."""
        return re.sub(r"(?<![\w.])/(opt|var/lib|etc)/", rf"{self.place}/\1/", text)

    async def run(self, script: str, cwd: Path = ROOT) -> str:
        """Run lines of the page; what they wrote."""
        process = await asyncio.create_subprocess_exec(
            *("sh", "-eu", "-c", self.here(script)),
            cwd=cwd,
            env={**environment(), "PATH": f"{self._programs}:{environment()['PATH']}"},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        output, _ = await coming(process.communicate(), "the end of the commands")
        assert process.returncode == 0, output.decode()
        return output.decode()

    @property
    def called(self) -> list[list[str]]:
        """What was put aside."""
        return [line.split() for line in self.calls.read_text().splitlines()]


def unit_options(name: str) -> list[str]:
    """The values of an option of the unit."""
    return re.findall(rf"^{name}=(.*)$", UNIT, re.MULTILINE)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """A machine where nothing was done yet."""
    return Machine(tmp_path)


async def test_steps_lead_to_a_service(machine: Machine) -> None:
    """The steps make a server that its unit starts, that answers, and that the first event gets through to."""
    *steps, question = PAGE.fence("sh", "adduser").splitlines()
    await machine.run("\n".join(steps))
    assert {call[0] for call in machine.called} == {"adduser", "pip", "systemctl"}
    units = [word for call in machine.called if call[:2] == ["systemctl", "enable"] for word in call[3:]]
    assert units
    assert all((machine.place / "etc/systemd/system" / unit).is_file() for unit in units)
    wheels = [word for call in machine.called if call[0] == "pip" for word in call[2:]]
    assert [re.sub(r"-\*.*", "", wheel) for wheel in wheels] == ["dist/sio_server_client", "dist/sio_server"]

    (command,) = unit_options("ExecStart")
    settings = dict(value.split("=", 1) for value in unit_options("Environment"))
    (directory,) = unit_options("WorkingDirectory")
    arguments = shlex.split(machine.here(command))[1:]
    async with forked(*arguments, "--port", "0", cwd=Path(machine.here(directory)), env=settings) as server:
        await machine.run(question.replace("http://127.0.0.1:8080", server.url))
        event = PAGE.fence("sh", "/notify").replace("https://avisos.example.org", server.url)
        assert '"status":"ok"' in await machine.run(event)
        # A new secret, while it serves.
        rotation = PAGE.fence("sh", "jwt_secret_previous")
        await machine.run(rotation, cwd=Path(machine.here(directory)))
        server.process.send_signal(1)
        secrets = sorted(path.name for path in (Path(machine.here(directory)) / "secrets").iterdir())
        assert secrets == ["backend.key", "jwt_secret", "jwt_secret_previous"]
        check = f"{PROGRAM} check-config --strict --offline --config sio-server.toml"
        shown = await machine.run(check, cwd=Path(machine.here(directory)))
        assert re.search(r"^jwt_secret_previous +set", shown, re.MULTILINE), shown
        assert await server.stop() == 0


async def test_caddy_takes_what_the_page_writes(machine: Machine) -> None:
    """The line that changes the name leaves a file that Caddy takes."""
    await machine.run(PAGE.fence("sh", "Caddyfile >"))
    written = machine.place / "etc/caddy/Caddyfile"
    assert NAME not in written.read_text()
    (caddy,) = [kind for kind in HERE if kind.program == "caddy"]
    process = await asyncio.create_subprocess_exec(
        *(str(caddy.path), "adapt", "--adapter", "caddyfile", "--config", str(written)),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    assert b"avisos.example.org" in output


async def test_secrets_of_containers_are_made(machine: Machine, tmp_path: Path) -> None:
    """The steps with Docker make the files that compose.yaml names, for nobody else to read, and start it."""
    shutil.copytree(ROOT / "deploy", tmp_path / "copy" / "deploy", ignore=shutil.ignore_patterns("secrets"))
    await machine.run(PAGE.fence("sh", "docker compose"), cwd=tmp_path / "copy")
    for name in ("jwt-secret", "publish-keys"):
        path = tmp_path / "copy" / "deploy" / "secrets" / name
        assert len(path.read_text().strip()) == 64
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert machine.called[-1] == ["docker", "compose", "up", "--build", "--detach"]


def test_every_file_of_deploy_is_told_of() -> None:
    """The page names each file that it is to be found with."""
    named = " ".join(PAGE.spans)
    for path in (ROOT / "deploy").iterdir():
        if path.name not in ("secrets", "backend.Dockerfile"):
            assert path.name in named or path.stem in named, path.name


def test_matrix_says_what_is_tried() -> None:
    """The table of proxies has a column for each test of them, a row for each, and what became of a restart."""
    (table,) = [table for table in PAGE.tables if "websocket" in table[0]]
    tests = {name for name in vars(test_reverse_proxies) if name.startswith("test_")}
    assert {f"test_{column.lower().replace(' ', '_')}" for column in table[0][1:]} == tests
    restart = {True: "✓ waits", False: "503, come again; fewer of them with `sio-server.socket`"}
    passed = ("✓",) * (len(tests) - 1)
    assert table[1:] == [(kind.name, *passed, restart[test_reverse_proxies.WAITS[kind.name]]) for kind in KINDS]
