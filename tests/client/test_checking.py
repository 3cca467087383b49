"""What an application asks at its start: is the server there, is it one, is the key right, do both fit together."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final, Literal

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from sio_server import __version__
from sio_server.auth import Scope
from sio_server.client import (
    Failure,
    Notifier,
    NotifyClient,
    NotifyInvalid,
    NotifyRefused,
    NotifyUnavailable,
    SyncNotifyClient,
)
from sio_server.config import Config
from tests.support.catalogs import BUILTIN, TEXTS
from tests.support.keys import add
from tests.support.servers import PUBLISH_KEY, lasting_token, running, secured
from tests.support.waiting import PATIENCE

OWN: Final = f"""
[types."pedido.creado"]
{TEXTS}
audience = {{ users = ["{{cliente}}"] }}
data = {{ cliente = "id", total = "number" }}
"""


@asynccontextmanager
async def answering(*replies: tuple[int, Any], port: int = 0) -> AsyncIterator[str]:
    """Somebody at an address who answers what is asked first with each of these, the last one again and again."""
    left = list(replies)

    async def answer(_: web.Request) -> web.Response:
        status, body = left.pop(0) if len(left) > 1 else left[0]
        return web.json_response(body, status=status) if body is not None else web.Response(status=status, text="hola")

    app = web.Application()
    app.router.add_get("/v1/session", answer)
    async with TestServer(app, port=port or None) as server:
        yield str(server.make_url("")).rstrip("/")


def session(**members: Any) -> dict[str, Any]:
    """What a server answers about who asks."""
    return {"version": __version__, "development": False, "may": {"publish": True}, **members}


async def test_a_server_that_takes_what_one_publishes_is_told_of() -> None:
    """With the right key there is nothing to mend: the version, the event types, and no warning."""
    async with running(secured()) as server, Notifier(server.url, PUBLISH_KEY) as notifier:
        status = await notifier.acheck(PATIENCE)
        async with NotifyClient(server.url, PUBLISH_KEY) as client:
            assert await client.check(PATIENCE) == status
        with SyncNotifyClient(server.url, PUBLISH_KEY) as sync:
            assert await asyncio.to_thread(sync.check, PATIENCE) == status
    assert (status.version, status.development, status.warnings) == (__version__, False, ())
    assert status.types is not None
    assert status.types.types == BUILTIN.types


async def test_development_mode_is_told_of() -> None:
    """A server that takes anything from anybody says so, and needs no key."""
    async with running() as server, Notifier(server.url) as notifier:
        assert (await notifier.acheck(PATIENCE)).development


@pytest.mark.parametrize(
    ("key", "code"),
    [("wrong", "unauthorized"), (None, "unauthorized"), (lasting_token("5", "turista"), "forbidden")],
    ids=["wrong", "none", "a tourist's token"],
)
async def test_a_key_that_may_not_publish_is_told_of(key: str | None, code: str) -> None:
    """A wrong key, none, and a tourist's token are each refused with the server's code, and say what to look at."""
    async with running(secured()) as server, Notifier(server.url, key) as notifier:
        with pytest.raises(NotifyRefused) as caught:
            await notifier.acheck(PATIENCE)
    assert caught.value.code in (code, "invalid_token")
    assert key is None or key not in str(caught.value)


async def test_a_key_that_may_only_publish_is_enough(tmp_path: Path) -> None:
    """Its name is told; the types of the server are not for it to read, and those that are known here stay so."""
    key = add(tmp_path, "reservas", Scope(types=("reserva_*",)))
    async with running(secured(data_dir=tmp_path)) as server:
        ways: tuple[Literal["http", "socketio"], ...] = ("http", "socketio")
        for transport in ways:
            failures: list[Failure] = []
            notifier = Notifier(server.url, key, on_failure=failures.append, transport=transport)
            async with notifier:
                status = await notifier.acheck(PATIENCE)
                notifier.notificar_reserva_creada(usuario_id=5)
                notifier.notificar_tour_creado(nombre="x")
                assert await notifier.aflush(PATIENCE)
            assert (status.publisher, status.types, status.warnings) == ("key:reservas", None, ())
            assert [(failure.type, failure.code) for failure in failures] == [("tour_creado", "forbidden_scope")]
            assert notifier.stats()["sent"] == 1


async def test_a_key_that_may_only_look_is_told_of(tmp_path: Path) -> None:
    """A key for a dashboard publishes nothing, and that is noticed at the start."""
    key = add(tmp_path, "panel", Scope(publish=False, observe=True))
    async with running(secured(data_dir=tmp_path)) as server, NotifyClient(server.url, key) as client:
        with pytest.raises(NotifyRefused, match="may not publish") as caught:
            await client.check(PATIENCE)
    assert caught.value.code == "forbidden"


async def test_nobody_at_the_address_is_told_of(unused_tcp_port: int) -> None:
    """It is asked until time is up, since whoever starts both has the server a moment later; then it is an error."""
    with Notifier(f"http://127.0.0.1:{unused_tcp_port}") as notifier:
        with pytest.raises(NotifyUnavailable, match=str(unused_tcp_port)):
            await notifier.acheck(0.3)
        notifier.close(0)


async def test_a_server_that_starts_meanwhile_is_waited_for(unused_tcp_port: int) -> None:
    """The first answers may be failed connections and those of a proxy whose server is not there yet."""
    with Notifier(f"http://127.0.0.1:{unused_tcp_port}") as notifier:
        asked = asyncio.create_task(notifier.acheck(PATIENCE))
        async with answering((200, session()), port=unused_tcp_port):
            assert (await asked).version == __version__
    async with answering((502, None), (503, {"code": "draining", "detail": "…"}), (200, session())) as url:
        with Notifier(url) as notifier:
            assert (await notifier.acheck(PATIENCE)).version == __version__


@pytest.mark.parametrize(
    "reply",
    [(200, None), (200, []), (200, {"version": 5, "may": {}}), (404, None), (200, {"version": "1"}), (401, None)],
    ids=["no JSON", "a list", "a number", "nothing here", "half", "another's refusal"],
)
async def test_whoever_is_no_sio_server_is_told_from_one(reply: tuple[int, Any]) -> None:
    """What answers something else is named as such, with the setting to look at."""
    async with answering(reply) as url:
        with Notifier(url) as notifier, pytest.raises(NotifyRefused, match=r"no sio-server.*SIO_SERVER_URL"):
            await notifier.acheck(PATIENCE)


@pytest.mark.parametrize(("version", "fits"), [(__version__, True), ("0.1.99", True), ("0.2.0", False), ("7.0", False)])
async def test_versions_that_do_not_fit_are_a_warning(
    version: str, *, fits: bool, caplog: pytest.LogCaptureFixture
) -> None:
    """A server is renewed before its backends or after them, so that a difference stops no start; it is told of."""
    async with answering((200, session(version=version))) as url:
        with Notifier(url) as notifier, caplog.at_level(logging.WARNING, "sio_server.client"):
            status = await notifier.acheck(PATIENCE)
    assert (status.warnings == ()) is fits
    assert fits or f"the server is version {version}" in caplog.text
    assert status.types is None


async def test_the_types_of_the_server_are_known_from_then_on(tmp_path: Path) -> None:
    """A type of the server's alone has its function, its order and its rules, and no file on the backend."""
    own = tmp_path / "own.toml"
    own.write_text(OWN, "utf-8")
    async with running(Config(dev=True, broker="memory:", catalog=own)) as server:
        listener = await server.connect({"user": "5"})
        async with Notifier(server.url, strict=True) as notifier:
            with pytest.raises(NotifyInvalid, match="check"):
                notifier.notify("pedido.creado", data={"cliente": 5})
            await notifier.acheck(PATIENCE)
            with pytest.raises(NotifyInvalid, match=r"data\.total: Must be a number"):
                notifier.notify("pedido.creado", data={"cliente": 5, "total": "3"})
            getattr(notifier, "notificar_pedido_creado")(cliente=5, total=3)  # noqa: B009
            assert await notifier.aflush(PATIENCE)
        [envelope] = await listener.wait(1)
    assert envelope["data"] == {"cliente": 5, "total": 3}


async def test_types_that_only_the_backend_knows_are_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that was given to the backend and forgotten on the server is noticed before the first notification."""
    own = tmp_path / "own.toml"
    own.write_text(OWN, "utf-8")
    from sio_server.client.known import default_catalog  # noqa: PLC0415 - its memory is what this is about

    monkeypatch.setenv("SIO_SERVER_CATALOG", str(own))
    default_catalog.cache_clear()
    await asyncio.to_thread(default_catalog)
    try:
        async with running() as server, Notifier(server.url) as notifier:
            [warning] = (await notifier.acheck(PATIENCE)).warnings
    finally:
        default_catalog.cache_clear()
    assert "does not know pedido.creado" in warning
