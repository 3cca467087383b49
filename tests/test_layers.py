"""The floors of the design: what a module may import, read from the source of every one of them."""

import ast
import re
from collections.abc import Iterable, Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.support.servers import ROOT
from tests.support.sources import PACKAGE, SOURCES

# A name is a package, or a module of the root. It imports lower floors, and of its own floor those named before it.
# The table stands in docs/design.md, too.
FLOORS: dict[str, tuple[str, ...]] = {
    "0": (
        "errors",
        "locales",
        "translations",
        "trace_context",
        "audience",
        "intake",
        "event_types",
        "extras",
        "notification",
    ),
    "1": ("engine",),
    "2": ("files", "fields", "metrics", "logs", "telemetry", "clock", "config"),
    "3": ("certificates", "catalog", "auth"),
    "4": ("broker",),
    "5": ("core",),
    "6": ("gate", "schemas"),
    "7": ("live", "api"),
    "8": ("reloading", "descriptors", "app", "serving"),
    # What a backend imports: nothing of the server uses it, and it uses next to nothing of the server.
    # What a backend is tested with stands on what it publishes with.
    "leaf": ("client", "testing"),
    "9": ("cli", "__main__"),
}
FLOOR = {name: floor for floor, names in FLOORS.items() for name in names}
ORDER = [name for names in FLOORS.values() for name in names]

# The folders of the engine, lowest first; what stands beside them is below them all.
FOLDERS = ("wire", "transport", "eio", "sio", "front")

MAX_MODULE = 400
MAX_FUNCTION = 50

ENGINE = PACKAGE / "engine"
OUTSIDE = [path for path in SOURCES if not path.is_relative_to(ENGINE)]
PACKAGES = sorted({path.parent for path in SOURCES} - {PACKAGE})
INIT = "__init__"


def dotted_of(path: Path) -> str:
    """Return the dotted name of a file below the package; a package is its ``__init__``: ``broker.__init__``."""
    return ".".join(path.relative_to(PACKAGE).with_suffix("").parts)


def place_of(dotted: str) -> str:
    """Return the name in the table of floors: of ``core.node`` it is ``core``."""
    return dotted.partition(".")[0]


@cache
def imports_of(path: Path) -> tuple[str, ...]:
    """Give the dotted name of everything that a file imports, wherever in the file it does, for types alone too."""
    return tuple(_imports_of(path))


def _imports_of(path: Path) -> Iterator[str]:
    for found in ast.walk(ast.parse(path.read_text())):
        if isinstance(found, ast.Import):
            yield from (alias.name for alias in found.names)
        elif isinstance(found, ast.ImportFrom):
            assert found.level == 0, f"{path.name} imports by relative name"
            yield from (f"{found.module}.{alias.name}" for alias in found.names)


@cache
def ours(path: Path) -> frozenset[str]:
    """Return the files of the product that a file imports, itself left out, as `dotted_of` names them."""
    names = (name.removeprefix("sio_server.") for name in imports_of(path) if name.startswith("sio_server."))
    return frozenset(file for file in map(_file_of, names) if file is not None) - {dotted_of(path)}


def _file_of(name: str) -> str | None:
    """The file that defines ``engine.wire.frames.TEXT``: the longest beginning that is a module or a package."""
    parts = name.split(".")
    while parts:
        place = PACKAGE.joinpath(*parts)
        if place.with_suffix(".py").exists() or place.with_suffix(".pyi").exists():
            return ".".join(parts)
        if (place / "__init__.py").exists():
            return ".".join([*parts, INIT])
        parts.pop()
    return None


def places(path: Path) -> set[str]:
    """Return the names in the table of floors that a file imports, its own left out."""
    return {place_of(name) for name in ours(path)} - {place_of(dotted_of(path)), INIT}


def may_import(place: str, other: str) -> bool:
    """Say whether the floors let the one import the other."""
    if place == "client":
        return FLOOR[other] == "0"
    if place == "testing":
        return FLOOR[other] == "0" or other == "client"
    if {place, other} == {"live", "api"}:
        return False
    if FLOOR[other] == "leaf":
        return (place, other) == ("cli", "client")
    return ORDER.index(other) < ORDER.index(place)


def circle_in(graph: dict[str, Iterable[str]]) -> list[str]:
    """Return the names along one circle of a graph, or nothing where it has none."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle: list[str] = error.args[1]
        return circle
    return []


def test_every_module_has_a_floor() -> None:
    """Each package and each module of the root stands in the table once, and the table names none that is gone."""
    assert sorted({place_of(dotted_of(path)) for path in SOURCES} - {INIT}) == sorted(ORDER)


def test_the_design_page_shows_the_floors() -> None:
    """The table of floors in docs/design.md is the one that the imports are held to."""
    page = (ROOT / "docs/design.md").read_text()
    rows = re.findall(r"^\| (\w+) \| ((?:`\w+/?` ?)+) \|", page, flags=re.MULTILINE)
    shown = {floor: tuple(re.findall(r"`(\w+)/?`", names)) for floor, names in rows}
    assert shown == FLOORS


@pytest.mark.parametrize("path", SOURCES, ids=dotted_of)
def test_imports_go_down(path: Path) -> None:
    """A module imports lower floors, and of its own floor what is named before it."""
    place = place_of(dotted_of(path))
    if place == INIT:
        assert places(path) == set()
    else:
        assert [other for other in sorted(places(path)) if not may_import(place, other)] == []


@pytest.mark.parametrize("package", PACKAGES, ids=dotted_of)
def test_no_circle_inside_a_package(package: Path) -> None:
    """Inside a package no file imports, for types alone or by way of others, one that imports it."""
    assert circle_in({dotted_of(path): ours(path) for path in package.rglob("*.py")}) == []


@pytest.mark.parametrize("path", sorted((PACKAGE / "api").rglob("*.py")), ids=dotted_of)
def test_operations_know_no_kind_of_broker(path: Path) -> None:
    """What serves HTTP imports the protocols of a broker alone, none of its implementations."""
    assert [name for name in ours(path) if re.match(r"broker\.(sqlite|postgres)", name)] == []


@pytest.mark.parametrize("path", sorted(ENGINE.rglob("*.py")), ids=dotted_of)
def test_engine_stands_alone(path: Path) -> None:
    """The engine imports nothing of the product but its errors."""
    assert places(path) <= {"errors"}


@pytest.mark.parametrize("path", OUTSIDE, ids=dotted_of)
def test_engine_has_one_face(path: Path) -> None:
    """The product uses of the engine what its face exports, and imports none of the modules behind it."""
    assert {name for name in ours(path) if place_of(name) == "engine"} <= {"engine.__init__"}


@pytest.mark.parametrize("path", sorted(ENGINE.rglob("*.py")), ids=dotted_of)
def test_folders_of_the_engine_have_an_order(path: Path) -> None:
    """A folder of the engine imports those below it, and what stands beside the folders imports none of them."""
    folder = _engine_folder(dotted_of(path))
    if folder != "engine":
        order = ("", *FOLDERS)
        above = order[order.index(folder) + 1 :]
        assert [name for name in sorted(ours(path)) if _engine_folder(name) in above] == []


def _engine_folder(dotted: str) -> str:
    """``wire`` of ``engine.wire.frames``, nothing of ``engine.limits``, and ``engine`` of the face itself."""
    if dotted == "engine.__init__":
        return "engine"
    _, *folder, _ = dotted.split(".")
    return folder[0] if folder else ""


def test_wiring_is_imported_by_the_command_line_alone() -> None:
    """Nothing of the product but the command line imports the wiring, whose second part imports the first."""
    importers = {place_of(dotted_of(path)) for path in SOURCES if places(path) & {"app", "serving"}}
    assert importers == {"serving", "cli"}


def test_socketio_is_imported_by_the_engine_alone() -> None:
    """Python-socketio and python-engineio have one owner on the server; what listens and publishes is a client."""
    libraries = ("socketio", "engineio")
    importers = {dotted_of(path) for path in SOURCES if any(n.split(".")[0] in libraries for n in imports_of(path))}
    assert {place_of(name) for name in importers - {"cli.listen", "client.socket_courier"}} == {"engine"}


@pytest.mark.parametrize("name", FLOORS["0"])
def test_floor_0_is_pure(name: str) -> None:
    """A module of floor 0 imports nothing that does I/O."""
    roots = {imported.split(".")[0] for imported in imports_of(PACKAGE / f"{name}.py")}
    assert roots.isdisjoint({"asyncio", "aiohttp", "socketio", "engineio", "socket", "sqlite3", "httpx", "os"})


@pytest.mark.parametrize("path", SOURCES, ids=dotted_of)
def test_modules_are_short(path: Path) -> None:
    """A module is split before it has more than 400 lines."""
    assert len(path.read_text().splitlines()) <= MAX_MODULE


@pytest.mark.parametrize("path", SOURCES, ids=dotted_of)
def test_functions_are_short(path: Path) -> None:
    """A function is split before it has more than 50 lines."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    lengths = [
        (found.name, (found.end_lineno or 0) - found.lineno + 1)
        for found in ast.walk(ast.parse(path.read_text()))
        if isinstance(found, functions)
    ]
    assert [(name, lines) for name, lines in lengths if lines > MAX_FUNCTION] == []


@pytest.mark.parametrize("path", SOURCES, ids=dotted_of)
def test_names_say_what_is_inside(path: Path) -> None:
    """No module has a name that would fit any other."""
    assert set(re.split(r"[_.]", path.name)).isdisjoint(
        {"manager", "helper", "helpers", "util", "utils", "data", "info"}
    )
