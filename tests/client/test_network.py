"""The publishing clients on networks that misbehave: what is tried again, what is given up, what is never logged."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest

from sio_server import client as client_module
from sio_server.client import (
    NotifyClient,
    NotifyRefused,
    NotifyUnavailable,
    SyncNotifyClient,
    enviar_notificacion,
    notificar_tour_creado,
)
from tests.support.networks import DROP, Behaviour, drip, gate, http_answer, serving, silence
from tests.support.servers import Server, running
from tests.support.waiting import PATIENCE, until


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A server in development mode."""
    async with running() as started:
        yield started


DRAINING = b'{"code":"draining","detail":"The server is shutting down","status":503,"retryable":true}'


async def test_a_publish_whose_reply_was_lost_is_published_once(server: Server) -> None:
    """A retry after a lost reply gets the id of the first try, and nobody gets two events."""
    listener = await server.connect({"role": "admin"})
    async with gate(server.url, DROP) as url, NotifyClient(url) as client:
        result = await client.publish("guia_creado", data={"nombre": "Elena"})
        after = await client.publish("guia_creado", data={"nombre": "Luis"})
    assert [envelope["id"] for envelope in await listener.wait(2)] == [result.id, after.id]
    assert server.core.operators.stats()["publishes"] == {"accepted": 2, "duplicates": 1}
    assert not result.duplicate


async def test_sync_publish_whose_reply_was_lost_is_published_once(server: Server) -> None:
    """The client without asyncio retries with the same key too."""
    async with gate(server.url, DROP) as url:
        with SyncNotifyClient(url) as client:
            result = await asyncio.to_thread(client.publish, "test")
    assert server.core.operators.stats()["publishes"] == {"accepted": 1, "duplicates": 1}
    assert result.seq == 1


@pytest.mark.parametrize("status", ["503 Service Unavailable", "429 Too Many Requests", "502 Bad Gateway"])
async def test_a_server_that_is_busy_for_a_moment_is_asked_again(server: Server, status: str) -> None:
    """A passing refusal is retried until the server takes the notification."""
    busy = http_answer(status, DRAINING, "Retry-After: 0")
    async with gate(server.url, busy, busy) as url, NotifyClient(url) as client:
        assert (await client.publish("test")).seq == 1


async def test_a_date_in_the_past_is_no_wait(server: Server) -> None:
    """Retry-After may be a date of HTTP."""
    busy = http_answer("503 Busy", b"", "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT")
    async with gate(server.url, busy) as url, NotifyClient(url) as client:
        assert (await client.publish("test")).seq == 1


async def test_a_wait_beyond_the_time_limit_is_not_begun(server: Server) -> None:
    """A Retry-After that lies beyond the total time ends the publish with the server's code."""
    busy = http_answer("503 Busy", DRAINING, "Retry-After: 3600")
    async with gate(server.url, busy) as url, NotifyClient(url) as client:
        with pytest.raises(NotifyUnavailable) as caught:
            await client.publish("test")
    assert caught.value.code == "draining"
    assert server.core.operators.stats()["publishes"]["accepted"] == 0


async def test_an_error_of_the_server_is_not_repeated(server: Server) -> None:
    """Status 500 ends the publish at once as unavailable."""
    async with gate(server.url, http_answer("500 Oh", b'{"code":"internal"}')) as url, NotifyClient(url) as client:
        with pytest.raises(NotifyUnavailable) as caught:
            await client.publish("test")
    assert caught.value.code == "internal"


@pytest.mark.parametrize(
    "answer",
    [
        http_answer("200 OK", b"<html>It works!</html>"),
        http_answer("200 OK", b'{"status":"ok"}'),
        http_answer("404 Not Found", b"nothing"),
        http_answer("301 Moved", b"", "Location: http://127.0.0.1:1/"),
        http_answer("200 OK", b" " * 300_000),
        http_answer("200 OK", b"not gzip", "Content-Encoding: gzip"),
    ],
    ids=["html", "other JSON", "404", "redirect", "too long", "not gzip"],
)
async def test_whoever_is_no_sio_server_is_told_apart(server: Server, answer: bytes) -> None:
    """An answer that no sio-server gives is `unexpected_reply` and is neither followed nor believed."""
    async with gate(server.url, answer, answer) as url:
        async with NotifyClient(url) as client:
            with pytest.raises(NotifyRefused, match="unexpected_reply"):
                await client.publish("test")
        with SyncNotifyClient(url) as sync, pytest.raises(NotifyRefused, match="unexpected_reply"):
            await asyncio.to_thread(sync.publish, "test")


@pytest.mark.parametrize("behaviour", [drip, silence])
async def test_a_server_that_does_not_come_to_an_end_is_given_up(behaviour: Behaviour) -> None:
    """The total time bounds a publish even when bytes keep coming."""
    async with serving(behaviour) as url:
        async with NotifyClient(url, timeout=0.3) as client:
            with pytest.raises(NotifyUnavailable, match="did not accept it"):
                await client.publish("test")
        with SyncNotifyClient(url, timeout=0.3) as sync, pytest.raises(NotifyUnavailable, match="did not accept it"):
            await asyncio.to_thread(sync.publish, "test")


async def test_a_server_that_is_down_makes_publish_raise(unused_tcp_port: int) -> None:
    """The clients' own methods raise `NotifyUnavailable` when nobody listens."""
    async with NotifyClient(f"http://127.0.0.1:{unused_tcp_port}", timeout=0.3) as client:
        with pytest.raises(NotifyUnavailable):
            await client.publish("test")


async def test_a_restart_in_between_is_ridden_out(
    server: Server, unused_tcp_port: int, caplog: pytest.LogCaptureFixture
) -> None:
    """A publish that begins while nobody listens succeeds once the server is there."""
    caplog.set_level(logging.DEBUG, "httpcore.connection")
    async with NotifyClient(f"http://127.0.0.1:{unused_tcp_port}") as client:
        publishing = asyncio.create_task(client.publish("test"))
        await until(lambda: "connect_tcp.failed" in caplog.text, "a refused connection")
        async with gate(server.url, port=unused_tcp_port):
            assert (await publishing).seq == 1
            await client.aclose()


async def test_neither_key_nor_data_is_logged(
    server: Server, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """No line of any logger holds the key or the data, whether a publish succeeds, is refused or fails."""
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("SIO_SERVER_PUBLISH_KEY", "s3cret-key")
    monkeypatch.setenv("SIO_SERVER_URL", server.url)
    await enviar_notificacion("test", "hola", {"x": "s3cret-data"})
    await enviar_notificacion("nada", "hola", {"x": "s3cret-data"})
    await enviar_notificacion("reserva_creada", "hola", {"personas": "s3cret-data"})
    await notificar_tour_creado(nombre="s3cret-data", precio="s3cret-data")  # type: ignore[arg-type]  # what a type checker would have told
    await client_module.default_notifier().aflush(PATIENCE)
    async with gate(server.url, http_answer("500 Oh", b"s3cret-data")) as url, NotifyClient(url) as client:
        with pytest.raises(NotifyUnavailable):
            await client.publish("test", data={"x": "s3cret-data"})
    await client_module.close_default_client()
    assert caplog.records
    assert "s3cret" not in caplog.text
