"""A notifier against real servers, and against servers that are away, silent, failing or cut in the middle."""

from __future__ import annotations

import asyncio
import inspect
import logging
import random
import threading
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import ClientSession, web

from sio_server.catalog import Catalog
from sio_server.client import Failure, Notifier, SyncNotifyClient, pacing, sender
from sio_server.client.courier import Courier, Unsent
from sio_server.client.entries import subject_of
from sio_server.client.exchange import Target
from sio_server.errors import ConfigError
from tests.support.networks import DROP, Behaviour, drip, gate, http_answer, serving, silence
from tests.support.servers import PUBLISH_KEY, REFUSING, Server, running, secured, token
from tests.support.waiting import PATIENCE, coming, until

FAILED = http_answer("500 Oh", b'{"code":"internal","detail":"s3cret"}')


@pytest.fixture
async def server() -> AsyncIterator[Server]:
    """A server in development mode, which refuses misspelt types."""
    async with running(REFUSING) as started:
        yield started


@pytest.fixture(params=[False, True], ids=["memory", "spool"])
def spool(request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
    """Nothing, and a directory."""
    return tmp_path / "spool" if request.param else None


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """Have short waits between tries, and let every line through."""
    monkeypatch.setattr(pacing, "BACKOFF_MAX", 0.05)
    monkeypatch.setattr(sender, "HOLD_FIRST", 0.001)
    monkeypatch.setattr(sender, "HOLD_MAX", 0.05)
    caplog.set_level(logging.DEBUG, "sio_server.client")


@pytest.fixture
async def close() -> AsyncIterator[Callable[[Notifier], Notifier]]:
    """Close a notifier at the end of the test, without waiting for a server that is not there."""
    made: list[Notifier] = []

    def keep(notifier: Notifier) -> Notifier:
        made.append(notifier)
        return notifier

    yield keep
    for notifier in made:
        await notifier.aclose(0)


async def flushed(notifier: Notifier) -> None:
    """Wait until the server has everything."""
    await until(lambda: not notifier.stats()["waiting"], "an empty queue", notifier.stats)


def tell(notifier: Notifier, first: int, last: int, tour: str = "t") -> None:
    """Hand over a numbered row of notifications about one tour."""
    for number in range(first, last):
        notifier.notificar_tour_actualizado(tour_id=tour, nombre=str(number))


def numbers(envelopes: list[dict[str, Any]], tour: str = "t") -> list[int]:
    """The numbers that arrived, in the order in which they did."""
    return [int(found["data"]["nombre"]) for found in envelopes if found["data"]["tour_id"] == tour]


async def test_what_is_handed_over_arrives_once_and_in_order(server: Server, spool: Path | None) -> None:
    """A row of notifications, by `notify` and by a type's function, reaches the audience as it was given."""
    admin = await server.connect({"role": "admin"})
    async with Notifier(server.url, spool=spool) as notifier:
        notifier.notify("test", "Hola", {"a": [1, {"b": None}]}, title="Saludo", roles=["admin"], priority="high")
        tell(notifier, 0, 250)
        envelopes = await admin.wait(251)
    assert (envelopes[0]["message"], envelopes[0]["title"], envelopes[0]["data"]) == (
        *("Hola", "Saludo"),
        {"a": [1, {"b": None}]},
    )
    assert numbers(envelopes[1:]) == list(range(250))
    stats = notifier.stats()
    assert {name: stats[name] for name in ("handed_over", "sent", "duplicates", "waiting", "circuit")} == {
        "handed_over": 251,
        "sent": 251,
        "duplicates": 0,
        "waiting": 0,
        "circuit": "closed",
    }


async def test_a_notifier_is_for_all_threads_and_loops(server: Server, spool: Path | None) -> None:
    """Threads without a loop, and with loops of their own, share one; each one's order is kept."""
    admin = await server.connect({"role": "admin"})
    async with Notifier(server.url, spool=spool) as notifier:

        async def in_a_loop(tour: str) -> None:
            tell(notifier, 0, 40, tour)

        threads = [
            *(threading.Thread(target=tell, args=(notifier, 0, 40, f"plain {n}")) for n in range(3)),
            *(threading.Thread(target=lambda n=n: asyncio.run(in_a_loop(f"loop {n}"))) for n in range(3)),
        ]
        for thread in threads:
            thread.start()
        tell(notifier, 0, 40, "test")
        envelopes = await admin.wait(7 * 40)
        await asyncio.gather(*(asyncio.to_thread(thread.join) for thread in threads))
    for tour in ("test", *(f"{kind} {n}" for kind in ("plain", "loop") for n in range(3))):
        assert numbers(envelopes, tour) == list(range(40))


async def test_an_outage_costs_nothing_and_loses_nothing(
    server: Server, spool: Path | None, unused_tcp_port: int, close: Callable[[Notifier], Notifier]
) -> None:
    """What is handed over while nobody listens arrives once, in order, when the server is there."""
    admin = await server.connect({"role": "admin"})
    notifier = close(Notifier(f"http://127.0.0.1:{unused_tcp_port}", spool=spool))
    tell(notifier, 0, 30)
    await until(lambda: notifier.stats()["circuit"] == "open", "an open circuit", notifier.stats)
    tell(notifier, 30, 60)
    async with gate(server.url, port=unused_tcp_port):
        assert numbers(await admin.wait(60)) == list(range(60))
        await flushed(notifier)
        assert notifier.stats()["circuit"] == "closed"
        await notifier.aclose(0)


@pytest.mark.parametrize(
    "answers",
    [
        (FAILED, FAILED, FAILED),
        (http_answer("503 Busy", b'{"code":"draining"}', "Retry-After: 0"), b"HTTP/1.1 200 OK\r\nContent-Le"),
        (http_answer("502 Bad Gateway", b"<html>"), http_answer("429 Slow", b"", "Retry-After: 0")),
        (http_answer("200 OK", b"<html>"), http_answer("301 Moved", b"", "Location: http://127.0.0.1:1/")),
        (http_answer("200 OK", b'{"results":[]}'), http_answer("200 OK", b"not gzip", "Content-Encoding: gzip")),
        (http_answer("401 No", b'{"code":"unauthorized"}'), http_answer("404 No", b"nothing")),
    ],
    ids=["500", "503 and half an answer", "502 and 429", "html and redirect", "other JSON", "credentials"],
)
async def test_a_server_that_fails_for_a_while_gets_everything_once(
    server: Server, spool: Path | None, answers: tuple[bytes, ...]
) -> None:
    """Whatever it is that answers, nothing is given up, and order is kept."""
    admin = await server.connect({"role": "admin"})
    async with gate(server.url, *answers) as url, Notifier(url, spool=spool) as notifier:
        tell(notifier, 0, 20)
        assert numbers(await admin.wait(20)) == list(range(20))
        await flushed(notifier)
        stats = notifier.stats()
    assert (stats["sent"], stats["refused"]) == (20, 0)
    assert stats["tries_failed"] == len(answers)


async def test_retry_after_is_waited_for(server: Server) -> None:
    """A server that asks for an hour is not asked again before, and a flush tells that it was not done."""
    busy = http_answer("503 Busy", b'{"code":"draining"}', "Retry-After: 3600")
    async with gate(server.url, busy) as url:
        notifier = Notifier(url)
        notifier.notify("test")
        await until(lambda: notifier.stats()["tries_failed"] == 1, "a refusal")
        assert not await notifier.aflush(0.2)
        assert notifier.stats()["tries_failed"] == 1
        await notifier.aclose(0)


async def test_a_batch_whose_reply_was_lost_is_in_the_log_once(server: Server, spool: Path | None) -> None:
    """The server stored it, the connection broke: the second try finds what the first one stored."""
    admin = await server.connect({"role": "admin"})
    async with gate(server.url, DROP, DROP) as url, Notifier(url, spool=spool) as notifier:
        tell(notifier, 0, 20)
        await flushed(notifier)
        tell(notifier, 20, 21)
        assert numbers(await admin.wait(21)) == list(range(21))
        await flushed(notifier)
        stats = notifier.stats()
    assert server.core.operators.stats()["publishes"]["accepted"] == 21
    assert stats["duplicates"]
    assert stats["sent"] + stats["duplicates"] == 21  # type: ignore[operator]


@pytest.mark.parametrize("behaviour", [drip, silence])
async def test_a_request_ends_whatever_the_server_does(behaviour: Behaviour) -> None:
    """The total time bounds a request that nobody answers, and one whose answer drips."""
    async with serving(behaviour) as url:
        courier = Courier(Target.of(url, None, 1, None), timeout=0.3)
        with pytest.raises(Unsent):
            await asyncio.to_thread(courier.send, [])
        courier.close()


async def dripping_head(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Send a header that never ends, a byte at a time."""
    writer.write(b"HTTP/1.1 200 OK\r\nX: ")
    while True:
        writer.write(b"x")
        await writer.drain()
        await asyncio.sleep(0.02)


async def test_a_head_that_never_ends_is_cut_off() -> None:
    """Each byte comes within the time of a step, and the request ends all the same."""
    async with serving(dripping_head) as url:
        courier = Courier(Target.of(url, None, 1, None), timeout=0.3)
        with pytest.raises(Unsent):
            await asyncio.to_thread(courier.send, [])
        courier.close()


async def test_closing_ends_a_request_that_nobody_answers(spool: Path | None) -> None:
    """`close` does not wait for the answer, and tells of what was not delivered, unless it is on disk."""
    failures: list[Failure] = []
    async with serving(silence) as url:
        notifier = Notifier(url, spool=spool, on_failure=failures.append)
        tell(notifier, 0, 3)
        assert not await notifier.aflush(0.05)
        await coming(notifier.aclose(0.05), "the end of the notifier")
    assert [failure.reason for failure in failures] == ([] if spool else ["closed"] * 3)
    assert not [thread for thread in threading.enumerate() if thread.name == "sio-server notifier"]


async def test_what_the_server_refuses_is_told_of_and_holds_nothing_up(server: Server, spool: Path | None) -> None:
    """The hook gets the code and the body; what stands beside it in the batch arrives."""
    admin = await server.connect({"role": "admin"})
    failures: list[Failure] = []
    async with Notifier(server.url, spool=spool, on_failure=failures.append) as notifier:
        notifier.notify("reserva_creda")
        notifier.notificar_reserva_creada(personas="dos", usuario_id=[], priority="urgent")  # type: ignore[arg-type]  # what a type checker would have told
        notifier.notify("test", link="javascript:alert(1)")
        tell(notifier, 0, 2)
        assert numbers(await admin.wait(2)) == [0, 1]
        await flushed(notifier)
        stats = notifier.stats()
    assert [(failure.reason, failure.type, failure.code) for failure in failures] == [
        ("refused", "reserva_creda", "unknown_type"),
        ("refused", "reserva_creada", "invalid_data"),
        ("refused", "test", "invalid_data"),
    ]
    assert failures[0].body is not None
    assert orjson.loads(failures[0].body) == {"type": "reserva_creda", "idempotency_key": failures[0].key}
    assert "data.personas" in failures[1].detail or "priority" in failures[1].detail
    assert (stats["refused"], stats["sent"]) == (3, 2)


async def test_a_full_queue_refuses_the_newest(
    server: Server, spool: Path | None, unused_tcp_port: int, close: Callable[[Notifier], Notifier]
) -> None:
    """What there is no room for is told of at once, and the oldest arrive when the server is back."""
    admin = await server.connect({"role": "admin"})
    failures: list[Failure] = []
    url = f"http://127.0.0.1:{unused_tcp_port}"
    notifier = close(Notifier(url, spool=spool, queue=3, on_failure=failures.append))
    tell(notifier, 0, 5)
    assert [(failure.reason, orjson.loads(failure.body or b"")["data"]["nombre"]) for failure in failures] == [
        ("full", "3"),
        ("full", "4"),
    ]
    async with gate(server.url, port=unused_tcp_port):
        assert numbers(await admin.wait(3)) == [0, 1, 2]
        await flushed(notifier)
        tell(notifier, 5, 6)
        assert numbers(await admin.wait(4)) == [0, 1, 2, 5]
        await notifier.aclose()


async def test_bytes_are_bounded_too(
    spool: Path | None,
    unused_tcp_port: int,
    close: Callable[[Notifier], Notifier],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A few large notifications fill the queue as many small ones do."""
    monkeypatch.setattr("sio_server.client.notifier.MAX_BYTES", 1000)
    notifier = close(Notifier(f"http://127.0.0.1:{unused_tcp_port}", spool=spool))
    notifier.notify("test", "x" * 600)
    notifier.notify("test", "x" * 600)
    notifier.notify("test", "x" * 100)
    assert (notifier.stats()["handed_over"], notifier.stats()["full"]) == (2, 1)


async def test_what_cannot_be_sent_never_raises(close: Callable[[Notifier], Notifier], spool: Path | None) -> None:
    """Values that JSON cannot hold, arguments of wrong types, and calls after the end are failures, and no errors."""
    failures: list[Failure] = []
    notifier = close(Notifier("http://127.0.0.1:1", spool=spool, on_failure=failures.append))
    nonsense: Any = 5
    notifier.notify("test", data={"x": object()})
    notifier.notify("test", data={"x": "\ud800"})
    notifier.notify("test", data=nonsense)
    notifier.notify("test", roles="admin")
    notifier.notify("test", users=nonsense)
    notifier.notify(nonsense, data={nonsense: object()})
    await notifier.aclose(0)
    notifier.notify("test")
    await notifier.aclose()
    assert [failure.reason for failure in failures] == [*["invalid"] * 6, "closed"]
    assert notifier.stats()["invalid"] == 6


async def test_a_wrong_name_is_a_mistake_of_the_program(close: Callable[[Notifier], Notifier]) -> None:
    """An argument, a function or a setting that cannot be is an error where it is written."""
    notifier = close(Notifier("http://127.0.0.1:1"))
    with pytest.raises(TypeError, match="titel"):
        notifier.notify("test", titel="x")  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="nombr"):
        notifier.notificar_tour_creado(nombr="x")  # type: ignore[call-arg]  # what a type checker would have told
    with pytest.raises(AttributeError, match="notificar_Nada"):
        _ = notifier.notificar_Nada  # type: ignore[attr-defined]  # what a type checker would have told
    with pytest.raises(ConfigError, match="SIO_SERVER_URL"):
        Notifier("localhost:8080")
    with SyncNotifyClient("http://127.0.0.1:1") as client:
        assert inspect.signature(notifier.notificar_tour_creado) == inspect.signature(client.notificar_tour_creado)
    assert "notificar_tour_creado" in dir(notifier)


async def test_a_hook_that_raises_is_told_of_once(
    close: Callable[[Notifier], Notifier], caplog: pytest.LogCaptureFixture
) -> None:
    """The caller never sees it."""

    def hook(failure: Failure) -> None:
        raise RuntimeError(f"s3cret {failure.body!r}")

    notifier = close(Notifier("http://127.0.0.1:1", on_failure=hook))
    for _ in range(3):
        notifier.notify("test", data={"x": object()})
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR] == [
        "on_failure raised RuntimeError; this is told once"
    ]
    assert notifier.stats()["hook_errors"] == 3
    assert "s3cret" not in caplog.text


async def test_a_hook_may_use_the_notifier(server: Server) -> None:
    """What a hook hands over, flushes or closes in the notifier's own thread waits for nothing."""
    admin = await server.connect({"role": "admin"})

    def hook(failure: Failure) -> None:
        assert not notifier.flush(60)
        notifier.notify("test", failure.code)

    async with Notifier(server.url, on_failure=hook) as notifier:
        notifier.notify("nada")
        [envelope] = await admin.wait(1)
    assert envelope["message"] == "unknown_type"
    assert notifier.stats()["hook_errors"] == 0


async def test_a_wrong_key_loses_nothing(spool: Path | None, caplog: pytest.LogCaptureFixture) -> None:
    """It is an error in the log, and what waits is sent by the one who has the right key."""
    failures: list[Failure] = []
    async with running(secured()) as server:
        admin = await server.connect({"token": token("5", "admin")})
        notifier = Notifier(server.url, "wrong", spool=spool, on_failure=failures.append)
        tell(notifier, 0, 3)
        await until(lambda: notifier.stats()["tries_failed"], "a refusal")
        [line] = [record for record in caplog.records if record.levelno == logging.ERROR]
        assert "unauthorized" in line.getMessage()
        assert notifier.stats()["waiting"] == 3
        await notifier.aclose(0)
        if spool is not None:
            async with Notifier(server.url, PUBLISH_KEY, spool=spool):
                assert numbers(await admin.wait(3)) == [0, 1, 2]
    assert [failure.reason for failure in failures] == ([] if spool else ["closed"] * 3)
    assert PUBLISH_KEY not in caplog.text


async def test_no_line_has_a_key_or_a_value(
    server: Server, caplog: pytest.LogCaptureFixture, close: Callable[[Notifier], Notifier], spool: Path | None
) -> None:
    """Whatever becomes of a notification, and however often: a line for each kind, without what is in it."""
    async with gate(server.url, FAILED, FAILED) as url:
        notifier = close(Notifier(url, "s3cret-key", spool=spool, queue=50))
        for _ in range(3):
            notifier.notify("test", "s3cret", {"x": "s3cret"}, idempotency_key=f"s3cret {random.random()}")  # noqa: S311
            notifier.notificar_reserva_creada(personas="s3cret", usuario_id="s3cret")  # type: ignore[arg-type]  # what a type checker would have told
            notifier.notify("test", data={"s3cret": object()})
        await flushed(notifier)
        await notifier.aclose()
    lines = [record.getMessage() for record in caplog.records if record.name == "sio_server.client"]
    assert len(lines) == 3
    assert "s3cret" not in "\n".join(lines).replace("127.0.0.1", "")


async def picky(server: Server, requests: list[list[str]]) -> web.AppRunner:
    """A proxy that answers 500 to every batch that has ``poison`` in it."""

    async def pass_on(request: web.Request) -> web.Response:
        body = await request.read()
        requests.append([item["data"]["nombre"] for item in orjson.loads(body)["notifications"]])
        if b"poison" in body:
            return web.json_response({"code": "internal", "detail": "oh"}, status=500)
        async with ClientSession() as http, http.post(server.url + request.path, data=body) as reply:
            return web.Response(body=await reply.read(), status=reply.status)

    app = web.Application()
    app.router.add_post("/v1/notifications/batch", pass_on)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    return runner


async def test_an_entry_that_makes_the_server_fail_holds_up_only_what_it_is_about(
    server: Server, spool: Path | None
) -> None:
    """Others go on; it is tried again, and given up after a while, and then what is about the same goes on, too."""
    admin = await server.connect({"role": "admin"})
    failures: list[Failure] = []
    requests: list[list[str]] = []
    runner = await picky(server, requests)
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    async with Notifier(url, spool=spool, on_failure=failures.append) as notifier:
        tell(notifier, 0, 3, "sound")
        notifier.notificar_tour_actualizado(tour_id="sick", nombre="poison")
        tell(notifier, 0, 3, "sick")
        tell(notifier, 3, 30, "sound")
        await until(lambda: len(numbers(admin.notifications, "sound")) == 30, "what is sound", lambda: len(requests))
        for number in range(30, 1000):
            # It is blamed only where the server takes something else in between.
            if failures:
                break
            tell(notifier, number, number + 1, "sound")
            await until(
                lambda number=number: len(numbers(admin.notifications, "sound")) == number + 1,  # type: ignore[misc]
                "the next",
                lambda: len(requests),
            )
        await until(lambda: len(numbers(admin.notifications, "sick")) == 3, "the rest", lambda: len(requests))
    await runner.cleanup()
    assert [(failure.reason, failure.code) for failure in failures] == [("refused", "internal")]
    assert numbers(admin.notifications, "sick") == [0, 1, 2]
    sound = numbers(admin.notifications, "sound")
    assert sound == list(range(len(sound)))


def test_a_subject_is_what_the_catalogue_says_a_type_is_about() -> None:
    """Everything about one booking has one subject, and so has everything of a type without an id."""
    catalog = Catalog.load()
    booked = subject_of(catalog, "reserva_creada", {"reserva_id": 7, "usuario_id": 1})
    assert booked == subject_of(catalog, "reserva_cancelada", {"reserva_id": "7", "usuario_id": 2})
    assert booked != subject_of(catalog, "reserva_creada", {"reserva_id": 8, "usuario_id": 1})
    assert booked != subject_of(catalog, "tour_creado", {"tour_id": 7})
    assert subject_of(catalog, "reserva_creada", {}) == "reserva_creada"
    assert subject_of(catalog, "test", {"id": 1}) == "test"
    assert subject_of(catalog, "nada", None) == "nada"


async def test_flush_waits_for_what_was_handed_over(server: Server, spool: Path | None) -> None:
    """It is true once the server has it all, at once where nothing waits, and asks without waiting out a pause."""
    async with gate(server.url, FAILED) as url, Notifier(url, spool=spool) as notifier:
        assert await notifier.aflush(0)
        tell(notifier, 0, 5)
        assert await notifier.aflush(PATIENCE)
        assert server.core.operators.stats()["publishes"]["accepted"] == 5
        assert await asyncio.to_thread(notifier.flush, 0)
