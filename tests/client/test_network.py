"""The publishing clients on networks that misbehave: what is tried again, what is given up, what is never logged."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from urllib.parse import urlsplit

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
from tests.support.servers import Server, running
from tests.support.waiting import until

# A reply of the server never reaches the client; the request does reach the server.
DROP = b""


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A server in development mode."""
    async with running() as started:
        yield started


Behaviour = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@contextlib.asynccontextmanager
async def serving(behaviour: Behaviour, port: int = 0) -> AsyncIterator[str]:
    """A TCP server of the test; its address. Every connection is over when the block is."""
    tasks: set[asyncio.Task[None]] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        with contextlib.suppress(OSError):
            await behaviour(reader, writer)
        await close(writer)

    server = await asyncio.start_server(serve, "127.0.0.1", port)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()
        await asyncio.gather(*tasks)


async def close(writer: asyncio.StreamWriter) -> None:
    """Close a connection, whatever its state."""
    writer.close()
    with contextlib.suppress(OSError):
        await writer.wait_closed()


@contextlib.asynccontextmanager
async def gate(target: str, *answers: bytes, port: int = 0) -> AsyncIterator[str]:
    """A TCP proxy that gives each of its first connections one of ``answers`` in place of the server's reply."""
    pending = list(answers)

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        answer = pending.pop(0) if pending else None
        if answer:
            # The whole of it: a connection that is closed with something unread is reset, and the answer lost.
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"content-length: (\d+)", head.lower())
            await reader.readexactly(int(length[1]) if length else 0)
            writer.write(answer)
            await writer.drain()
            return
        upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", urlsplit(target).port)
        upload = asyncio.create_task(copy(reader, upstream_writer))
        if answer is None:
            await copy(upstream_reader, writer)
        else:
            await upstream_reader.read(1)  # the server has answered
        upload.cancel()
        await close(upstream_writer)

    async with serving(pass_on, port) as url:
        yield url


async def copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass on what comes until there is no more."""
    while chunk := await reader.read(65536):
        writer.write(chunk)
        await writer.drain()
    writer.close()


def http_answer(status: str, body: bytes = b"", *headers: str) -> bytes:
    """An HTTP reply as it is on the wire."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


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


async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer a byte at a time for as long as somebody listens."""
    writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while True:
        writer.write(b" ")
        await writer.drain()
        await asyncio.sleep(0.02)


async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    """Take everything and say nothing."""
    while await reader.read(65536):
        pass


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
    await notificar_tour_creado(nombre="s3cret-data", precio="s3cret-data")
    async with gate(server.url, http_answer("500 Oh", b"s3cret-data")) as url, NotifyClient(url) as client:
        with pytest.raises(NotifyUnavailable):
            await client.publish("test", data={"x": "s3cret-data"})
    await client_module.close_default_client()
    assert caplog.records
    assert "s3cret" not in caplog.text
