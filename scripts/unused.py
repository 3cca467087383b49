"""Name what is used neither in sio_server nor by a script of this directory; exits with 1 where there is anything.

Tests do not count as users: they would keep what nobody else needs.

Vulture finds the names. What follows here is used all the same, though nobody writes its name down.
"""

from __future__ import annotations

import ast
import importlib
import sys
from pathlib import Path
from typing import Any, Final

import marshmallow
from vulture import Vulture
from vulture.core import Item

from sio_server.api.operations import Operation
from sio_server.engine.counters import Counters

ROOT: Final = Path(__file__).resolve().parents[1]
PACKAGE: Final = "sio_server"

# What a decorator takes is called by whoever gave the decorator.
DECORATORS: Final = ["@operation*", "@*.command*", "@validates_schema*", "@event.listens_for*", "@pre_load"]

# Read as a whole: `Counters.as_dict`.
COUNTERS: Final = frozenset(Counters.__slots__)

NAMES: Final = [
    "__*__",  # Python's own
    "describe",  # a method that prometheus_client looks for and no class of it has
    "nodes",  # of the broker's contract: which nodes there are
    "shared",
    "sight",  # of the broker's contract: what its tests and the bench see users by, without a connection
    "ReplySchema",  # what `/ws` puts around an answer: the tests hold the server to it
    "acheck",  # of a notifier: what an application's coroutine asks at its start
    "with_fields",  # used by the code that `catalog export --format py` writes
    "assert_*",  # what the recorder and the server are for, in tests of backends
    "exclude",  # of a schema's Meta, which marshmallow reads
    "deliver_*",  # of a publish: read together with its other extras
    "drops",  # of the server and the recorder of tests of backends, as the next ones
    "advance",
    "message_in",
    "retracted",
    "failing",
    "restart",
    "presence*",  # of the clients: called by applications alone
    "pytest_configure",  # pytest's own
    "sio_server",  # a fixture
    "_ssl_buffer*",  # attributes of asyncio's TLS that are set for what they do there
    "_app_transport",
    "disabled",  # attributes of logging, warnings and sys that are set for what they do there
    "raiseExceptions",
    "showwarning",
    "unraisablehook",
    "using",  # of the outboxes: called by applications alone
    "isolation",  # of a transaction of asyncpg, which takes them by these names
    "readonly",
    "req",  # parameters by the name that webargs and httpcore pass them under
    "trace",
]


def main() -> int:
    """Print a line for each name; return the exit code."""
    vulture = Vulture(ignore_names=NAMES, ignore_decorators=DECORATORS)
    vulture.scavenge([str(ROOT / PACKAGE), str(ROOT / "scripts")])
    ours = [item for item in vulture.get_unused_code() if item.filename.is_relative_to(ROOT / PACKAGE)]
    found = [item for item in ours if not is_used(item)]
    for item in found:
        sys.stdout.write(f"{item.filename.relative_to(ROOT)}:{item.first_lineno}: {item.message}\n")
    return 1 if found else 0


def is_used(item: Item) -> bool:
    """Whether something is used by other means than its name."""
    if item.name in COUNTERS:
        return True
    owner = class_at(item.filename, item.first_lineno)
    if owner is None:
        return False
    if isinstance(vars(owner).get(item.name), Operation):
        return True  # `operations_of` finds it
    if issubclass(owner, marshmallow.Schema) and item.name in owner._declared_fields:  # noqa: SLF001 - it has no other name
        return True  # marshmallow and the document take a schema as a whole
    libraries = [base for base in owner.__mro__ if not base.__module__.startswith(PACKAGE)]
    return any(hasattr(base, item.name) for base in libraries)  # which calls it, or reads it


def class_at(path: Path, line: int) -> type | None:
    """The class of the product whose body has this line, in a method or not; None for a line of no class."""
    names: list[str] = []
    node: ast.AST = ast.parse(path.read_text("utf-8"))
    while True:
        inner = [found for found in ast.iter_child_nodes(node) if _holds(found, line)]
        if not inner:
            break
        node = inner[0]
        if isinstance(node, ast.ClassDef) and node.lineno != line:
            names.append(node.name)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not names:
            return None
    if not names:
        return None
    found: Any = importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))
    for name in names:
        found = getattr(found, name)
    return found if isinstance(found, type) else None


def _holds(node: ast.AST, line: int) -> bool:
    return isinstance(node, ast.stmt) and node.lineno <= line <= (node.end_lineno or node.lineno)


if __name__ == "__main__":
    sys.exit(main())
