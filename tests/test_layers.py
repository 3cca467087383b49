"""The floors of the design: what a module may import, read from the source of every one of them."""

import ast
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tests.support.servers import ROOT
from tests.support.sources import PACKAGE, SOURCES

# A name is a package, or a module of the root. It imports lower floors, and of its own floor those named before it.
# The table stands in docs/design.md, too.
FLOORS: dict[str, tuple[str, ...]] = {
    "0": (
        "errors",
        "translations",
        "locales",
        "texts",
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
    "7": ("live", "api", "between"),
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


@dataclass(frozen=True, slots=True)
class Source:
    """What the rules ask of a file: all that it imports, by dotted name, how long its functions are, and it itself."""

    imports: tuple[str, ...]
    functions: tuple[tuple[str, int], ...]
    lines: int


@cache
def source_of(path: Path) -> Source:
    """Read a file once for all rules; an import counts wherever in the file it stands, and for types alone, too."""
    text = path.read_text()
    imports: list[str] = []
    functions: list[tuple[str, int]] = []
    for found in ast.walk(ast.parse(text)):
        if isinstance(found, ast.Import):
            imports += (alias.name for alias in found.names)
        elif isinstance(found, ast.ImportFrom):
            assert found.level == 0, f"{path.name} imports by relative name"
            imports += (f"{found.module}.{alias.name}" for alias in found.names)
        elif isinstance(found, ast.FunctionDef | ast.AsyncFunctionDef):
            functions.append((found.name, (found.end_lineno or 0) - found.lineno + 1))
    return Source(tuple(imports), tuple(functions), len(text.splitlines()))


@cache
def ours(path: Path) -> frozenset[str]:
    """Return the files of the product that a file imports, itself left out, as `dotted_of` names them."""
    names = (name.removeprefix("sio_server.") for name in source_of(path).imports if name.startswith("sio_server."))
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


def faults(paths: Iterable[Path], found: Callable[[Path], Iterable[object]]) -> dict[str, list[object]]:
    """Return what breaks a rule, by file; in one test, as one for each file would cost a hundred times the rule."""
    said = {dotted_of(path): list(found(path)) for path in paths}
    return {name: wrong for name, wrong in said.items() if wrong}


def test_every_module_has_a_floor() -> None:
    """Each package and each module of the root stands in the table once, and the table names none that is gone."""
    assert sorted({place_of(dotted_of(path)) for path in SOURCES} - {INIT}) == sorted(ORDER)


def test_the_design_page_shows_the_floors() -> None:
    """The table of floors in docs/design.md is the one that the imports are held to."""
    page = (ROOT / "docs/design.md").read_text()
    rows = re.findall(r"^\| (\w+) \| ((?:`\w+/?` ?)+) \|", page, flags=re.MULTILINE)
    shown = {floor: tuple(re.findall(r"`(\w+)/?`", names)) for floor, names in rows}
    assert shown == FLOORS


def test_imports_go_down() -> None:
    """A module imports lower floors, and of its own floor what is named before it."""

    def found(path: Path) -> list[str]:
        place = place_of(dotted_of(path))
        return sorted(other for other in places(path) if place == INIT or not may_import(place, other))

    assert faults(SOURCES, found) == {}


def test_no_circle_inside_a_package() -> None:
    """Inside a package no file imports, for types alone or by way of others, one that imports it."""
    assert faults(PACKAGES, lambda it: circle_in({dotted_of(path): ours(path) for path in it.rglob("*.py")})) == {}


def test_operations_know_no_kind_of_broker() -> None:
    """What serves HTTP imports the protocols of a broker alone, none of its implementations."""
    operations = (PACKAGE / "api").rglob("*.py")
    kinds = r"broker\.(sqlite|postgres)"
    assert faults(operations, lambda path: [name for name in ours(path) if re.match(kinds, name)]) == {}


def test_engine_stands_alone() -> None:
    """The engine imports nothing of the product but its errors."""
    assert faults(ENGINE.rglob("*.py"), lambda path: places(path) - {"errors"}) == {}


def test_engine_has_one_face() -> None:
    """The product uses of the engine what its face exports, and imports none of the modules behind it."""
    face = "engine.__init__"
    assert faults(OUTSIDE, lambda path: {n for n in ours(path) if place_of(n) == "engine"} - {face}) == {}


def test_folders_of_the_engine_have_an_order() -> None:
    """A folder of the engine imports those below it, and what stands beside the folders imports none of them."""
    order = ("", *FOLDERS)

    def found(path: Path) -> list[str]:
        folder = _engine_folder(dotted_of(path))
        above = () if folder == "engine" else order[order.index(folder) + 1 :]
        return sorted(name for name in ours(path) if _engine_folder(name) in above)

    assert faults(ENGINE.rglob("*.py"), found) == {}


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
    importers = {
        dotted_of(path) for path in SOURCES if any(n.split(".")[0] in libraries for n in source_of(path).imports)
    }
    assert {place_of(name) for name in importers - {"cli.listen", "client.socket_courier"}} == {"engine"}


def test_floor_0_is_pure() -> None:
    """A module of floor 0 imports nothing that does I/O."""
    impure = {"asyncio", "aiohttp", "socketio", "engineio", "socket", "sqlite3", "httpx", "os"}
    modules = [PACKAGE / f"{name}.py" for name in FLOORS["0"]]
    assert faults(modules, lambda path: impure & {name.split(".")[0] for name in source_of(path).imports}) == {}


def test_modules_are_short() -> None:
    """A module is split before it has more than 400 lines."""
    assert faults(SOURCES, lambda path: [lines] if (lines := source_of(path).lines) > MAX_MODULE else []) == {}


def test_functions_are_short() -> None:
    """A function is split before it has more than 50 lines."""
    assert faults(SOURCES, lambda path: [at for at in source_of(path).functions if at[1] > MAX_FUNCTION]) == {}


def test_names_say_what_is_inside() -> None:
    """No module has a name that would fit any other."""
    empty = {"manager", "helper", "helpers", "util", "utils", "data", "info"}
    assert faults(SOURCES, lambda path: empty & set(re.split(r"[_.]", path.name))) == {}
