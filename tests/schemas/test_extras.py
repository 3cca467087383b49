"""The rarer members of a publish are taken as they are, or refused by the name of the field, in two languages."""

from typing import Any

import pytest

from sio_server.extras import MAX_AHEAD, Choice, Extras
from sio_server.schemas.extras import MAX_VALUE
from sio_server.schemas.publish import load_publish
from tests.support.refusals import refused

YES = {"id": "si", "label": "Sí"}


def test_what_is_right_is_taken() -> None:
    """Each member comes as it was given, language tags in their usual spelling; null counts as left out."""
    request = load_publish(
        {
            "type": "test",
            "collapse_key": "precio-7",
            "group": "ofertas",
            "actions": [
                {"id": "ver", "label": {"es": "Ver", "EN-gb": "View"}, "link": "/x", "value": None},
                {"id": "no", "label": "No", "value": [None, {"a": 1}]},
            ],
            "image": "https://example.org/a.png",
            "icon": "tag",
            "category": "precio",
            "texts": None,
        }
    )
    assert request.extras == Extras(
        collapse_key="precio-7",
        group="ofertas",
        actions=(
            Choice(id="ver", label={"es": "Ver", "en-GB": "View"}, link="/x"),
            Choice(id="no", label="No", value=[None, {"a": 1}]),
        ),
        image="https://example.org/a.png",
        icon="tag",
        category="precio",
    )
    assert load_publish({"type": "test", "group": None, "actions": None}).extras is None
    assert load_publish({"type": "test", "title": "x"}).extras is None


WRONG: dict[str, tuple[dict[str, Any], str]] = {
    "empty key": ({"collapse_key": ""}, "collapse_key"),
    "long key": ({"collapse_key": "x" * 129}, "collapse_key"),
    "key of control characters": ({"collapse_key": "a\n"}, "collapse_key"),
    "group": ({"group": 5}, "group"),
    "image over http": ({"image": "http://example.org/a.png"}, "image"),
    "image of a script": ({"image": "javascript:alert(1)"}, "image"),
    "icon": ({"icon": "Tag!"}, "icon"),
    "icon's address": ({"icon": "http://example.org/i.svg"}, "icon"),
    "category": ({"category": "Precio"}, "category"),
    "actions as an object": ({"actions": {}}, "actions"),
    "no actions": ({"actions": []}, "actions"),
    "five actions": ({"actions": [{**YES, "id": str(number)} for number in range(5)]}, "actions"),
    "one id twice": ({"actions": [YES, YES]}, "actions"),
    "action without a label": ({"actions": [{"id": "si"}]}, "actions.0.label"),
    "action's id": ({"actions": [{**YES, "id": "Sí"}]}, "actions.0.id"),
    "action's field": ({"actions": [{**YES, "color": "red"}]}, "actions.0.color"),
    "long label": ({"actions": [{**YES, "label": "x" * 101}]}, "actions.0.label"),
    "blank label": ({"actions": [{**YES, "label": " "}]}, "actions.0.label"),
    "label of no language": ({"actions": [{**YES, "label": {}}]}, "actions.0.label"),
    "label in no language": ({"actions": [{**YES, "label": {"español!": "Sí"}}]}, "actions.0.label"),
    "label in one twice": ({"actions": [{**YES, "label": {"es-PE": "Sí", "es-pe": "Sí"}}]}, "actions.0.label"),
    "action that leads to a script": ({"actions": [{**YES, "link": "javascript:alert(1)"}]}, "actions.0.link"),
    "link and value": ({"actions": [{**YES, "link": "/x", "value": 1}]}, "actions.0"),
    "large value": ({"actions": [{**YES, "value": "x" * MAX_VALUE}]}, "actions.0.value"),
    "texts as a list": ({"texts": []}, "texts"),
    "texts of nothing": ({"texts": {}}, "texts"),
    "text of nothing": ({"texts": {"es": {"title": None}}}, "texts.es"),
    "text's field": ({"texts": {"es": {"body": "x"}}}, "texts.es.body"),
    "long title": ({"texts": {"en-gb": {"title": "x" * 201}}}, "texts.en-GB.title"),
    "text of no object": ({"texts": {"es": "Hola"}}, "texts.es"),
    "too many languages": ({"texts": {f"a{chr(97 + n)}": {"title": "x"} for n in range(21)}}, "texts"),
    "time without a zone": ({"deliver_at": "2030-01-01T00:00:00"}, "deliver_at"),
    "no such day": ({"deliver_at": "2030-02-30T00:00:00Z"}, "deliver_at"),
    "no time at all": ({"deliver_in": 0}, "deliver_in"),
    "too far ahead": ({"deliver_in": MAX_AHEAD + 1}, "deliver_in"),
    "seconds as text": ({"deliver_in": "60"}, "deliver_in"),
    "two moments": ({"deliver_at": "2030-01-01T00:00:00Z", "deliver_in": 60}, "deliver_at"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_refused_by_its_field(name: str) -> None:
    """A wrong member is told by its path, in both languages."""
    given, field = WRONG[name]
    refusal = refused({"type": "test", **given})
    assert refusal.kind.code == "invalid_data"
    assert [problem.field for problem in refusal.problems] == [field]
