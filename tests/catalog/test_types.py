"""The event types: the built-in ones, a user's own file, checks of data, audiences and texts."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sio_server.audience import Audience, name_of
from sio_server.catalog import DATA_TYPES, EventType, check_type_name
from sio_server.config import Config
from sio_server.errors import Refused
from sio_server.event_types import PRIORITIES
from tests.support.catalogs import BUILTIN, MINIMAL, TEXTS, load
from tests.support.servers import running
from tests.support.strategies import JSON, TEXT

ADMIN = Audience.of(roles=["admin"])
ADMIN_AND_USER = Audience.of(roles=["admin"], users=["{usuario_id}"])
BOTH_ROLES = Audience.of(roles=["turista", "admin"])
AUDIENCES = {
    "test": Audience.of(everybody=True),
    "usuario_registrado": ADMIN,
    "usuario_inicio_sesion": ADMIN,
    **{f"reserva_{what}": ADMIN_AND_USER for what in ("creada", "actualizada", "cancelada")},
    "servicio_contratado": ADMIN_AND_USER,
    "recomendacion_creada": ADMIN_AND_USER,
    **{
        f"{thing}_{what}": BOTH_ROLES
        for thing in ("tour", "servicio", "destino")
        for what in ("creado", "actualizado", "eliminado")
    },
    **{f"guia_{what}": ADMIN for what in ("creado", "actualizado", "eliminado")},
}

# For each type of data: what it takes and what it refuses.
VALUES: dict[str, tuple[list[Any], list[Any]]] = {
    "id": ([1, 0, -1, "a", "00 1"], [1.5, True, "", [], {}]),
    "string": (["", "a"], [1, False, [], {}]),
    "integer": ([1, -1, 0], [1.0, "1", True, []]),
    "number": ([1, 1.5, 0, -2.5], ["1", True, []]),
    "boolean": ([True, False], [0, 1, "true", []]),
    "object": ([{}, {"a": [1]}], [[], "{}", 1]),
    "array": ([[], [1, "a"]], [{}, "[]", 1]),
    "date": (
        ["2026-11-24", "2026-11-24T10:00:00Z", "2026-11-24t10:00:00z", "2026-11-24T10:00:00+01:00"],
        ["", "mañana", "24/11/2026", 1, []],
    ),
}


# -- the built-in types --


def test_builtin_types() -> None:
    """The built-in catalogue has the twenty types of the system, each for the people it is promised to."""
    assert len(BUILTIN.types) == 20
    assert {name: kind.audience for name, kind in BUILTIN.types.items()} == AUDIENCES


@pytest.mark.parametrize("kind", BUILTIN.types.values(), ids=BUILTIN.types)
def test_builtin_type_is_whole(kind: EventType) -> None:
    """Each built-in type has a name that may be published, texts in two languages, a priority, a time to live."""
    assert check_type_name(kind.name) is None
    for text in (kind.title, kind.message, kind.description):
        assert list(text.texts) == ["es", "en"]
        assert "" not in text.texts.values()
        assert text.within("es") != text.within("en")
    assert kind.priority in PRIORITIES
    assert kind.ttl is not None
    assert set(kind.data.values()) <= set(DATA_TYPES)


@pytest.mark.parametrize("kind", BUILTIN.types.values(), ids=BUILTIN.types)
@pytest.mark.parametrize("locale", ["es", "en"])
def test_builtin_message_is_filled_from_known_fields(kind: EventType, locale: str) -> None:
    """A message names known fields of its type alone, so that a publisher who sends them all gets all of it."""
    examples = {name: VALUES[of][0][0] or "x" for name, of in kind.data.items()}
    text = kind.text_for(examples, locale)
    assert "{" not in text
    if "{" in kind.message.within(locale):
        assert text not in (kind.message.within(locale), kind.title.within(locale))


def test_types_are_listed_as_json() -> None:
    """A type is shown with both languages of each text and its audience as in a request."""
    assert BUILTIN["tour_eliminado"].as_dict() == {
        "type": "tour_eliminado",
        "title": {"es": "Tour retirado", "en": "Tour withdrawn"},
        "message": {
            "es": "El tour {nombre} ya no está disponible",
            "en": "The tour {nombre} is no longer available",
        },
        "description": {"es": "Un tour se ha retirado.", "en": "A tour has been withdrawn."},
        "audience": {
            "roles": ["turista", "admin"],
            "users": [],
            "topics": [],
            "all": False,
            "except": {"users": []},
        },
        "priority": "normal",
        "ttl": 1209600,
        "retention_days": None,
        "data": {"tour_id": "id", "nombre": "string"},
    }


@pytest.mark.parametrize(
    ("name", "nearest"), [("tour_creada", "tour_creado"), ("Test", "test"), ("reserva-creada", "reserva_creada")]
)
def test_unknown_type_names_the_nearest(name: str, nearest: str) -> None:
    """A type that is not there is refused with the nearest name that is, in both languages and as a member."""
    with pytest.raises(Refused) as caught:
        BUILTIN[name]
    for locale in ("es", "en"):
        document = caught.value.as_dict(locale)
        assert (document["code"], document["status"], document["nearest"]) == ("unknown_type", 422, nearest)
        assert name in document["detail"]
        assert nearest in document["detail"]
        assert document["errors"][0]["field"] == "type"


def test_unknown_type_without_a_near_one_tells_where_they_are() -> None:
    """A type that is like no other is refused with the place where the known ones are listed."""
    with pytest.raises(Refused) as caught:
        BUILTIN["zzzzzzzz"]
    document = caught.value.as_dict("es")
    assert "/v1/catalog" in document["detail"]
    assert "nearest" not in document


# -- data --


@pytest.mark.parametrize("kind", DATA_TYPES)
def test_data_of_the_right_type_passes(tmp_path: Path, kind: str) -> None:
    """A known field takes every value of its type, and null as if it were absent; fields that are not known pass."""
    event_type = load(tmp_path, MINIMAL + f'data = {{x = "{kind}"}}')["mine"]
    for value in (*VALUES[kind][0], None):
        event_type.check({"x": value, "other": object()})
    event_type.check({})


@pytest.mark.parametrize("kind", DATA_TYPES)
def test_data_of_a_wrong_type_names_the_field(tmp_path: Path, kind: str) -> None:
    """A known field of another type is 422 with the field and what it should have been, in both languages."""
    event_type = load(tmp_path, MINIMAL + f'data = {{x = "{kind}", y = "string"}}')["mine"]
    for value in VALUES[kind][1]:
        with pytest.raises(Refused) as caught:
            event_type.check({"x": value, "y": "right"})
        assert caught.value.kind.code == "invalid_data"
        (problem,) = caught.value.problems
        assert problem.field == "data.x"
        assert str(problem.detail) == f"Must be {DATA_TYPES[kind].expected}."
        assert problem.detail.es == f"Debe ser {DATA_TYPES[kind].expected.es}."


def test_each_wrong_field_is_named() -> None:
    """All wrong fields are told at once."""
    with pytest.raises(Refused) as caught:
        BUILTIN["reserva_creada"].check({"personas": "two", "total": "cheap", "usuario_id": 1, "fecha": "soon"})
    assert [problem.field for problem in caught.value.problems] == ["data.fecha", "data.personas", "data.total"]


@given(st.sampled_from(list(DATA_TYPES)), JSON)
def test_any_value_is_taken_or_refused(kind: str, value: Any) -> None:
    """The check of a type of data says yes or no to any JSON value, and never fails."""
    assert DATA_TYPES[kind].holds(value) in (True, False)


# -- audiences and texts --


@pytest.mark.parametrize("user", ["123", 123])
def test_template_is_filled_from_data(user: object) -> None:
    """A booking goes to the administrators and to the user that its data names, as text or number."""
    audience, missing = BUILTIN["reserva_creada"].audience_for({"usuario_id": user})
    assert audience == Audience.of(roles=["admin"], users=["123"])
    assert missing == ()


@pytest.mark.parametrize("data", [{}, {"usuario_id": None}, {"usuario_id": ""}, {"otro": 1}])
def test_template_without_its_field_is_skipped_and_told(data: dict[str, Any]) -> None:
    """Where the field of a template is absent, that part of the audience is left out and the field is named."""
    audience, missing = BUILTIN["reserva_creada"].audience_for(data)
    assert audience == ADMIN
    assert missing == ("usuario_id",)


def test_templates_of_every_part(tmp_path: Path) -> None:
    """Users, topics and exceptions may be templates, with text around fields and several fields in one."""
    kind = load(
        tmp_path,
        f"[types.mine]\n{TEXTS}"
        'audience = {users = ["{a}", "fixed"], topics = ["tour-{b}.{a}"], except = {users = ["{c}"]}}\n'
        'data = {a = "id", b = "integer", c = "string"}\n',
    )["mine"]
    whole = {"a": "x", "b": 7, "c": "y"}
    assert kind.audience_for(whole) == (
        Audience.of(users=["x", "fixed"], topics=["tour-7.x"], except_users=["y"]),
        (),
    )
    audience, missing = kind.audience_for({"b": 7})
    assert audience == Audience.of(users=["fixed"])
    assert sorted(missing) == ["a", "c"]


@given(TEXT.filter(lambda text: name_of(text) == text))
def test_value_in_a_template_is_no_template(value: str) -> None:
    """What a publisher sends stands in the audience as it is, braces included."""
    assert BUILTIN["reserva_creada"].audience_for({"usuario_id": value})[0].users == (value,)


@pytest.mark.parametrize("user", ["x" * 129, "a\nb", "a\0", "\u202e"])
async def test_user_that_no_token_can_name_is_refused(user: str) -> None:
    """A user in ``data`` whom an audience could not name either is 422, and makes no room in the log."""
    async with running() as server:
        body = {"type": "reserva_creada", "data": {"usuario_id": user}}
        status, reply = await server.notify(body)
        assert (status, reply["status"]) == (422, 422)
        assert reply["errors"][0]["field"].startswith(("data.usuario_id", "audience.users"))


async def test_nobody_is_a_refusal_that_names_the_field(tmp_path: Path) -> None:
    """Where every part of an audience was skipped, the publish is 422 and names the field that was needed."""
    file = tmp_path / "my.toml"
    file.write_text(f'[types.mine]\n{TEXTS}audience = {{users = ["{{a}}"]}}\ndata = {{a = "id"}}\n', "utf-8")
    async with running(Config(dev=True, broker="memory:", catalog=file)) as server:
        status, reply = await server.notify({"type": "mine", "data": {}})
        assert (status, reply["code"]) == (422, "invalid_audience")
        assert reply["errors"][0]["field"] == "data.a"


def test_message_is_in_the_language_asked_for() -> None:
    """The catalogue's message is filled in the language asked for."""
    kind = BUILTIN["tour_creado"]
    assert kind.text_for({"nombre": "Cusco"}, "es") == "Nuevo tour: Cusco"
    assert kind.text_for({"nombre": "Cusco"}, "en") == "New tour: Cusco"
    assert kind.text_for({"nombre": 7}, "en") == "New tour: 7"


@pytest.mark.parametrize("value", [None, [], {}, True])
def test_message_that_lacks_its_field_is_the_title(value: object) -> None:
    """A message whose field is absent, or nothing that reads well in a sentence, is replaced by the title."""
    assert BUILTIN["tour_creado"].text_for({"nombre": value}, "es") == "Nuevo tour"
    assert BUILTIN["tour_creado"].text_for({}, "en") == "New tour"


@given(TEXT)
def test_value_in_a_message_is_no_template(value: str) -> None:
    """What a publisher sends stands in the message as it is, braces included."""
    assert BUILTIN["tour_creado"].text_for({"nombre": value}, "en") == f"New tour: {value}"
