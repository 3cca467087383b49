"""Types that only the server has: their functions work in a backend that has no copy of the catalogue."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import sio_server.client as client_module
from sio_server.client import Failure, Notifier, NotifyClient, NotifyInvalid, NotifyRefused, SyncNotifyClient
from sio_server.client.exchange import Target
from sio_server.client.learned import Learned
from sio_server.config import Config
from sio_server.testing import recording
from tests.support.networks import serving, silence
from tests.support.servers import PUBLISH_KEY, Server, running, secured
from tests.support.waiting import PATIENCE, until

TYPES = """
[types.pedido_listo]
message = "Pedido {pedido_id} listo"
data = { pedido_id = "id", title = "string" }

[types."pago.recibido"]
data = { importe = "number" }
"""


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """A server with types of its own, which refuses others."""
    file = tmp_path / "types.toml"
    file.write_text(TYPES, "utf-8")
    async with running(Config(dev=True, broker="memory:", catalog=file, unknown_types="refuse")) as started:
        yield started


async def test_notifier_publishes_a_type_of_the_servers_alone(server: Server) -> None:
    """The function of a type that the backend does not know works at the first call, and its arguments are data."""
    admin = await server.connect({"role": "admin"})
    async with Notifier(server.url) as notifier:
        notifier.notificar_pedido_listo(pedido_id=7, priority="high", data={"more": 1})  # type: ignore[attr-defined]
        assert await notifier.aflush(PATIENCE)
        [first] = await admin.wait(1)
        await until(lambda: notifier.learned.named, "the server's types")
        # Now that they are known, a word of every publish that is a field of this type is that field.
        notifier.notificar_pedido_listo(pedido_id=8, title="x", nobody_knows=1)  # type: ignore[attr-defined]
        notifier.notificar_pago_recibido(importe=5)  # type: ignore[attr-defined]
        assert await notifier.aflush(PATIENCE)
        assert {"notificar_pedido_listo", "notificar_pago_recibido"} <= set(dir(notifier))
    second, third = (await admin.wait(3))[1:]
    assert (first["type"], first["message"], first["priority"]) == ("pedido_listo", "Pedido 7 listo", "high")
    assert first["data"] == {"more": 1, "pedido_id": 7}
    assert (second["title"], second["data"]) == (None, {"pedido_id": 8, "title": "x", "nobody_knows": 1})
    assert (third["type"], third["data"]) == ("pago.recibido", {"importe": 5})


async def test_module_function_of_a_type_of_the_servers_alone(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """It can be imported before any server is there, and publishes through the shared notifier."""
    function: Any = client_module.notificar_pedido_listo  # type: ignore[attr-defined]  # of no stub
    await client_module.close_default_client()
    monkeypatch.setenv("SIO_SERVER_URL", server.url)
    admin = await server.connect({"role": "admin"})
    await function(pedido_id=7)
    [envelope] = await admin.wait(1)
    await client_module.close_default_client()
    assert envelope["data"] == {"pedido_id": 7}
    assert function.__name__ == "notificar_pedido_listo"


async def test_clients_that_wait_know_names_with_dots(server: Server) -> None:
    """Who waits for an answer waits for the types as well, so that every function finds its type."""
    async with NotifyClient(server.url) as client:
        result = await client.notificar_pago_recibido(importe=5)  # type: ignore[attr-defined]
        assert result.type == "pago.recibido"
        assert "notificar_pago_recibido" in dir(client)
        with pytest.raises(NotifyRefused) as caught:
            await client.notificar_nada()  # type: ignore[attr-defined]
    assert caught.value.code == "unknown_type"
    assert "[types.nada]" in (caught.value.mend or "")

    def plainly() -> str:
        with SyncNotifyClient(server.url) as client:
            return client.notificar_pago_recibido(importe=5).type  # type: ignore[attr-defined, no-any-return]

    assert await asyncio.to_thread(plainly) == "pago.recibido"


async def test_type_that_nobody_has_is_a_failure_and_no_error(server: Server) -> None:
    """A misspelt function never fails the caller: what the server says of it is told to the hook."""
    failures: list[Failure] = []
    async with Notifier(server.url, on_failure=failures.append) as notifier:
        notifier.notificar_pedido_lsto(pedido_id=7)  # type: ignore[attr-defined]
        assert await notifier.aflush(PATIENCE)
    assert [(failure.type, failure.code) for failure in failures] == [("pedido_lsto", "unknown_type")]
    assert "pedido_listo" in failures[0].detail


async def test_strict_notifier_takes_what_the_server_knows(server: Server) -> None:
    """A strict one asks the server before it calls a type unknown, where no event loop has to wait for it."""

    def strictly() -> None:
        with Notifier(server.url, strict=True) as notifier:
            notifier.notificar_pedido_listo(pedido_id=7)  # type: ignore[attr-defined]
            notifier.notify("pago.recibido", data={"importe": 5})
            with pytest.raises(NotifyInvalid, match=r"data\.importe"):
                notifier.notificar_pago_recibido(importe="mucho")  # type: ignore[attr-defined]
            with pytest.raises(NotifyInvalid, match="pedido_lsto"):
                notifier.notificar_pedido_lsto()  # type: ignore[attr-defined]

    await asyncio.to_thread(strictly)
    assert server.core.traffic.accepted == 2


async def test_server_that_is_silent_holds_up_nobody() -> None:
    """With a server that takes connections and never answers, a call of an unknown function returns at once."""
    async with serving(silence) as url, Notifier(url) as notifier:
        for _ in range(100):
            notifier.notificar_pedido_listo(pedido_id=7)  # type: ignore[attr-defined]
        assert notifier.stats()["handed_over"] == 100
        await notifier.aclose(0)


async def test_server_that_tells_nothing_is_asked_seldom(tmp_path: Path) -> None:
    """A key that may not look is refused once, and not with each call; its notifications are published."""
    file = tmp_path / "types.toml"
    file.write_text(TYPES, "utf-8")
    async with running(secured(catalog=file)) as server:
        learned = Learned(Target.of(server.url, "a key of nobody", 5.0, None))
        for _ in range(5):
            assert await asyncio.to_thread(learned.find_now, "notificar_pedido_listo") is None
        assert server.core.refusals.total == 1
        known = Learned(Target.of(server.url, PUBLISH_KEY, 5.0, None))
        kind = await asyncio.to_thread(known.find_now, "notificar_pedido_listo")
    assert kind is not None
    assert kind.data["pedido_id"] == "id"


def test_recorder_records_them_and_asks_nobody() -> None:
    """A test's recorder takes the call as the server would, and refuses what the catalogue does not have."""
    with recording() as notifications, Notifier("http://127.0.0.1:9") as notifier:
        notifier.notificar_pedido_listo(pedido_id=7)  # type: ignore[attr-defined]
        notifier.notificar_tour_creado(nombre="Colca")
    assert [refusal.type for refusal in notifications.refused] == ["pedido_listo"]
    assert [one.type for one in notifications] == ["tour_creado"]
    assert notifier.learned.named == {}
