"""What a key allows: types, roles, topics, single users, everybody."""

from __future__ import annotations

import pytest

from sio_server.audience import Audience
from sio_server.auth.publishers import EVERYTHING, Scope
from sio_server.errors import Refused


def refusal(scope: Scope, audience: Audience, *, stated: bool = True) -> dict[str, str]:
    """The fields that are refused, with the words for each; both languages are there."""
    refused = None
    try:
        scope.check_audience(audience, stated=stated)
    except Refused as error:
        refused = error
    if refused is None:
        return {}
    assert refused.kind.code == "forbidden_scope"
    assert refused.kind.status == 403
    assert all(problem.detail.es != str(problem.detail) for problem in refused.problems)
    return {problem.field: str(problem.detail) for problem in refused.problems}


def may_publish(scope: Scope, event_type: str) -> bool:
    """Whether a type is allowed."""
    try:
        scope.check_type(event_type)
    except Refused as refused:
        return "type" not in [problem.field for problem in refused.problems]
    return True


@pytest.mark.parametrize(
    ("pattern", "allowed", "refused"),
    [
        (
            "reserva_creada",
            ["reserva_creada"],
            ["reserva_cread", "reserva_creada2", "Reserva_creada", "xreserva_creada"],
        ),
        ("reserva_*", ["reserva_creada", "reserva_"], ["reserva", "pago_reserva_x", "xreserva_"]),
        ("*_creada", ["reserva_creada", "_creada"], ["reserva_creada_", "reserva_creadas"]),
        ("a*b*c", ["abc", "axbxc", "abbbc"], ["ab", "ac", "acb", "abcd"]),
        ("*", ["anything", ""], []),
        # Nothing but the star means anything but itself.
        ("a.c", ["a.c"], ["abc"]),
        ("a?c", ["a?c"], ["abc"]),
        ("[ab]", ["[ab]"], ["a", "b"]),
        ("[!a]*", ["[!a]x"], ["b"]),
        ("a|b", ["a|b"], ["a", "b"]),
        ("^a$", ["^a$"], ["a"]),
        ("a*", ["a\nb"], ["b\na"]),
    ],
)
def test_pattern_means_what_it_says(pattern: str, allowed: list[str], refused: list[str]) -> None:
    """A star stands for any characters, every other sign for itself, and the whole name has to fit."""
    scope = Scope(types=("other", pattern))
    assert [name for name in allowed if not may_publish(scope, name)] == []
    assert [name for name in refused if may_publish(scope, name)] == []


def test_pattern_of_many_stars_takes_no_time() -> None:
    """A pattern of stars is as good as any: names that almost fit do not keep the server busy for ever."""
    assert not may_publish(Scope(types=("*a" * 60 + "b",)), "a" * 4000)


def test_empty_list_allows_nothing() -> None:
    """No limit and nothing allowed are two things."""
    assert may_publish(Scope(), "test")
    assert not may_publish(Scope(types=()), "test")
    assert refusal(Scope(roles=()), Audience.of(roles=["admin"])).keys() == {"audience.roles.0"}


def test_each_part_of_an_audience_is_looked_at() -> None:
    """All that is beyond a key is named by its place; what is allowed, and who is left out, is not."""
    scope = Scope(roles=("admin", "guia*"), topics=("tour:*",), users=False, everybody=False)
    assert refusal(scope, Audience.of(roles=["admin", "guias"], topics=["tour:7"], except_users=["9"])) == {}
    beyond = Audience.of(
        roles=["admin", "turista"], topics=["tour:7", "tours"], users=["7"], everybody=True, except_users=["9"]
    )
    found = refusal(scope, beyond)
    assert list(found) == ["audience.all", "audience.users", "audience.roles.1", "audience.topics.1"]
    assert "'turista'" in found["audience.roles.1"]
    assert "admin, guia*" in found["audience.roles.1"]
    assert "keys add --roles" in found["audience.roles.1"]


def test_audience_of_the_catalogue_is_told_as_such() -> None:
    """Who named no audience is told that the catalogue's is too much, and to name one."""
    found = refusal(Scope(roles=("admin",), everybody=False), Audience.of(roles=["turista"]), stated=False)
    assert list(found) == ["audience"]
    assert "catalogue" in found["audience"]
    assert "'turista'" in found["audience"]


def test_new_key_sees_nothing() -> None:
    """By default a key publishes and does nothing else; a key of the settings does everything."""
    Scope().check_publishes()
    for check in (Scope().check_observes, Scope().check_operates, Scope(publish=False).check_publishes):
        with pytest.raises(Refused) as caught:
            check()
        assert caught.value.kind.code == "forbidden_scope"
        assert "keys add" in str(caught.value.detail)
        assert "keys add" in caught.value.detail.es
    for check in (EVERYTHING.check_publishes, EVERYTHING.check_observes, EVERYTHING.check_operates):
        check()
