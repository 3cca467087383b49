"""The recorder: everything that publishes is recorded, checked as the server checks it, and told of in words."""

import asyncio
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from sio_server import client
from sio_server.client import Failure, Notifier, NotifyClient, NotifyRefused, SyncNotifyClient
from sio_server.event_types import EventTypes
from sio_server.testing import Notifications, recording

NOBODY = "http://127.0.0.1:9"


def book() -> None:
    """Publish a booking as most backends do."""
    client.notificar_reserva_creada(usuario_id="ana", tour_nombre="Colca", personas=2)


async def test_everything_that_publishes_is_recorded() -> None:
    """Functions, notifiers and clients, made before or after, in any thread: no server is asked."""
    with Notifier(NOBODY) as before, recording() as notifications:
        client.notificar_tour_creado(nombre="uno")
        await client.enviar_notificacion("tour_creado", data={"nombre": "dos"})
        before.notificar_tour_creado(nombre="tres")
        async with NotifyClient(NOBODY) as notify:
            assert (await notify.notificar_tour_creado(nombre="cuatro")).seq == 4
        with SyncNotifyClient(NOBODY) as sync:
            await asyncio.to_thread(sync.publish, "tour_creado", data={"nombre": "cinco"})
    names = [one.data["nombre"] for one in notifications.of_type("tour_creado")]
    assert names == ["uno", "dos", "tres", "cuatro", "cinco"]
    assert notifications[0].message == "Nuevo tour: uno"


def test_who_is_notified_is_as_the_catalogue_says() -> None:
    """The audience is filled in with the data: the booking's user and the administrators, and nobody else."""
    with recording() as notifications:
        book()
    found = notifications.assert_notified("ana", "reserva_creada", personas=2, tour_nombre="Colca")
    assert notifications.assert_notified(None, "reserva_creada", roles=["admin"]) is found
    notifications.assert_not_notified("luis", "reserva_creada", roles=["turista"])
    notifications.assert_not_notified("ana", "reserva_cancelada")
    notifications.assert_not_notified("luis")
    assert notifications.to("ana") == [found]
    assert found.reaches("luis", roles=["admin"])


def test_values_are_compared_as_they_are_sent() -> None:
    """A date, a decimal and a number that is an id are what JSON makes of them, on both sides."""
    with recording() as notifications, SyncNotifyClient(NOBODY) as sync:
        day = date(2026, 12, 1)
        sync.publish("test", data={"dia": day, "precio": Decimal("9.5"), "roles": 3}, users=[5])
    notifications.assert_notified(5, "test", dia=day, precio=Decimal("9.5"), data={"roles": 3})
    notifications.assert_notified("5", "test", dia="2026-12-01", precio=9.5)


def test_a_failure_says_what_was_there_instead() -> None:
    """Who asks for what is not there reads what was published, to whom, and in what it differs."""
    with recording() as notifications:
        book()
        client.notificar_tour_creado(nombre="Colca")
    with pytest.raises(AssertionError) as failed:
        notifications.assert_notified("ana", "reserva_creada", personas=3)
    lines = str(failed.value).splitlines()
    assert lines[0] == "Nobody published reserva_creada for user 'ana' with personas=3."
    assert lines[1] == "Published (2):"
    assert lines[2].startswith("  reserva_creada to role admin, user ana: usuario_id='ana', tour_nombre='Colca'")
    assert lines[2].endswith("← personas is 2, not 3")
    with pytest.raises(AssertionError, match="← not for them"):
        notifications.assert_notified("luis", "reserva_creada")
    with pytest.raises(AssertionError, match="This was published: reserva_creada for user 'ana'"):
        notifications.assert_not_notified("ana", "reserva_creada")
    with pytest.raises(AssertionError, match="Did you mean 'reserva_creada'"):
        notifications.assert_notified("ana", "reserva_creadas")
    with pytest.raises(AssertionError, match="Something was published"):
        notifications.assert_none()
    notifications.clear()
    notifications.assert_none()
    with pytest.raises(AssertionError, match="Nothing was published"):
        notifications.assert_notified("ana", "reserva_creada")


@pytest.mark.parametrize(
    ("options", "code", "told"),
    [
        ({"type": "reserva_creadas"}, "unknown_type", "Did you mean 'reserva_creada'"),
        ({"data": {"personas": "tres", "usuario_id": 1}}, "invalid_data", "data.personas"),
        ({"data": {"personas": "tres", "usuario_id": [1]}}, "invalid_data", "data.usuario_id: "),
        ({"audience": {"roles": []}}, "invalid_audience", "Names nobody"),
        ({"link": "reservas/1"}, "invalid_data", "link"),
        ({"priority": "urgent"}, "invalid_data", "priority"),
        ({"ttl": -1}, "invalid_data", "ttl"),
    ],
    ids=["type", "data", "two fields", "nobody", "link", "priority", "ttl"],
)
def test_what_the_server_refuses_is_refused(options: dict[str, object], code: str, told: str) -> None:
    """A mistake is an exception of the clients, a failure of notifiers, and fails the test where nobody hears of it."""
    given: dict[str, object] = {"type": "reserva_creada", "data": {"usuario_id": 1}, **options}
    failures: list[Failure] = []
    with recording() as notifications, SyncNotifyClient(NOBODY) as sync:
        with pytest.raises(NotifyRefused, match=told) as refused:
            sync.publish(**given)  # type: ignore[arg-type]  # some are wrong
        assert refused.value.code == code
        notifications.assert_none_refused()
        with Notifier(NOBODY, on_failure=failures.append) as notifier:
            notifier.notify(**given)  # type: ignore[arg-type]  # the same
        with pytest.raises(AssertionError, match=told):
            notifications.assert_none_refused()
    assert [(failure.reason, failure.code) for failure in failures] == [("refused", code)]
    assert [(one.code, one.told) for one in notifications.refused] == [(code, True), (code, False)]
    notifications.assert_none_refused()
    assert len(notifications) == 0


def test_a_key_publishes_once() -> None:
    """The same idempotency key is one notification, as on a server."""
    with recording() as notifications, SyncNotifyClient(NOBODY) as sync:
        first = sync.publish("test", idempotency_key="k")
        again = sync.publish("test", idempotency_key="k")
    assert (first.duplicate, again.duplicate, first.id == again.id) == (False, True, True)
    assert len(notifications) == 1


def test_a_forgotten_field_of_the_audience_is_warned_of() -> None:
    """Where the user of a booking was forgotten the administrators get it, and the answer says who does not."""
    with recording() as notifications, SyncNotifyClient(NOBODY) as sync:
        result = sync.publish("reserva_creada", data={"tour_nombre": "Colca"})
    assert any("data.usuario_id" in warning for warning in result.warnings)
    notifications.assert_not_notified("ana", "reserva_creada")
    notifications.assert_notified(None, "reserva_creada", roles=["admin"])


def test_own_event_types_and_languages() -> None:
    """The catalogue and the language of messages may be given; recorders may stand inside one another."""
    text = {"es": "Hola {nombre}", "en": "Hello {nombre}"}
    own = {"type": "saludo", "title": text, "message": text, "description": text, "audience": {"all": True}}
    catalog = EventTypes.of([{**own, "data": {"nombre": "string"}}])
    with recording() as outer, recording(catalog, locale="en") as inner, SyncNotifyClient(NOBODY) as sync:
        sync.publish("saludo", data={"nombre": "Ana"})
    assert inner.assert_notified("quien", "saludo").message == "Hello Ana"
    assert isinstance(outer, Notifications)
    outer.assert_none()
    assert repr(inner) == "<1 notifications: saludo>"
    assert list(inner[:1]) == [inner[0]]


def test_what_is_delivered_later_is_recorded_with_its_moment() -> None:
    """What is scheduled has the moment it is due, in the record and in the answer; a moment that is over is now."""
    at = datetime.now(UTC) + timedelta(days=2)
    with recording() as notifications, SyncNotifyClient(NOBODY) as sync:
        made = sync.publish("test", users=[1], deliver_at=at, idempotency_key="k")
        again = sync.publish("test", users=[1], deliver_at=at, idempotency_key="k")
        sync.publish("test", users=[2], deliver_in=60)
        now = sync.publish("test", users=[3], deliver_at=at - timedelta(days=4))
        with pytest.raises(NotifyRefused, match="More than a year ahead"):
            sync.publish("test", deliver_at=at + timedelta(days=400))
    assert (made.due, made.seq, made.cursor, again.due, again.duplicate) == (at, 0, "", at, True)
    assert notifications.assert_notified(1, "test").due == at
    assert notifications.assert_notified(3, "test").due is now.due is None
    due = notifications.assert_notified(2, "test").due
    assert due is not None
    assert timedelta(seconds=50) < due - datetime.now(UTC) <= timedelta(seconds=60)


def test_what_is_said_in_which_language() -> None:
    """The publisher's texts are there by language, the catalogue's where it says none, and the nearest is found."""
    with recording() as notifications, SyncNotifyClient(NOBODY) as sync:
        book()
        sync.publish("test", "Hola", texts={"en": {"title": "Greeting", "message": "Hello"}, "pt-br": {"title": "Olá"}})
    booking, greeting = notifications
    assert booking.message_in("en-GB") == booking.texts["en"]["message"] != booking.message
    assert booking.message_in("fr") == booking.message_in("es") == booking.message
    assert greeting.texts == {"en": {"title": "Greeting", "message": "Hello"}, "pt-BR": {"title": "Olá"}}
    assert (greeting.message_in("en"), greeting.message_in("pt")) == ("Hello", "Hola")


def test_rarer_members_are_recorded() -> None:
    """Group, key, actions and picture are there as they were sent, and which one takes the place of which."""
    actions: list[client.Action] = [{"id": "si", "label": "Sí", "value": 1}]
    given: dict[str, Any] = {"collapse_key": "k", "group": "g", "icon": "bell", "category": "viajes"}
    with recording() as notifications, SyncNotifyClient(NOBODY) as sync:
        first = sync.publish("test", users=[1], image="https://example.org/a.png", actions=actions, **given)
        other = sync.publish("test", users=[2], **given)
        later = sync.publish("test", users=[1], deliver_in=60, **given)
        second = sync.publish("test", users=["1"], **given)
        third = sync.publish("test", users=[1], **given)
        latest = sync.publish("test", users=[1], deliver_in=90, **given)
    one = notifications[0]
    assert (one.id, one.group, one.collapse_key, one.icon, one.category) == (first.id, "g", "k", "bell", "viajes")
    assert (one.actions, one.image) == (tuple(actions), "https://example.org/a.png")
    replaced = [first.replaces, other.replaces, later.replaces, second.replaces, third.replaces, latest.replaces]
    assert replaced == [None, None, None, first.id, second.id, later.id]
    assert [found.replaces for found in notifications] == replaced
