"""The tutorial shows pieces of the example, and the example is what the tests of it run."""

from __future__ import annotations

import re
import textwrap

import pytest

from tests.support.documents import Document
from tests.support.servers import ROOT

PAGE = ROOT / "docs/tutorial.md"
EXAMPLE = ROOT / "examples/tourism"
# Each piece, and the file that is named before it.
PIECES = re.findall(r"In `([\w./]+)`:\n\n```\w+\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize(("name", "piece"), PIECES, ids=[f"{number}" for number in range(len(PIECES))])
def test_piece_is_in_the_file_that_is_named(name: str, piece: str) -> None:
    """A piece stands in its file as it is shown, but for how far it is indented."""
    shown = textwrap.dedent(piece).strip()
    lines = (EXAMPLE / name).read_text("utf-8").splitlines()
    count = len(shown.splitlines())
    found = (textwrap.dedent("\n".join(lines[at : at + count])).strip() for at in range(len(lines)))
    assert shown in found


def test_every_program_is_one_of_these() -> None:
    """No program of the page is left out."""
    programs = [text for language, text in Document.read(PAGE).fences if language in ("python", "ts", "tsx")]
    assert programs == [piece for _, piece in PIECES]
