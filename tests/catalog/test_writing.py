"""An event type as it is written for somebody."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from sio_server.catalog.file import read_catalog
from sio_server.catalog.writing import HEAD, type_as_toml
from sio_server.event_types import TYPE_PATTERN


@given(st.from_regex(TYPE_PATTERN, fullmatch=True))
def test_any_name_makes_a_type(name: str) -> None:
    """A type of any name is one of that name, for the administrators."""
    file = read_catalog(f"{HEAD}\n{type_as_toml(name)}", "my.toml", "es")
    assert tomllib.loads(file.text)["types"].keys() == {name}


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=500))
def test_any_text_stands_there_as_it_is(text: str) -> None:
    """A title is the text that was given, quotes, backslashes and line ends included."""
    assert tomllib.loads(type_as_toml("a", title=text))["types"]["a"]["title"] == text


def test_all_that_is_given_is_written() -> None:
    """Each member that is given is written, and nothing else."""
    written = type_as_toml(
        "a.b",
        message="Pedido {n}",
        audience={"users": ["{n}"], "all": True},
        priority="high",
        ttl=5,
        data={"n": "id"},
    )
    assert tomllib.loads(written)["types"] == {
        "a.b": {
            "title": "A b",
            "message": "Pedido {n}",
            "audience": {"users": ["{n}"], "all": True},
            "priority": "high",
            "ttl": 5,
            "data": {"n": "id"},
        }
    }
