"""A user's own file of event types: what it adds, and how what is wrong with it is told."""

from pathlib import Path

import pytest

from sio_server.audience import Audience
from sio_server.catalog import Catalog
from sio_server.client.known import types_in
from sio_server.errors import CatalogError
from sio_server.event_types import RESERVED_TYPES, EventTypes
from tests.support.catalogs import BUILTIN, MINIMAL, TEXTS, load


def failure(tmp_path: Path, text: str) -> str:
    """Return how a user's file is refused, its own name taken out."""
    with pytest.raises(CatalogError) as caught:
        load(tmp_path, text)
    message = str(caught.value)
    assert message.startswith(f"catalogue {tmp_path / 'my.toml'}: ")
    assert "\n" not in message
    return message.partition("my.toml: ")[2]


def test_file_adds_types_and_replaces_them(tmp_path: Path) -> None:
    """A file's types are added to the built-in ones, and one of the same name takes the place of the built-in."""
    catalog = load(
        tmp_path,
        f'[types.pago_recibido]\n{TEXTS}audience = {{topics = ["pagos"]}}\npriority = "high"\nttl = 60\n'
        f'[types.tour_creado]\n{TEXTS}audience = {{roles = ["guia"]}}\n',
    )
    assert set(catalog.types) == {*BUILTIN.types, "pago_recibido"}
    assert catalog["pago_recibido"].audience == Audience.of(topics=["pagos"])
    assert (catalog["pago_recibido"].priority, catalog["pago_recibido"].ttl) == ("high", 60)
    assert catalog["tour_creado"].audience == Audience.of(roles=["guia"])
    assert catalog["tour_creado"].data == {}
    assert catalog["tour_eliminado"] == BUILTIN["tour_eliminado"]
    assert "pago_recibido" not in Catalog.load().types


@pytest.mark.parametrize(("text", "days"), [("7", 7), ("0.5", 0.5), ("0", 0), ("3650", 3650)])
def test_type_says_how_long_it_is_kept(tmp_path: Path, text: str, days: float) -> None:
    """A type may be kept for another time than the rest, in days and parts of one, 0 for ever; others say nothing."""
    catalog = load(tmp_path, MINIMAL + f"retention_days = {text}")
    assert (catalog["mine"].retention_days, catalog["mine"].as_dict()["retention_days"]) == (days, days)
    assert EventTypes.of([catalog["mine"].as_dict()])["mine"] == catalog["mine"]
    assert catalog["tour_creado"].retention_days is None


def test_defaults_of_a_type(tmp_path: Path) -> None:
    """A type that says no more than it must is of normal priority, never expires, and its message is its title."""
    kind = load(tmp_path, MINIMAL)["mine"]
    assert (kind.priority, kind.ttl, kind.data) == ("normal", None, {})
    assert kind.message.as_dict() == {"es": "Uno", "en": "One"}


def test_names_with_dots_and_dashes(tmp_path: Path) -> None:
    """A type's name may have dots and dashes, quoted as TOML wants it."""
    assert "a.b-c" in load(tmp_path, MINIMAL.replace("types.mine", 'types."a.b-c"')).types


def test_a_name_is_enough(tmp_path: Path) -> None:
    """A type of which nothing is said is for the administrators, and its text is its name."""
    kind = load(tmp_path, "[types.pedido_listo]\n")["pedido_listo"]
    assert kind.audience == Audience.of(roles=["admin"])
    assert kind.title.as_dict() == kind.message.as_dict() == {"es": "Pedido listo"}
    assert kind.description.as_dict() == {}
    assert kind.about("en") == "Pedido listo"


def test_text_without_a_language_is_in_the_servers(tmp_path: Path) -> None:
    """A text that names no language is in the language of the server, whatever that is."""
    file = tmp_path / "my.toml"
    file.write_text('[types.mine]\ntitle = "Pedido"\nmessage = {en = "Order {n}"}\ndata = {n = "integer"}\n', "utf-8")
    kind = Catalog.load(file, locale="pt-BR")["mine"]
    assert kind.title.as_dict() == {"pt-BR": "Pedido"}
    assert kind.text_for({"n": 5}, "pt-BR") == "Order 5"
    assert kind.text_for({}, "pt-BR") == "Pedido"


def test_any_language_in_any_case(tmp_path: Path) -> None:
    """Every language tag is one, and is kept in its usual spelling."""
    text = "[types.mine]\ntitle = {es = 'a', PT-br = 'b', zh-hant-tw = 'c', ca-valencia = 'd'}\n"
    assert load(tmp_path, text)["mine"].title.as_dict() == {
        "es": "a",
        "pt-BR": "b",
        "zh-Hant-TW": "c",
        "ca-valencia": "d",
    }


def test_defaults_hold_for_types_that_do_not_say_it(tmp_path: Path) -> None:
    """What a file says of all types holds for each that says nothing else, templates included."""
    catalog = load(
        tmp_path,
        """
        [defaults]
        audience = { roles = ["guia"], users = ["{usuario_id}"] }
        priority = "high"
        ttl = 60

        [types.one]
        data = { usuario_id = "id" }

        [types.other]
        audience = { all = true }
        priority = "low"
        ttl = 5
        """,
    )
    one, other = catalog["one"], catalog["other"]
    assert one.audience == Audience.of(roles=["guia"], users=["{usuario_id}"])
    assert (one.priority, one.ttl) == ("high", 60)
    assert (other.audience, other.priority, other.ttl) == (Audience.of(everybody=True), "low", 5)
    assert catalog["tour_creado"] == BUILTIN["tour_creado"]


def test_every_mistake_is_told_with_its_line(tmp_path: Path) -> None:
    """All types that are wrong are told of at once, each with its key and its line."""
    told = failure(
        tmp_path, "[types.a]\naudience = {}\n\n[types.B]\n\n[types.c]\naudience = {users = [\n  '{x}',\n]}\n"
    )
    assert told.split("; ") == [
        "types.a.audience: names nobody: set roles, users, topics or all (line 2)",
        "types.B: Must be 1 to 64 lower-case letters, digits, '_', '.' or '-', beginning with a letter. (line 4)",
        "types.c.audience: {x} must be a field of data of type id, string or integer (line 7)",
    ]


def test_backend_reads_a_file_as_the_server_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that is given the server's file knows the same types by it, defaults and languages included."""
    file = tmp_path / "my.toml"
    file.write_text(
        "[defaults]\npriority = 'high'\naudience = {topics = ['{x}']}\n[types.mine]\ntitle = 'Um'\ndata = {x = 'id'}\n"
        "[types.short]\naudience = {all = true}\n",
        "utf-8",
    )
    monkeypatch.setenv("SIO_SERVER_LOCALE", "pt")
    known = types_in(file)
    server = Catalog.load(file, locale="pt").types
    assert known == {name: server[name] for name in known}
    assert known.keys() == {"mine", "short"}


@pytest.mark.parametrize(
    ("text", "line"), [("types = ", 1), ("[types.a]\n\nx = nope\n", 3), ("[types.a]\n[types.a]\n", 2), ("\n\na = '", 3)]
)
def test_broken_toml_names_the_line(tmp_path: Path, text: str, line: int) -> None:
    """A file that is not TOML is refused with the line, or the end of the document where that is the place."""
    message = failure(tmp_path, text)
    assert f"line {line}," in message or "end of document" in message


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "[types] alone"),
        ("version = 1", "Holds neither types nor topics"),
        ("types = 5", "types: Not an object"),
        ("[types]\nmine = 5", "types.mine: Not an object"),
        (MINIMAL + "[other]", "other: Unknown field"),
        ("version = 2\n" + MINIMAL, "version: Must be 1"),
        ("version = true\n" + MINIMAL, "version: Not a whole number"),
        (MINIMAL.replace("title", "titel"), "types.mine.titel: Unknown field. (line 2)"),
        (MINIMAL.replace('{es = "Uno", en = "One"}', "{}"), "types.mine.title: Holds no text. (line 2)"),
        (MINIMAL.replace('{es = "Uno", en = "One"}', "5"), "types.mine.title: Not a text, nor texts by language"),
        (MINIMAL.replace('{es = "Uno", en = "One"}', '""'), "types.mine.title: Length"),
        (MINIMAL.replace("es =", "spa_nish ="), "types.mine.title.spa_nish: Not a language tag, such as es or pt-BR."),
        ("defaults = 1\n" + MINIMAL, "defaults: Not an object"),
        ("[defaults]\naudience = {all = false}\n" + MINIMAL, "defaults.audience: names nobody"),
        ("[defaults]\ntitle = 'x'\n" + MINIMAL, "defaults.title: Unknown field"),
        ("[defaults]\naudience = {users = ['{x}']}\n[types.mine]\n", "types.mine.audience: {x} must be"),
        (MINIMAL.replace('en = "One"', "en = 1"), "types.mine.title.en: Not a string"),
        (MINIMAL.replace('en = "One"', 'en = ""'), "types.mine.title.en: Length"),
        (MINIMAL.replace("audience", "audiencia"), "types.mine.audiencia: Unknown field"),
        (MINIMAL.replace("all = true", "all = 1"), "types.mine.audience.all: Not true or false"),
        (MINIMAL.replace("all = true", 'roles = "admin"'), "types.mine.audience.roles: Not a list"),
        (MINIMAL.replace("all = true", "users = [1.5]"), "types.mine.audience.users.0: Not a string"),
        (MINIMAL.replace("all = true", 'users = ["ana "]'), "types.mine.audience.users.0: Must be printable text"),
        (MINIMAL.replace("all = true", 'rolls = ["admin"]'), "types.mine.audience.rolls: Unknown field"),
        (MINIMAL.replace("all = true", "all = false"), "types.mine.audience: names nobody"),
        (MINIMAL.replace("all = true", 'except = {users = ["1"]}'), "types.mine.audience: names nobody"),
        (MINIMAL.replace("all = true", 'users = ["{nope}"]'), "types.mine.audience: {nope}"),
        (MINIMAL + 'priority = "urgent"', "types.mine.priority: Must be one of: low, normal, high, critical"),
        (MINIMAL + "ttl = 0", "types.mine.ttl: Must be from 1"),
        (MINIMAL + "ttl = 1.5", "types.mine.ttl: Not a whole number"),
        (MINIMAL + "retention_days = -1", "types.mine.retention_days: Must be from 0 to 3650"),
        (MINIMAL + "retention_days = 3651", "types.mine.retention_days: Must be from 0 to 3650"),
        (MINIMAL + "retention_days = true", "types.mine.retention_days: Not a number"),
        (MINIMAL + "retention_days = inf", "types.mine.retention_days: Not a number"),
        (MINIMAL + 'retention_days = "7"', "types.mine.retention_days: Not a number"),
        (MINIMAL + "data = []", "types.mine.data: Not an object"),
        (MINIMAL.replace("types.mine", 'types."a.b"').replace("title", "titel"), "types.a.b.titel: Unknown field"),
    ],
)
def test_error_names_file_and_key(tmp_path: Path, text: str, told: str) -> None:
    """What is wrong with a file's contents is told with the key as it is written there, in one line."""
    assert told in failure(tmp_path, text)


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ('{x = "text"}', "types.mine.data.x: Must be one of: id, string, integer"),
        ("{x = 1}", "types.mine.data.x: Not a string"),
        ('{"x-y" = "id"}', "types.mine.data.x-y: Not a name"),
        ('{value = "text"}', "types.mine.data.value: Must be one of"),
    ],
)
def test_error_of_a_data_field_names_it_as_it_is_written(tmp_path: Path, data: str, told: str) -> None:
    """A wrong type or name of a known field is told with the key as it is written in the file, and no word more."""
    assert told in failure(tmp_path, MINIMAL + f"data = {data}")


def test_template_of_a_field_that_is_no_name(tmp_path: Path) -> None:
    """A template of a field that cannot name a person, such as a list, is refused by type and field."""
    text = MINIMAL.replace("all = true", 'users = ["{people}"]') + 'data = {people = "array"}'
    assert "types.mine.audience: {people}" in failure(tmp_path, text)


@pytest.mark.parametrize(
    "audience",
    [
        'users = ["{usuario-id}"]',
        'users = ["{usuario_id"]',
        'users = ["usuario_id}"]',
        'users = ["{}"]',
        'topics = ["tour-{tour id}"]',
        'roles = ["{usuario_id}"]',
    ],
)
def test_malformed_template_is_refused(tmp_path: Path, audience: str) -> None:
    """A brace that is no template's would be a person of that name, so the file is refused by the key."""
    text = MINIMAL.replace("all = true", audience) + 'data = {usuario_id = "id"}'
    assert failure(tmp_path, text).startswith("types.mine.audience")


@pytest.mark.parametrize("name", sorted(RESERVED_TYPES))
def test_reserved_name_is_refused(tmp_path: Path, name: str) -> None:
    """A type with the name of an event of Socket.IO's own is refused by that name."""
    assert failure(tmp_path, MINIMAL.replace("mine", name)).startswith(f"types.{name}: This name is Socket.IO's own")


@pytest.mark.parametrize("name", ["Mine", '"ns:mine"', '"a b"', "1a", '""', f"a{'b' * 64}"])
def test_impossible_name_is_refused(tmp_path: Path, name: str) -> None:
    """A type whose name could not be published is refused, with what a name may be."""
    assert "lower-case letters" in failure(tmp_path, MINIMAL.replace("mine", name))


def test_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    """A file that is missing, a directory or no text is refused with its name and the reason."""
    with pytest.raises(CatalogError, match=r"nope\.toml: cannot be read: No such file"):
        Catalog.load(tmp_path / "nope.toml")
    with pytest.raises(CatalogError, match="cannot be read: Is a directory"):
        Catalog.load(tmp_path)
    (tmp_path / "latin.toml").write_bytes(b'title = "\xf1"')
    with pytest.raises(CatalogError, match=r"latin\.toml: cannot be read: not UTF-8"):
        Catalog.load(tmp_path / "latin.toml")
