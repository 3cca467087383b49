"""``demo``: a day in the system reaches whom the catalogue says."""

from __future__ import annotations

from pathlib import Path

import pytest

from sio_server.audience import Identity
from sio_server.catalog import Catalog
from sio_server.cli.demo import DAY
from sio_server.config import Config
from tests.support.commands import assert_user_error, run
from tests.support.servers import PUBLISH_KEY, SECRET, running, secured, seqs

ADMIN = Identity("1", ("admin",))
JUAN = Identity("123", ("turista",))
ANA = Identity("456", ("turista",))

# Who gets which of the nine, as the product's description says: users' logins and guides are the admins' matter,
# bookings, services and recommendations are theirs and the person's, tours and destinations are everybody's.
EXPECTED = {
    "1": [step.type for step in DAY],
    "123": ["destino_creado", "tour_creado", "reserva_creada", "reserva_cancelada"],
    "456": ["destino_creado", "tour_creado", "recomendacion_creada", "servicio_contratado"],
}


def test_the_day_has_nine_events_that_the_catalogue_knows() -> None:
    """Each of the nine is a type of the built-in catalogue, its data pass, and its audience needs nothing more."""
    catalog = Catalog.load()
    assert len(DAY) == 9
    for step in DAY:
        catalog[step.type].check(step.data)
        assert step.data.keys() <= catalog[step.type].data.keys()
        assert catalog[step.type].audience_for(step.data)[1] == ()


async def test_an_admin_and_two_tourists_get_what_is_for_them(tmp_path: Path) -> None:
    """Each of three stock clients gets exactly what the catalogue says, once, in order of ``seq``."""
    async with running() as server:
        listeners = {
            str(who.user): await server.connect({"user": who.user, "roles": list(who.roles)})
            for who in (ADMIN, JUAN, ANA)
        }
        done = await run("demo", "--delay", "0", "--url", server.url, cwd=tmp_path)
        assert done.code == 0, done
        await server.notify({"type": "test", "message": "end of the day"})
        for user, listener in listeners.items():
            *day, end = await listener.wait(len(EXPECTED[user]) + 1)
            assert end["message"] == "end of the day"
            assert [envelope["type"] for envelope in day] == EXPECTED[user]
            assert seqs(day) == sorted(set(seqs(day)))
    for number, step in enumerate(DAY, start=1):
        assert any(f" {number} " in line and f" {step.type} " in line for line in done.lines), step


@pytest.mark.parametrize(("lang", "words"), [("es", "Cada cual recibió"), ("en", "Everybody got")])
async def test_watching_shows_and_checks_who_got_what(tmp_path: Path, lang: str, words: str) -> None:
    """``--watch`` listens as all three, marks who got which, and says in the language asked for that it is right."""
    async with running() as server:
        done = await run("demo", "--watch", "--delay", "0", "--lang", lang, "--url", server.url, cwd=tmp_path)
        assert server.core.operators.stats()["connections"]["total"] == 0
    assert done.code == 0, done
    assert words in done.out
    assert done.out.count("●") == sum(map(len, EXPECTED.values()))
    assert "admin 1" in done.out


async def test_watching_a_protected_server_signs_tokens(tmp_path: Path) -> None:
    """With the secret in the environment the watchers are let in by tokens, at an address with a path as well."""
    env = {"SIO_SERVER_JWT_SECRET": SECRET, "SIO_SERVER_PUBLISH_KEY": PUBLISH_KEY}
    async with running(secured(base_path="/rt")) as server:
        done = await run("demo", "--watch", "--delay", "0", "--url", server.url, cwd=tmp_path, env=env)
        assert done.code == 0, done
        done = await run("demo", "--watch", "--delay", "0", "--url", server.url, cwd=tmp_path)
        assert_user_error(done, "refused the connection: unauthorized")


async def test_an_audience_that_is_not_the_catalogues_is_found_out(tmp_path: Path) -> None:
    """When the server sends an event to others than expected, ``--watch`` says who got what instead, and fails."""
    own = tmp_path / "own.toml"
    own.write_text(
        '[types.guia_creado]\ntitle = { es = "Guía", en = "Guide" }\naudience = { all = true }\n'
        'description = { es = "Un guía.", en = "A guide." }\n',
        "utf-8",
    )
    async with running(Config(dev=True, broker="memory:", catalog=own)) as server:
        done = await run("demo", "--watch", "--delay", "0", "--url", server.url, cwd=tmp_path)
    assert_user_error(done, "What arrived is not what the catalogue says:", "turista 123: ", "guia_creado")
