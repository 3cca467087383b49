"""``scripts/unused.py``: what it takes for unused."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.servers import ROOT

Check = Callable[[str], tuple[int, str]]


@pytest.fixture
def unused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Check]:
    """Run the script on a package of one module, which no other test knows."""
    spec = importlib.util.spec_from_file_location("unused", ROOT / "scripts" / "unused.py")
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(script, "ROOT", tmp_path)
    monkeypatch.setattr(script, "PACKAGE", "of_this_test")
    monkeypatch.syspath_prepend(tmp_path)
    for directory in ("of_this_test", "scripts", "tests"):
        (tmp_path / directory).mkdir()

    def run(source: str) -> tuple[int, str]:
        (tmp_path / "of_this_test" / "module_of_this_test.py").write_text(source, "utf-8")
        return script.main(), capsys.readouterr().out

    yield run
    for name in ("of_this_test.module_of_this_test", "of_this_test"):
        sys.modules.pop(name, None)


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("def forgotten():\n    return 1\n", "unused function 'forgotten'"),
        ("LIMIT = 3\n", "unused variable 'LIMIT'"),
        ("class Kept:\n    def forgotten(self):\n        return 1\n\nKept()\n", "unused method 'forgotten'"),
        ("import os\n", "unused import 'os'"),
    ],
    ids=["function", "variable", "method", "import"],
)
def test_what_nobody_names_is_told_with_its_place(unused: Check, source: str, line: str) -> None:
    """One line for each, and an exit code that stops the build."""
    code, output = unused(source)
    assert code == 1
    assert output.startswith("of_this_test/module_of_this_test.py:")
    assert line in output


def test_use_by_tests_alone_is_none(unused: Check, tmp_path: Path) -> None:
    """What only tests call is told of; what a script calls is not."""
    source = "def helper():\n    return 1\n"
    use = "from of_this_test.module_of_this_test import helper\n\nhelper()\n"
    (tmp_path / "tests" / "test_it.py").write_text(use, "utf-8")
    assert unused(source)[0] == 1
    (tmp_path / "scripts" / "tool.py").write_text(use, "utf-8")
    assert unused(source) == (0, "")


def test_what_a_library_calls_is_used(unused: Check) -> None:
    """A method that overrides one of a library's class, and a field of a schema, are named by nobody here."""
    source = (
        "import logging\n\nimport marshmallow\n\n\n"
        "class Handler(logging.Handler):\n    def emit(self, record):\n        self.format(record)\n\n\n"
        "class Body(marshmallow.Schema):\n    member = marshmallow.fields.Int()\n\n\n"
        "Handler(), Body()\n"
    )
    assert unused(source) == (0, "")
