"""Stored publisher keys over every way in: what they allow, how fast, what they see, and what is told of them."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import orjson
import pytest
import socketio.exceptions

from sio_server.app import KEYS
from sio_server.auth import KeyFile, Scope
from sio_server.client import Failure, Notifier
from sio_server.config import Config
from tests.support.asking import Answer, ask, assert_refused, get
from tests.support.keys import add, made, narrow, revoke, write
from tests.support.servers import FOR_EVER, PUBLISH_KEY, Server, running, secured, token
from tests.support.waiting import until

# Both ways a request comes in: by the engine's front and by aiohttp.
WAYS = pytest.mark.parametrize("front", [True, False], ids=["front", "aiohttp"])

NARROW = Scope(types=("test", "reserva_*"), roles=("admin",), topics=("tour:*",), users=False, everybody=False)
RESERVA = {"reserva_id": "1", "tour_id": 1, "tour_nombre": "Lago", "personas": 2, "usuario_id": "7"}

# What a key with `NARROW` may not publish, and the field that is named for it.
BEYOND: dict[str, tuple[dict[str, Any], str]] = {
    "type": ({"type": "sistema_mantenimiento", "audience": {"roles": ["admin"]}}, "type"),
    "unknown": ({"type": "no_such_type"}, "type"),
    "role": ({"type": "test", "audience": {"roles": ["admin", "turista"]}}, "audience.roles.1"),
    "topic": ({"type": "test", "audience": {"topics": ["tours"]}}, "audience.topics.0"),
    "user": ({"type": "test", "audience": {"users": ["7"]}}, "audience.users"),
    "all": ({"type": "test", "audience": {"all": True, "roles": ["admin"]}}, "audience.all"),
    "catalogue": ({"type": "test"}, "audience"),
    "unstored": ({"type": "test", "audience": {"users": ["7"]}, "persist": False}, "audience.users"),
}
BEYONDS = pytest.mark.parametrize(("body", "field"), BEYOND.values(), ids=BEYOND)
WITHIN = {"type": "test", "audience": {"roles": ["admin"], "topics": ["tour:9"]}}


async def publish(server: Server, key: str, body: Any) -> Answer:
    """Publish over HTTP."""
    return await ask(server, "POST", "/notify", token=key, json=body)


async def emit(server: Server, key: str, body: Any) -> Any:
    """Publish over Socket.IO; returns the acknowledgement."""
    publisher = await server.connect({"key": key})
    return await publisher.client.call("notify", body, timeout=FOR_EVER)


@WAYS
@BEYONDS
async def test_notify_keeps_within_the_scope(body: Any, field: str, tmp_path: Path, *, front: bool) -> None:
    """What is beyond a key is refused by the name of the field, with the mend, in both languages; nothing is stored."""
    key = add(tmp_path, scope=NARROW)
    async with running(secured(data_dir=tmp_path), front=front) as server:
        refused = await publish(server, key, body)
        spanish = await ask(server, "POST", "/notify", token=key, json=body, language="es")
        accepted = await publish(server, key, WITHIN)
        stored = await get(server, "/v1/notifications", PUBLISH_KEY)

    assert_refused(refused, "forbidden_scope")
    assert [one["field"] for one in refused.body["errors"]] == [field]
    assert spanish.body["errors"][0]["detail"] != refused.body["errors"][0]["detail"]
    assert accepted.status == 200
    assert [one["audience"]["roles"] for one in stored["items"]] == [["admin"]]


@BEYONDS
async def test_batch_keeps_within_the_scope(body: Any, field: str, tmp_path: Path) -> None:
    """In a batch an item that is beyond the key rejects itself alone."""
    key = add(tmp_path, scope=NARROW)
    async with running(secured(data_dir=tmp_path)) as server:
        answer = await ask(
            server, "POST", "/v1/notifications/batch", token=key, json={"notifications": [WITHIN, body, WITHIN]}
        )

    results = answer.body["results"]
    assert [one["status"] for one in results] == ["ok", "error", "ok"]
    assert results[1]["error"]["code"] == "forbidden_scope"
    assert results[1]["error"]["errors"][0]["field"] == field


@BEYONDS
async def test_socket_keeps_within_the_scope(body: Any, field: str, tmp_path: Path) -> None:
    """A publisher over Socket.IO is told the same in its acknowledgement."""
    key = add(tmp_path, scope=NARROW)
    async with running(secured(data_dir=tmp_path)) as server:
        refused = await emit(server, key, body)
        accepted = await emit(server, key, WITHIN)

    assert (refused["ok"], refused["error"]["code"], refused["error"]["errors"][0]["field"]) == (
        False,
        "forbidden_scope",
        field,
    )
    assert accepted["ok"]


@BEYONDS
async def test_preview_keeps_within_the_scope(body: Any, field: str, tmp_path: Path) -> None:
    """A preview answers as the publish would, and names nobody whom the key could not reach."""
    key = add(tmp_path, scope=Scope(**{**NARROW.as_dict(), "observe": True, "types": NARROW.types}))
    async with running(secured(data_dir=tmp_path)) as server:
        refused = await ask(server, "POST", "/v1/audience/preview", token=key, json=body)

    assert_refused(refused, "forbidden_scope")
    assert refused.body["errors"][0]["field"] == field


async def test_what_was_published_once_is_no_way_around_the_scope(tmp_path: Path) -> None:
    """The repeat of a publish is refused like the first where the key may not make it any more."""
    wide, text = made()
    write(tmp_path, wide)
    async with running(secured(data_dir=tmp_path)) as server:
        body = {"type": "test", "idempotency_key": "k"}
        assert (await publish(server, text, body)).status == 200
        narrow(tmp_path, "reservas", NARROW)
        await server.app[KEYS].look()
        assert_refused(await publish(server, text, body), "forbidden_scope")


async def test_notifier_tells_what_its_key_may_not(tmp_path: Path) -> None:
    """A backend's notifier hands on what is beyond its key as refused, with the field, and goes on with the rest."""
    key = add(tmp_path, scope=NARROW)
    failures: list[Failure] = []
    async with running(secured(data_dir=tmp_path)) as server:
        async with Notifier(server.url, key, on_failure=failures.append) as notifier:
            bodies: list[dict[str, Any]] = [WITHIN, BEYOND["role"][0], BEYOND["type"][0], WITHIN]
            for body in bodies:
                notifier.notify(body["type"], "x", **body["audience"])
            assert await asyncio.to_thread(notifier.flush, FOR_EVER)
        stored = await get(server, "/v1/notifications", PUBLISH_KEY)

    assert [one["type"] for one in stored["items"]] == ["test", "test"]
    assert [(one.code, one.detail.partition(":")[0]) for one in failures] == [
        ("forbidden_scope", "audience.roles.1"),
        ("forbidden_scope", "type"),
    ]


# -- what a key sees --------------------------------------------------------------------------------------------------

LOOKS = (
    "/v1/stats",
    "/v1/stats/recent",
    "/v1/errors",
    "/v1/catalog",
    "/v1/keys",
    "/v1/notifications",
    "/v1/notifications/01a20bc7-0720-77b1-a458-6ff4821d4353",
    "/v1/notifications/01a20bc7-0720-77b1-a458-6ff4821d4353/trace",
    "/v1/users",
    "/v1/users/7/inbox",
    "/metrics",
)
ACTS = ("/v1/users/7/disconnect", "/v1/connections/1/disconnect", "/v1/passes")


@pytest.mark.parametrize(
    ("scope", "sees", "acts"),
    [
        (Scope(), False, False),
        (NARROW, False, False),
        (Scope(observe=True), True, False),
        (Scope(observe=True, publish=False), True, False),
        (Scope(observe=True, operate=True), True, True),
    ],
    ids=["plain", "narrow", "observe", "read", "operate"],
)
async def test_key_sees_and_does_what_it_says(scope: Scope, tmp_path: Path, *, sees: bool, acts: bool) -> None:
    """A leaked publish key reads nothing and closes nobody; each further right has to be given."""
    key = add(tmp_path, scope=scope)
    async with running(secured(data_dir=tmp_path)) as server:
        for path in LOOKS:
            answer = await ask(server, "GET", path, token=key)
            assert (answer.status in (200, 404)) is sees, path
            if not sees:
                assert_refused(answer, "forbidden_scope")
        for path in ACTS:
            answer = await ask(server, "POST", path, token=key)
            assert (answer.status in (200, 201, 404)) is acts, path
            if not acts:
                assert_refused(answer, "forbidden_scope")
        session = await get(server, "/v1/session", key)
        assert session["may"] == {"observe": sees, "publish": scope.publish, "operate": acts}
        assert (session["credential"], session["publisher"]) == ("key", "key:reservas")
        listener = await server.connect({"key": key})
        observing = await listener.client.call("ns:observe", {"on": True}, timeout=FOR_EVER)
        assert observing["ok"] is sees


async def test_key_that_only_looks_publishes_nothing(tmp_path: Path) -> None:
    """A key for a scraper of metrics is refused on every way in, before its body is read."""
    key = add(tmp_path, scope=Scope(publish=False, observe=True))
    async with running(secured(data_dir=tmp_path)) as server:
        assert_refused(await publish(server, key, WITHIN), "forbidden_scope")
        assert_refused(await publish(server, key, "no notification"), "forbidden_scope")
        batch = await ask(server, "POST", "/v1/notifications/batch", token=key, json={"notifications": [WITHIN]})
        assert_refused(batch, "forbidden_scope")
        assert (await emit(server, key, WITHIN))["error"]["code"] == "forbidden_scope"
        stored = await get(server, "/v1/notifications", key)
    assert stored["items"] == []


async def test_keys_of_the_settings_do_everything() -> None:
    """Keys of the settings are as they were, and so is an administrator's token."""
    async with running(secured()) as server:
        for credential in (PUBLISH_KEY, token("eva", "admin")):
            for path in LOOKS:
                assert (await ask(server, "GET", path, token=credential)).status in (200, 404), path
            assert (await publish(server, credential, {"type": "test"})).status == 200
            assert (await ask(server, "POST", "/v1/passes", token=credential)).status == 201


async def test_stored_key_can_be_tried_in_development(tmp_path: Path) -> None:
    """In development who brings a stored key is held to its scope; anything else may do everything, as ever."""
    key = add(tmp_path, scope=NARROW)
    async with running(Config(broker="memory:", dev=True, data_dir=tmp_path)) as server:
        assert_refused(await publish(server, key, {"type": "test"}), "forbidden_scope")
        assert_refused(await ask(server, "GET", "/v1/users", token=key), "forbidden_scope")
        assert (await publish(server, "anything", {"type": "test"})).status == 200
        assert (await ask(server, "GET", "/v1/users")).status == 200


# -- how fast ---------------------------------------------------------------------------------------------------------


@WAYS
async def test_rate_of_a_key_is_its_own(tmp_path: Path, *, front: bool) -> None:
    """A key with a rate is refused above it with the time to wait, and nobody else is."""
    slow, other = add(tmp_path, "slow", rate=1), add(tmp_path, "other")
    async with running(secured(data_dir=tmp_path), front=front) as server:
        answers = [await publish(server, slow, {"type": "test"}) for _ in range(3)]
        free = [await publish(server, other, {"type": "test"}) for _ in range(20)]

    assert [answer.status for answer in answers[:2]] == [200, 200]
    assert_refused(answers[2], "rate_limited")
    assert answers[2].headers["retry-after"] == str(answers[2].body["retry_after"]) == "1"
    assert answers[2].headers["ratelimit-policy"] == '"publish";q=1;w=1'
    assert {answer.status for answer in free} == {200}


async def test_rate_counts_for_batches_and_sockets(tmp_path: Path) -> None:
    """A batch takes as much as it has items, and what a socket sends counts with the rest."""
    key = add(tmp_path, rate=2)
    async with running(secured(data_dir=tmp_path)) as server:
        batch = {"notifications": [{"type": "test"}] * 4}
        first = await ask(server, "POST", "/v1/notifications/batch", token=key, json=batch)
        second = await ask(server, "POST", "/v1/notifications/batch", token=key, json=batch)
        acknowledged = await emit(server, key, {"type": "test"})

    assert first.body["accepted"] == 4
    assert_refused(second, "rate_limited")
    assert int(second.headers["retry-after"]) >= 1
    assert acknowledged["error"]["code"] == "rate_limited"
    assert acknowledged["error"]["retry_after"] >= 1


async def test_rotation_is_no_way_around_the_rate(tmp_path: Path) -> None:
    """Both texts of a key share its quota, and its idempotency keys."""
    key, old = made(rate=1)
    renewed, new = key.rotated(key.created_at, 3600.0)
    write(tmp_path, renewed)
    async with running(secured(data_dir=tmp_path)) as server:
        body = {"type": "test", "idempotency_key": "k"}
        first, again = await publish(server, old, body), await publish(server, new, body)
        third = await publish(server, old, body)

    assert (first.body["duplicate"], again.body["duplicate"]) == (False, True)
    assert first.body["id"] == again.body["id"]
    assert_refused(third, "rate_limited")


# -- while the server runs --------------------------------------------------------------------------------------------


@WAYS
async def test_running_server_follows_the_file(tmp_path: Path, *, front: bool) -> None:
    """Keys that are added, rotated and revoked count without a restart or a signal, in heads seen before too."""
    async with running(secured(data_dir=tmp_path), front=front) as server:
        text = add(tmp_path)

        async def status(key: str) -> int:
            return (await publish(server, key, {"type": "test"})).status

        async def becomes(key: str, wanted: int) -> None:
            seen: list[int] = []
            while wanted not in seen:
                seen.append(await status(key))
            assert wanted in seen

        await becomes(text, 200)
        (key,) = server.app[KEYS].keyring.stored
        renewed, newer = key.rotated(key.created_at, 3600.0)
        write(tmp_path, renewed)
        await becomes(newer, 200)
        assert await status(text) == 200
        revoke(tmp_path, "reservas")
        await becomes(newer, 401)
        assert await status(text) == 401
        assert await status(PUBLISH_KEY) == 200


async def test_connection_by_a_revoked_key_is_let_go(tmp_path: Path) -> None:
    """Who is connected by a key that is revoked is closed, who by another stays; a changed key may come back."""
    gone, kept, changed = add(tmp_path, "gone"), add(tmp_path, "kept"), add(tmp_path, "changed")
    async with running(secured(data_dir=tmp_path)) as server:
        clients = [await server.connect({"key": key}) for key in (gone, kept, changed)]
        revoke(tmp_path, "gone")
        narrow(tmp_path, "changed", NARROW)
        await until(lambda: not clients[0].client.connected and not clients[2].client.connected, "two ends")
        assert clients[1].client.connected
        with pytest.raises(socketio.exceptions.ConnectionError):
            await server.connect({"key": gone})
        assert (await emit(server, changed, {"type": "test"}))["error"]["code"] == "forbidden_scope"


@WAYS
async def test_key_ends_with_its_time(tmp_path: Path, *, front: bool) -> None:
    """A key that is over publishes nothing more, nor in a head that was seen before, and its connections are let go."""
    stored, text = made(expires_at=4e9)
    write(tmp_path, stored)
    async with running(secured(data_dir=tmp_path), front=front) as server:
        assert (await publish(server, text, {"type": "test"})).status == 200
        connected = await server.connect({"key": text})
        watch = server.app[KEYS]
        watch.keyring.now = lambda: 4e9
        await watch.look()
        refused = await publish(server, text, {"type": "test"})
        await until(lambda: not connected.client.connected, "the end of the connection")

    assert_refused(refused, "unauthorized")
    assert "is over" in refused.body["detail"]


async def test_damaged_file_leaves_the_keys_of_before(tmp_path: Path) -> None:
    """A file that is damaged, or that others may write, changes nothing; once it is mended it counts."""
    text = add(tmp_path)
    async with running(secured(data_dir=tmp_path)) as server:
        file = KeyFile(tmp_path)
        good = file.path.read_bytes()
        file.path.write_bytes(good[:-20])
        assert (await publish(server, text, {"type": "test"})).status == 200
        file.path.write_bytes(orjson.dumps({"version": 1, "keys": []}))
        file.path.chmod(0o666)
        assert (await publish(server, text, {"type": "test"})).status == 200
        file.path.chmod(0o600)
        file.path.write_bytes(good)
        newer = add(tmp_path, "newer")
        while (await publish(server, newer, {"type": "test"})).status != 200:
            pass
        assert (await publish(server, text, {"type": "test"})).status == 200


# -- what is told of them ---------------------------------------------------------------------------------------------


async def test_keys_are_listed_without_a_secret(tmp_path: Path) -> None:
    """Each key is told with what it allows, when it was made and used and how much it published; no key, no digest."""
    stored, text = made("reservas", NARROW, rate=5, expires_at=4e9)
    write(tmp_path, stored)
    async with running(secured(data_dir=tmp_path)) as server:
        before = await get(server, "/v1/keys", PUBLISH_KEY)
        await publish(server, text, WITHIN)
        await publish(server, text, WITHIN)
        after = await get(server, "/v1/keys", PUBLISH_KEY)
        metrics = await get(server, "/metrics", PUBLISH_KEY)
        history = await get(server, "/v1/notifications", PUBLISH_KEY)

    settings, own = after["items"]
    assert (settings["kind"], settings["scope"]["operate"], settings["secrets"]) == ("settings", True, [])
    assert (own["name"], own["publisher"], own["kind"], own["state"]) == (
        "reservas",
        "key:reservas",
        "stored",
        "active",
    )
    assert own["scope"]["types"] == list(NARROW.types or ())
    assert (own["rate"], own["published"]) == (5, 2)
    assert own["expires_at"].startswith("2096-")
    assert [one["hint"] for one in own["secrets"]] == [text[:11]]
    assert before["items"][1]["last_used_at"] is None
    assert own["last_used_at"] is not None
    told = orjson.dumps([before, after]).decode()
    assert text not in told
    assert stored.secrets[0].sha256.hex() not in told
    assert PUBLISH_KEY not in told
    assert 'sio_server_key_publishes_total{key="key:reservas"} 2.0' in metrics
    assert {one["publisher"] for one in history["items"]} == {"key:reservas"}


async def test_text_that_was_replaced_is_listed_while_it_is_good(tmp_path: Path) -> None:
    """While a key is rotated both of its texts are told with when each was used; one that is over is no key."""
    key, old = made(at=1000.0)
    renewed, _ = key.rotated(2000.0, 4e9)
    gone, _ = renewed.rotated(3000.0, 0.0)
    over = type(key)(name="over", scope=Scope(), created_at=0.0, secrets=gone.secrets[-1:], expires_at=5000.0)
    write(tmp_path, renewed, over)
    async with running(secured(data_dir=tmp_path)) as server:
        await publish(server, old, {"type": "test"})
        _, ended, rotated = (await get(server, "/v1/keys", PUBLISH_KEY))["items"]
        first, second = rotated["secrets"]
        assert (first["last_used_at"] is None, second["last_used_at"] is None) == (False, True)
        assert (first["ends_at"] is None, second["ends_at"] is None) == (False, True)
        assert (ended["state"], len(ended["secrets"])) == ("over", 1)


async def test_use_survives_a_restart(tmp_path: Path) -> None:
    """When a key was used is known after a restart, and to `sio-server keys list`."""
    text = add(tmp_path)
    async with running(secured(data_dir=tmp_path)) as server:
        await publish(server, text, {"type": "test"})
        (own,) = (await get(server, "/v1/keys", PUBLISH_KEY))["items"][1:]
    async with running(secured(data_dir=tmp_path)) as server:
        (again,) = (await get(server, "/v1/keys", PUBLISH_KEY))["items"][1:]
    assert own["last_used_at"] == again["last_used_at"] is not None


async def test_publisher_is_told_to_operators_and_to_nobody_else(tmp_path: Path) -> None:
    """Who published is in the record, the trace and what observers are shown, and never in what clients get."""
    text = add(tmp_path)
    async with running(secured(data_dir=tmp_path)) as server:
        watching = await server.connect({"token": token("eva", "admin")})
        await watching.client.call("ns:observe", {"on": True}, timeout=FOR_EVER)
        made_id = (await publish(server, text, {"type": "test"})).body["id"]
        await watching.wait(1)
        await until(lambda: watching.of("ns:observed"), "what is observed", watching.moves)
        record = await get(server, f"/v1/notifications/{made_id}", PUBLISH_KEY)
        trace = await get(server, f"/v1/notifications/{made_id}/trace", PUBLISH_KEY)
        by_admin = (await publish(server, token("eva", "admin"), {"type": "test"})).body["id"]
        other = await get(server, f"/v1/notifications/{by_admin}", PUBLISH_KEY)
        await watching.wait(2)

    assert record["publisher"] == trace["notification"]["publisher"] == "key:reservas"
    assert watching.of("ns:observed")[0]["items"][0]["publisher"] == "key:reservas"
    assert other["publisher"] == "admin:eva"
    assert all("publisher" not in one for one in watching.notifications)
