"""The private names of the libraries that the engine builds on: a version that changes one fails here, by its name."""

import ast
import importlib
from pathlib import Path

import pytest

import sio_server
from sio_server.engine import private_names
from sio_server.engine.private_names import PRIVATE_NAMES

PACKAGE = Path(sio_server.__file__).parent
LIBRARIES = ("socketio", "engineio", "aiohttp")


@pytest.mark.parametrize(("module", "path"), [(module, path) for module, path, _ in PRIVATE_NAMES])
def test_private_name_exists(module: str, path: str) -> None:
    """The installed libraries have this name."""
    found: object = importlib.import_module(module)
    for name in path.split("."):
        assert hasattr(found, name), f"{module}.{path} is gone: the engine cannot run on this version"
        found = getattr(found, name)


def test_missing_tells_a_name_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    """``missing`` is empty with these versions, and names what a version has lost."""
    assert private_names.missing() == []
    gone = (
        *PRIVATE_NAMES,
        ("socketio.async_server", "AsyncServer._never_was", "a test"),
        ("socketio.no", "x", "a test"),
    )
    monkeypatch.setattr(private_names, "PRIVATE_NAMES", gone)
    assert private_names.missing() == ["socketio.async_server.AsyncServer._never_was", "socketio.no.x"]


def _imports(tree: ast.AST) -> list[tuple[str, list[str]]]:
    found: list[tuple[str, list[str]]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(alias.name, []) for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append((node.module, [alias.name for alias in node.names]))
    return found


def test_nothing_outside_the_engine_imports_private_names() -> None:
    """No module but the engine's imports a private module or name of the three libraries."""
    for path in PACKAGE.rglob("*.py"):
        if "engine" in path.relative_to(PACKAGE).parts:
            continue
        for module, names in _imports(ast.parse(path.read_text())):
            if module.split(".")[0] in LIBRARIES:
                private = [part for part in (*module.split("."), *names) if part.startswith("_")]
                assert not private, f"{path.name} imports {module}: {private}"


def test_every_private_attribute_of_a_library_is_listed() -> None:
    """A private attribute that the engine's source reaches for and a library class has stands in the list."""
    listed = {path.split(".")[-1] for _, path, _ in PRIVATE_NAMES}
    own: set[str] = set()
    used: dict[str, str] = {}
    for path in (PACKAGE / "engine").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                own.add(node.name)
            elif isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
                of_self = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls")
                if isinstance(node.ctx, ast.Store) and of_self:
                    own.add(node.attr)
                used[node.attr] = path.name
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.startswith("_"):
                own.add(node.value)  # a slot
    known: set[str] = set()
    for module in ("socketio.async_server", "socketio.async_manager", "engineio.async_server", "engineio.async_socket"):
        loaded = importlib.import_module(module)
        known |= {n for thing in vars(loaded).values() if isinstance(thing, type) for n in dir(thing)}
    known |= set(dir(importlib.import_module("aiohttp.web_protocol").RequestHandler))
    unlisted = {name: where for name, where in used.items() if name in known - listed - own}
    assert unlisted == {}
