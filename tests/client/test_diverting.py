"""``SIO_SERVER_URL=none:`` publishes nowhere, from everything that publishes, and needs no server."""

from pathlib import Path

import pytest

from sio_server import client
from sio_server.client import Failure, Notifier, NotifyClient, NotifyInvalid, SyncNotifyClient
from sio_server.errors import ConfigError
from tests.support.commands import assert_user_error, run


async def test_both_clients_answer_at_once() -> None:
    """Where there is no server both clients answer that nobody got it, and what cannot be sent is still told."""
    async with NotifyClient("none:") as notify:
        assert (await notify.publish("test")).sockets == 0
    with SyncNotifyClient("none:") as sync:
        assert sync.notificar_tour_creado(nombre="Colca").type == "tour_creado"
        with pytest.raises(NotifyInvalid):
            sync.publish("test", data={"a": object()})


def test_a_notifier_counts_and_keeps_nothing(tmp_path: Path) -> None:
    """What is handed over counts as sent; no spool is made, and nothing waits."""
    failures: list[Failure] = []
    with Notifier("none:", spool=tmp_path / "spool", on_failure=failures.append) as notifier:
        assert notifier.check().development
        notifier.notificar_tour_creado(nombre="Colca")
        notifier.notify("test", data={"a": object()})
        assert notifier.flush(0.0)
        stats = notifier.stats()
    assert (stats["handed_over"], stats["sent"], stats["waiting"]) == (1, 1, 0)
    assert [failure.reason for failure in failures] == ["invalid"]
    assert not (tmp_path / "spool").exists()


async def test_the_environment_switches_the_functions_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """The functions of the module do as the environment says, and a word that is like it is a mistake."""
    monkeypatch.setenv("SIO_SERVER_URL", "none:")
    await client.close_default_client()
    try:
        await client.notificar_tour_creado(nombre="Colca")
        assert client.default_notifier().stats()["sent"] == 1
    finally:
        await client.close_default_client()
    with pytest.raises(ConfigError, match="or none:, which publishes nowhere"):
        Notifier("none")


async def test_commands_want_a_server(tmp_path: Path) -> None:
    """Who publishes by hand is told that there is no server, and not that all went well."""
    done = await run("send", "test", cwd=tmp_path, env={"SIO_SERVER_URL": "none:"})
    assert_user_error(done, "SIO_SERVER_URL is none:, which is no server", "--url")
