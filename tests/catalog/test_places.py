"""On which line of a TOML file a key stands."""

from __future__ import annotations

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sio_server.catalog.places import line_of

FILE = '''# a comment
version = 1

[types.one]
title = "One"  # another
audience = { roles = ["admin"], users = [
  "{a}",
] }

[types."a.b"]
message = """
[types.two]
title = "not here"
"""
ttl = 5

[types.one.data]
x = "id"
types.y = 1
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("version",), 2),
        (("types",), 4),
        (("types", "one"), 4),
        (("types", "one", "title"), 5),
        (("types", "one", "audience"), 6),
        (("types", "one", "audience", "users"), 6),
        (("types", "a.b"), 10),
        (("types", "a.b", "message"), 11),
        (("types", "a.b", "ttl"), 15),
        (("types", "one", "data", "x"), 18),
        (("types", "one", "data", "types", "y"), 19),
    ],
)
def test_a_key_is_found_where_it_begins(path: tuple[str, ...], line: int) -> None:
    """A key's line is that on which its statement begins, however it is written."""
    assert line_of(FILE, path) == line
    assert line_of(FILE.replace("\n", "\r\n"), path) == line


@pytest.mark.parametrize(
    ("path", "line"),
    [(("types", "one", "ttl"), 4), (("types", "two", "title"), 4), (("types", "one", "audience", "users", "0"), 6)],
)
def test_what_is_not_there_is_found_by_what_is_around_it(path: tuple[str, ...], line: int) -> None:
    """A key that is missing has the line of the nearest table that would hold it."""
    assert line_of(FILE, path) == line


def test_nothing_is_found_in_what_is_no_toml_or_has_none_of_it() -> None:
    """Where there is nothing of the path there is no line."""
    assert line_of("[types.", ("types",)) is None
    assert line_of(FILE, ("other",)) is None
    assert line_of(FILE, ()) is None


NAMES = st.sampled_from(["a", "b", "c-d", "e_f"])


@given(st.lists(st.tuples(NAMES, st.integers(0, 3), st.booleans()), min_size=1, max_size=30))
def test_any_file_is_searched_as_line_by_line(parts: list[tuple[str, int, bool]]) -> None:
    """The line is the one with which the key first is in the file, whatever comes before and after."""
    lines: list[str] = []
    for number, (name, blank, several) in enumerate(parts):
        lines += ["# x = 1"] * blank
        lines += [f"{name}{number} = [", "  1,", "]"] if several else [f"{name}{number} = {{ x = 1 }}"]
    text = "\n".join(lines)
    found = _slowly(lines)
    assert {key: line_of(text, (key,)) for key in found} == found
    assert list(found) == [f"{name}{number}" for number, (name, _, _) in enumerate(parts)]


def _slowly(lines: list[str]) -> dict[str, int]:
    """Read the file up to each of its lines, and note which keys that line was the end of, and where they began."""
    found: dict[str, int] = {}
    good = 0
    for count in range(1, len(lines) + 1):
        document: dict[str, Any]
        try:
            document = tomllib.loads("\n".join(lines[:count]))
        except tomllib.TOMLDecodeError:
            continue
        for key in document:
            found.setdefault(key, good + 1)
        good = count
    return found
