"""The publishing clients against a real server, and against networks that misbehave."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from decimal import Decimal
from uuid import UUID

import pytest

from sio_server.audience import Audience
from sio_server.client import NotifyClient, NotifyInvalid, NotifyRefused, SyncNotifyClient, enviar_notificacion
from sio_server.errors import ConfigError
from tests.support.servers import PUBLISH_KEY, Server, running, secured, token


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A server in development mode."""
    async with running() as started:
        yield started


async def test_publish_returns_the_receipt_and_reaches_the_audience(server: Server) -> None:
    """A publish of every option arrives as it was given, and its result says where it is."""
    listener = await server.connect({"user": "7"})
    async with NotifyClient(server.url) as client:
        result = await client.publish(
            "test",
            "Hola mundo",
            {"a": [1, {"b": None}]},
            title="Saludo",
            users=[7],
            actor={"id": 1, "name": "Ana"},
            link="/reservas/1",
            priority="high",
            ttl=60,
            source="tests",
        )
    [envelope] = await listener.wait(1)
    assert (result.id, result.seq, result.cursor) == (envelope["id"], envelope["seq"], envelope["cursor"])
    assert (result.type, result.sockets, result.duplicate, result.warnings) == ("test", 1, False, ())
    assert envelope["message"] == "Hola mundo"
    assert envelope["data"] == {"a": [1, {"b": None}]}
    assert envelope["title"] == "Saludo"
    assert envelope["actor"] == {"id": "1", "name": "Ana"}
    assert (envelope["link"], envelope["priority"]) == ("/reservas/1", "high")


async def test_sync_client_publishes_the_same_from_a_thread(server: Server) -> None:
    """The client without asyncio publishes, and may be shared by threads."""
    listener = await server.connect({"role": "turista"})
    with SyncNotifyClient(server.url) as client:
        results = await asyncio.gather(
            *(asyncio.to_thread(client.publish, "tour_creado", data={"nombre": str(n)}) for n in range(20))
        )
        named = await asyncio.to_thread(client.notificar_tour_creado, nombre="Lago")
    envelopes = await listener.wait(21)
    assert {result.id for result in (*results, named)} == {envelope["id"] for envelope in envelopes}
    assert envelopes[-1]["message"] == "Nuevo tour: Lago"


async def test_an_idempotency_key_of_the_caller_makes_a_repeat_a_duplicate(server: Server) -> None:
    """The same key and body give the first id again and say so; another body is refused."""
    async with NotifyClient(server.url) as client:
        first = await client.publish("test", "uno", idempotency_key="pedido 1 ñ")
        second = await client.publish("test", "uno", idempotency_key="pedido 1 ñ")
        with pytest.raises(NotifyRefused) as caught:
            await client.publish("test", "dos", idempotency_key="pedido 1 ñ")
    assert (second.id, second.duplicate, first.duplicate) == (first.id, True, False)
    assert (caught.value.code, caught.value.status) == ("idempotency_mismatch", 422)


async def test_a_refusal_names_each_wrong_field_in_the_language_asked_for(server: Server) -> None:
    """`NotifyRefused` carries the server's code, status, detail and fields."""
    async with NotifyClient(server.url, locale="es") as client:
        with pytest.raises(NotifyRefused) as caught:
            await client.publish("reserva_creada", data={"usuario_id": [], "personas": "dos"})
    assert (caught.value.code, caught.value.status) == ("invalid_data", 422)
    assert [problem.field for problem in caught.value.problems] == ["data.usuario_id", "data.personas"]
    assert "data.personas: Debe ser un número entero" in str(caught.value)


async def test_the_key_comes_from_the_environment_and_is_in_no_repr(monkeypatch: pytest.MonkeyPatch) -> None:
    """SIO_SERVER_URL and SIO_SERVER_PUBLISH_KEY are used where nothing is given; a wrong key is refused."""
    async with running(secured()) as server:
        monkeypatch.setenv("SIO_SERVER_URL", server.url + "/")
        monkeypatch.setenv("SIO_SERVER_PUBLISH_KEY", PUBLISH_KEY)
        listener = await server.connect({"token": token("5", "admin")})
        async with NotifyClient() as client, NotifyClient(key="wrong") as wrong:
            result = await client.publish("test")
            assert PUBLISH_KEY not in f"{client!r} {vars(client)!r}"
            with pytest.raises(NotifyRefused, match="unauthorized"):
                await wrong.publish("test")
        assert [envelope["id"] for envelope in await listener.wait(1)] == [result.id]


async def test_values_of_databases_become_json(server: Server) -> None:
    """Decimals, UUIDs and MongoDB's identifiers are written as JSON knows them."""

    class ObjectId:
        def __str__(self) -> str:
            return "65f0c0ffee"

    listener = await server.connect({"role": "admin"})
    number = UUID(int=7)
    async with NotifyClient(server.url) as client:
        await client.publish(
            "reserva_creada", data={"usuario_id": ObjectId(), "reserva_id": number, "total": Decimal("45.50")}
        )
    [envelope] = await listener.wait(1)
    assert envelope["data"] == {"usuario_id": "65f0c0ffee", "reserva_id": str(number), "total": 45.5}


@pytest.mark.parametrize(
    "value", [object(), {1, 2}, 2**70, "\ud800", {1: 2}], ids=["object", "set", "2**70", "surrogate", "key"]
)
async def test_what_is_no_json_is_not_sent(server: Server, value: object) -> None:
    """Data that JSON cannot hold raise `NotifyInvalid`, and the server hears nothing."""
    async with NotifyClient(server.url) as client:
        with pytest.raises(NotifyInvalid):
            await client.publish("test", data={"value": value})
    assert server.core.operators.stats()["publishes"]["accepted"] == 0


async def test_arguments_that_cannot_go_together_are_type_errors(server: Server) -> None:
    """A wrong name, a string for a list, and two kinds of audience raise TypeError before anything is sent."""
    async with NotifyClient(server.url) as client:
        with pytest.raises(TypeError, match="titel"):
            await client.publish("test", titel="x")  # type: ignore[call-arg]
        with pytest.raises(TypeError, match="list of names"):
            await client.publish("test", roles="admin")
        with pytest.raises(TypeError, match="not both"):
            await client.publish("test", audience=Audience.of(roles=["admin"]), users=["1"])
        with pytest.raises(TypeError, match="titel"):
            await enviar_notificacion("test", titel="x")  # type: ignore[call-arg]
    assert server.core.operators.stats()["publishes"]["accepted"] == 0


async def test_an_audience_may_be_named_in_any_of_three_ways(server: Server) -> None:
    """An `Audience`, the object of a request and the single arguments reach the same people."""
    listener = await server.connect({"user": "1", "role": "turista"})
    other = await server.connect({"user": "2", "role": "turista"})
    async with NotifyClient(server.url) as client:
        await client.publish("test", "a", audience=Audience.of(roles=["turista"], except_users=["2"]))
        await client.publish("test", "b", audience={"roles": ["turista"], "except": {"users": ["2"]}})
        await client.publish("test", "c", roles=["turista"], except_users=[2])
        await client.publish("test", "d", everybody=True)
    assert [envelope["message"] for envelope in await listener.wait(4)] == ["a", "b", "c", "d"]
    assert [envelope["message"] for envelope in await other.wait(1)] == ["d"]


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:8080",
        "ftp://host",
        "http://",
        "http://user:s3cret@host",
        "http://host?x=s3cret",
        "http://host:0",
        "http://[::",
    ],
)
def test_an_address_that_cannot_be_used_is_a_config_error(url: str) -> None:
    """The error names the setting and keeps the address, which may hold a password, to itself."""
    with pytest.raises(ConfigError, match="SIO_SERVER_URL") as caught:
        NotifyClient(url)
    assert "s3cret" not in str(caught.value)


def test_a_key_that_no_header_can_carry_is_a_config_error() -> None:
    """A key with a line break is refused without being shown."""
    with pytest.raises(ConfigError, match="SIO_SERVER_PUBLISH_KEY") as caught:
        SyncNotifyClient("http://127.0.0.1:1", "s3cret\r\nX-Evil: 1")
    assert "s3cret" not in str(caught.value)
