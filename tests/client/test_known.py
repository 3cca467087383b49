"""The event types that a backend knows by itself are those of the server, read without the server's libraries."""

from pathlib import Path
from typing import Final

import pytest

from sio_server.catalog import Catalog
from sio_server.client.known import BUILTIN, default_catalog, types_in
from sio_server.errors import CatalogError
from sio_server.event_types import EventTypes
from tests.support.catalogs import BUILTIN as SERVERS
from tests.support.catalogs import TEXTS

OWN: Final = f"""
[types.pago_recibido]
{TEXTS}
audience = {{ roles = ["admin"], users = ["{{usuario_id}}"], except = {{ users = ["7"] }} }}
ttl = 60
data = {{ usuario_id = "id", importe = "number" }}

[types."hotel.abierto"]
{TEXTS}
audience = {{ all = true }}
"""


def test_builtin_types_are_those_of_the_server() -> None:
    """Each built-in type is to a backend what it is to the server, member by member."""
    assert types_in(BUILTIN) == SERVERS.types == default_catalog().types


def test_a_file_of_ones_own_is_read_as_the_server_reads_it(tmp_path: Path) -> None:
    """What a file leaves out has the same default on both sides, and what it says the same meaning."""
    path = tmp_path / "own.toml"
    path.write_text(OWN, "utf-8")
    assert {**SERVERS.types, **types_in(path)} == Catalog.load(path).types


def test_types_survive_the_way_over_http() -> None:
    """What ``GET /v1/catalog`` answers is the catalogue it was made of."""
    assert EventTypes.of(kind.as_dict() for kind in SERVERS.types.values()).types == SERVERS.types


@pytest.mark.parametrize(
    "text",
    [
        "[types",
        "types = 3",
        "",
        "[types.x]\ntitle = 5",
        f"[types.x]\n{TEXTS}\naudience = {{}}\ndata = {{ a = 'day' }}",
    ],
    ids=["no TOML", "no table", "no types", "no text", "unknown kind"],
)
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, text: str) -> None:
    """What is no catalogue is an error that names the file, and the command that says what is wrong with it."""
    path = tmp_path / "own.toml"
    path.write_text(text, "utf-8")
    with pytest.raises(CatalogError, match=r"own\.toml: cannot be used: .*catalog list"):
        types_in(path)
    with pytest.raises(CatalogError, match="nowhere"):
        types_in(tmp_path / "nowhere.toml")
