"""A strict notifier tells a mistake of the program at the call, in the words of the server, and publishes the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from datetime import date
from typing import Any, Final

import pytest

from sio_server.client import (
    Failure,
    Notifier,
    NotifyClient,
    NotifyInvalid,
    NotifyRefused,
    close_default_client,
    configure,
    default_notifier,
    enviar_notificacion,
    notificar_reserva_creada,
)
from sio_server.errors import ConfigError
from tests.support.servers import REFUSING, Server, running
from tests.support.waiting import PATIENCE

NOWHERE: Final = "http://127.0.0.1:9"

ACTION: Final = ("id", "label", "link", "y")

# What is wrong, and with which field; the server is asked about each as well.
MISTAKES: Final[dict[str, tuple[dict[str, Any], list[str]]]] = {
    "type": ({"type": "reserva_creda"}, ["type"]),
    "type of another shape": ({"type": "Reserva creada"}, ["type"]),
    "message": ({"message": 5}, ["message"]),
    "title": ({"title": "x" * 201}, ["title"]),
    "link": ({"link": "reservas/1"}, ["link"]),
    "link to a script": ({"link": "javascript:alert(1)"}, ["link"]),
    "link to another host": ({"link": "//example.org"}, ["link"]),
    "long link": ({"link": "/" + "x" * 2048}, ["link"]),
    "priority": ({"priority": "urgent"}, ["priority"]),
    "ttl": ({"ttl": 0}, ["ttl"]),
    "ttl of no end": ({"ttl": 10**12}, ["ttl"]),
    "ttl as text": ({"ttl": "60"}, ["ttl"]),
    "persist": ({"persist": "no"}, ["persist"]),
    "key": ({"idempotency_key": "x" * 256}, ["idempotency_key"]),
    "key with a line end": ({"idempotency_key": "a\n"}, ["idempotency_key"]),
    "source": ({"source": "x" * 201}, ["source"]),
    "trace": ({"traceparent": "00-1-1-01"}, ["traceparent"]),
    "trace of nothing": ({"traceparent": ""}, ["traceparent"]),
    "actor": ({"actor": {"name": "Ana"}}, ["actor.id"]),
    "actor's field": ({"actor": {"id": 1, "email": "a@b"}}, ["actor.email"]),
    "actor's name": ({"actor": {"id": 1, "name": ""}}, ["actor.name"]),
    "actor's id": ({"actor": {"id": ""}}, ["actor.id"]),
    "audience of nobody": ({"audience": {}}, ["audience"]),
    "audience misspelt": ({"audience": {"rols": ["admin"]}}, ["audience.rols"]),
    "audience as text": ({"audience": {"roles": "admin"}}, ["audience.roles"]),
    "audience's name": ({"audience": {"users": ["5", " 6"]}}, ["audience.users.1"]),
    "everybody": ({"audience": {"all": "yes"}}, ["audience.all"]),
    "except": ({"audience": {"all": True, "except": {"user": ["5"]}}}, ["audience.except.user"]),
    "except as a list": ({"audience": {"all": True, "except": ["5"]}}, ["audience.except"]),
    "field of data": ({"data": {"usuario_id": 5, "personas": "tres"}}, ["data.personas"]),
    "two fields": ({"data": {"usuario_id": 5, "personas": "3", "fecha": "mañana"}}, ["data.fecha", "data.personas"]),
    "id that is none": ({"data": {"usuario_id": 1.5}}, ["data.usuario_id"]),
    "id that names nobody": ({"data": {"usuario_id": " 5"}}, ["data.usuario_id"]),
    "group": ({"group": ""}, ["group"]),
    "actions": ({"actions": [{"id": "Sí", "label": {}, "link": "x", "y": 1}]}, [f"actions.0.{x}" for x in ACTION]),
    "two at once": ({"link": "x", "data": {"usuario_id": 5}, "priority": "urgent"}, ["link", "priority"]),
}


@pytest.fixture
def notifier() -> Iterator[Notifier]:
    """A strict notifier whose server is nowhere."""
    made = Notifier(NOWHERE, strict=True)
    yield made
    made.close(0)


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A server in development mode, which refuses misspelt types."""
    async with running(REFUSING) as started:
        yield started


@pytest.fixture
async def fresh(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    """No default notifier before and after, and an address where nobody is."""
    await close_default_client()
    monkeypatch.setenv("SIO_SERVER_URL", NOWHERE)
    yield
    monkeypatch.setenv("SIO_SERVER_URL", NOWHERE)
    monkeypatch.setenv("SIO_SERVER_STRICT", "0")
    await default_notifier().aclose(0)
    await close_default_client()


@pytest.mark.parametrize("name", MISTAKES)
async def test_a_mistake_is_told_at_the_call(name: str, server: Server, notifier: Notifier) -> None:
    """The error names the field and the mend, as the server does when it is asked; nothing waits to be sent."""
    given, fields = MISTAKES[name]
    options = {"type": "reserva_creada", "data": {"usuario_id": 5}, **given}
    with pytest.raises(NotifyInvalid) as caught:
        notifier.notify(**options)
    assert sorted(problem.field for problem in caught.value.problems) == fields
    assert all(field in str(caught.value) for field in fields)
    assert notifier.stats()["waiting"] == notifier.stats()["handed_over"] == 0
    status, reply = await server.notify(options)
    assert status in (400, 422), reply
    told = [(problem["field"], problem["detail"]) for problem in reply["errors"]]
    assert {field for field, _ in told} <= set(fields)
    words = {problem.field: str(problem.detail) for problem in caught.value.problems}
    assert all(words[field].startswith(detail.rstrip(".")[:24]) for field, detail in told), (words, told)


def test_somebody_who_would_be_missed_is_told_of(notifier: Notifier) -> None:
    """A field that the type's audience needs has to be there, unless the publisher says whom it is for."""
    with pytest.raises(NotifyInvalid, match=r"data\.usuario_id: Missing"):
        notifier.notificar_reserva_creada(reserva_id=1)
    notifier.notificar_reserva_creada(reserva_id=1, roles=["admin"])
    notifier.notificar_reserva_creada(reserva_id=1, usuario_id=2, fecha=date(2026, 12, 24))
    assert notifier.stats()["waiting"] == 2


def test_what_cannot_be_sent_is_told_at_the_call(notifier: Notifier) -> None:
    """A value that is no JSON, and names that are one string, stop the program where they stand."""
    with pytest.raises(NotifyInvalid, match="JSON"):
        notifier.notify("test", data={"x": object()})
    with pytest.raises(TypeError, match="roles"):
        notifier.notify("test", roles="admin")


def test_the_mend_of_an_unknown_type_is_told(notifier: Notifier) -> None:
    """A type that is none here may be one of the server's: the error says who does not know it, and what is near."""
    with pytest.raises(NotifyInvalid, match=r"Did you mean 'reserva_creada'.*nor the server"):
        notifier.notify("reserva_creda")
    with pytest.raises(NotifyInvalid, match="Unknown event type 'pedido'"):
        notifier.notificar_pedido(usuario_id=1)  # type: ignore[attr-defined]  # what a type checker would have told
    with pytest.raises(AttributeError):
        getattr(notifier, "enviar")  # noqa: B009


def test_refusals_are_in_the_language_that_was_asked_for() -> None:
    """As with the server's own, ``locale`` is the language."""
    with (
        Notifier(NOWHERE, strict=True, locale="es") as notifier,
        pytest.raises(NotifyInvalid, match="Debe ser una ruta"),
    ):
        notifier.notify("test", link="x")


@pytest.mark.usefixtures("fresh")
def test_the_environment_makes_the_functions_strict(monkeypatch: pytest.MonkeyPatch) -> None:
    """With SIO_SERVER_STRICT=1 the functions raise; so they do for settings that cannot be used."""
    monkeypatch.setenv("SIO_SERVER_STRICT", "1")
    with pytest.raises(NotifyInvalid, match="priority"):
        enviar_notificacion("test", priority="urgent")  # type: ignore[arg-type]  # what a type checker would have told
    with pytest.raises(NotifyInvalid, match="usuario_id"):
        notificar_reserva_creada(reserva_id=1)


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize("strict", ["1", "0", "maybe"])
def test_an_address_without_a_scheme_stops_strict_code_alone(monkeypatch: pytest.MonkeyPatch, strict: str) -> None:
    """Settings that cannot be used are an error where mistakes are to be; elsewhere they never fail a request."""
    monkeypatch.setenv("SIO_SERVER_URL", "localhost:8080")
    monkeypatch.setenv("SIO_SERVER_STRICT", strict)
    if strict == "1":
        with pytest.raises(ConfigError, match="SIO_SERVER_URL"):
            enviar_notificacion("test")
    else:
        enviar_notificacion("test")
    monkeypatch.setenv("SIO_SERVER_URL", NOWHERE)
    if strict == "maybe":
        with pytest.raises(ConfigError, match="SIO_SERVER_STRICT"):
            Notifier()


@pytest.mark.usefixtures("fresh")
def test_without_it_no_mistake_is_an_exception() -> None:
    """The default promises that a request never fails for a notification: the hook hears of what cannot be sent."""
    failures: list[Failure] = []
    configure(NOWHERE, on_failure=failures.append)
    enviar_notificacion("reserva_creda", priority="urgent", link="x")  # type: ignore[arg-type]  # what this is about
    enviar_notificacion("test", data={"x": object()})
    assert [failure.reason for failure in failures] == ["invalid"]


async def test_what_is_right_is_published(server: Server) -> None:
    """A strict notifier sends whatever has no mistake in it."""
    listener = await server.connect({"user": "5"})
    async with Notifier(server.url, strict=True) as notifier:
        notifier.notificar_reserva_creada(usuario_id=5, actor={"id": 1, "name": "Ana"}, ttl=60, title="")
        notifier.notify("test", None, None, audience={"users": ["5"], "except": {"users": ["6"]}}, link="https://a.b/c")
        assert await notifier.aflush(PATIENCE)
    assert [envelope["type"] for envelope in await listener.wait(2)] == ["reserva_creada", "test"]


async def test_the_clients_say_what_the_server_says(server: Server) -> None:
    """Who waits for the answer needs no strictness: every mistake is the server's refusal."""
    async with NotifyClient(server.url) as client:
        with pytest.raises(NotifyRefused, match="priority"):
            await client.publish("test", priority="urgent")  # type: ignore[arg-type]  # what this is about
