"""Builds what is released, checks it, and says what is there.

    python scripts/dist.py [OUTPUT]            all of it, into dist/ unless another directory is named
    python scripts/dist.py --python [OUTPUT]   the Python distributions alone, without the checks

The same commit gives the same files to the byte: they are built from a copy of the tree in which no mode and no time is
this machine's; times are that of the last commit, or ``SOURCE_DATE_EPOCH``.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from build import ProjectBuilder
from build._types import Distribution

ROOT: Final = Path(__file__).resolve().parents[1]
# What the build reads.
READ: Final = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE", "client", "sio_server")
LEFT_OUT: Final = shutil.ignore_patterns("__pycache__", "*.egg-info", "*.so", "*.pyc", "build", "dist", ".*")
# Neither the directory that it was compiled in nor what a debugger wants.
COMPILE: Final = {"CFLAGS": "-g0"}
PURE: Final = {"SIO_BUILD_PURE": "1"}
SUMS: Final = "SHA256SUMS"


class Failed(SystemExit):
    """What a person has to mend, in a line."""

    def __init__(self, why: str) -> None:
        super().__init__(f"error: {why}")


def main() -> None:
    """Build, and say what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("output", nargs="?", type=Path, default=ROOT / "dist")
    parser.add_argument("--python", action="store_true", help="the Python distributions alone, without the checks")
    arguments = parser.parse_args()
    output: Path = arguments.output.resolve()
    # What tools write follows neither this user's habits nor this moment.
    os.umask(0o022)
    os.environ["SOURCE_DATE_EPOCH"] = str(epoch())
    if not arguments.python:
        for part, target in (("console", "web"), ("help", "docs")):
            if not (ROOT / "sio_server/static" / part / "index.html").is_file():
                raise Failed(f"/{part} is not built, and the wheel would lack it: run `make {target}`")
    empty(output)
    with tempfile.TemporaryDirectory(prefix="sio-dist-") as place:
        python(Path(place), output)
    checks = []
    if not arguments.python:
        run("scripts/web.sh", "npm", "run", "package", "--silent", "-w", "hooks", "--", "--pack-destination", output)
        run(sys.executable, "scripts/sbom.py", output / f"sio-server-{version(output)}.cdx.json")
        checks = check(output)
    write_sums(output)
    say(output, checks)


def epoch() -> int:
    """The moment that everything built is of: that of the last commit; where there is none, of the newest source."""
    if told := os.environ.get("SOURCE_DATE_EPOCH"):
        return int(told)
    git = ("git", "-C", str(ROOT), "log", "-1", "--format=%ct")
    done = subprocess.run(git, capture_output=True, text=True, check=False) if (ROOT / ".git").exists() else None
    if done and done.returncode == 0:
        return int(done.stdout)
    return int(max(path.stat().st_mtime for path in (ROOT / "sio_server").rglob("*.py")))


def empty(output: Path) -> None:
    """Take away what an earlier build left in a directory; what else is there is not ours."""
    output.mkdir(parents=True, exist_ok=True)
    for pattern in ("sio_server*", "sio-server*", SUMS):
        for old in output.glob(pattern):
            old.unlink()


def run(*command: str | Path, cwd: Path = ROOT, environment: Mapping[str, str] | None = None) -> None:
    """Run a command, whose words are shown if it fails, and only then."""
    env = {**os.environ, **(environment or {})}
    done = subprocess.run(
        command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if done.returncode:
        sys.stderr.write(done.stdout)
        raise Failed(f"{' '.join(map(str, command))} failed")


# -- Python's distributions ---------------------------------------------------------------------------------------


def python(place: Path, output: Path) -> None:
    """The source archive, and from what is in it the wheels: the client's, and the server's two."""
    tree = place / "tree"
    tree.mkdir()
    for name in READ:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, tree / name, ignore=LEFT_OUT)
        else:
            shutil.copy(source, tree / name)
    settle(tree)
    archive = Path(build(tree, "sdist", output, {}))
    repack(archive)

    def wheel(name: str, project: str, environment: Mapping[str, str]) -> Path:
        # Each from a copy of its own, since the build writes into it.
        with tarfile.open(archive) as packed:
            if hasattr(tarfile, "data_filter"):  # from 3.11.4 on; the archive is our own
                packed.extractall(place / name, filter="data")
            else:
                packed.extractall(place / name)  # noqa: S202 - made a moment ago, by us
        (unpacked,) = (place / name).iterdir()
        settle(unpacked)
        return Path(build(unpacked / project, "wheel", place, environment))

    with ThreadPoolExecutor() as pool:
        built = [
            pool.submit(wheel, "client", "client", {}),
            pool.submit(wheel, "pure", "", PURE),
            pool.submit(wheel, "native", "", COMPILE),
        ]
    client, pure, native = (each.result() for each in built)
    for each in (client, pure):
        shutil.move(each, output)
    native_wheel(native, output)


def native_wheel(wheel: Path, output: Path) -> None:
    """Put the wheel with the part in C into the output; on Linux, tagged with the oldest system that it runs on."""
    if not any(name.endswith((".so", ".pyd")) for name in names(wheel)):
        sys.stderr.write("No compiler was found: only the wheel without the part in C is built.\n")
        return
    if sys.platform == "linux":
        # It needs nothing but the C library, so there is nothing to put in and no patcher is wanted.
        repair = ("repair", "--patcher", "none", "--wheel-dir", output, wheel)
        run(sys.executable, "-m", "auditwheel", *repair)
    else:
        shutil.move(wheel, output)


def settle(tree: Path) -> None:
    """Give a tree modes and times that are the same on every machine."""
    moment = int(os.environ["SOURCE_DATE_EPOCH"])
    for path in (tree, *tree.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
        os.utime(path, (moment, moment))


def build(project: Path, kind: Distribution, output: Path, environment: Mapping[str, str]) -> str:
    """Build one distribution; return its path."""

    def quietly(cmd: Sequence[str], cwd: str | None = None, extra_environ: Mapping[str, str] | None = None) -> None:
        run(*cmd, cwd=Path(cwd or project), environment={**environment, **(extra_environ or {})})

    return ProjectBuilder(project, runner=quietly).build(kind, output)


def repack(archive: Path) -> None:
    """Write a source archive anew, in order and with nothing of this machine or moment in it."""
    moment = int(os.environ["SOURCE_DATE_EPOCH"])
    with tarfile.open(archive) as old:
        members = [(each, old.extractfile(each)) for each in sorted(old.getmembers(), key=lambda each: each.name)]
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as new:
            for member, data in members:
                member.mtime, member.uid, member.gid, member.uname, member.gname = moment, 0, 0, "", ""
                member.mode, member.pax_headers = (0o755 if member.isdir() else 0o644), {}
                new.addfile(member, data)
    archive.write_bytes(gzip.compress(packed.getvalue(), mtime=moment))


def names(wheel: Path) -> list[str]:
    """What is in a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def version(output: Path) -> str:
    """The version that was built."""
    (archive,) = output.glob("sio_server-*.tar.gz")
    return archive.name.removeprefix("sio_server-").removesuffix(".tar.gz")


# -- what is looked at --------------------------------------------------------------------------------------------


def check(output: Path) -> list[str]:
    """Have each kind of file looked at by the tools of its kind; return what was done."""
    wheels, archives, kits = (sorted(output.glob(pattern)) for pattern in ("*.whl", "*.tar.gz", "*.tgz"))
    modules = ROOT / "tests/node/node_modules"
    node = os.environ.get("SIO_TEST_NODE", "node")
    # The console and the documents have one logo, and each has it in its own directory.
    contents = ("check_wheel_contents", "--no-config", "--ignore", "W002")
    asked: dict[str, tuple[str | Path, ...]] = {
        "twine check --strict": (sys.executable, "-m", "twine", "check", "--strict", *wheels, *archives),
        "check-wheel-contents": (sys.executable, "-m", *contents, *wheels),
        "publint --strict": (node, modules / "publint/src/cli.js", "run", *kits, "--strict"),
        # A stylesheet has no types, and the kit has modules alone: `require` of one is for Node to allow.
        "attw": (
            node,
            modules / "@arethetypeswrong/cli/dist/index.js",
            *kits,
            *("--exclude-entrypoints", "styles.css", "--ignore-rules", "cjs-resolves-to-esm"),
        ),
    }
    with ThreadPoolExecutor() as pool:
        for done in [pool.submit(run, *command) for command in asked.values()]:
            done.result()
    return [*asked, "CycloneDX's schema 1.6"]


def write_sums(output: Path) -> None:
    """Write what `sha256sum --check` reads."""
    files = sorted(path for path in output.iterdir() if path.name.startswith(("sio_server", "sio-server")))
    lines = [f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in files]
    (output / SUMS).write_text("".join(lines), "ascii")


def say(output: Path, checks: list[str]) -> None:
    """Tell what is there, and what it was checked with."""
    for line in (output / SUMS).read_text("ascii").splitlines():
        digest, name = line.split("  ")
        sys.stdout.write(f"{(output / name).stat().st_size / 1000:8,.0f} kB  {digest[:12]}  {name}\n")
    if checks:
        sys.stdout.write(f"Checked with {', '.join(checks)}. Whole checksums: {SUMS}\n")


if __name__ == "__main__":
    main()
