"""The server of a backend's test: who may do what there, its faults, and how it ends."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from sio_server.client import Notifier, NotifyUnavailable, SyncNotifyClient
from sio_server.testing import NoServer, SioServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SioServer]:
    """A server below a path that the tests of this file share; each has users of its own."""
    with SioServer(tmp_path_factory.mktemp("server"), base_path="/apps/rt") as running:
        yield running


def test_who_has_a_token_sees_what_is_theirs(server: SioServer) -> None:
    """Tokens say user, roles and topics; what is for a role counts from the first time that one has looked."""
    assert server.inbox("admin1", ["admin"]) == []
    assert server.inbox("guia1", topics=["lago"]) == []
    with SyncNotifyClient(server.url, server.key) as client:
        client.notificar_reserva_creada(usuario_id="ana1", personas=2)
        client.publish("test", topics=["lago"])
    assert [one["type"] for one in server.inbox("ana1")] == ["reserva_creada"]
    assert [one["type"] for one in server.inbox("admin1", ["admin"])] == ["reserva_creada"]
    assert [one["type"] for one in server.inbox("guia1", topics=["lago"])] == ["test"]
    assert [one["type"] for one in server.published()][:2] == ["test", "reserva_creada"]


def test_a_token_has_an_end(server: SioServer) -> None:
    """One that is over is refused."""
    headers = {"Authorization": f"Bearer {server.token('ana', ttl=-60)}"}
    assert httpx.get(f"{server.url}/v1/inbox", headers=headers, trust_env=False).status_code == 401


def test_pages_are_put_together(server: SioServer) -> None:
    """An inbox of more than a page is whole."""
    with Notifier(server.url, server.key) as notifier:
        for number in range(150):
            notifier.notify("test", data={"n": number}, users=["ana2"])
        server.wait_for("ana2", "test", n=149)
    assert [one["data"]["n"] for one in server.inbox("ana2")] == list(range(149, -1, -1))


def test_what_is_scheduled_can_be_had_now(server: SioServer) -> None:
    """What is due within some time is delivered at once, in order; the rest waits, until all of it is wanted."""
    with SyncNotifyClient(server.url, server.key) as client:
        made = [client.publish("test", data={"n": n}, users=["ana5"], deliver_in=3600 * n) for n in (3, 1, 2)]
        for number in range(120):
            client.publish("test", users=["ana6"], deliver_in=86_400 + number)
        client.cancel(made[2].id)
    assert [one["data"].get("n") for one in server.scheduled()][:3] == [1, 3, None]
    assert [one["id"] for one in server.advance(timedelta(hours=2))] == [made[1].id]
    assert [one["id"] for one in server.inbox("ana5")] == [made[1].id]
    assert [one["id"] for one in server.advance(4 * 3600)] == [made[0].id]
    assert len(server.advance()) == 120
    assert server.scheduled() == []
    assert len(server.inbox("ana6")) == 120


def test_what_does_not_come_is_told_with_what_came(server: SioServer) -> None:
    """A wait that ends in vain says what the inbox holds."""
    with pytest.raises(AssertionError, match=r"No test came to 'ana3' in 0 s\. The inbox holds:\n  nothing"):
        server.wait_for("ana3", "test", timeout=0)
    with SyncNotifyClient(server.url, server.key) as client:
        client.publish("test", data={"n": 1}, users=["ana3"])
    with pytest.raises(AssertionError, match=r"No test with n=2 came(?s:.*)\n  test: n=1"):
        server.wait_for("ana3", "test", timeout=0, n=2)


@pytest.mark.parametrize(
    ("name", "given"),
    [("down", ()), ("drops", ()), ("failing", (502,)), ("slow", (3600.0,))],
    ids=["down", "drops", "failing", "slow"],
)
def test_what_is_published_in_a_fault_arrives_after_it(server: SioServer, name: str, given: tuple[Any, ...]) -> None:
    """With each fault a client that wants the answer gets none, and what was handed over arrives afterwards, once."""
    fault: AbstractContextManager[None] = getattr(server, name)(*given)
    user = f"ana-{name}"
    with Notifier(server.url, server.key) as notifier, SyncNotifyClient(server.url, server.key, timeout=0.3) as client:
        with fault:
            with pytest.raises(NotifyUnavailable):
                client.publish("test", users=[user])
            notifier.notify("test", data={"n": 1}, users=[user])
            assert not notifier.flush(0.05)
        server.wait_for(user, "test", n=1)
    # What the client has given up may have arrived, too: that is what "not for certain" means.
    assert [one["data"] for one in server.inbox(user)].count({"n": 1}) == 1


def test_a_restart_keeps_the_log_and_the_address(server: SioServer) -> None:
    """Killed and started again it is at the same address, and nothing is lost."""
    url = server.url
    with SyncNotifyClient(server.url, server.key) as client:
        client.publish("test", users=["ana4"])
        server.restart()
        assert server.url == url
        client.publish("test", users=["ana4"])
    assert len(server.inbox("ana4")) == 2


def test_faults_stand_inside_one_another(server: SioServer) -> None:
    """The inner one counts, and the outer one again when it has ended."""
    with server.failing(503):
        with server.failing(404):
            assert httpx.get(server.url, trust_env=False).status_code == 404
        assert httpx.get(server.url, trust_env=False).status_code == 503
    assert httpx.get(f"{server.url}/health/live", trust_env=False).status_code == 200


def test_settings_that_are_none_are_told(tmp_path: Path) -> None:
    """A server that does not start says why, and leaves no process."""
    with pytest.raises(NoServer, match="SIO_SERVER_RETENTION_DAYS: Must be"), SioServer(tmp_path, retention_days=-1):
        pass


def test_it_ends_with_its_test(tmp_path: Path) -> None:
    """After its end nothing listens, and its process is gone."""
    with SioServer(tmp_path, locale="en", allowed_origins=["http://localhost:3000"]) as running:
        process = running._process
        assert process is not None
        assert repr(running) == f"SioServer({running.url!r})"
        url = running.url
    with pytest.raises(ProcessLookupError):
        os.kill(process.pid, 0)
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)
