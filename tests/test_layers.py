"""The levels of the design: what a module may import, read from the source of every one of them."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import sio_server

PACKAGE = Path(sio_server.__file__).resolve().parent

# A module imports modules of lower levels, and of its own level those named before it.
LEVELS: dict[float, tuple[str, ...]] = {
    0: ("errors", "locales", "audience", "notification", "recovery", "intake"),
    1: (
        "descriptors",
        "fields",
        "config_files",
        "catalog",
        "claim_names",
        "config_schema",
        "config_sources",
        "config",
        "limits",
        "schemas",
        "schemas_events",
        "log_text",
        "logs",
        "auth_claims",
        "auth_jwks",
        "auth_tokens",
        "auth",
        "origins",
        "reloading",
        "proxies",
        "metrics",
        "clock",
        "refusals",
        "latency",
    ),
    2: (
        "broker",
        "settling",
        "window",
        "hub",
        "observers",
        "replays",
        "connections",
        "inbox",
        "drain",
        "retention",
        "client_events",
        "schemas_inbox",
        "schemas_history",
        "schemas_console",
        "node",
        "history",
        "preview",
        "samples",
        "openapi",
        "catalog_export",
    ),
    3: (
        "engine",
        "broker_sqlite_schema",
        "broker_sqlite",
        "broker_sqlite_reader",
        "metrics_buckets",
        "metrics_prometheus",
        "gate",
        "http_messages",
        "http_credentials",
        "middleware",
        "socketio_recovery",
        "socketio_refusals",
        "static_files",
        "elsewhere",
        "ws_handshake",
        "ws_link",
        "endpoint_console",
        "endpoint_docs",
        "endpoint_front",
        "endpoint_history",
        "endpoint_http",
        "endpoint_inbox",
        "endpoint_metrics",
        "endpoint_operate",
        "endpoint_socketio",
        "endpoint_ws",
    ),
    # What a backend imports: a leaf, which nothing of the server uses and which uses next to nothing of it.
    3.5: ("client_request", "client_named", "client"),
    4: ("app", "serving"),
    5: ("cli", "cli_catalog", "cli_listen", "cli_send", "cli_demo", "cli_serve", "__main__"),
}
LEVEL = {name: level for level, names in LEVELS.items() for name in names}
CLIENT = LEVELS[3.5]
WIRING = LEVELS[4]
ORDER = [name for names in LEVELS.values() for name in names]

MAX_MODULE = 400
MAX_FUNCTION = 50

SOURCES = sorted(PACKAGE.rglob("*.py"))


def module_of(path: Path) -> str:
    """Return the first name below the package: all files of ``engine/`` are ``engine``."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path: Path) -> Iterator[str]:
    """Give the dotted name of everything that a file imports, wherever in the file it does."""
    for found in ast.walk(ast.parse(path.read_text())):
        if isinstance(found, ast.Import):
            yield from (alias.name for alias in found.names)
        elif isinstance(found, ast.ImportFrom):
            assert found.level == 0, f"{path.name} imports by relative name"
            yield from (f"{found.module}.{alias.name}" for alias in found.names)


def ours(path: Path) -> set[str]:
    """Return the modules of the product that a file imports, itself left out."""
    dotted = [name.split(".") for name in imports_of(path)]
    modules = {parts[1] for parts in dotted if parts[0] == "sio_server" and len(parts) > 1}
    return {name for name in modules if name in LEVEL or _exists(name)} - {module_of(path)}


def _exists(name: str) -> bool:
    return (PACKAGE / f"{name}.py").exists() or (PACKAGE / name).is_dir()


def may_import(module: str, other: str) -> bool:
    """Say whether the levels let the one import the other."""
    if module in CLIENT:
        return LEVEL[other] == 0 or other == "catalog" or (LEVEL[other] == LEVEL["client"] and _before(other, module))
    if other in CLIENT or other in WIRING:
        return module.startswith(("cli", "serving")) and _before(other, module)
    return _before(other, module)


def _before(other: str, module: str) -> bool:
    return ORDER.index(other) < ORDER.index(module)


def test_every_module_has_a_level() -> None:
    """Each module stands in the table once, and the table names no module that is gone."""
    assert sorted({module_of(path) for path in SOURCES} - {"__init__"}) == sorted(ORDER)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down(path: Path) -> None:
    """A module imports lower levels, and of its own level what is named before it."""
    module = module_of(path)
    if module == "__init__":
        assert ours(path) == set()
    else:
        assert [other for other in sorted(ours(path)) if not may_import(module, other)] == []


@pytest.mark.parametrize("path", [path for path in SOURCES if path.name.startswith("endpoint_")], ids=lambda p: p.stem)
def test_endpoints_know_neither_each_other_nor_a_broker(path: Path) -> None:
    """An endpoint imports no other endpoint and no implementation of a broker."""
    assert [name for name in ours(path) if name.startswith(("endpoint_", "broker_"))] == []


BROKERS = [path for path in SOURCES if module_of(path).startswith("broker_")]


@pytest.mark.parametrize("path", BROKERS, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_brokers_know_no_connection(path: Path) -> None:
    """A broker's implementation imports nothing of the hub, the node, the engine or the endpoints."""
    assert [name for name in ours(path) if name.startswith(("hub", "connections", "node", "engine", "endpoint_"))] == []


@pytest.mark.parametrize("path", sorted((PACKAGE / "engine").rglob("*.py")), ids=lambda path: path.name)
def test_engine_stands_alone(path: Path) -> None:
    """The engine imports nothing of the product but its errors."""
    assert ours(path) <= {"errors"}


def test_wiring_is_imported_by_the_command_line_alone() -> None:
    """Nothing of the product but the command line imports the wiring, whose second part imports the first."""
    importers = {module_of(path) for path in SOURCES if ours(path).intersection(WIRING)} - {"serving"}
    assert importers
    assert all(name.startswith("cli") or name == "__main__" for name in importers)


def test_socketio_is_imported_by_the_engine_alone() -> None:
    """Python-socketio and python-engineio have one owner on the server; the command that listens is a client."""
    libraries = ("socketio", "engineio")
    importers = {module_of(path) for path in SOURCES if any(n.split(".")[0] in libraries for n in imports_of(path))}
    assert importers - {"cli_listen"} == {"engine"}


@pytest.mark.parametrize("name", LEVELS[0])
def test_level_0_is_pure(name: str) -> None:
    """A module of level 0 imports nothing that does I/O."""
    roots = {imported.split(".")[0] for imported in imports_of(PACKAGE / f"{name}.py")}
    assert roots.isdisjoint({"asyncio", "aiohttp", "socketio", "engineio", "socket", "sqlite3", "httpx", "os"})


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_modules_are_short(path: Path) -> None:
    """A module is split before it has more than 400 lines."""
    assert len(path.read_text().splitlines()) <= MAX_MODULE


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_functions_are_short(path: Path) -> None:
    """A function is split before it has more than 50 lines."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    lengths = [
        (found.name, (found.end_lineno or 0) - found.lineno + 1)
        for found in ast.walk(ast.parse(path.read_text()))
        if isinstance(found, functions)
    ]
    assert [(name, lines) for name, lines in lengths if lines > MAX_FUNCTION] == []


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_names_say_what_is_inside(path: Path) -> None:
    """No module has a name that would fit any other."""
    assert set(re.split(r"[_.]", path.name)).isdisjoint(
        {"manager", "helper", "helpers", "util", "utils", "data", "info"}
    )
